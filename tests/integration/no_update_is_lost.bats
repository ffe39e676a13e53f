#!/usr/bin/env bats
# Requests that change one session at the same time lose nothing of each other, and none waits for a lock.

load helper

setup_file() {
    start_stack --workers 8
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

conflicts() {
    memcached_says stats | sed -n 's/^STAT cas_badval \([0-9]*\)$/\1/p'
}

@test "50 clients at once, each storing 20 keys of its own in one session: all 1,000 are there" {
    local cookie before client
    before=$(conflicts)
    request /set
    cookie=$(session_cookie)
    # shellcheck disable=SC2016
    seq 50 | xargs -P 50 -I '{}' curl -sS -f --max-time 100 -o /dev/null -b "session=$cookie" \
        "$URL/set?client{}-key[1-20]=of-{}" 3>&-
    request /
    for client in {1..50}; do
        for key in {1..20}; do
            echo "client$client-key$key of-$client"
        done
    done | sort >"$BATS_TEST_TMPDIR/expected"
    sed -n 's/.*>\(client[0-9]*-key[0-9]*\)<.*>\(of-[0-9]*\)<.*/\1 \2/p' <<<"$body" | sort >"$BATS_TEST_TMPDIR/found"
    diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/found"
    # They did get in each other's way.
    [[ $(conflicts) -gt $before ]]
}

@test "what some set and others remove at the same time is as each of them wanted it" {
    local before
    before=$(conflicts)
    # On a busy machine they may happen to come one after the other.
    for _ in {1..20}; do
        set_and_remove_at_once
        [[ $(conflicts) -eq $before ]] || return 0
    done
    fail_with 'they never met'
}

set_and_remove_at_once() {
    local i cookie
    new_visitor
    request "/set?$(printf 'old%d=x&' {1..25})"
    cookie=$(session_cookie)
    for i in {1..25}; do
        echo "set$i /set?new$i=value-$i $cookie"
        echo "del$i /del?key=old$i $cookie"
    done | at_once
    for i in {1..25}; do
        answer "set$i" && assert_status 200
        answer "del$i" && assert_status 200
    done
    request /
    assert_body_lacks '>old'
    for i in {1..25}; do
        assert_body_has "value-$i<"
    done
}

@test "a value that all want to set is that of one of them" {
    local i cookie
    request /set
    cookie=$(session_cookie)
    for i in {1..30}; do
        echo "$i /set?user=user-$i&pwd=password-$i $cookie"
    done | at_once
    for i in {1..30}; do
        answer "$i"
        assert_status 200
    done
    request /get
    [[ $body =~ \'user\'\)\ =\ user-([0-9]+)\< ]] || fail_with 'nobody has won'
    assert_value pwd "password-${BASH_REMATCH[1]}"
}
