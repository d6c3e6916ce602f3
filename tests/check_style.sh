#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The rules of the house that a script can check, over the files that git
# knows (or, outside git, over all). Prints file:line: what; exit 1 if any.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
found=$(mktemp)
trap 'rm -f "$found"' EXIT

files() { # patterns...
    git ls-files -co --exclude-standard -- "$@" 2>/dev/null | while read -r f; do
        [ -e "$f" ] && printf '%s\n' "$f"
    done
}
mapfile -t sources < <(files '*.c' '*.h')
mapfile -t headers < <(files 'core/*.h' 'data/*.h' 'models/*.h' 'analysis/*.h' 'sim/*.h')

# Shape: lines to 100 columns, no tabs or trailing blanks, files to 450 lines,
# functions to 60 (a body runs from '{' to '}' in column one).
awk '
    FNR == 1 { if (prev != "" && last > 450) over(prev, last); body = 0 }
    { prev = FILENAME; last = FNR }
    length($0) > 100 { print FILENAME ":" FNR ": line of " length($0) " columns, limit 100" }
    /\t/ { print FILENAME ":" FNR ": tab" }
    /[ \t]$/ { print FILENAME ":" FNR ": trailing blank" }
    /^\{/ { body = FNR }
    /^\}/ && body { if (FNR - body > 61) print FILENAME ":" body ": function of " FNR - body - 1 \
        " lines, limit 60"; body = 0 }
    function over(f, n) { print f ":" n ": file of " n " lines, limit 450" }
    END { if (last > 450) over(prev, last) }' "${sources[@]}" >> "$found"

# Licence line first (after an interpreter line).
for f in "${sources[@]}" $(files '*.sh' '*.xsd' 'scenarios/*.xml' '.ci/run' harbinger); do
    want=GPL-3.0-or-later
    case $f in core/*) want=Apache-2.0 ;; esac
    head -n 3 "$f" | grep -q "SPDX-License-Identifier: $want" \
        || echo "$f:1: SPDX line of $want expected" >> "$found"
done

# Names: no `get`, no typedef of a struct or enum, no unfinished work.
grep -nE '\b([a-z0-9_]+_)?get_?[a-z0-9_]*\(' "${headers[@]}" | sed 's/$/   <- rule 2: no get/' >> "$found"
grep -nE 'typedef (struct|enum|union)' "${sources[@]}" | grep -v '(' | sed 's/$/   <- rule 3/' >> "$found"
grep -nwE 'TO''DO|FIX''ME|X''XX|HACK' "${sources[@]}" | sed 's/$/   <- rule 23/' >> "$found"

# Rule 16: no third-party type in a header.
grep -nE '\b(hid_t|herr_t|xml(Node|Doc|Char|Schema)[A-Za-z]*|gsl_[a-z]+|json_t|MHD_[A-Za-z]+|gzFile|cblas_[a-z]+)\b' \
    "${headers[@]}" | sed 's/$/   <- rule 16/' >> "$found"

# Rule 21: who may include a third-party header.
owners() { # header-regex allowed-path-regex
    grep -nE "#include *[<\"]$1" "${sources[@]}" | grep -vE "^($2|tests/)" \
        | sed 's/$/   <- rule 21: another file owns this library/' >> "$found"
}
owners 'sodium' 'core/(identity|digest)\.c'
owners '(cblas|openblas)' '(core|models)/blas[a-z_]*\.c'
owners 'hdf5' 'data/h5[a-z_0-9]*\.[ch]'
owners 'libxml/' '(data/xml[a-z_]*|sim/run/document|sim/run/element)\.c'
owners 'Random123/' 'sim/engine/stream\.c'
owners 'jansson' '(data/(bgp_experiment|peering_json|safetensors|safetensors_write)|sim/serve/body)\.c'
owners '(protobuf-c|data/onnx.pb-c)' 'data/onnx\.c'
owners 'zlib\.h' 'data/[a-z_]+\.c'
owners 'microhttpd' 'sim/serve/door\.c'
owners 'gnutls/' 'sim/serve/certificate\.c'
owners 'gsl/' '(sim|models|analysis)/.*\.c'

# Rule 27: core reads no clock, file, environment or randomness, starts no thread.
grep -nE '\b(time|clock|clock_gettime|gettimeofday|rand|random|drand48|getenv|secure_getenv|fopen|open|pthread_create|printf|fprintf)\(' \
    $(files 'core/*.[ch]') | grep -vE '^[^:]+:[0-9]+: \*' | sed 's/$/   <- rule 27/' >> "$found"

# The layers of DESIGN: core <- data <- {models, analysis, sim}; cli sees all.
layer() { # folder-pathspec forbidden-regex
    local list
    list=$(files "$1/*.c" "$1/*.h")
    [ -n "$list" ] && grep -nE "#include \"($2)/" $list | sed 's/$/   <- layer/' >> "$found"
}
layer core 'data|models|analysis|sim|tests'
layer data 'models|analysis|sim|tests'
layer models 'analysis|sim|tests'
layer analysis 'models|sim|tests'
layer sim/engine 'data|models|analysis|tests|sim/(world|net|infra|run|cli)'
layer sim/world 'models|analysis|tests|sim/(net|infra|run|cli)'
layer sim/net 'models|analysis|tests|sim/(world|infra|run|cli)'
layer sim/infra 'models|analysis|tests|sim/(world|net|run|cli)'
layer sim/run 'models|analysis|tests|sim/(serve|cli)'
layer sim/serve 'models|analysis|tests|sim/(engine|world|net|infra|run|cli)'

# Every folder has a README that maps its files: by name, or by how names begin (`lstm*`). A test
# goes by what it tests, an inner header by its file.
{
    for map in $(files '*/README.md'); do
        grep -oE '[A-Za-z0-9_]+\*?' "$map" | sort -u | sed "s|^|${map%/README.md} |"
    done
    echo --
    files '*/*.c' '*/*.h' '*/*.cc' '*/*.sh' '*/*.py'
} | awk '
    $0 == "--" { is_file = 1; next }
    !is_file && /..\*$/ { begins[$1] = begins[$1] " " substr($2, 1, length($2) - 1) }
    !is_file { is_word[$1, $2] = 1; has_map[$1] = 1; next }
    {
        dir = base = $0
        sub(/\/[^\/]*$/, "", dir)
        sub(/.*\//, "", base)
        sub(/\.[a-z]*$/, "", base)
        sub(/_impl$/, "", base)
        short = base
        sub(/^(test|fuzz|bench|check)_/, "", short)
        is_mapped = (dir, base) in is_word || (dir, short) in is_word
        count = split(begins[dir], list, " ")
        for (i = 1; i <= count; i++) is_mapped = is_mapped || index(base, list[i]) == 1
        if (!has_map[dir]) print $0 ":1: folder without a README.md"
        else if (!is_mapped) print dir "/README.md:1: does not name " $0
    }' >> "$found"

if [ -s "$found" ]; then
    sort -t: -k1,1 -k2,2n "$found"
    echo "$(wc -l < "$found") breaches of the style"
    exit 1
fi
echo "style: ${#sources[@]} files, no breach"
