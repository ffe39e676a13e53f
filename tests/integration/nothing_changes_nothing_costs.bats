#!/usr/bin/env bats
# What does not need the session does not ask the store, a read asks once, and only a change is written. memcached
# itself counts.

load helper

setup_file() {
    start_stack
}

teardown_file() {
    stop_stack
}

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
}

# assert_costs GETS SETS DELETES PATH [CURL OPTION...]: what one such request asks of memcached.
assert_costs() {
    local expected="gets=$1 sets=$2 deletes=$3" before after
    shift 3
    before=$(operations)
    request "$@"
    after=$(operations)
    local cost
    cost=$(paste -d '=' <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after") |
        awk -F= '{ printf "%s%s=%d", (NR > 1 ? " " : ""), $1, $4 - $2 }')
    [[ $cost == "$expected" ]] || fail_with "$1 cost $cost, expected $expected"
}

@test "a visitor without a cookie costs nothing until something is stored" {
    local before route
    before=$(record_count)
    for route in / /get /getsession /del /popsession /clear; do
        assert_costs 0 0 0 "$route"
        assert_status 200
        assert_no_header set-cookie
    done
    [[ $(record_count) -eq $before ]]
}

@test "the first value costs one write and no read" {
    assert_costs 0 1 0 /set
    assert_header set-cookie '.*session=.+'
}

@test "a read is one question, and sets no cookie" {
    request /set
    local route
    for route in / /get /getsession; do
        assert_costs 1 0 0 "$route"
        assert_no_header set-cookie
    done
    assert_costs 1 0 0 /get -I
}

@test "a change is one question and one write" {
    request /set
    assert_costs 1 1 0 '/set?user=Alice'
    assert_costs 1 1 0 '/del?key=pwd'
    assert_value user Alice
}

@test "a log-in is one question and two writes" {
    request /set
    assert_costs 1 2 0 /setsession
    request /get
    assert_value user poloyy
}

@test "storing the value that is already there writes nothing" {
    request '/set?user=Alice&pwd=secret'
    assert_costs 1 0 0 '/set?user=Alice&pwd=secret'
    assert_value user Alice
    assert_no_header set-cookie
    # So does storing another and then the same again in one request.
    assert_costs 1 0 0 '/set?user=Bob&user=Alice&pwd=secret'
    assert_value user Alice
}

@test "removing what is not there writes nothing" {
    request /set
    assert_costs 1 0 0 '/del?key=nothing'
    assert_costs 1 0 0 /popsession
}

@test "pages without a session, and pages that are not there, cost nothing even with a cookie" {
    request /set
    local path
    for path in /ping /nothing /%zz '/set?user=%ff'; do
        assert_costs 0 0 0 "$path"
        assert_no_header set-cookie
    done
    assert_costs 0 0 0 /ping -X DELETE
    assert_costs 0 0 0 /set -H 'Sec-Fetch-Site: cross-site'
}

@test "a forged cookie never reaches the store" {
    request /set
    local good forged
    good=$(session_cookie)
    for forged in x "${good%%.*}" "${good%%.*}.$(printf 'A%.0s' {1..43})" "B${good#?}" "${good}A" "${good%?}"; do
        [[ $forged != "$good" ]] || continue
        holds_cookie "$forged"
        assert_costs 0 0 0 /get
        assert_status 200
        assert_value user None
    done
}

@test "the idle time begins anew with a write only when a tenth of it has passed" {
    stop_process pool
    start_pool pool --idle-timeout 100
    wait_until 30 is_healthy
    request /set
    local cookie
    cookie=$(session_cookie)
    assert_costs 1 0 0 /get
    # A tenth are 10 seconds. memcached knows how many have passed; its clock may be a second ahead of the pool's.
    wait_until 30 tenth_has_passed "$cookie"
    assert_costs 1 1 0 /get
    assert_no_header set-cookie
    assert_costs 1 0 0 /get
}

tenth_has_passed() {
    [[ $(record_expiry "$1") -le 88 ]]
}
