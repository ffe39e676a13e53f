# One measurement: wrk for some seconds, and what it cost the workers.
# shellcheck shell=bash disable=SC2015,SC2034,SC2154  # fail never returns; what is set there, and for others

# What is measured, in the order of the table.
subjects=(nginx empty ping get get_idle set setsession php_get php_set php_kept_get php_kept_set)

# The request of each: kind (see visitors.lua), path, whose worker answers, whose cookies are sent.
declare -A requests=(
    [nginx]='read /constant nginx pool'
    [empty]='read /empty empty pool'
    [ping]='read /ping pool pool'
    [get]='read /get pool pool'
    [get_idle]='read /get pool pool'
    [set]='write /set?user= pool pool'
    [setsession]='login /setsession?Username= pool pool'
    [php_get]='read /php/get.php php php'
    [php_set]='write /php/set.php?user= php php'
    [php_kept_get]='read /php_kept/get.php php_kept php_kept'
    [php_kept_set]='write /php_kept/set.php?user= php_kept php_kept'
)

# In clock ticks: utime and stime, the 14th and 15th field of stat. A process's name may hold anything but ends
# with the last bracket.
cpu_ticks() {
    local pid line fields sum=0
    for pid in "$@"; do
        line=$(<"/proc/$pid/stat") || fail "worker $pid has ended during a measurement"
        read -ra fields <<<"${line##*) }"
        sum=$((sum + fields[11] + fields[12]))
    done
    echo "$sum"
}

# In KiB: that of the largest, pages that it shares with nobody.
private_memory() {
    local pid
    for pid in "$@"; do
        awk '/^Private_(Clean|Dirty):/ { sum += $2 } END { print sum + 0 }' "/proc/$pid/smaps_rollup"
    done | sort -n | tail -n 1
}

# run_wrk KIND PATH COOKIES CONNECTIONS SECONDS: sets `result` to the numbers that visitors.lua prints.
run_wrk() {
    local threads=$wrk_threads output
    output=$(BENCH_THREADS=$threads timeout $(($5 + 30)) wrk -t "$threads" -c "$4" -d "${5}s" --timeout 5s \
        -s "$here/visitors.lua" "http://127.0.0.1:$port$2" -- "$1" "$stack/cookies.$3" 2>&1) ||
        fail "wrk failed on $2: $output"
    [[ $output =~ measured\ ([0-9 ]+) ]] || fail "wrk printed no result for $2: $output"
    read -ra result <<<"${BASH_REMATCH[1]}"
    [[ ${result[0]} -gt 0 ]] || fail "$2 was never answered: $output"
}

# Opens kept connections beside those of nginx, and leaves them idle until drop_idle_connections.
hold_idle_connections() {
    local line
    coproc holder {
        exec "$helpers/fastcgi_client" hold "$stack/pool.sock" "$idle_connections" 2>>"$stack/hold.log"
    }
    holder_id=$holder_PID
    holder_out=${holder[0]} holder_in=${holder[1]}
    read -r -t 30 line <&"$holder_out" && [[ $line == held ]] ||
        fail "$idle_connections idle connections could not be opened: $(cat "$stack/hold.log")"
}

drop_idle_connections() {
    local open
    exec {holder_in}>&-
    read -r -t 30 open <&"$holder_out"
    wait "$holder_id"
    [[ ${open-0} -eq $idle_connections ]] ||
        fail "of $idle_connections idle connections only ${open-0} were still open after the measurement"
}

# measure SUBJECT CONNECTIONS SECONDS: sets requests_done, rate, p50 and p99 (µs), errors, cpu (µs for one
# request) and memory (KiB).
measure() {
    local kind path pool cookies pids before after
    read -r kind path pool cookies <<<"${requests[$1]}"
    read -ra pids < <(workers_of "$pool")
    [[ $1 != get_idle ]] || hold_idle_connections
    before=$(cpu_ticks "${pids[@]}") || exit 1
    run_wrk "$kind" "$path" "$cookies" "$2" "$3"
    after=$(cpu_ticks "${pids[@]}") || exit 1
    memory=$(private_memory "${pids[@]}")
    [[ $1 != get_idle ]] || drop_idle_connections
    requests_done=${result[0]} p50=${result[2]} p99=${result[3]} errors=${result[4]}
    rate=$((result[0] * 1000000 / result[1]))
    cpu=$(awk -v ticks=$((after - before)) -v hertz="$(getconf CLK_TCK)" -v requests="${result[0]}" \
        'BEGIN { printf "%.2f", ticks / hertz * 1e6 / requests }')
}

# The median of the milliseconds from the start of spawn-fcgi to the first answer.
measure_start() {
    local command times=() i
    pool_command start
    for i in 1 2 3 4 5; do
        rm -f "$stack/start.sock"
        times[i]=$("$helpers/fastcgi_client" first "$stack/start.sock" "${command[@]}" 2>>"$stack/start.log") ||
            fail "session-fcgi did not start: $(cat "$stack/start.log")"
    done
    printf '%s\n' "${times[@]}" | sort -n | sed -n 3p
}
