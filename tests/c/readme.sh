#!/bin/sh
# readme.sh FOLDER: builds and runs the programs that README.md shows. CTest sets the environment.
# A block of README.md is tested where the line before it is <!-- test: FILE -->.
set -eu
folder=$1
readme=$COG_SOURCE/README.md
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

# block FILE: the fenced block behind its marker.
block() {
    awk -v marker="<!-- test: $1 -->" '$0 == marker { wanted = 1; next } wanted && /^```/ { if (inside) exit; inside = 1; next } inside' "$readme" >"$1"
    [ -s "$1" ] || { echo "README.md has no block marked $1"; exit 1; }
}

block first.c
block first.cpp
block CMakeLists.txt
"$CMAKE" --install "$COG_BUILD" --prefix "$folder/prefix" >install.log
"$CMAKE" "-DCMAKE_C_COMPILER=$COG_CC" "-DCMAKE_CXX_COMPILER=$COG_CXX" -S . -B build -DCMAKE_PREFIX_PATH="$folder/prefix" >build.log
"$CMAKE" --build build >>build.log 2>&1 || { cat build.log; exit 1; }
cp "$COG_FIXTURES/data/demo.tif" image.tif
[ "$(build/first_c)" = "1024 x 768, 3 bands" ] || { echo "the C program printed: $(build/first_c)"; exit 1; }
[ "$(build/first_cpp)" = "512 x 384 pixels of 3 bands" ] || { echo "the C++ program printed: $(build/first_cpp)"; exit 1; }

# The table of settings has a row for each.
cat >options.c <<'C'
#include <cog.h>
#include <stdio.h>
int main(void) {
    size_t i;
    for (i = 0; i < cog_option_count(); i++) {
        cog_option_description o = {0};
        o.struct_size = sizeof o;
        if (cog_option_info(i, &o, NULL) != COG_OK) return 1;
        printf("%s|%s|%s|%s\n", o.key, o.default_value, o.environment, o.help);
    }
    return 0;
}
C
"$COG_CC" options.c -I"$COG_SOURCE/include" -L"$COG_BUILD/lib" -lcog -Wl,-rpath,"$COG_BUILD/lib" -o options
./options | sort >library.txt
awk -F ' *[|] *' '/^[|] `[a-z]+\.[a-z0-9_]+` [|]/ { gsub(/`/, ""); sub(/^[|] */, ""); sub(/ *[|]$/, ""); gsub(/ *[|] */, "|"); print }' "$readme" | sort >readme.txt
tr -d '`' <library.txt >expected.txt
diff expected.txt readme.txt || { echo "README.md's table of settings (>) is not the library's (<)"; exit 1; }
echo "the programs run, and the $(wc -l <readme.txt) settings are those of the library"
