#!/usr/bin/env bats
# A worker may end at any time, in any way: another one takes its place, and nobody else is lost with it.

load helper
load faults

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
    count_and_stop
}

start_site() {
    start_serving "$@" && start_front front nginx pool && wait_until 30 is_healthy
}

# True if none of the noted workers is left and N others serve.
are_replaced() {
    has_workers pool "$1" && ! workers_of pool | grep -qxFf "$STACK/workers"
}

@test "a worker killed under load takes at most its running requests with it" {
    start_site --workers 2
    start_load visitors /ping
    local victim before
    victim=$(workers_of pool | head -n 1)
    wait_until 30 has_answers visitors 200 100
    kill -KILL "$victim"
    wait_until 30 is_replaced "$victim"
    before=$(answers visitors 200)
    wait_until 30 has_answers visitors 200 $((before + 100))
    finish_load visitors
    # One request may have been running on each of the eight connections; nginx repeats most of them.
    [[ $(load_count visitors '5..') -le 8 ]]
    [[ $(load_figure visitors unanswered) -eq 0 ]]
    log_has pool "process $victim, was ended by signal 9"
    is_running "$(pid_of pool)"
}

@test "all workers killed at once are replaced" {
    start_site --workers 3
    request '/set?user=Alice'
    note_workers
    # shellcheck disable=SC2046
    kill -KILL $(workers_of pool)
    wait_until 30 are_replaced 3
    request /get
    assert_status 200
    assert_value user Alice
}

@test "a request that waits while no worker is there is answered by the next one" {
    start_serving --workers 1
    for _ in 1 2 3; do
        kill -KILL "$(workers_of pool)"
        [[ $(peer get=/ping answer) == *pong ]]
    done
}

@test "when the master is killed, its workers finish what runs and leave; a new start takes over" {
    start_serving --workers 2
    start_peer patient open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer
    local master workers worker
    master=$(pid_of pool)
    mapfile -t workers < <(workers_of pool)
    kill -KILL "$master"
    finish_peer patient
    grep -q '^Status: 200' "$STACK/patient.log"
    for worker in "${workers[@]}"; do
        wait_until 30 is_gone "$worker"
    done
    family_is_gone "$master"
    sed -i "/^$master pool\$/d" "$STACK/processes"
    start_pool pool --status-path /status
    [[ $(peer get=/ping answer) == *pong ]]
}

@test "workers that die early are started again after growing pauses, and at last they serve" {
    start_serving --workers 1
    local begin pause
    kill_worker # that has lived for who knows how long
    begin=${EPOCHREALTIME//[.,]/}
    for _ in 1 2 3 4 5; do
        kill_worker
    done
    pause=$(((${EPOCHREALTIME//[.,]/} - begin) / 1000))
    echo "five early deaths in $pause ms"
    # At least 100, 200, 400 and 800 milliseconds between them.
    [[ $pause -ge 1500 ]]
    wait_until 30 has_workers pool 1
    [[ $(peer get=/ping answer) == *pong ]]
}

# The only one, as soon as there is one.
kill_worker() {
    local worker
    wait_until 30 has_worker
    worker=$(workers_of pool)
    kill -KILL "$worker"
    wait_until 30 is_gone "$worker"
}

# One that lives, in its loop or not yet.
has_worker() {
    is_running "$(workers_of pool)"
}

@test "a worker that hangs in a request is replaced after --request-timeout" {
    start_site --workers 2 --request-timeout 4 --store-timeout 60000
    request '/set?user=Alice'
    note_workers
    kill -STOP "$(pid_of memcached)"
    request /get
    assert_status 502
    kill -CONT "$(pid_of memcached)"
    log_has pool 'more than 4 s and is replaced'
    wait_until 30 has_workers pool 2
    request /get
    assert_status 200
    assert_value user Alice
}

@test "a worker that is told to leave from outside is replaced without a lost request" {
    start_site --workers 2
    start_load visitors /ping
    wait_until 30 has_answers visitors 200 100
    note_workers
    local worker before
    for worker in $(workers_of pool); do
        kill -QUIT "$worker"
        wait_until 30 is_gone "$worker"
    done
    wait_until 30 are_replaced 2
    before=$(answers visitors 200)
    wait_until 30 has_answers visitors 200 $((before + 100))
    finish_load visitors
    assert_load_unharmed visitors
}

@test "a worker that leaves with a slow request unfinished is replaced at once" {
    # It may take a minute to leave.
    start_serving --workers 1 --stop-timeout 60
    start_peer slow open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer
    kill -QUIT "$(workers_of pool)"
    wait_until 15 has_workers pool 2
    assert_prompt
    finish_peer slow
    grep -q '^Status: 200' "$STACK/slow.log"
    wait_until 30 has_workers pool 1
}

@test "a starter that ignores SIGCHLD changes nothing" {
    new_stack && start_memcached
    rm -f "$STACK/pool.sock"
    launch pool env --ignore-signal=CHLD spawn-fcgi -n -s "$STACK/pool.sock" -M 0600 -- "$SESSION_FCGI" \
        --workers 2 --memcached "$STACK/memcached.sock" --secret-file "$STACK/secret" --templates "$ROOT/templates" \
        --status-path /status
    wait_until 30 has_workers pool 2
    local worker
    worker=$(workers_of pool | head -n 1)
    kill -KILL "$worker"
    wait_until 30 is_replaced "$worker"
}

is_replaced() {
    has_workers pool 2 && ! workers_of pool | grep -qxF "$1"
}
