#!/usr/bin/env bats
# All workers, and all pools on the same memcached with the same secret, are one site.

load helper

setup() {
    new_stack
    start_memcached
    new_visitor
}

teardown() {
    show_logs_of_failure
    stop_stack
}

workers_of() {
    pgrep -P "$(pid_of "$1")"
}

has_workers() {
    [[ $(workers_of "$1" | wc -l) -eq $2 ]]
}

# Asks the pool itself, on a connection of its own.
ask() {
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI="$1" "${@:2}"
}

@test "each worker by itself answers, and sees what another one stored" {
    start_pool pool --workers 4
    wait_until 30 has_workers pool 4
    ask '/set?user=Shared'
    assert_status 200
    local cookie workers worker
    cookie=$(sed -n 's/^set-cookie: \([^;]*\).*/\1/p' <<<"$headers")
    [[ -n $cookie ]]
    mapfile -t workers < <(workers_of pool)
    for worker in "${workers[@]}"; do
        kill -STOP "${workers[@]}"
        kill -CONT "$worker"
        ask /get "HTTP_COOKIE=$cookie"
        kill -CONT "${workers[@]}"
        assert_status 200
        assert_value user Shared
    done
}

@test "a worker that is killed is replaced, and the sessions stay" {
    start_pool pool --workers 2
    start_front front nginx pool
    wait_until 30 is_healthy
    wait_until 30 has_workers pool 2
    request /set
    local victim
    for victim in $(workers_of pool); do
        kill -KILL "$victim"
    done
    wait_until 30 is_healthy
    wait_until 30 has_workers pool 2
    request /get
    assert_status 200
    assert_value user poloyy
}

@test "two pools on one memcached share the sessions" {
    start_pool pool_a
    start_pool pool_b
    start_front front_a nginx pool_a
    local a=$URL b
    start_front front_b nginx pool_b
    b=$URL
    request "$a/set?user=Everywhere"
    request "$b/get"
    assert_status 200
    assert_value user Everywhere
    assert_no_header set-cookie
    request "$b/del"
    request "$a/get"
    assert_value user None
    assert_value pwd password
    request "$a/clear"
    request "$b/get"
    assert_value pwd None
}

@test "a pool with another secret does not take the cookie" {
    start_pool pool_a
    "$SESSION_FCGI" --new-secret >"$STACK/other" && chmod 0600 "$STACK/other"
    start_pool pool_b --secret-file "$STACK/other"
    start_front front_a nginx pool_a
    local a=$URL
    start_front front_b nginx pool_b
    request "$a/set?user=Alice"
    request "$URL/get"
    assert_status 200
    assert_value user None
    request "$a/get"
    assert_value user Alice
}

@test "requests that change different keys at the same time lose nothing" {
    start_pool pool_a
    start_pool pool_b
    start_front front_a nginx pool_a
    local a=$URL i key pids=()
    start_front front_b nginx pool_b
    request "$a/set"
    for i in 1 2 3 4; do
        curl -s -f -o /dev/null --max-time 20 -b "$JAR" "$a/set?a$i=value-a$i" 3>&- &
        pids+=($!)
        curl -s -f -o /dev/null --max-time 20 -b "$JAR" "$URL/set?b$i=value-b$i" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
    done
    request "$a/"
    for key in a1 a2 a3 a4 b1 b2 b3 b4; do
        assert_body_has "value-$key"
    done
}
