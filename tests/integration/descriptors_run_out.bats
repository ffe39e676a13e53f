#!/usr/bin/env bats
# A worker that runs out of descriptors stops accepting for a moment, says so, and goes on when there are some
# again.

load helper
load faults

teardown() {
    show_logs_of_failure
    count_and_stop
}

# limit_descriptors: the worker can open nothing more. unlimit_descriptors: it can.
limit_descriptors() {
    local worker free=0
    worker=$(workers_of pool)
    while [[ -e /proc/$worker/fd/$free ]]; do
        free=$((free + 1))
    done
    prlimit --pid "$worker" --nofile="$free:"
}

unlimit_descriptors() {
    prlimit --pid "$(workers_of pool)" --nofile=1024:
}

@test "accepting pauses while there are no descriptors, and goes on afterwards" {
    start_serving --workers 1
    note_workers
    start_peer first keep get=/ping answer until="$STACK/go" get=/ping answer
    limit_descriptors
    launch second "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" get=/ping answer
    wait_until 30 log_has pool 'no connections are accepted for [0-9]* ms: Too many open files'
    # Who is connected is served.
    finish_peer first
    [[ $(grep -c '^pong$' "$STACK/first.log") -eq 2 ]]
    # The first one's descriptor is free now.
    finish_peer second
    log_has second '^pong$'
    unlimit_descriptors
    assert_prompt
    assert_same_workers
    assert_nothing_left
}

@test "a pause does not turn into a busy loop" {
    start_serving --workers 1
    start_peer holder open=POST,/get,10 until="$STACK/go" body=user=Mabel end answer
    local begin=$SECONDS
    limit_descriptors
    launch waiting "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" connections=20 get=/ping answer
    wait_until 15 is_paused 3
    # Half a second each: there was no time for more.
    local count
    count=$(pauses)
    [[ $count -le $((2 * (SECONDS - begin + 1) + 1)) ]]
    unlimit_descriptors
    finish_peer waiting
    finish_peer holder
    assert_nothing_left
}

pauses() {
    grep -c 'no connections are accepted' "$STACK/pool.log"
}

is_paused() {
    [[ $(pauses) -ge $1 ]]
}

@test "with a low limit from the start, idle connections make room, and bodies and memcached still work" {
    new_stack
    start_memcached
    (ulimit -S -n 80 && start_pool pool --workers 1 --status-path /status)
    wait_until 30 serves_all
    note_descriptors
    local steps=()
    for _ in {1..20}; do
        steps+=(connections=10 get=/ping answer)
    done
    start_peer idle keep "${steps[@]}" hold
    [[ $(grep -c '^pong$' "$STACK/idle.log") -eq 200 ]]
    assert_prompt
    [[ $(peer open=POST,/set,8 body=user send body==Tom end answer) == 'Status: 200'* ]]
    refute log_has pool ' error '
    stop_process idle
    assert_nothing_left
}

@test "10,000 connections that are opened and dropped leave nothing behind" {
    start_serving --workers 2
    note_workers
    local steps=(connections=500)
    for _ in {1..10}; do
        steps+=(send leave get=/ping cut=20 leave)
    done
    peer "${steps[@]}"
    assert_prompt
    assert_same_workers
    assert_nothing_left
}
