#!/usr/bin/env bats
# memcached is killed, restarted, stopped and resumed while visitors come: each of them gets an answer in time, at
# worst a 503, and service is back within two seconds of memcached's return.
#
# The pool waits a second for memcached. What is "in time" and "within two seconds" here leaves several seconds more
# to a busy machine, and less than it would take if each request waited.

load helper
load faults

setup() {
    new_visitor
    start_serving --workers 2 --store-timeout 1000
    start_front front nginx pool
    wait_until 30 is_healthy
    wait_until 30 stores Alice
}

teardown() {
    show_logs_of_failure
    count_and_stop
}

stores() {
    request "/set?user=$1"
    [[ $status == 200 ]]
}

is_back_soon() {
    wait_until 6 stores Carol
}

fails() {
    request /get
    [[ $status == 503 ]]
}

shows_user() {
    request /get
    shows_value user "$1"
}

# Visitors who read a session and visitors who begin one.
start_visitors() {
    start_load readers /get -H "Cookie: session=$(session_cookie)"
    LOAD_BODY='user=Bob' start_load writers /set
    wait_until 30 all_have_seen 200 1
}

# all_have_seen STATUS COUNT
all_have_seen() {
    has_answers readers "$1" "$2" && has_answers writers "$1" "$2"
}

# Answers are 200 or 503, there were some of both, and none took long.
assert_answers_in_time() {
    local name
    for name in readers writers; do
        finish_load "$name"
        if [[ $(load_count "$name" '...') -ne $(load_count "$name" '200|503') || $(load_count "$name" 503) -eq 0 ||
            $(load_count "$name" 200) -eq 0 || $(load_figure "$name" unanswered) -ne 0 ||
            $(load_figure "$name" slowest) -gt 6000 ]]; then
            echo "load $name:"
            cat "$STACK/$name.log"
            return 1
        fi
    done
    refute grep upstream "$STACK/front/front.log"
}

@test "memcached is killed and started again under load" {
    note_workers
    start_visitors
    stop_process memcached KILL
    wait_until 30 all_have_seen 503 400
    start_memcached
    is_back_soon
    assert_answers_in_time
    assert_same_workers
}

@test "memcached is stopped and resumed under load" {
    start_visitors
    kill -STOP "$(pid_of memcached)"
    # If each of them waited for memcached there would be eight in a second.
    wait_until 30 all_have_seen 503 400
    kill -CONT "$(pid_of memcached)"
    is_back_soon
    assert_answers_in_time
    # The other worker may have to be asked once to notice.
    wait_until 30 shows_user Carol
}

@test "memcached is restarted again and again under load" {
    start_visitors
    for _ in 1 2 3; do
        stop_process memcached KILL
        start_memcached
        is_back_soon
    done
    local name
    for name in readers writers; do
        finish_load "$name"
        [[ $(load_count "$name" '...') -eq $(load_count "$name" '200|503') ]]
        [[ $(load_figure "$name" unanswered) -eq 0 && $(load_figure "$name" slowest) -le 6000 ]]
    done
}

@test "pages without a session come at once while memcached hangs" {
    kill -STOP "$(pid_of memcached)"
    start_load readers /get -H "Cookie: session=$(session_cookie)"
    start_load pings /ping
    # A second once, for the first round with a session in it. If each of the readers waited for memcached there would be
    # eight in a second, and the others would wait for them.
    wait_until 30 has_answers readers 503 400
    wait_until 30 has_answers pings 200 400
    finish_load pings
    finish_load readers
    kill -CONT "$(pid_of memcached)"
    assert_load_unharmed pings
    [[ $(load_figure pings slowest) -le 6000 ]]
    [[ $(load_count readers '...') -eq $(load_count readers 503) ]]
    is_back_soon
}

@test "workers keep one connection to memcached each, however often it fails" {
    for _ in 1 2 3; do
        stop_process memcached KILL
        wait_until 30 fails
        start_memcached
        is_back_soon
    done
    wait_until 30 has_few_memcached_connections
}

has_few_memcached_connections() {
    [[ $(ss -Hx state established src "$STACK/memcached.sock" | wc -l) -le 2 ]]
}
