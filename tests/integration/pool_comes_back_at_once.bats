#!/usr/bin/env bats
# However workers end, others serve: one slot's pause is not another's, and recycling never leaves the pool without a
# worker, nor a visitor without an answer.

load helper
load faults

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
    count_and_stop
}

# ended_workers HOW: how often the log says that a worker was killed and is replaced like this.
ended_workers() {
    grep -Ec "^[^ ]* error .* was ended by signal 9 .*; replaced $1\$" "$STACK/pool.log"
}

@test "young workers that are killed together are replaced after one short pause" {
    start_serving --workers 8
    # shellcheck disable=SC2046
    kill -KILL $(workers_of pool)
    wait_until 30 has_workers pool 8
    [[ $(peer get=/ping answer) == *pong ]]
    # Those that have lived for five seconds, on a slow machine, are replaced at once.
    [[ $(($(ended_workers 'in 100 ms') + $(ended_workers 'at once'))) -eq 8 ]]
}

@test "a worker that ends in order is replaced at once while another slot pauses" {
    start_serving --workers 2
    local steady attempt
    for attempt in 1 2 3; do # a slow machine may be slower than the pause
        wait_until 30 has_workers pool 2
        steady=$(workers_of pool | head -n 1)
        for _ in 1 2 3 4 5 6; do # the sixth pause is one of 3.2 seconds
            kill_other_than "$steady"
        done
        ends_and_is_replaced_within 1600 "$steady" && return
        echo "attempt $attempt: not within half of the pause"
    done
    return 1
}

# has_other_than WORKER: a second one lives. Sets `other`.
has_other_than() {
    other=$(workers_of pool | grep -vxF "$1") && is_running "$other"
}

kill_other_than() {
    local other
    wait_until 30 has_other_than "$1"
    kill -KILL "$other"
    wait_until 30 is_gone "$other"
}

# ends_and_is_replaced_within MILLISECONDS WORKER: the only one leaves, and the next one serves.
ends_and_is_replaced_within() {
    local begin=${EPOCHREALTIME//[.,]/}
    kill -QUIT "$2"
    wait_until 30 is_gone "$2"
    wait_until 30 serves_all
    [[ $(((${EPOCHREALTIME//[.,]/} - begin) / 1000)) -lt $1 ]]
}

# Requests that arrive slowly, and so many others that each worker has served its time twice over.
@test "workers that are recycled with unfinished requests leave others to serve" {
    start_serving --workers 1 --max-requests 10 --stop-timeout 60
    local name
    for name in first second third; do
        start_peer "$name" open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer
        serve_many
    done
    for name in first second third; do
        finish_peer "$name"
        grep -q '^Status: 200' "$STACK/$name.log"
    done
    wait_until 30 has_workers pool 1
}

# A client that is left alone would wait for 20 seconds: that is when a worker gives a slow request up.
serve_many() {
    local pongs
    pongs=$(timeout 10 "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" \
        connections=60 get=/ping answer | grep -c '^pong$')
    [[ $pongs -eq 60 ]] || { echo "$pongs of 60 answers"; return 1; }
}

@test "a worker that is recycled waits for a slow request, however short --stop-timeout is" {
    start_serving --workers 1 --max-requests 10 --stop-timeout 1
    local worker
    worker=$(workers_of pool)
    start_peer slow open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer
    serve_many
    wait_until 30 has_workers pool 2
    sleep 2.5 # with a --stop-timeout of 1, whoever was told to stop is killed by now
    is_running "$worker"
    finish_peer slow
    grep -q '^Status: 200' "$STACK/slow.log"
    wait_until 30 is_gone "$worker"
    wait_until 30 has_workers pool 1
    refute log_has pool 'did not leave in time'
}

@test "a reload has its own time limit for workers that are being recycled" {
    start_serving --workers 1 --max-requests 10 --stop-timeout 1
    local worker
    worker=$(workers_of pool)
    start_peer slow open=POST,/get,10 body=user= hold
    serve_many
    wait_until 30 has_workers pool 2
    kill -HUP "$(pid_of pool)"
    wait_until 15 is_gone "$worker" # and not only after the 20 seconds that a request may take to arrive
    wait_until 30 has_workers pool 1
    [[ $(peer get=/ping answer) == *pong ]]
}

@test "workers that are recycled are counted as replaced" {
    start_serving --workers 2 --max-requests 20
    serve_many
    wait_until 30 was_replaced
    [[ $(peer get=/ping answer) == *pong ]]
}

was_replaced() {
    peer 'get=/status?format=json' answer | sed '1,/^\r*$/d' | jq -e '.totals.restarts > 0' >"$STACK/restarted"
}
