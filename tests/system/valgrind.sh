#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The smoke scenario, made small, under valgrind: no leak, no use of what is not set.
#   valgrind.sh PROGRAM SCENARIO SANITIZERS
set -euo pipefail
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }
[ "$3" = none ] || { echo "skipped: sanitizers and valgrind exclude one another"; exit 77; }
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
valgrind -q --error-exitcode=9 --leak-check=full "$1" run -j1 --quiet --no-report --check \
    --set world.clients=8 --set world.duration_h=2 --set world.history_h=1 \
    --record "$folder/a.rec" -o "$folder/a.h5" "$2"
valgrind -q --error-exitcode=9 --leak-check=full "$1" replay "$folder/a.rec"
