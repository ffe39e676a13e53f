#!/usr/bin/env bats
# An ID that this site did not issue is never adopted, and who logs in gets a new one: whoever planted an ID, or
# saw it, has nothing.

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

# The planted cookie opens nothing, and what the victim stores goes under an ID that the site made.
assert_not_adopted() {
    local planted=$1 issued
    holds_cookie "$planted"
    request /get
    assert_status 200
    assert_value user None
    request '/set?user=Victim'
    assert_status 200
    issued=$(cookie_set)
    [[ -n $issued && ${issued%%.*} != "${planted%%.*}" ]] || fail_with 'the planted ID was adopted'
    request /get
    assert_value user Victim
    holds_cookie "$planted"
    request /get
    assert_value user None
}

@test "an ID without a signature is not adopted" {
    assert_not_adopted planted
    assert_not_adopted "$(printf 'A%.0s' {1..48})"
    assert_not_adopted "$(printf 'A%.0s' {1..48}).$(printf 'A%.0s' {1..43})"
}

@test "an ID of this site with a wrong signature is not adopted" {
    request '/set?user=Alice'
    local issued
    issued=$(session_cookie)
    assert_not_adopted "${issued%%.*}.$(printf 'A%.0s' {1..43})"
    assert_not_adopted "${issued%%.*}"
    as_visitor visitor
    request /get
    assert_value user Alice
}

@test "an ID that another site signed is not adopted" {
    local url=$URL
    (umask 077 && "$SESSION_FCGI" --new-secret >"$STACK/secret.elsewhere")
    start_pool elsewhere --secret-file "$STACK/secret.elsewhere"
    start_front front_elsewhere nginx elsewhere
    request /set
    local planted
    planted=$(session_cookie)
    [[ -n $planted ]]
    stop_process front_elsewhere
    stop_process elsewhere
    URL=$url
    assert_not_adopted "$planted"
}

@test "an ID that this site did sign, whose session is over, is not used again" {
    request /set
    local planted
    planted=$(session_cookie)
    request /clear
    assert_not_adopted "$planted"
}

@test "a planted cookie does not hide the visitor's own" {
    request '/set?user=Alice'
    local own
    own=$(session_cookie)
    new_visitor other
    request /get -H "Cookie: session=planted; session=$own"
    assert_value user Alice
}

@test "a cookie planted in the clear is not looked at over HTTPS" {
    local planted
    request '/set?user=Mallory'
    planted=$(session_cookie)
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/get HTTPS=on "HTTP_COOKIE=session=$planted"
    assert_status 200
    assert_value user None
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/set HTTPS=on "HTTP_COOKIE=session=$planted"
    assert_header set-cookie '__Host-session=[^;]+; Path=/; HttpOnly; SameSite=Lax; Secure'
    [[ $(cookie_set) != "${planted%%.*}"* ]]
}

@test "a log-in renews the ID and keeps the data; the old cookie is dead at once" {
    request '/set?user=Alice&pwd=kept'
    local old new
    old=$(session_cookie)
    request '/setsession?Username=Alice'
    assert_status 200
    new=$(cookie_set)
    [[ -n $new && ${new%%.*} != "${old%%.*}" ]]
    has_no_entries "$old"
    has_record "$new"
    request /get
    assert_value user Alice
    assert_value pwd kept
    request /getsession
    assert_body_has 'Welcome Alice'
    holds_cookie "$old"
    request /getsession
    assert_body_has 'Welcome Anonymous'
    request /get
    assert_value user None
    assert_no_header set-cookie
}

@test "whoever planted a session of their own is not in the victim's after the log-in" {
    request '/set?user=Mallory'
    local planted
    planted=$(session_cookie)
    request '/setsession?Username=Victim'
    holds_cookie "$planted"
    request /getsession
    assert_body_has 'Welcome Anonymous'
    # Nor can they write into it.
    request '/set?user=Mallory'
    as_visitor visitor
    request /getsession
    assert_body_has 'Welcome Victim'
}

@test "each log-in is under an ID of its own, and of the old ones nothing stays" {
    local i ids=()
    for i in 1 2 3; do
        request /setsession
        ids+=("$(cookie_set)")
    done
    [[ $(printf '%s\n' "${ids[@]%%.*}" | sort -u | wc -l) -eq 3 ]]
    has_record "${ids[2]}"
    for i in 0 1; do
        has_no_entries "${ids[i]}"
        wait_until 40 has_no_record "${ids[i]}"
    done
}
