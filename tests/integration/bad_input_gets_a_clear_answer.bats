#!/usr/bin/env bats
# Input that is wrong gets the status that says so and a reason, changes nothing, and harms nobody else.

load helper

setup_file() {
    start_stack --max-body 1000 --max-session 500
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

# The answer is an error page with a reason, and the site lives.
assert_refused() {
    assert_status "$1"
    assert_header content-type 'text/html; charset=utf-8'
    assert_body_has "<h1>$1"
    assert_no_header set-cookie
    is_healthy
}

@test "broken percent-encoding is a 400" {
    local query
    for query in 'user=%' 'user=%4' 'user=%zz' '%=x'; do
        request "/set?$query"
        assert_refused 400
        request /set -d "$query"
        assert_refused 400
    done
}

@test "a broken path is a 400" {
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/%zz
    assert_status 400
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=get
    assert_status 400
    fastcgi pool '' REQUEST_METHOD=GET
    assert_status 400
}

@test "what is not UTF-8 is a 400" {
    local query
    for query in 'user=%ff' 'user=%c3' 'user=%c0%80' 'user=%ed%a0%80' '%ff=x'; do
        request "/set?$query"
        assert_refused 400
        request /set -d "$query"
        assert_refused 400
    done
}

@test "control bytes are a 400" {
    local query
    for query in 'user=%00' 'user=a%01b' 'user=%7f' 'user=a%0d%0aSet-Cookie:x=y' '%00=x'; do
        request "/set?$query"
        assert_refused 400
        request /set -d "$query"
        assert_refused 400
    done
}

@test "a line break is a control byte too" {
    request /set --data-urlencode $'user=one\ntwo'
    assert_refused 400
}

@test "a bad parameter changes nothing" {
    request '/set?user=Alice'
    request '/set?user=Bob&pwd=%ff'
    assert_refused 400
    request /get
    assert_value user Alice
    assert_value pwd password
}

@test "a body over the limit is a 413" {
    head -c 2000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/large"
    request /get --data-binary "@$BATS_TEST_TMPDIR/large"
    assert_refused 413
}

@test "a body over the web server's own limit is a 413 too" {
    head -c 2000000 /dev/zero | tr '\0' a >"$BATS_TEST_TMPDIR/huge"
    request /get --data-binary "@$BATS_TEST_TMPDIR/huge"
    assert_status 413
}

@test "a body of just the limit is taken" {
    printf 'padding=%0992d' 0 >"$BATS_TEST_TMPDIR/body-of-1000"
    [[ $(stat -c %s "$BATS_TEST_TMPDIR/body-of-1000") -eq 1000 ]]
    request /get --data-binary "@$BATS_TEST_TMPDIR/body-of-1000"
    assert_status 200
}

@test "a body of another type is a 415" {
    request /set -H 'Content-Type: application/json' -d '{"user":"Tom"}'
    assert_refused 415
    request /set -F user=Tom
    assert_refused 415
    request /set -H 'Content-Type:' -d 'user=Tom'
    assert_refused 415
}

@test "a body that is shorter than it says is a 400" {
    fastcgi pool 'user=Tom' REQUEST_METHOD=POST REQUEST_URI=/set CONTENT_LENGTH=20 \
        CONTENT_TYPE=application/x-www-form-urlencoded
    assert_refused 400
}

@test "a length that is no number is a 400" {
    local length
    for length in x -1 1e3 99999999999999999999; do
        fastcgi pool '' REQUEST_METHOD=POST REQUEST_URI=/set CONTENT_LENGTH="$length" \
            CONTENT_TYPE=application/x-www-form-urlencoded
        [[ $status == 4?? ]]
    done
    is_healthy
}

@test "a session over the limit is a 413, and stays as it was" {
    local large
    large=$(printf '%0600d' 0)
    request '/set?user=Alice'
    request "/set?user=Bob&large=$large"
    assert_refused 413
    request /get
    assert_status 200
    assert_value user Alice
    assert_value pwd password
}

@test "a new session over the limit is a 413, and leaves no record" {
    local before
    before=$(record_count)
    request "/set?large=$(printf '%0600d' 0)"
    assert_refused 413
    [[ $(record_count) -eq $before ]]
}

@test "an unknown method is a 405 or what the web server makes of it" {
    fastcgi pool '' REQUEST_METHOD=BREW REQUEST_URI=/get
    assert_status 405
    assert_header allow 'GET, HEAD, POST'
    fastcgi pool '' REQUEST_METHOD=get REQUEST_URI=/get
    assert_status 405
}

@test "cookies of any kind are no reason to fail" {
    local cookie
    for cookie in '' '=' ';;;' 'session' 'session=' 'session=x' "session=$(printf '%03000d' 0)" \
        $'session=\x01\xff' 'session=a; session=b' 'session="quoted"'; do
        request /get -H "Cookie: $cookie"
        assert_status 200
        assert_value user None
    done
}

@test "a log line cannot be forged" {
    request '/set?user=%0a2026-01-01T00:00:00Z%20error%20forged'
    ! grep -q '^2026-01-01T00:00:00Z' "$STACK/pool.log"
}
