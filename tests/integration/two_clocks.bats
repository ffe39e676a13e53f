#!/usr/bin/env bats
# A session ends when it was idle too long, and in any case at the end of its lifetime. memcached forgets it then,
# and if memcached does not, session-fcgi sees to it.

load helper

teardown() {
    show_logs_of_failure
    stop_stack
}

# A store that never forgets anything.
start_with_eternal_store() {
    new_stack
    start_memcached
    start_liar
    tell_lies eternal
    start_pool pool --memcached "$STACK/liar.sock" "$@"
    start_front front nginx pool
    wait_until 30 is_healthy
    new_visitor
}

start_with_store() {
    start_stack "$@"
    new_visitor
}

# More than so many seconds have passed since `begin`.
have_passed() {
    [[ $((${EPOCHREALTIME%[.,]*} - begin)) -gt $1 ]]
}

@test "an idle session is forgotten by memcached, and the visitor has none" {
    start_with_store --idle-timeout 1
    request /set
    wait_until 30 has_no_record "$(session_cookie)"
    request /get
    assert_status 200
    assert_value user None
}

@test "an idle session is over even if memcached still has it, and nothing of it comes back" {
    start_with_eternal_store --idle-timeout 5
    request /set
    local cookie begin=${EPOCHREALTIME%[.,]*}
    cookie=$(session_cookie)
    wait_until 30 have_passed 5
    has_record "$cookie"
    request /get
    assert_status 200
    assert_value user None
    request '/set?other=value'
    [[ $(session_cookie) != "${cookie%%.*}"* ]] || fail_with 'the ID of the session that is over is used again'
    request /
    assert_body_has value
    # The old cookie still leads to nothing.
    holds_cookie "$cookie"
    request /get
    assert_value user None
}

@test "requests keep a session alive beyond the idle time" {
    start_with_store --idle-timeout 9
    request '/set?user=Busy'
    local begin=${EPOCHREALTIME%[.,]*}
    until have_passed 11; do
        request /get
        assert_value user Busy
        sleep 0.2
    done
}

@test "but not beyond its lifetime" {
    start_with_store --idle-timeout 100 --lifetime 3
    request '/set?user=Busy'
    local cookie
    cookie=$(session_cookie)
    wait_until 30 sees_none
    wait_until 30 has_no_record "$cookie"
}

sees_none() {
    request /get && shows_value user None
}

@test "writes and log-ins do not lengthen the lifetime" {
    start_with_store --idle-timeout 100 --lifetime 1000
    request '/set?user=Alice'
    wait_until 30 record_expires_within 92
    request '/set?user=Bob'
    # The idle time began anew.
    [[ $(record_expiry "$(session_cookie)") -ge 96 ]]
    stop_process front
    stop_process pool
    start_pool pool --idle-timeout 1000 --lifetime 1000
    start_front front nginx pool
    wait_until 30 is_healthy
    request '/set?user=Carol'
    [[ $(record_expiry "$(session_cookie)") -le 999 ]]
    request /setsession
    [[ $(record_expiry "$(session_cookie)") -le 999 ]]
    request /get
    assert_value user Carol
}

record_expires_within() {
    [[ $(record_expiry "$(session_cookie)") -le $1 ]]
}

@test "a session past its lifetime is over even if memcached still has it" {
    start_with_eternal_store --idle-timeout 100 --lifetime 2
    request /set
    local cookie
    cookie=$(session_cookie)
    wait_until 30 sees_none
    has_record "$cookie"
}

@test "the cookie of a session past its lifetime is refused without asking the store" {
    start_with_eternal_store --idle-timeout 100 --lifetime 2
    request /set
    wait_until 30 sees_none
    local before
    before=$(operations)
    request /get
    assert_value user None
    [[ $(operations) == "$before" ]]
}

@test "a log-in under a new ID does not reset the clock of the lifetime" {
    start_with_eternal_store --idle-timeout 100 --lifetime 4
    request /set
    local begin=${EPOCHREALTIME%[.,]*}
    wait_until 30 have_passed 1
    request /setsession
    assert_status 200
    wait_until 30 have_passed 4
    # Its cookie is younger, but the session is not.
    request /get
    assert_status 200
    assert_value user None
}

@test "memcached is told the nearer of the two ends" {
    start_with_store --idle-timeout 1000 --lifetime 500
    request /set
    local expiry
    expiry=$(record_expiry "$(session_cookie)")
    [[ $expiry -ge 440 && $expiry -le 503 ]]
}

@test "times beyond 30 days are as long as they say" {
    local year=31536000 expiry
    start_with_store --idle-timeout $year --lifetime $((2 * year))
    request '/set?user=Patient'
    request /get
    assert_value user Patient
    expiry=$(record_expiry "$(session_cookie)")
    echo "memcached keeps it for $expiry seconds"
    [[ $expiry -ge $((year - 60)) && $expiry -le $((year + 3)) ]]
}
