#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Instructions per BGP message by callgrind: those spent in sim_bgp_run, and all that
# it calls, over the announcement and then the withdrawal of one prefix on the whole AS
# graph of 2018 (about a minute).
#   usage: callgrind.sh BUILD_DIRECTORY
set -eu -o pipefail
build=$(cd "${1:?usage: callgrind.sh BUILD_DIRECTORY}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
HARBINGER_SOURCE_ROOT=$PWD valgrind --tool=callgrind --callgrind-out-file="$work/out" \
    --toggle-collect=sim_bgp_run --dump-before=sim_bgp_withdraw \
    "$build/tests/bench/bgp/bench_bgp_scale" once > "$work/text" 2> "$work/valgrind" || status=$?
[ $status -ne 77 ] || { echo "skipped: no ../shared/data/caida-as-rel"; exit 77; }

# Under valgrind the targets of time are missed: that is not an error here.
read -r announced withdrawn < <(sed -n 's/^announcement of .*: \([0-9]*\) messages; withdrawal: \([0-9]*\) messages.*/\1 \2/p' \
    "$work/text") || { cat "$work/valgrind" >&2; exit 1; }
totals() { sed -n 's/^totals: \([0-9]*\).*/\1/p' "$1"; }
tell() { # what instructions messages
    echo "$1: $2 instructions / $3 messages = $(($2 / $3)) per message"
}
tell announcement "$(totals "$work/out.1")" "$announced"
tell withdrawal "$(totals "$work/out")" "$withdrawn"
