#!/usr/bin/env bats
# A web server may keep as many connections as it likes: they hold no worker, and they survive a reload.

load helper
load faults

teardown() {
    show_logs_of_failure
    stop_stack
}

count_answers() {
    grep -c '^pong$' "$STACK/$1.log"
}

@test "with 500 idle kept connections and two workers, requests are answered at once" {
    start_serving --workers 2
    start_peer idle keep connections=500 get=/ping answer hold
    [[ $(count_answers idle) -eq 500 ]]
    has_connections 500
    for _ in 1 2 3 4 5; do
        assert_prompt
    done
    stop_process idle
    assert_nothing_left
}

@test "connections on which nothing was ever sent hold nobody up either" {
    start_serving --workers 2
    start_peer mute connections=500 hold
    has_connections 500
    assert_prompt
    stop_process mute
    assert_nothing_left
}

@test "idle connections keep no worker busy" {
    start_serving --workers 1
    start_peer idle keep connections=300 get=/ping answer hold
    local worker before after begin=$SECONDS
    worker=$(workers_of pool)
    before=$(processor_time "$worker")
    wait_until 30 have_passed 3
    after=$(processor_time "$worker")
    echo "$((after - before)) hundredths of a second"
    [[ $((after - before)) -le 20 ]] # of at least three seconds, with a few requests
    stop_process idle
}

# So many seconds since `begin`, with a request now and then.
have_passed() {
    sleep 0.5
    assert_prompt
    [[ $((SECONDS - begin)) -gt $1 ]]
}

processor_time() {
    local fields
    read -ra fields < <(sed 's/.*) //' "/proc/$1/stat")
    echo $((fields[11] + fields[12]))
}

@test "all of them survive a reload" {
    start_serving --workers 2
    start_peer idle keep connections=400 get=/ping answer until="$STACK/go" get=/ping answer
    note_workers
    kill -HUP "$(pid_of pool)"
    wait_until 30 are_replaced 2
    assert_prompt
    finish_peer idle
    [[ $(count_answers idle) -eq 800 ]]
    refute log_has idle closed
    assert_nothing_left
}

# All workers are others than those that were noted.
are_replaced() {
    has_workers pool "$1" && ! workers_of pool | grep -qxFf "$STACK/workers"
}

@test "at its limit of connections, a worker closes the one that was idle longest" {
    start_serving --workers 1 --max-connections 10
    launch oldest "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" keep get=/ping answer closed
    wait_until 30 log_has oldest '^pong$'
    start_peer others keep connections=9 get=/ping answer until="$STACK/go" get=/ping answer
    wait_until 15 one_more_closes_the_oldest
    finish_peer oldest
    finish_peer others
    [[ $(count_answers others) -eq 18 ]]
    assert_nothing_left
}

# Unless that has been idle for less than a tenth of a second.
one_more_closes_the_oldest() {
    [[ $(peer get=/ping answer) == *pong ]] && log_has oldest '^closed$'
}

@test "at its limit, a worker takes no request's connection away" {
    start_serving --workers 1 --max-connections 10
    start_peer busy connections=15 open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer
    assert_prompt
    finish_peer busy
    [[ $(grep -c '^Status: 200' "$STACK/busy.log") -eq 15 ]]
    assert_nothing_left
}

@test "what is idle for longer than --keep-timeout is closed" {
    start_serving --workers 1 --keep-timeout 1
    [[ $(peer keep get=/ping answer closed) == *pong*closed ]]
    assert_nothing_left
}
