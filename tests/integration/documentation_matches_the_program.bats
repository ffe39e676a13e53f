#!/usr/bin/env bats
# `session-fcgi --help`, its manual and the README know the same options: letter, name, argument and default. All
# three are brought to lines of "letter|name|argument|default" and compared.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    options_of_help >help
    # An empty list would agree with everything.
    [[ $(wc -l <help) -gt 10 ]]
}

# "  -w, --workers N      text (2)". A default of its own has no blank and stands at the end.
options_of_help() {
    "$SESSION_FCGI" --help |
        sed -nE 's/^  (-(.), |    )--([a-z-]+)( ([^ ]+))? +([^ ].*)$/\2|\3|\5|\6/p' |
        sed -E -e 's/\|[^|]*[^|(]* \(([^ ()]+)\)$/|\1/' -e t -e 's/\|[^|]*$/|/' | use_words
}

# "| `-w`, `--workers N` | text | `2` |", where a bar in a cell is "\|".
options_of_readme() {
    sed -nE '/^\| option \| meaning \| default \|$/,/^$/s/^\| (`-(.)`, )?`--(.*)$/\2|\3/p' "$ROOT/README.md" |
        sed -e 's/\\|/\x01/g' |
        sed -nE 's/^(.?)\|([a-z-]+)( ([^`]+))?` \| .* \|( `?([^`|]*[^`| ])`?)? \|$/\1|\2|\4|\6/p' |
        tr '\1' '|' | use_words
}

# ".It Fl w , -workers Ar N" and, further down, "Default: 2."
options_of_manual() {
    awk '
        function finish() { if (name != "") print letter "|" name "|" argument "|" preset; name = "" }
        /^\.Sh/ { finish(); within = /^\.Sh OPTIONS$/ }
        !within { next }
        /^\.El/ { finish() }
        /^\.It Fl / {
            finish()
            letter = $3 ~ /^-/ ? "" : $3
            name = letter == "" ? $3 : $5
            sub(/^-/, "", name)
            argument = $0
            if (!sub(/^.* (Ar|Cm) /, "", argument)) argument = ""
            gsub(/ /, "", argument)
            preset = ""
        }
        /^Default: / { preset = $0; sub(/^Default: /, "", preset); sub(/\.$/, "", preset) }
    ' "$ROOT/deploy/man/session-fcgi.8" | use_words
}

# The one default that depends on the machine is told by its rule.
use_words() {
    sed "s/^w|workers|N|\($(getconf _NPROCESSORS_ONLN)\|one for each processor\)\$/w|workers|N|one for each processor/"
}

@test "the README's table has the options of --help" {
    options_of_readme >readme
    diff -u help readme
}

@test "the manual has the options of --help" {
    options_of_manual >manual
    diff -u help manual
}

@test "each option but those that only print is also a variable of spawn-fcgi.conf" {
    local name variable
    while IFS='|' read -r _ name _; do
        [[ ! $name =~ ^(check|new-secret|help|version)$ ]] || continue
        variable=SESSION_FCGI_${name^^}
        grep -qE "^#?${variable//-/_}=" "$ROOT/spawn-fcgi.conf" || { echo "not there: $variable"; return 1; }
    done <help
}

@test "the manuals have nothing that groff warns of" {
    command -v groff >/dev/null || skip 'groff is not installed'
    local page
    for page in "$ROOT"/deploy/man/*.[0-9]; do
        [[ -z $(groff -ww -mandoc -Tutf8 -z "$page" 2>&1 | tee /dev/stderr) ]]
    done
}

@test "the manuals tell of every function of the headers they are about" {
    local theme function
    for theme in session template; do
        while read -r function; do
            grep -qx "\.Nm $function\( ,\)\?" "$ROOT/deploy/man/$theme.3" || { echo "not there: $function"; return 1; }
        done < <(grep -oE "^[a-z].*\b(${theme}s?_[a-z_]+)\(" "$ROOT/shared/$theme.h" | grep -oE "${theme}s?_[a-z_]+\($" |
            tr -d '(')
    done
}

@test "the README's C program is the one that the tests build" {
    awk '/^```$/ { within = 0 } within; /^```c$/ { within = 1 }' "$ROOT/README.md" |
        diff -u "$ROOT/tests/library/counter.c" -
}
