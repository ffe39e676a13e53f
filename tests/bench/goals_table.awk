# goals.tsv for people.
BEGIN {
    FS = "\t"
    format = "%-62s %-18s %-22s %s\n"
    printf format, "64 connections", "to reach", "measured", ""
}

{ printf format, $1, $2, $3, $4 }
