# What the tests of slow peers, dying workers and renewals share: raw peers, load, and a look at the workers.
# Loaded after helper.
# shellcheck shell=bash

# refute COMMAND...: it must fail. (A plain ! in the middle of a test would change nothing.)
refute() {
    if "$@"; then
        echo "should have failed: $*"
        return 1
    fi
}

# Raw peers ----------------------------------------------------------------------------------------------------

# peer STEP...: speaks FastCGI to the pool; fastcgi-peer says which steps there are.
peer() {
    "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" "$@"
}

# start_peer NAME STEP...: in the background, up to the step `hold` or `until`.
start_peer() {
    local name=$1
    shift
    launch "$name" "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" "$@"
    wait_until 60 log_has "$name" '^holding$'
}

# finish_peer NAME: lets it go on, if it waits for the file $STACK/go, and waits until it has done all its steps.
finish_peer() {
    touch "$STACK/go"
    wait_until 60 is_gone "$(pid_of "$1")" && sed -i "/ $1\$/d" "$STACK/processes"
}

# The pool answers at once: of three requests the quickest takes less than a second. A machine that stands still may
# delay one of them; a pool that waits for others delays each, or one for two seconds for each of them.
assert_prompt() {
    local answers times
    answers=$(timeout 60 "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" get=/ping answer took leave \
        get=/ping answer took leave get=/ping answer took) || { echo "no answer: $answers"; return 1; }
    [[ $(grep -c '^pong$' <<<"$answers") -eq 3 ]] || { echo "other answers: $answers"; return 1; }
    mapfile -t times < <(sed -n 's/^took \([0-9]*\) ms$/\1/p' <<<"$answers" | sort -n)
    [[ ${times[0]} -lt 1000 && ${times[2]} -lt 8000 ]] || { echo "no prompt answer: ${times[*]} ms"; return 1; }
}

# Workers ------------------------------------------------------------------------------------------------------

workers_of() {
    pgrep -P "$(pid_of "$1")"
}

# Is it in its loop?
serves() {
    readlink "/proc/$1/fd/"* 2>/dev/null | grep -q eventpoll
}

# has_workers POOL N: so many serve, and there are no others.
has_workers() {
    local workers worker
    mapfile -t workers < <(workers_of "$1")
    [[ ${#workers[@]} -eq $2 ]] || return 1
    for worker in "${workers[@]}"; do
        serves "$worker" || return 1
    done
}

# start_serving [OPTION...]: memcached and the pool `pool`, with all its workers in their loops.
start_serving() {
    new_stack && start_memcached && start_pool pool --status-path /status "$@" && wait_until 30 serves_all &&
        note_descriptors
}

# For teardown, whatever the pool went through: what the slots counted is what the pool says in all, and each request was
# timed. A worker that was killed may have been between the two, and one that works may be for a moment. Then the stack
# is stopped.
count_and_stop() {
    local result=0
    if is_running "$(pid_of pool)"; then
        wait_until 20 counters_add_up || { echo 'the counters do not add up:'; cat "$STACK/status.json"; result=1; }
    fi
    stop_stack && return "$result"
}

counters_add_up() {
    "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" 'get=/status?format=json' answer |
        sed '1,/^\r*$/d' >"$STACK/status.json"
    jq -e '.totals.requests as $all | .latency_seconds.count as $timed
        | ([.slots[].counters.requests] | add) == $all and $timed <= $all and $all <= $timed + .totals.restarts' \
        "$STACK/status.json" >/dev/null
}

serves_all() {
    local worker
    serves "$(pid_of pool)" && return # alone
    for worker in $(workers_of pool); do
        serves "$worker" || return 1
    done
    [[ -n $worker ]]
}

# Connections that the pool's socket has, accepted or not.
connections() {
    ss -Hx state established src "$STACK/pool.sock" | wc -l
}

has_connections() {
    [[ $(connections) -eq $1 ]]
}

descriptors() {
    local worker count=0
    for worker in $(workers_of pool); do
        count=$((count + $(find "/proc/$worker/fd" -mindepth 1 2>/dev/null | wc -l)))
    done
    echo "$count"
}

# The descriptors of the workers before the test: assert_nothing_left compares. Each worker may open its one
# connection to memcached meanwhile.
note_descriptors() {
    echo $(($(descriptors) + $(workers_of pool | wc -l))) >"$STACK/descriptors"
}

has_few_descriptors() {
    [[ $(descriptors) -le $(<"$STACK/descriptors") ]]
}

# No connection and no descriptor stayed behind, and the same workers live as were noted with note_workers.
assert_nothing_left() {
    wait_until 30 has_connections 0 && wait_until 30 has_few_descriptors
}

note_workers() {
    workers_of pool >"$STACK/workers"
}

assert_same_workers() {
    diff "$STACK/workers" <(workers_of pool)
}

# Load ---------------------------------------------------------------------------------------------------------

# start_load NAME PATH [WRK OPTION...]: on 8 connections to the web server, until finish_load. With LOAD_BODY set,
# POSTs. An answer that takes longer than ten seconds counts as none.
start_load() {
    local name=$1 path=$2
    shift 2
    launch "$name" wrk -t 1 -c 8 -d 600s --timeout 10s -s "$ROOT/tests/integration/load.lua" "$@" "$URL$path"
}

# has_answers NAME STATUS COUNT: so many answers to the load have had the status; they are counted in steps of 20.
has_answers() {
    [[ $(answers "$1" "$2") -ge $3 ]]
}

# How many it has had up to now, in steps of 20.
answers() {
    awk -v "status=$2:" '$1 == "so" && $3 == status { count = $4 } END { print count + 0 }' "$STACK/$1.log"
}

# Ends the load, which then says what it has seen.
finish_load() {
    local pid
    pid=$(pid_of "$1")
    sed -i "/^$pid $1\$/d" "$STACK/processes"
    kill -INT "$pid"
    wait "$pid" || { cat "$STACK/$1.log"; return 1; }
}

# load_count NAME STATUS: how many answers had it. The status may be a pattern: 5..
load_count() {
    awk -v "status=^$2:\$" '$1 == "status" && $2 ~ status { sum += $3 } END { print sum + 0 }' "$STACK/$1.log"
}

load_figure() {
    sed -n "s/^$2: \([0-9]*\).*/\1/p" "$STACK/$1.log"
}

# Each request had an answer, and each answer was a 200; there were some.
assert_load_unharmed() {
    if [[ $(load_count "$1" 200) -eq 0 || $(load_count "$1" '...') -ne $(load_count "$1" 200) ||
        $(load_figure "$1" unanswered) -ne 0 ]]; then
        echo "load $1:"
        cat "$STACK/$1.log"
        return 1
    fi
}
