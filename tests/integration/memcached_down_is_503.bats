#!/usr/bin/env bats
# A memcached that does not answer is a 503, never an empty session: the visitor keeps the cookie, and everything
# goes on when memcached is back.

load helper

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
    stop_stack
}

assert_unavailable() {
    assert_status 503
    assert_header retry-after '[0-9]+'
    assert_no_header set-cookie
}

@test "without memcached, each page that needs the session is a 503" {
    start_stack
    request /set
    stop_process memcached
    local route
    for route in set get del clear setsession getsession popsession; do
        request "/$route"
        assert_unavailable
        assert_body_lacks None
    done
}

@test "the failure is logged, and /healthz names the server" {
    start_stack
    request /set
    stop_process memcached
    request /get
    assert_unavailable
    wait_until 30 log_has pool 'memcached'
    request /healthz
    assert_status 503
    assert_body_has "$STACK/memcached.sock"
}

@test "pages that need no session still come" {
    start_stack
    stop_process memcached
    new_visitor
    request /get
    assert_status 200
    assert_value user None
}

@test "a new visitor's first change is a 503 without a cookie" {
    start_stack
    stop_process memcached
    request /set
    assert_unavailable
}

@test "a stalled memcached is a 503 soon, and the session is there when it goes on" {
    start_stack --store-timeout 3000
    request '/set?user=Patient'
    local cookie
    cookie=$(session_cookie)
    kill -STOP "$(pid_of memcached)"
    request /get
    kill -CONT "$(pid_of memcached)"
    assert_unavailable
    [[ $(session_cookie) == "$cookie" ]]
    wait_until 30 is_healthy
    wait_until 30 sees_user Patient
}

sees_user() {
    request /get
    [[ $status == 200 ]] && assert_value user "$1"
}

@test "after a restart of memcached everything works again" {
    start_stack
    request /set
    stop_process memcached
    request /get
    assert_unavailable
    start_memcached
    wait_until 30 is_healthy
    # Its records are lost, which is an empty session now: the server said so.
    request '/set?user=Again'
    assert_status 200
    request /get
    assert_status 200
    assert_value user Again
}

@test "the pool starts without memcached and works once it is there" {
    new_stack
    start_pool pool
    start_front front nginx pool
    request /healthz
    assert_status 503
    request /set
    assert_unavailable
    start_memcached
    wait_until 30 is_healthy
    request /set
    assert_status 200
    assert_value user poloyy
}

@test "with two memcached servers, the sessions on the one that lives go on" {
    new_stack
    start_memcached
    start_memcached second
    start_pool pool --memcached "$STACK/memcached.sock,$STACK/second.sock"
    start_front front nginx pool
    wait_until 30 is_healthy
    local i alive=0 lost=0
    for i in {1..32}; do
        new_visitor "$i"
        request "/set?user=visitor-$i"
        assert_status 200
    done
    stop_process second
    for i in {1..32}; do
        as_visitor "$i"
        request /get
        if [[ $status == 200 ]]; then
            assert_value user "visitor-$i"
            alive=$((alive + 1))
        else
            assert_unavailable
            lost=$((lost + 1))
        fi
    done
    [[ $alive -gt 0 && $lost -gt 0 ]]
    request /healthz
    assert_status 503
    assert_body_has "$STACK/second.sock"
    assert_body_lacks "$STACK/memcached.sock"
}
