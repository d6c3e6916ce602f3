#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Line coverage of core/ by the tests of core/ alone; fails below 95 %.
#   tests/coverage.sh [BUILD FOLDER]   needs gcovr
set -euo pipefail
command -v gcovr >/dev/null || { echo "skipped: no gcovr"; exit 77; }
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:-build-coverage}
# Threads count together only if counters are updated in one piece.
[ -d "$build" ] || meson setup "$build" -Db_coverage=true --buildtype=debugoptimized \
    -Dtests=enabled -Dc_args=-fprofile-update=atomic
find "$build" -name '*.gcda' -delete
mapfile -t tests < <(meson test -C "$build" --list 2>/dev/null | grep '^core/')
ninja -C "$build" libharbinger.a $(printf 'tests/core/test_core_%s ' "${tests[@]#core/}")
meson test -C "$build" --no-rebuild --timeout-multiplier 3 "${tests[@]}"
exec gcovr -r . --filter core/ --fail-under-line 95 "$build"
