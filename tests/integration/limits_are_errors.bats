#!/usr/bin/env bats
# What is too long, too large or too much is told with a status of its own, and the stored session is as it was.

load helper

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# letters COUNT: so many of them.
letters() {
    printf "%$1s" '' | tr ' ' "${2-a}"
}

# set_large KEY COUNT [LETTER]: a value that is too long for a query.
set_large() {
    printf '%s=%s' "$1" "$(letters "$2" "${3-a}")" >"$BATS_TEST_TMPDIR/large"
    request /set --data-binary "@$BATS_TEST_TMPDIR/large"
}

@test "a thousand small keys are not too many" {
    start_stack
    local i
    for i in {1..1000}; do
        printf 'key%d=value-%d&' "$i" "$i"
    done >"$BATS_TEST_TMPDIR/form"
    request /set --data-binary "@$BATS_TEST_TMPDIR/form"
    assert_status 200
    request /
    assert_status 200
    for i in {1..1000}; do
        [[ $body == *">value-$i<"* ]] || fail_with "value-$i is not there"
    done
}

@test "a key of 255 bytes fits, a longer one is a 400 and changes nothing" {
    start_stack
    local key
    key=$(letters 255)
    request "/set?user=Alice&$key=fits"
    assert_status 200
    request /
    assert_body_has "$key"
    request "/set?user=Bob&${key}a=too-long"
    assert_status 400
    assert_no_header set-cookie
    request /
    assert_body_has Alice
    assert_body_lacks Bob
    assert_body_lacks too-long
    # A new visitor has no session by that.
    new_visitor newcomer
    request "/set?${key}a=too-long"
    assert_status 400
    assert_no_header set-cookie
}

@test "a session over the limit is a 413, and the stored one is as it was" {
    start_stack --max-session 2000
    request '/set?user=Alice'
    local before
    before=$(memcached_says "gets $(record_key "$(session_cookie)")")
    set_large value 2001
    assert_status 413
    assert_no_header set-cookie
    set_large value 1990
    assert_status 413
    # Nothing was written, not even the same again.
    [[ $(memcached_says "gets $(record_key "$(session_cookie)")") == "$before" ]]
    set_large value 1000
    assert_status 200
    set_large another 1000 b
    assert_status 413
    request /
    assert_body_has "$(letters 1000)"
    assert_body_lacks "$(letters 1000 b)"
    # What makes it smaller goes on working.
    request '/del?key=value'
    assert_status 200
    set_large another 1000 b
    assert_status 200
}

@test "a new session over the limit is a 413: no cookie, no record" {
    start_stack --max-session 2000
    set_large value 2500
    assert_status 413
    assert_no_header set-cookie
    [[ $(record_count) -eq 0 ]]
}

@test "a record that memcached finds too large is a 413, and the stored one is as it was" {
    start_stack_with_memcached -I 512k
    request '/set?user=Alice'
    set_large value 600000
    assert_status 413
    assert_no_header set-cookie
    request /get
    assert_status 200
    assert_value user Alice
    new_visitor newcomer
    set_large value 600000
    assert_status 413
    assert_no_header set-cookie
    is_healthy
}

start_stack_with_memcached() {
    new_stack
    launch memcached memcached -u "$(id -un)" -s "$STACK/memcached.sock" -a 0600 -U 0 "$@"
    wait_until 30 is_listening "$STACK/memcached.sock"
    start_pool pool --max-session 1000000 --max-body 1000000
    start_front front nginx pool
    wait_until 30 is_healthy
}

# New visitors store large values until there is no more room.
fill_up() {
    local i=0
    until [[ $status == 507 ]]; do
        i=$((i + 1))
        [[ $i -le 500 ]] || fail_with 'it does not fill up'
        new_visitor "filler-$i"
        set_large value 40000
        [[ $status == 507 ]] || assert_status 200
    done
    fillers=$((i - 1))
}

@test "memcached out of memory is a 507, and the stored sessions are as they were" {
    start_stack_with_memcached -m 2 -M
    new_visitor alice
    set_large value 40000 c
    assert_status 200
    fill_up
    # The newcomer who found it full has no session.
    assert_status 507
    assert_no_header set-cookie
    [[ -z $(session_cookie) ]]
    # Who has one keeps it as it was.
    as_visitor alice
    set_large value 40000 d
    assert_status 507
    assert_no_header set-cookie
    request /
    assert_status 200
    assert_body_has "$(letters 40000 c)"
    request /setsession
    assert_status 507
    assert_no_header set-cookie
    request /
    assert_status 200
    assert_body_has "$(letters 40000 c)"
    request /getsession
    assert_body_has 'Welcome Anonymous'
    # With room again, all goes on.
    [[ $fillers -ge 2 ]]
    as_visitor filler-1
    request /clear
    assert_status 200
    as_visitor alice
    set_large value 40000 d
    assert_status 200
    request /
    assert_body_has "$(letters 40000 d)"
}
