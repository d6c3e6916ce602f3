#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The library as somebody else gets it: each installed header alone, in C and in C++, and a
# program that pkg-config builds, against the shared and the static library.
#   installed.sh BUILD-FOLDER SOURCE SANITIZERS
set -euo pipefail
[ "$3" = none ] || { echo "skipped: a sanitizer's library asks for its runtime"; exit 77; }
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
DESTDIR=$folder/root meson install -C "$1" --no-rebuild --quiet >/dev/null
pc=$(find "$folder/root" -name harbinger.pc)
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$folder/root
read -ra cflags < <(pkg-config --cflags harbinger)
read -ra libs < <(pkg-config --libs harbinger)
read -ra all_libs < <(pkg-config --static --libs harbinger)
include=${cflags[0]#-I}
shared=$(find "$folder/root" -name libharbinger.so)
languages=("cc -std=c11 -xc")
command -v c++ >/dev/null && languages+=("c++ -std=c++17 -xc++") || echo "no C++: C alone"
for language in "${languages[@]}"; do
    read -ra compile <<< "$language -Wall -Wextra -Werror -Wno-missing-field-initializers"
    for header in "$include"/core/*.h; do
        "${compile[@]}" "${cflags[@]}" -fsyntax-only - <<< "#include \"core/${header##*/}\""
    done
    "${compile[@]}" "${cflags[@]}" "$2" -xnone -o "$folder/shared" "${libs[@]}"
    LD_LIBRARY_PATH=${shared%/*} "$folder/shared"
    "${compile[@]}" "${cflags[@]}" "$2" -xnone -o "$folder/alone" \
        "${shared%.so}.a" "${all_libs[@]:2}"
    "$folder/alone"
done
