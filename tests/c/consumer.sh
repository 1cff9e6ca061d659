#!/bin/sh
# shellcheck disable=SC2086
# consumer.sh FOLDER: installs libcog, moves the prefix, and builds other people's programs with it. CTest sets the environment.
set -eu
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
image=$COG_FIXTURES/data/demo.tif
expected="$COG_VERSION: 1024 x 768"
compilers="-DCMAKE_C_COMPILER=$COG_CC -DCMAKE_CXX_COMPILER=$COG_CXX"

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

# runs PROGRAM: it prints what it should.
runs() {
    answer=$("$1" "$image") || { echo "$1 failed"; exit 1; }
    [ "$answer" = "$expected" ] || { echo "$1 printed \"$answer\", not \"$expected\""; exit 1; }
    echo "ok: $1"
}

"$CMAKE" --install "$COG_BUILD" --prefix "$folder/first" >install.log
mv first moved
prefix=$folder/moved
export PKG_CONFIG_PATH="$prefix/$COG_LIBDIR/pkgconfig"

for shared in ON OFF; do
    "$CMAKE" $compilers -S "$here/consumer" -B "found_$shared" -DCMAKE_PREFIX_PATH="$prefix" -DBUILD_SHARED_LIBS=$shared -DCOG_TESTS="$here" >"found_$shared.log"
    "$CMAKE" --build "found_$shared" >>"found_$shared.log"
    for program in consumer_cog consumer_shared consumer_static; do runs "$folder/found_$shared/$program"; done
    "found_$shared/installed_harness" "$COG_FIXTURES"
    "found_$shared/installed_cpp_harness" "$COG_FIXTURES"
done
readelf -d found_ON/consumer_cog | grep -q 'NEEDED.*libcog' || { echo "consumer_cog should use the shared library"; exit 1; }
if readelf -d found_OFF/consumer_cog | grep -q 'NEEDED.*libcog'; then echo "consumer_cog should be static"; exit 1; fi
if grep -rqF -e "$folder/first" -e "$COG_SOURCE" "$prefix/$COG_LIBDIR/cmake" "$prefix/$COG_LIBDIR/pkgconfig"; then
    echo "the package names the place where it was built"
    exit 1
fi

# A version that is not this one is not found.
sed 's/find_package(cog 0.1 CONFIG/find_package(cog 0.99 CONFIG/' "$here/consumer/CMakeLists.txt" >wrong.txt
mkdir wrong
mv wrong.txt wrong/CMakeLists.txt
cp "$here/consumer/consumer.c" wrong/
if "$CMAKE" $compilers -S wrong -B wrong/build -DCMAKE_PREFIX_PATH="$prefix" >wrong.log 2>&1; then echo "version 0.99 was found"; exit 1; fi

[ "$(pkg-config --modversion cog)" = "$COG_VERSION" ]
# shellcheck disable=SC2046
"$COG_CC" "$here/consumer/consumer.c" $(pkg-config --cflags --libs cog) -Wl,-rpath,"$prefix/$COG_LIBDIR" -o by_pkg_config
runs "$folder/by_pkg_config"

"$CMAKE" $compilers -S "$here/consumer" -B inside -DCOG_SOURCE="$COG_SOURCE" -DCOG_CARGO_TARGET_DIR="$COG_CARGO_TARGET_DIR" >inside.log
"$CMAKE" --build inside >>inside.log 2>&1 || { cat inside.log; exit 1; }
for program in consumer_cog consumer_shared consumer_static; do runs "$folder/inside/$program"; done
if [ -e inside/libcog/CTestTestfile.cmake ] && grep -q add_test inside/libcog/CTestTestfile.cmake; then echo "add_subdirectory brought tests"; exit 1; fi

# Last, since it takes the shared library away: the archive through pkg-config.
rm "$prefix/$COG_LIBDIR"/libcog.so*
# shellcheck disable=SC2046
"$COG_CC" "$here/consumer/consumer.c" $(pkg-config --static --cflags --libs cog) -o by_pkg_config_static
runs "$folder/by_pkg_config_static"
