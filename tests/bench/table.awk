# medians.tsv for people.
BEGIN { FS = "\t" }

$1 != connections {
    connections = $1
    printf "\n%-36s %11s %7s %8s %7s %12s %11s\n", connections " connections", "requests/s", "ratio",
        "p99 ms", "errors", "CPU us/req.", "KiB/worker"
}

{ printf "%-36s %11d %7.2f %8.2f %7d %12.1f %11d\n", $3, $5, $6, $8 / 1000, $9, $10, $11 }

END {
    print "\nratio: to the requests/s of the empty program; CPU: of the workers, for one request;"
    print "KiB/worker: private memory of the largest; errors: answers that were no success, or did not come"
}
