#!/usr/bin/env bats
# A stop ends what runs in order, within --stop-timeout, and leaves no process behind.

load helper
load faults

teardown() {
    show_logs_of_failure
    stop_stack
}

# Notes the pool's processes: stop_stack need not stop it any more.
expect_stop() {
    master=$(pid_of pool)
    sed -i "/^$master pool\$/d" "$STACK/processes"
}

# With status 0, the master last; and well before the peers that stop halfway would be given up, after 20 seconds, or
# the --stop-timeout of a minute is over.
assert_stopped() {
    wait_until 12 is_gone "$master"
    family_is_gone "$master"
    wait "$master"
}

@test "SIGTERM and SIGINT end an idle pool at once" {
    local signal
    for signal in TERM INT; do
        start_serving --workers 3 --stop-timeout 60
        expect_stop
        kill "-$signal" "$master"
        assert_stopped
        log_has pool 'stopped$'
        stop_stack
    done
    new_stack
}

@test "SIGTERM lets running requests finish" {
    start_serving --workers 2 --stop-timeout 60
    start_peer slow keep connections=10 open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer closed
    expect_stop
    kill -TERM "$master"
    wait_until 15 log_has pool 'after running requests'
    is_running "$master"
    finish_peer slow
    assert_stopped
    [[ $(grep -c '^Status: 200' "$STACK/slow.log") -eq 10 && $(grep -c '^closed' "$STACK/slow.log") -eq 10 ]]
}

@test "SIGTERM closes idle kept connections" {
    start_serving --workers 2 --stop-timeout 60
    launch idle "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" keep connections=100 get=/ping answer \
        closed
    wait_until 60 has_pongs idle 100
    expect_stop
    kill -TERM "$master"
    assert_stopped
    finish_peer idle
    [[ $(grep -c '^closed$' "$STACK/idle.log") -eq 100 ]]
}

has_pongs() {
    [[ $(grep -c '^pong$' "$STACK/$1.log") -eq $2 ]]
}

@test "a body that never comes ends with --stop-timeout" {
    start_serving --workers 2 --stop-timeout 1
    start_peer stalled connections=5 open=POST,/get,10 body=user= hold
    expect_stop
    kill -TERM "$master"
    assert_stopped
    stop_process stalled
}

@test "a second SIGTERM ends everything at once" {
    start_serving --workers 2 --stop-timeout 60
    start_peer stalled connections=5 open=POST,/get,10 body=user= hold
    expect_stop
    kill -TERM "$master"
    wait_until 5 log_has pool 'after running requests'
    kill -TERM "$master"
    assert_stopped
    log_has pool 'at once'
    stop_process stalled
}

@test "workers that do not react are killed when their time is over" {
    start_serving --workers 2 --stop-timeout 1
    # shellcheck disable=SC2046
    kill -STOP $(workers_of pool)
    expect_stop
    kill -TERM "$master"
    assert_stopped
    log_has pool 'did not leave in time and is killed'
}

@test "a stop in the middle of a reload stops all workers, old and new" {
    start_serving --workers 3 --stop-timeout 60
    expect_stop
    kill -HUP "$master"
    kill -TERM "$master"
    assert_stopped
}

@test "a stop while the workers start is not lost" {
    for _ in 1 2 3; do
        new_stack
        start_memcached
        start_pool pool --workers 16 --stop-timeout 60
        expect_stop
        # Before this line a signal ends the program by itself.
        wait_until 30 log_has pool ': 16 workers$'
        kill -TERM "$master"
        assert_stopped
        stop_stack
    done
    new_stack
}

@test "under load, a stop takes no longer, and nobody waits for an answer in vain" {
    start_serving --workers 2 --stop-timeout 60
    start_front front nginx pool
    wait_until 30 is_healthy
    start_load visitors /ping
    wait_until 30 has_answers visitors 200 100
    expect_stop
    kill -TERM "$master"
    assert_stopped
    finish_load visitors
    [[ $(load_figure visitors unanswered) -eq 0 ]]
}

@test "the process that serves alone stops as cleanly" {
    start_serving --workers 0 --stop-timeout 60
    start_peer slow keep open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer closed
    expect_stop
    kill -INT "$master"
    finish_peer slow
    assert_stopped
    grep -q '^Status: 200' "$STACK/slow.log"
}

@test "a SIGUSR2 or a SIGHUP while it stops does not undo the stop" {
    start_serving
    start_peer slow open=POST,/set,10 body=user= until="$STACK/go" body=Alice end answer
    local master
    master=$(pid_of pool)
    kill -TERM "$master"
    wait_until 15 log_has pool 'stopping'
    kill -USR2 "$master"
    kill -HUP "$master"
    finish_peer slow
    wait_until 30 is_gone "$master"
    log_has slow '200 OK'
    refute log_has pool 'upgrading|reloading'
    sed -i "/ pool\$/d" "$STACK/processes"
}
