# What there is to reach, and what runs.tsv, medians.tsv, soak.tsv (requests, memory, errors) and the variable
# `start` (milliseconds) say of it: figure, to reach, measured, verdict.
#
# A ratio is the median of those of two measurements that follow each other: what slows the machine for a while
# slows both.
BEGIN { FS = OFS = "\t" }

FILENAME ~ /runs.tsv$/ && $2 == 64 { rate[$1, ++runs[$1]] = $5 }

FILENAME ~ /medians.tsv$/ {
    if ($1 == 64)
        p99[$2] = $8
    if ($2 !~ /^(nginx|empty|php_)/ && $11 > memory)
        memory = $11
}

FILENAME ~ /soak.tsv$/ {
    requests[++steps] = $1
    kept[steps] = $2
    errors = $3
}

function verdict(reached) {
    return reached ? "reached" : "not reached"
}

# Of the ratios of one subject's requests/s to the other's.
function median_ratio(subject, other,    sorted, n, i, j, ratio) {
    n = runs[subject]
    for (i = 1; i <= n; i++) {
        ratio = rate[subject, i] / rate[other, i]
        for (j = i - 1; j >= 1 && sorted[j] > ratio; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = ratio
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function at_least(figure, subject, other, factor,    ratio) {
    if (!runs[subject] || runs[subject] != runs[other]) {
        print figure, factor " times", "-", "not measured"
        return
    }
    ratio = median_ratio(subject, other)
    print figure, factor " times", sprintf("%.2f times", ratio), verdict(ratio >= factor + 0)
}

# Memory is flat if it grows by no more than a few pages after the first tenth of the requests.
function flatness(    i, growth) {
    figure = sprintf("private memory does not grow, in %.1f million requests", requests[steps] / 1e6)
    if (steps == 0) {
        print "private memory does not grow", "at most 64 KiB", "-", "not measured (SOAK=1)"
        return
    }
    for (i = 1; requests[i] < requests[steps] / 10; i++)
        ;
    growth = kept[steps] - kept[i]
    print figure, "at most 64 KiB", growth " KiB, to " kept[steps] " KiB", verdict(growth <= 64)
    print "answers that were no success, in that time", "0", errors, verdict(errors == 0)
}

END {
    at_least("/get against the empty program without a session", "get", "empty", "2.0")
    at_least("/get against /ping, which needs no session", "get", "ping", "0.75")
    at_least("/get against php-fpm with memcached sessions", "get", "php_get", "8")
    at_least("/get against php-fpm that keeps its connections", "get", "php_kept_get", "8")
    at_least("/set against php-fpm doing the same", "set", "php_set", "6")
    at_least("/set against php-fpm that keeps its connections", "set", "php_kept_set", "6")
    at_least("/get with idle kept connections against /get without", "get_idle", "get", "0.95")
    print "p99 of /get against the empty program's", sprintf("at most %.2f ms", p99["empty"] / 1000),
        sprintf("%.2f ms", p99["get"] / 1000), verdict(p99["get"] <= p99["empty"])
    print "private memory of a worker", "under 3 MiB", sprintf("%.2f MiB", memory / 1024), verdict(memory < 3072)
    flatness()
    print "start to first answer", "under 100 ms", start " ms", verdict(start < 100)
}
