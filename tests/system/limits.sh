#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the schema and its rules accept can be run: every number of the schema at both of its limits,
# in a small run of everything. Refused at once with file and line, or carried out; nothing else.
#   limits.sh PROGRAM SCHEMA
set -euo pipefail
program=$(realpath "$1") schema=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"

cat > s.xml << 'EOF'
<scenario version="1" name="s" seed="7">
  <world start="2026-03-02T06:00:00Z" duration_h="0.4" history_h="0.2" clients="12">
    <city name="Siegen" country="DE"/>
    <city name="Koblenz" country="DE"/>
    <corridor from="Siegen" to="Koblenz" commuter_share="0.5"/>
  </world>
  <service request_rate_hz="2" session_min="20" gap_min="5"/>
  <network><access activity="home" technology="dsl"/></network>
  <sites><edge/><site name="hub" lat_deg="48.85" lon_deg="2.35"/></sites>
  <predictors><predictor name="m" kind="markov"/></predictors>
  <policies>
    <policy name="reactive" kind="reactive" gain_ms="1"/>
    <policy name="ski" kind="ski_rental" predictor="m" backup="yes" interval_s="100"/>
    <policy name="predictive" kind="predictive" predictor="m" gain_ms="0.1" interval_s="60"/>
  </policies>
  <failures>
    <failure kind="site_crash" site="hub" at_h="0.1"/>
    <failure kind="loss" mtbf_h="0.2" share="0.2"/>
  </failures>
</scenario>
EOF

# ELEMENT.ATTRIBUTE=VALUE for both limits of each; a limit that is not a value itself by a millionth.
# How long and how many are left out at their most, and what this run has not.
settings() {
    awk -F'"' '
        /<xs:simpleType name=/ { type = $2 }
        /<xs:minInclusive/ { low[type] = $0; sub(/.*minInclusive value="/, "", low[type]);
                             sub(/".*/, "", low[type]) }
        /<xs:minExclusive/ { low[type] = "0.000001" }
        /<xs:maxInclusive/ { high[type] = $0; sub(/.*maxInclusive value="/, "", high[type]);
                             sub(/".*/, "", high[type]) }
        /<xs:element name=/ { element = $2 }
        /<xs:attribute name=/ && ($4 in low) {
            print element "." $2 "=" low[$4]
            print element "." $2 "=" high[$4]
        }' "$schema" \
        | grep -vE '^(trace|topology|change|cloud|cells)\.|\.(clients|replications|duration_h)=[1-9]'
}

try() {
    local status=0 name
    name=$(printf '%s' "$1" | tr -c 'a-z0-9_.\n' _)
    "$program" run -j1 --quiet --no-report --check --set "$1" -o "$name.h5" s.xml \
        > /dev/null 2> "$name.err" || status=$?
    if [ "$status" -ne 0 ] && ! grep -qE '^s\.xml:[0-9]+: .*: expected ' "$name.err"; then
        echo "FAILED: $1: status $status: $(cat "$name.err")"
    fi
    [ "$status" -eq 0 ] || [ ! -e "$name.h5" ] || echo "FAILED: $1 leaves $name.h5"
    rm -f "$name".*
}
export -f try
export program

settings > all
[ "$(wc -l < all)" -gt 250 ] || { echo "FAILED: found $(wc -l < all) limits"; exit 1; }
xargs -P "$(nproc)" -I{} bash -c 'try {}' < all > faults
cat faults
[ ! -s faults ]
