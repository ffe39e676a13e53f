# What there is to reach, and what medians.tsv, soak.tsv (requests, memory, errors) and the variable `start`
# (milliseconds) say of it: figure, to reach, measured, verdict.
BEGIN { FS = OFS = "\t" }

FILENAME ~ /medians.tsv$/ {
    if ($1 == 64) {
        rate[$2] = $5
        p99[$2] = $8
    }
    if ($2 !~ /^(empty|php_)/ && $11 > memory)
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

function at_least(figure, subject, other, factor) {
    if (!(subject in rate) || !(other in rate))
        print figure, factor " times", "-", "not measured"
    else
        print figure, factor " times", sprintf("%.2f times", rate[subject] / rate[other]),
            verdict(rate[subject] >= factor * rate[other])
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
    at_least("/set against php-fpm doing the same", "set", "php_set", "6")
    at_least("/get with idle kept connections against /get without", "get_idle", "get", "0.95")
    print "p99 of /get against the empty program's", sprintf("at most %.2f ms", p99["empty"] / 1000),
        sprintf("%.2f ms", p99["get"] / 1000), verdict(p99["get"] <= p99["empty"])
    print "private memory of a worker", "under 3 MiB", sprintf("%.2f MiB", memory / 1024), verdict(memory < 3072)
    flatness()
    print "start to first answer", "under 100 ms", start " ms", verdict(start < 100)
}
