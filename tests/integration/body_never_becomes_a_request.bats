#!/usr/bin/env bats
# A body may hold the very bytes of a FastCGI request. They never run as one: neither when the page does not read
# the body, nor when it is refused, nor when it is longer than what is read. The forged requests here would store
# something: no record may appear, and each visitor gets the answer to their own request.

load helper
load faults

setup_file() {
    start_serving --workers 1 --max-body 10000
    note_workers
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

forged_request() {
    "$ROOT/tests/integration/fastcgi-peer" - get=/set?user=Mallory
}

assert_nothing_ran() {
    [[ $(record_count) -eq 0 ]]
    assert_same_workers
}

# must_not_run STATUS STEP...: the steps send a body with a forged request on a kept connection of its own, and
# are answered with the status. The request after that has its own answer, or the connection is closed instead.
must_not_run() {
    expected+="$1 (200|closed) "
    shift
    steps+=("$@" answer get=/ping answer leave)
}

assert_none_ran() {
    local answers
    answers=$(peer keep "${steps[@]}" | grep -Eo '^Status: [0-9]+|^closed|Mallory' | sed 's/.* //' | tr '\n' ' ')
    [[ $answers =~ ^$expected$ ]] || { printf '%s\n' "expected: $expected" "got: $answers"; return 1; }
    assert_nothing_ran
}

@test "not as the body of a page that reads none" {
    local steps=() expected='' size
    size=$(forged_request | wc -c)
    must_not_run 405 "open=PUT,/ping,$size" forged=/set?user=Mallory end
    must_not_run 404 "open=POST,/nowhere,$size" forged=/set?user=Mallory end
    must_not_run 405 "open=BREW,/get,$size" forged=/set?user=Mallory end
    must_not_run 200 "open=GET,/get,$size" forged=/set?user=Mallory end
    must_not_run 200 "open=HEAD,/ping,$size" forged=/set?user=Mallory end
    assert_none_ran
}

@test "not as a form" {
    local steps=() expected=''
    must_not_run 400 "open=POST,/set,$(forged_request | wc -c)" forged=/set?user=Mallory end
    assert_none_ran
}

@test "not with a wrong length, or none" {
    local steps=() expected='' length
    for length in 0 1 5000 -1 x 18446744073709551615; do
        must_not_run 4.. "open=POST,/get,$length" forged=/set?user=Mallory end
    done
    must_not_run 411 open=POST,/get, forged=/set?user=Mallory end
    assert_none_ran
}

@test "not behind what is read of a body" {
    local steps=() expected='' filler
    # Around the limit, and around the pieces in which a body is read.
    for filler in 8000 8100 8192 9999 10000 10001 16384 20000 60000; do
        must_not_run 413 "open=POST,/set,$((filler + 50000))" "filler=$filler" forged=/set?user=Mallory end
    done
    assert_none_ran
}

@test "not when the announced length covers only what comes before" {
    local steps=() expected=''
    must_not_run 400 open=POST,/set,8 body=user=Tom forged=/set?user=Mallory end
    must_not_run 413 open=POST,/set,8 body=user=Tom filler=10000 forged=/set?user=Mallory end
    assert_none_ran
}

@test "not when it comes after the body has stopped for a while" {
    start_peer patient keep open=POST,/get,20000 filler=5000 until="$STACK/go" filler=9000 \
        forged=/set?user=Mallory end answer get=/ping answer
    finish_peer patient
    rm "$STACK/go"
    [[ $(grep -c '^Status: 413' "$STACK/patient.log") -eq 1 ]]
    assert_nothing_ran
}

# Through a web server: whoever comes next on the same kept connection gets the answer to their own request.
assert_not_run_behind() {
    local front=$1 path size
    start_front front "$front" pool
    for size in 0 9990 30000; do
        { head -c "$size" /dev/zero | tr '\0' x; forged_request; forged_request; } >"$BATS_TEST_TMPDIR/forged"
        for path in /ping /set /nowhere; do
            request "$path" --data-binary "@$BATS_TEST_TMPDIR/forged"
            [[ $status == 4* ]] || fail_with "the body of $size bytes and more for $path was taken"
            request /ping
            assert_status 200
            [[ $body == pong ]]
        done
        request /get -H 'Content-Type: text/plain' --data-binary "@$BATS_TEST_TMPDIR/forged"
        [[ $status == 4* ]]
        request /get
        assert_status 200
        assert_value user None
    done
    stop_process front
    assert_nothing_ran
}

@test "not behind nginx, with kept connections" {
    assert_not_run_behind nginx
}

@test "not behind lighttpd" {
    assert_not_run_behind lighttpd
}
