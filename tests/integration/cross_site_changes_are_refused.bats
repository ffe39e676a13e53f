#!/usr/bin/env bats
# A browser says where a request comes from: one from another site changes no session. Clients that say nothing
# work as always.

load helper

setup_file() {
    start_stack
}

teardown_file() {
    stop_stack
}

setup() {
    new_visitor
    request '/set?user=Alice'
    assert_status 200
}

teardown() {
    show_logs_of_failure
}

changes='set?user=Mallory del clear setsession?Username=Mallory popsession'

# No change is accepted with these headers, by GET or by POST, with or without a session.
assert_all_refused() {
    local route cookie
    cookie=$(session_cookie)
    for route in $changes; do
        request "/$route" "$@"
        assert_status 403
        assert_no_header set-cookie
        request "/$route" "$@" -d user=Mallory
        assert_status 403
        assert_no_header set-cookie
        new_visitor stranger
        request "/$route" "$@"
        assert_status 403
        assert_no_header set-cookie
        as_visitor visitor
    done
    [[ $(session_cookie) == "$cookie" ]]
    request /get
    assert_value user Alice
    request /getsession
    assert_body_has 'Welcome Anonymous'
}

assert_all_accepted() {
    local route
    for route in $changes; do
        request "/$route" "$@"
        assert_status 200
        request "/$route" "$@" -d user=Mallory
        assert_status 200
    done
    request '/set?user=Done' "$@"
    assert_value user Done
}

@test "what a browser marks as cross-site is a 403 and changes nothing" {
    assert_all_refused -H 'Sec-Fetch-Site: cross-site'
    assert_all_refused -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document'
    assert_all_refused -H 'Sec-Fetch-Site: cross-site' -H "Origin: $URL"
}

@test "without that mark, another Origin is a 403 and changes nothing" {
    local origin
    for origin in https://elsewhere.example null "https://${URL#http://}.elsewhere.example" \
        http://127.0.0.1:1 http://127.0.0.1 "${URL/127.0.0.1/localhost}" x ''; do
        if [[ -n $origin ]]; then
            assert_all_refused -H "Origin: $origin"
        else
            assert_all_refused -H 'Origin;'
        fi
    done
}

@test "the site's own pages, and what the visitor typed, are accepted" {
    assert_all_accepted -H 'Sec-Fetch-Site: same-origin'
    assert_all_accepted -H 'Sec-Fetch-Site: none'
    assert_all_accepted -H "Origin: $URL"
}

@test "other hosts of the same site are accepted" {
    assert_all_accepted -H 'Sec-Fetch-Site: same-site' -H 'Origin: https://shop.elsewhere.example'
}

@test "clients that say nothing are accepted" {
    assert_all_accepted
    assert_all_accepted -H 'Referer: https://elsewhere.example/'
}

@test "pages that change nothing can be linked from everywhere" {
    local route
    for route in '' get getsession ping; do
        request "/$route" -H 'Sec-Fetch-Site: cross-site' -H 'Origin: https://elsewhere.example'
        assert_status 200
    done
    request /get -H 'Sec-Fetch-Site: cross-site'
    assert_value user Alice
}
