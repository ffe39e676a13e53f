# What was measured, as a text, a file for programs, and a picture, all in $results.
# shellcheck shell=bash disable=SC2154  # settings of run

declare -A labels=(
    [nginx]='nginx itself, a constant page'
    [empty]='empty program, no session'
    [ping]='/ping, no session'
    [get]='/get'
    [get_idle]="/get, $idle_connections idle connections"
    [set]='/set, a new value each time'
    [setsession]='/setsession, a new ID each time'
    [php_get]='php-fpm, the page of /get'
    [php_set]='php-fpm, the page of /set'
    [php_kept_get]='php-fpm, kept connections, /get'
    [php_kept_set]='php-fpm, kept connections, /set'
)

write_labels() {
    local subject
    for subject in "${subjects[@]}"; do
        [[ -z $subject ]] || printf '%s\t%s\n' "$subject" "${labels[$subject]}"
    done
}

version_of() {
    "$@" 2>&1 | grep -Eo -m 1 '[0-9]+\.[0-9]+(\.[0-9]+)?' | head -n 1
}

write_versions() {
    printf 'session-fcgi %s, nginx %s, memcached %s' "$(version_of "$program" --version)" \
        "$(version_of nginx -v)" "$(version_of memcached -V)"
    [[ -z $php_program ]] || printf ', PHP %s' "$(version_of "$php_program" -v)"
}

# Under what circumstances: a name and a text in each line.
write_facts() {
    printf '%s\t%s\n' date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
        machine "$cores cores, $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1), Linux $(uname -r)" \
        versions "$(write_versions)" \
        measuring "${QUICK:+not to be judged by: }medians of $rounds rounds, $duration s each; $visitors visitors" \
        'empty program' "$empty_processes processes (best of ${empty_candidates[*]}); a connection for each request" \
        session-fcgi "$workers workers; kept connections"
    [[ -z $php_program ]] || printf '%s\t%s\n' php-fpm \
        "$php_children processes; a connection for each request; locked sessions; as by default, and with connections to memcached kept"
}

write_text() {
    awk -F '\t' '{ printf "%-14s %s\n", $1, $2 }' "$results/facts.tsv"
    awk -f "$here/table.awk" "$results/medians.tsv"
    printf '\n'
    awk -f "$here/goals_table.awk" "$results/goals.tsv"
}

# The first program that can make a PNG of an SVG; without one there is only the SVG.
write_png() {
    local browser
    if command -v rsvg-convert >/dev/null; then
        rsvg-convert -o "$results/bench.png" "$results/bench.svg"
        return
    fi
    for browser in chromium chromium-browser google-chrome; do
        command -v "$browser" >/dev/null || continue
        HOME=$stack timeout -k 5 60 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
            --user-data-dir="$stack/browser" --window-size="$(picture_size)" \
            --screenshot="$results/bench.png" "file://$results/bench.svg" >"$stack/browser.log" 2>&1 ||
            say "no bench.png: $browser failed"
        return
    done
}

picture_size() {
    sed -n '1s/.* width="\([0-9]*\)" height="\([0-9]*\)".*/\1,\2/p' "$results/bench.svg"
}

# make_file NAME COMMAND...: what the command prints.
make_file() {
    local name=$1
    shift
    "$@" >"$results/$name" || fail "$results/$name could not be made"
}

write_reports() {
    local tables=("$results"/{facts,medians,goals,soak}.tsv)
    : >>"$results/soak.tsv"
    make_file facts.tsv write_facts
    make_file medians.tsv awk -f "$here/medians.awk" <(write_labels) "$results/runs.tsv"
    make_file goals.tsv awk -v start="$start_milliseconds" -f "$here/goals.awk" "$results"/{runs,medians,soak}.tsv
    make_file results.json awk -f "$here/json.awk" "${tables[@]}"
    make_file bench.svg awk -f "$here/picture.awk" "$results"/{facts,medians}.tsv
    make_file results.txt write_text
    write_png
    cat "$results/results.txt"
    printf '\nIn %s: results.txt, results.json, bench.svg%s\n' "$results" \
        "$([[ ! -e $results/bench.png ]] || echo ', bench.png')"
}
