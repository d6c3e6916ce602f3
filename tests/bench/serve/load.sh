#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Load on a running service by a public load generator (wrk): requests a second and
# percentiles of latency of health (the HTTP side alone), observe and predict, at
# 1, 16 and 64 connections. Arguments: the program, seconds a case (3), MODEL file
# (none: markov). The load has the last processor, the service the first.
set -eu
program=$1 seconds=${2:-3} model=${3:-}
command -v wrk > /dev/null || { echo "skipped: wrk is not installed"; exit 77; }
folder=$(mktemp -d)
pid=
finish() {
    [ -z "$pid" ] || { kill "$pid" 2> /dev/null; wait "$pid" 2> /dev/null || true; }
    rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

# 400 places 1 km apart.
awk 'BEGIN { for (i = 0; i < 400; i++)
    printf "c,%d,%.4f,%.4f\n", 1700000000 + 900 * i, 39.7 + 0.01 * (i % 20), 116.2 + 0.013 * int(i / 20) }' > fixes.csv
"$program" import --columns client,time,lat,lon -o places.h5 fixes.csv > import.txt 2>&1
"$program" serve --new-token bench > made
awk '/^line/ { print $2, $3 }' made > tokens
token=$(awk '/^token/ { print $2 }' made)

what=(--places places.h5)
[ -z "$model" ] || what=(--model "$model")
last=$(($(nproc) - 1))
taskset -c 0 "$program" serve "${what[@]}" --salt salt --tokens tokens --snapshot snap --port 0 \
    --rate 1e9 --burst 1e9 --client-rate 1e9 --client-burst 1e9 > said &
pid=$!
for _ in $(seq 100); do grep -q listening said && break; sleep 0.1; done
url=$(awk '/listening/ { print $3 }' said)

# 1000 clients, 6 observations each in the past 90 minutes.
now=$(date +%s)
for i in $(seq 1000); do
    for j in 6 5 4 3 2 1; do
        printf 'next\nurl = "%s/v1/observe"\nheader = "Authorization: Bearer %s"\nsilent\n' "$url" "$token"
        printf 'data = "{\\"device\\":\\"d%d\\",\\"consent\\":true,\\"place\\":%d,\\"at_unix_s\\":%d}"\n' \
            "$i" $(((i * 7 + j * (i % 3)) % 400)) $((now - 900 * j))
    done
done | tail -n +2 > curl.txt
curl -K curl.txt 2> /dev/null | grep -o '"client":"[0-9a-f]*"' | cut -d'"' -f4 | sort -u > ids
echo "clients: $(wc -l < ids)"

cat > ask.lua <<'LUA'
local ids = {}
for line in io.lines("ids") do ids[#ids + 1] = line end
local kind, token = os.getenv("KIND"), os.getenv("TOKEN")
local at = 0
request = function()
    at = at + 1
    local id = ids[at % #ids + 1]
    local head = { ["Authorization"] = "Bearer " .. token }
    if kind == "predict" then
        return wrk.format("POST", "/v1/predict", head,
            '{"client":"' .. id .. '","timeframe_s":' .. (900 + at % 4 * 900) .. '}')
    elseif kind == "observe" then
        return wrk.format("POST", "/v1/observe", head,
            '{"client":"' .. id .. '","consent":true,"place":' .. (at % 400) .. '}')
    end
    return wrk.format("GET", "/v1/health", head)
end
done = function(summary, latency, requests)
    local bad = summary.errors.status + summary.errors.read + summary.errors.timeout
    io.write(string.format("%8.0f requests/s  p50 %6.2f  p90 %6.2f  p99 %6.2f ms  errors %d\n",
        summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
        latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, bad))
end
LUA
for kind in health observe predict; do
    for connections in 1 16 64; do
        printf '%-8s %3d connections ' $kind $connections
        KIND=$kind TOKEN=$token taskset -c "$last" wrk -t 1 -c $connections -d "${seconds}s" -s ask.lua "$url" \
            | grep requests/s.*p50
    done
done
curl -s -H "Authorization: Bearer $token" "$url/v1/metrics" | awk '/^harbinger_batches_total/ { b = $2 }
    /^harbinger_batched_total/ { n = $2 } END { printf "questions a call: %.1f\n", n / b }'
