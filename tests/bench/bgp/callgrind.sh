#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Instructions per BGP message by callgrind: those spent in sim_bgp_run over
# the announcement and the withdrawal of one prefix on the AS graph of 2018.
#   usage: callgrind.sh BUILD_DIRECTORY
set -eu -o pipefail
build=$(cd "${1:?usage: callgrind.sh BUILD_DIRECTORY}" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
out=$(HARBINGER_SOURCE_ROOT=$PWD valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    --toggle-collect=sim_bgp_run "$build/tests/bench/bgp/bench_bgp_scale" once 2>&1 || true)
instructions=$(sed -n 's/.*Collected : \([0-9]*\).*/\1/p' <<< "$out")
messages=$(sed -n 's/^announcement of .*: \([0-9]*\) messages; withdrawal: \([0-9]*\) messages.*/\1 \2/p' \
    <<< "$out" | awk '{ print $1 + $2 }')
echo "$instructions instructions / $messages messages = $((instructions / messages)) per message"
