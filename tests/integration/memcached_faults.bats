#!/usr/bin/env bats
# memcached is killed, restarted, stopped and resumed while visitors come: each of them gets an answer in time, at
# worst a 503, and service is back within two seconds of memcached's return.

load helper
load faults

setup() {
    new_visitor
    start_serving --workers 2 --store-timeout 200
    start_front front nginx pool
    wait_until 10 is_healthy
    request '/set?user=Alice'
}

teardown() {
    show_logs_of_failure
    count_and_stop
}

# Visitors who read a session and visitors who begin one.
start_visitors() {
    start_load readers "$1" /get -H "Cookie: session=$(session_cookie)"
    LOAD_BODY='user=Bob' start_load writers "$1" /set
}

# Answers are 200 or 503, and none took longer than the limit.
assert_answers_in_time() {
    local name
    for name in readers writers; do
        finish_load "$name"
        if [[ $(load_count "$name" '...') -ne $(load_count "$name" '200|503') || $(load_count "$name" 503) -eq 0 ||
            $(load_count "$name" 200) -eq 0 || $(load_figure "$name" unanswered) -ne 0 ||
            $(load_figure "$name" slowest) -gt 1500 ]]; then
            echo "load $name:"
            cat "$STACK/$name.load"
            return 1
        fi
    done
    refute grep upstream "$STACK/front/front.log"
}

# Waits until the visitors have seen that something is wrong: 503s are logged as failures of the store.
sees_failure() {
    request /get
    [[ $status == 503 ]]
}

stores_again() {
    request '/set?user=Carol'
    [[ $status == 200 ]]
}

@test "memcached is killed and started again under load" {
    start_visitors 3
    stop_process memcached KILL
    wait_until 2 sees_failure
    start_memcached
    wait_until 2 stores_again
    assert_answers_in_time
    note_workers
    assert_same_workers
}

@test "memcached is stopped and resumed under load" {
    start_visitors 3
    kill -STOP "$(pid_of memcached)"
    wait_until 2 sees_failure
    kill -CONT "$(pid_of memcached)"
    wait_until 2 stores_again
    assert_answers_in_time
    request /get
    assert_value user Carol
}

@test "memcached is restarted again and again under load" {
    start_visitors 3
    for _ in 1 2 3; do
        stop_process memcached KILL
        start_memcached
        wait_until 2 stores_again
    done
    local name
    for name in readers writers; do
        finish_load "$name"
        [[ $(load_count "$name" '...') -eq $(load_count "$name" '200|503') ]]
        [[ $(load_figure "$name" unanswered) -eq 0 && $(load_figure "$name" slowest) -le 1500 ]]
    done
}

@test "pages without a session come at once while memcached hangs" {
    kill -STOP "$(pid_of memcached)"
    start_load readers 2 /get -H "Cookie: session=$(session_cookie)"
    start_load pings 2 /ping
    finish_load pings
    finish_load readers
    kill -CONT "$(pid_of memcached)"
    assert_load_unharmed pings
    # They wait for a round with a session in it now and then, not for each.
    [[ $(load_figure pings slowest) -le 1000 && $(load_count pings 200) -gt 200 ]]
    [[ $(load_count readers '...') -eq $(load_count readers 503) && $(load_count readers 503) -gt 0 ]]
    wait_until 2 stores_again
}

@test "workers keep one connection to memcached each, however often it fails" {
    for _ in 1 2 3; do
        stop_process memcached KILL
        wait_until 2 sees_failure
        start_memcached
        wait_until 2 stores_again
    done
    wait_until 5 has_few_memcached_connections
}

has_few_memcached_connections() {
    [[ $(ss -Hx state established src "$STACK/memcached.sock" | wc -l) -le 2 ]]
}
