# facts.tsv, medians.tsv, goals.tsv and soak.tsv as one JSON object.
BEGIN {
    FS = "\t"
    median_names = "connections subject label runs requests_per_second ratio_to_empty p50_microseconds " \
        "p99_microseconds errors cpu_microseconds_per_request private_kib_per_worker"
    split("connections subject label", words, " ")
    printf "{"
}

FNR == 1 {
    sub(/.*\//, "", FILENAME)
    sub(/\.tsv$/, "", FILENAME)
    part = FILENAME
    close_part()
    printf "  \"%s\": %s", part, part == "facts" ? "{" : "["
    closing = part == "facts" ? "\n  }" : "\n  ]"
    separator = ""
}

function close_part() {
    printf "%s\n", closing == "" ? "" : closing ","
}

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

# The fields of the line under these names; those that are numbers without quotes.
function print_object(names,    count, list, i) {
    count = split(names, list, " ")
    printf "%s\n    {", separator
    for (i = 1; i <= count; i++)
        printf "%s\"%s\": %s", (i == 1 ? "" : ", "), list[i], $i ~ /^[0-9]+(\.[0-9]+)?$/ ? $i : quoted($i)
    printf "}"
    separator = ","
}

part == "facts" {
    printf "%s\n    %s: %s", separator, quoted($1), quoted($2)
    separator = ","
}
part == "medians" { print_object(median_names) }
part == "goals" { print_object("figure to_reach measured verdict") }
part == "soak" { print_object("requests private_kib errors") }

END { printf "%s\n}\n", closing }
