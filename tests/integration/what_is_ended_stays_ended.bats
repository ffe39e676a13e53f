#!/usr/bin/env bats
# A session that was ended, or renewed, or that expired is not brought back by a request that was on its way.
#
# Two pools serve the site. What `late` writes is held up before it reaches memcached, while `prompt` goes on.

load helper

setup() {
    new_stack
    start_memcached
    start_liar
    start_pool pool_late --workers 1 --memcached "$STACK/liar.sock" --store-timeout 20000
    start_front front_late nginx pool_late
    late=$URL
    start_pool pool
    start_front front nginx pool
    prompt=$URL
    wait_until 30 is_healthy
    new_visitor
    request "$prompt/set?user=Alice"
    cookie=$(session_cookie)
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# Sends a request to `late` and comes back when it has read the session but not yet done COMMAND in memcached.
hold_back() {
    tell_lies "hold $1"
    echo "late $late$2 $cookie" | at_once 3>&- &
    late_client=$!
    wait_until 30 log_has liar "^holding $1"
}

let_go() {
    tell_the_truth
    wait "$late_client"
    answer late
}

assert_nothing_is_back() {
    has_no_record "$cookie"
    [[ $(record_count) -eq 0 ]]
    holds_cookie "$cookie"
    request "$prompt/get"
    assert_value user None
}

@test "after /clear, a write that was on its way is a 409, sets no cookie and brings nothing back" {
    hold_back cas '/set?user=Late'
    request "$prompt/clear"
    assert_status 200
    let_go
    assert_status 409
    assert_no_header set-cookie
    assert_nothing_is_back
}

@test "after /clear, a removal that was on its way finds nothing, and sets no cookie" {
    hold_back cas '/del?key=pwd'
    request "$prompt/clear"
    let_go
    assert_status 200
    assert_value user None
    assert_no_header set-cookie
    assert_nothing_is_back
}

@test "after /clear, a log-in that was on its way is a 409, and its new record is taken back" {
    hold_back cas /setsession
    request "$prompt/clear"
    let_go
    assert_status 409
    assert_no_header set-cookie
    assert_nothing_is_back
}

@test "after /clear, a read that was on its way shows nothing, and sets no cookie" {
    hold_back gets /get
    request "$prompt/clear"
    let_go
    assert_status 200
    assert_value user None
    assert_no_header set-cookie
    assert_nothing_is_back
}

@test "after /clear and a new beginning, a late write of the old session does not reach the new one" {
    hold_back cas '/set?user=Late'
    request "$prompt/clear"
    request "$prompt/set?user=Anew"
    let_go
    assert_status 409
    assert_no_header set-cookie
    has_no_record "$cookie"
    request "$prompt/get"
    assert_value user Anew
}

@test "a session whose last entry is removed is ended: a late write does not bring it back" {
    hold_back cas '/set?user=Late'
    request "$prompt/del?key=user&key=pwd"
    let_go
    assert_status 409
    assert_no_header set-cookie
    assert_nothing_is_back
}

@test "after a log-in under a new ID, a late write of the old ID is a 409 and does not reach the session" {
    hold_back cas '/set?user=Late'
    request "$prompt/setsession"
    let_go
    assert_status 409
    assert_no_header set-cookie
    has_no_entries "$cookie"
    request "$prompt/get"
    assert_value user Alice
    request "$prompt/getsession"
    assert_body_has 'Welcome Admin'
}

# The log-in is answered, with its new ID, while the request that ends the session is on its way.
assert_ends_what_a_log_in_renewed() {
    local new
    hold_back cas "$1"
    request "$prompt/setsession"
    assert_status 200
    new=$(session_cookie)
    [[ -n $new && $new != "$cookie" ]]
    let_go
    assert_status 200
    assert_header set-cookie '.*session=;.*Max-Age=0.*'
    has_no_record "$new"
    has_no_entries "$cookie"
    request "$prompt/get"
    assert_value user None
    request "$prompt/getsession"
    assert_body_has 'Welcome Anonymous'
}

@test "a /clear that was on its way during a log-in ends the session under its new ID" {
    assert_ends_what_a_log_in_renewed /clear
}

@test "so does a removal of the last entry" {
    assert_ends_what_a_log_in_renewed '/del?key=user&key=pwd'
}

@test "a late write does not bring back a session that has expired meanwhile" {
    stop_process front_late
    stop_process pool_late
    start_pool pool_late --workers 1 --memcached "$STACK/liar.sock" --store-timeout 25000 --idle-timeout 6
    start_front front_late nginx pool_late
    late=$URL
    new_visitor
    request "$late/set?user=Alice"
    cookie=$(session_cookie)
    hold_back cas '/set?user=Late'
    wait_until 15 has_no_record "$cookie"
    let_go
    assert_status 409
    assert_no_header set-cookie
    has_no_record "$cookie"
}

# Half of the requests go each way; one of them logs in, and one ends the session.
@test "/clear in one tab with many requests in others: the session is over, and no answer says otherwise" {
    local i round
    URL=$prompt
    for round in 1 2 3; do
        new_visitor "$round"
        request '/set?user=the-old-secret'
        cookie=$(session_cookie)
        for i in {1..15}; do
            echo "set$i /set?key$i=x $cookie"
            echo "get$i $late/get $cookie"
            [[ $i -ne 7 ]] || echo "login $late/setsession $cookie"
            [[ $i -ne 8 ]] || echo "clear /clear $cookie"
            echo "late$i $late/set?late$i=x $cookie"
        done | at_once
        has_no_entries "$cookie"
        answer clear
        assert_status 200
        for i in {1..15}; do
            answer "get$i"
            assert_status 200
            for name in "set$i" "late$i"; do
                answer "$name"
                [[ $status == 200 || $status == 409 ]] || fail_with 'expected status 200 or 409'
                [[ $status == 200 ]] || assert_no_header set-cookie
                [[ $(cookie_set) != "${cookie%%.*}"* ]] || fail_with 'the old ID is back'
                [[ -z $(cookie_set) ]] || assert_body_lacks the-old-secret
            done
        done
        answer login
        [[ $status == 200 || $status == 409 ]] || fail_with 'expected status 200 or 409'
        if [[ -n $(cookie_set) ]]; then
            holds_cookie "$(cookie_set)"
            request /
            assert_body_lacks the-old-secret
        fi
        holds_cookie "$cookie"
        request /get
        assert_value user None
    done
}
