#!/bin/sh
# symbols.sh LIBRARY HEADER SONAME: what the shared library exports is what the header declares, and its dynamic section is as it should be.
set -eu
library=$1 header=$2 soname=$3
exported=$(nm -D --defined-only "$library" | awk '$(NF - 1) != "A" { sub(/@.*/, "", $NF); print $NF }' | grep -v '^crc_fast_' | sort)
# crc-fast, which object_store needs, has C functions of its own that no feature of either switches off and rustc exports.
declared=$(sed -n 's/^\(extern \)\{0,1\}[a-z].*[ *]\(cog_[a-z_0-9]*\)(.*/\2/p' "$header" | grep -v '^typedef' | sort)
if [ "$exported" != "$declared" ]; then
    echo "what the library exports and what the header declares differ:"
    printf '%s\n' "$exported" "$declared" | sort | uniq -u
    exit 1
fi
echo "$(printf '%s\n' "$exported" | wc -l) functions, all declared in cog.h"
dynamic=$(readelf -d "$library")
for wanted in "Library soname: \[$soname\]" "NODELETE"; do
    printf '%s\n' "$dynamic" | grep "$wanted" || { echo "the dynamic section has no $wanted"; exit 1; }
done
if readelf -lW "$library" | grep -q 'GNU_STACK.*RWE'; then echo "the stack is executable"; exit 1; fi
