#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Streams that are closed or full, signals in every phase of a run, names that are
# no scenario: told in one line, status not 0, nothing left behind.
#   hostile.sh PROGRAM SCENARIOS
set -euo pipefail
program=$(realpath "$1") smoke=$2/smoke.xml metro=$2/metro-day.xml
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cd "$folder"
failed=0

fault() { echo "FAILED: $*"; failed=1; }

# said STATUS WORDS COMMAND...: how it ends and what it says on standard error.
said() {
    local status=0 expected=$1 words=$2
    shift 2
    "$@" > out 2> err || status=$?
    [ "$status" -eq "$expected" ] || fault "$*: status $status, expected $expected"
    grep -qF -- "$words" err || fault "$* says '$(cat err)', expected '$words'"
    rm out err
}

said 1 '/tmp: found a folder: expected a scenario file' "$program" run /tmp
said 1 '/dev/null: found no regular file: expected a scenario file' "$program" run /dev/null
said 2 "'--set': expected an option" "$program" run --set

status=0
"$program" schema > /dev/full 2> err || status=$?
[ "$status" -eq 1 ] || fault "schema on a full disk: status $status"
grep -q 'standard output: cannot be written' err || fault "schema on a full disk: $(cat err)"
rm err

# A closed stream's number must not go to the result file.
"$program" run --no-report -j1 --set world.clients=5 -o a.h5 "$smoke" <&- >&- 2>&-
"$program" report --summary --verify a.h5 > /dev/null || fault "streams closed: a.h5 is spoiled"
rm a.h5

# A job in the background ignores SIGINT until the program asks for it: SIGTERM.
for delay_s in 0.3 1 3; do
    status=0
    "$program" run -j2 --quiet --record m.rec -o m.h5 "$metro" > out 2> err &
    sleep "$delay_s"
    kill -TERM $!
    wait $! || status=$?
    [ "$status" -eq 143 ] || fault "SIGTERM after $delay_s s: status $status"
    grep -q 'interrupted' err || fault "SIGTERM after $delay_s s: $(cat err)"
    rm out err
    [ -z "$(ls -A)" ] || fault "SIGTERM after $delay_s s leaves $(ls -A)"
done

# The same of figures: each there with all its files, no page that lacks some, and the same bytes
# whenever it is drawn.
"$program" run --no-report --quiet -j1 --set world.clients=30 -o f.h5 "$smoke" > /dev/null
"$program" report f.h5 -o whole > /dev/null
for delay_s in 0.1 0.4 0.8; do
    status=0
    "$program" report f.h5 -o cut > out 2> err &
    sleep "$delay_s"
    kill -TERM $! 2> /dev/null || true
    wait $! || status=$?
    if [ "$status" -eq 143 ] && [ -s err ]; then
        grep -q 'cut: stopped: the result is whole' err || fault "report, SIGTERM: $(cat err)"
        [ ! -e cut/report.html ] || fault "report, SIGTERM after $delay_s s: a page"
    elif [ "$status" -ne 0 ] && [ "$status" -ne 143 ]; then
        fault "report, SIGTERM after $delay_s s: status $status"
    fi
    for file in $(ls cut 2> /dev/null || true); do
        cmp -s "cut/$file" "whole/$file" || fault "report, SIGTERM: $file is another"
        case $file in
            *.html) ;;
            *) [ "$(ls "cut/${file%.*}".* | wc -l)" -eq 4 ] || fault "SIGTERM: $file is alone" ;;
        esac
    done
    rm -rf cut out err
done
rm -r f.h5 whole

# A pipe that nobody writes to is no file to wait for.
mkfifo pipe
cat > piped.xml << 'EOF'
<scenario version="1" name="piped"><world clients="3" duration_h="0.1"><city name="Bonn"/></world>
<network matrix="pipe" matrix_nodes="pipe"/><sites><edge/></sites>
<policies><policy name="n" kind="nearest"/></policies></scenario>
EOF
for command in "validate pipe" "run pipe" "run piped.xml" "trace -o x pipe" "replay pipe" "info pipe" \
    "report pipe" "import -o x pipe" "dataset pipe -o x" "train pipe -o x" "model pipe" \
    "evaluate pipe pipe" "verify slots pipe" "verify bgp pipe" "verify rtt pipe pipe" \
    "run --quiet --no-report -o x --set topology.kind=as_rel --set topology.file=pipe $smoke"; do
    status=0
    # shellcheck disable=SC2086
    timeout 120 "$program" $command > out 2> err || status=$?
    [ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fault "$command: status $status"
    [ -s err ] || fault "$command: no word"
    rm -f out err
done
rm -f pipe piped.xml
rmdir results 2> /dev/null || true
[ -z "$(ls -A)" ] || fault "pipes leave $(ls -A)"

# What if: the other policy's commands are answered, so mirrors come to be copied.
"$program" run --no-report --quiet -j1 --set world.clients=30 --record r.rec \
    --record-policy nearest -o r.h5 "$smoke" > /dev/null
"$program" replay r.rec | grep -q 'identical to the recording' || fault "replay: other commands"
"$program" replay r.rec --policy ski_rental --policy static > out
grep -q '^ski_rental ' out || fault "replay --policy: $(cat out)"
"$program" replay r.rec --policy nearest | grep -q '^    copy ' || fault "what if: no copy"
exit "$failed"
