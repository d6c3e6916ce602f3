#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The layer order as the linker sees it: every library exports only names of
# its own prefix and calls only into those below it. Argument: build folder.
set -eu
build=$1
status=0

# library archive, own prefix, prefixes that it may call
check() {
    local archive=$build/$1 own=$2 may=$3 bad
    [ -e "$archive" ] || { echo "$archive: not built"; status=1; return; }
    bad=$(nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDBR]/ {print $3}' \
        | grep -vE "^(($own)_|__odr_asan)" || true)
    [ -z "$bad" ] || { echo "$1 exports names outside ${own}_:" $bad; status=1; }
    bad=$(nm -gu "$archive" 2>/dev/null | awk '$1 == "U" {print $2}' | sort -u \
        | grep -E '^(hb|data|model|analysis|sim)_' | grep -vE "^($own|$may)_" || true)
    [ -z "$bad" ] || { echo "$1 calls upwards:" $bad; status=1; }
}
check libharbinger.a hb none
check libdata.a data hb
check libmodels.a model 'hb|data'
check libanalysis.a analysis 'hb|data'
for part in engine world net infra run serve; do
    check "libsim_$part.a" sim 'hb|data'
done

# The shared library shows the production interface and nothing else.
shared=$build/libharbinger.so
if [ -e "$shared" ]; then
    bad=$(nm -D --defined-only "$shared" | awk '$2 ~ /[TDBR]/ {print $3}' | grep -v '^hb_' || true)
    [ -z "$bad" ] || { echo "libharbinger.so exports:" $bad; status=1; }
fi

# GSL brings its slow reference CBLAS along; OpenBLAS's comes first only while
# it stands before GSL among the libraries that the program needs.
readelf -d "$build/harbinger" | awk '/NEEDED/ && /openblas/ && !gsl { found = 1 }
    /NEEDED/ && /libgsl/ { gsl = 1 } END { exit !found }' \
    || { echo "harbinger: OpenBLAS must stand before GSL in the link list"; status=1; }
[ "$status" -eq 0 ] && echo "symbols: layers hold"
exit "$status"
