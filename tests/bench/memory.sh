#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory per client of a run: the slope of the peak between two numbers of clients, with and
# without the trace (8 bytes a visit and 8 a client), for one thread and for two.
# Arguments: the program, the scenario, the two numbers (20000 200000), the threads ("1 2"),
# then options of `harbinger run`, e.g. --set world.duration_h=3 for a quicker look.
#
# What takes it, in bytes a client of metro-day.xml (resident at the peak; 0.9 have opted in):
#   shared        53  ids 30 + 11, indices of trace and core 8, region and consent 5
#   each policy  ~350 events 78, controller 101, rider 64, operations 36, names 32, instances 20,
#                    questions 11, the sites that serve and the first instance 8
#   its predictor     network 454 (504 x 0.9), Markov 230 (256 x 0.9)
# Events, operations and questions peak at instant 0, when half of the clients connect at once.
# From 8,192 clients on the network's policy runs alone, whatever the threads; with two, the
# other policies run in pairs, of which one asks Markov.
# Measured, without the trace, 20,000 to 200,000 clients, a week of history:
#   the whole day, -j1          150.6 and 863.9 MB, slope 3,963 bytes a client, 843
#   the whole day, -j2          157.3 and 896.2 MB, slope 4,105 bytes a client, 985
set -eu
program=$1 scenario=$2 few=${3:-20000} many=${4:-200000} threads=${5:-1 2}
shift $(($# < 5 ? $# : 5))
options=("$@")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Prints clients, visits and the peak's bytes.
measure() { # clients, threads
    "$program" run "$scenario" --quiet --no-report -j"$2" --set world.clients="$1" \
        "${options[@]}" -o "$folder/result.h5" \
        | awk '/ visits; / { print $1, $7, $(NF - 1) * 1e6 }'
}

printf '%-8s %10s %10s %12s %14s\n' threads 'clients' 'peak MB' 'B/client' 'without trace'
for j in $threads; do
    read -r clients_a visits_a bytes_a < <(measure "$few" "$j")
    printf '%-8s %10d %10.1f\n' "$j" "$clients_a" "$(awk "BEGIN { print $bytes_a / 1e6 }")"
    read -r clients_b visits_b bytes_b < <(measure "$many" "$j")
    awk -v j="$j" -v a="$clients_a $visits_a $bytes_a" -v b="$clients_b $visits_b $bytes_b" '
        BEGIN {
            split(a, few); split(b, many)
            clients = many[1] - few[1]
            slope = (many[3] - few[3]) / clients
            trace = 8 * (many[2] - few[2]) / clients + 8
            printf "%-8s %10d %10.1f %12.0f %14.0f\n", j, many[1], many[3] / 1e6, slope, slope - trace
        }'
done
