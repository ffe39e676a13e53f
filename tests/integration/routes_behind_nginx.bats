#!/usr/bin/env bats
# Every route, as a visitor sees it. routes_behind_lighttpd.bats is this same file: the web server is taken from
# the name.

load helper

setup_file() {
    local front=${BATS_TEST_FILENAME##*_behind_}
    start_stack "front=${front%.bats}"
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

@test "/ explains the site" {
    request /
    assert_status 200
    assert_header content-type 'text/html; charset=utf-8'
    assert_body_has /setsession
    assert_no_header set-cookie
}

@test "/get shows None to a visitor without a session, and sets no cookie" {
    request /get
    assert_status 200
    assert_header content-type 'text/html; charset=utf-8'
    assert_value user None
    assert_value pwd None
    assert_no_header set-cookie
}

@test "/set stores the user and the password, /get shows them" {
    request /set
    assert_status 200
    assert_value user poloyy
    assert_value pwd password
    assert_header set-cookie '[a-zA-Z_-]*session=[^;]+;.*'
    request /get
    assert_value user poloyy
    assert_value pwd password
}

@test "the cookie is for the site alone and out of reach of scripts" {
    request /set
    assert_header set-cookie '.*; HttpOnly(;.*)?'
    assert_header set-cookie '.*; SameSite=Lax(;.*)?'
    assert_header set-cookie '.*; Path=/(;.*)?'
}

@test "the pages of a session are not to be kept by caches" {
    request /get
    assert_header cache-control '.*no-store.*'
}

@test "parameters of /set replace the values and add further ones" {
    request '/set?user=Tom&city=Paris'
    assert_value user Tom
    assert_value pwd password
    request /
    assert_body_has city
    assert_body_has Paris
}

@test "/set takes a form, and the form wins over the query" {
    request '/set?user=Query&pwd=Query' --data-urlencode 'user=Jürgen & Söhne'
    assert_status 200
    assert_value user 'Jürgen &amp; Söhne'
    assert_value pwd Query
}

@test "values are shown escaped" {
    request /set --get --data-urlencode 'user=<script>alert("x")</script>'
    assert_body_lacks '<script>'
    assert_body_has '&lt;script&gt;'
    request /setsession --get --data-urlencode 'Username=<b>Bob</b>'
    request /getsession
    assert_body_has 'Welcome &lt;b&gt;Bob'
}

@test "plus signs and percent-encoding are decoded" {
    request '/set?user=a+b%2Bc%C3%A9'
    assert_value user 'a b+cé'
}

@test "/del removes the user and leaves the rest" {
    request /set
    request /del
    assert_status 200
    assert_value user None
    assert_value pwd password
    request /get
    assert_value user None
    assert_value pwd password
}

@test "/del removes each key that is named" {
    request '/set?city=Paris&color=red'
    request '/del?key=pwd&key=city'
    assert_value user poloyy
    assert_value pwd None
    request /
    assert_body_lacks Paris
    assert_body_has red
}

@test "/del of what is not there changes nothing" {
    request /set
    request '/del?key=nothing'
    assert_status 200
    assert_value user poloyy
    assert_value pwd password
}

@test "/clear ends the session: the record is gone and the cookie expires" {
    local before cookie
    before=$(record_count)
    request /set
    [[ $(record_count) -eq $((before + 1)) ]]
    cookie=$(session_cookie)
    request /clear
    assert_status 200
    assert_value user None
    assert_value pwd None
    assert_header set-cookie '.*session=;.*Max-Age=0.*'
    [[ $(record_count) -eq $before ]]
    [[ -z $(session_cookie) ]]
    request /get -H "Cookie: session=$cookie"
    assert_value user None
}

@test "/clear without a session answers and sets no cookie" {
    request /clear
    assert_status 200
    assert_value user None
    assert_no_header set-cookie
}

@test "a session whose last value is removed is ended" {
    local before
    before=$(record_count)
    request /setsession
    [[ $(record_count) -eq $((before + 1)) ]]
    request /popsession
    assert_header set-cookie '.*session=;.*Max-Age=0.*'
    [[ $(record_count) -eq $before ]]
    [[ -z $(session_cookie) ]]
}

@test "/setsession logs Admin in, /getsession welcomes, /popsession logs out" {
    request /getsession
    assert_body_has 'Welcome Anonymous'
    request /setsession
    assert_status 200
    assert_header content-type 'text/html; charset=utf-8'
    assert_body_has 'The session has been Set'
    request /getsession
    assert_body_has 'Welcome Admin'
    request /popsession
    assert_body_has 'Session Deleted'
    request /getsession
    assert_body_has 'Welcome Anonymous'
}

@test "/setsession takes the name from the query or a form" {
    request '/setsession?Username=Alice'
    request /getsession
    assert_body_has 'Welcome Alice'
    request '/setsession?Username=Alice' -d Username=Bob
    request /getsession
    assert_body_has 'Welcome Bob'
}

@test "/setsession gives the visitor a new session ID and keeps the values" {
    local before
    request /set
    before=$(session_cookie)
    request /setsession
    [[ -n $before && $(session_cookie) != "$before" ]]
    request /get
    assert_value user poloyy
}

@test "/popsession without a session answers all the same" {
    request /popsession
    assert_status 200
    assert_body_has 'Session Deleted'
    assert_no_header set-cookie
}

@test "/healthz says ok" {
    request /healthz
    assert_status 200
    [[ $body == ok ]]
}

@test "every route answers with a trailing slash, and to GET, HEAD and POST" {
    local route
    for route in set get del clear setsession getsession popsession healthz; do
        for slash in '' /; do
            request "/$route$slash"
            assert_status 200
            request "/$route$slash" -I
            assert_status 200
            request "/$route$slash" -X POST -d ''
            assert_status 200
        done
    done
    request / -I
    assert_status 200
    request / -X POST -d ''
    assert_status 200
}

@test "HEAD does what GET does, and sends no page" {
    request /set -I
    assert_status 200
    assert_header set-cookie '.*session=[^;]+;.*'
    request /get
    assert_value user poloyy
}

@test "a read sets no cookie again" {
    request /set
    request /get
    assert_no_header set-cookie
    request /getsession
    assert_no_header set-cookie
}

@test "two visitors do not see each other's values" {
    new_visitor alice
    request '/set?user=Alice'
    new_visitor bob
    request '/set?user=Bob'
    as_visitor alice
    request /get
    assert_value user Alice
    as_visitor bob
    request /get
    assert_value user Bob
}

@test "a cookie that was tampered with is nobody's" {
    local cookie
    request '/set?user=Alice'
    cookie=$(session_cookie)
    new_visitor thief
    request /get -H "Cookie: session=${cookie%?????}AAAAA"
    assert_status 200
    assert_value user None
    request /get -H "Cookie: session=$cookie"
    assert_value user Alice
}

@test "what memcached holds shows neither values nor the cookie" {
    request '/set?user=FindMeIfYouCan'
    local cookie keys records
    cookie=$(session_cookie)
    keys=$(memcached_says 'lru_crawler metadump all' 1 | sed -n 's/^key=\([^ ]*\) .*/\1/p' | tr '\n' ' ')
    keys=${keys//%3A/:}
    records=$(memcached_says "get $keys")
    [[ -n $cookie && $records == *VALUE*END* ]]
    [[ "$keys $records" != *FindMe* && "$keys $records" != *"${cookie:0:16}"* ]]
}

@test "another path is a 404" {
    request /nothing-here
    assert_status 404
    request /set/more
    assert_status 404
}

@test "another method is a 405 that names the allowed ones" {
    local method
    for method in PUT DELETE PATCH; do
        request /get -X "$method"
        assert_status 405
        assert_header allow 'GET, HEAD, POST'
    done
}

@test "a request that another site sends changes nothing" {
    request /set
    request '/set?user=Mallory' -H 'Sec-Fetch-Site: cross-site'
    assert_status 403
    request /clear -H 'Origin: https://evil.example' -X POST -d ''
    assert_status 403
    request /get
    assert_value user poloyy
}
