#!/usr/bin/env bats
# One visitor never sees another's session, however many come at once, and even if memcached gives wrong answers.

load helper

setup() {
    start_lying_stack
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# So many visitors come at once and store their name; their cookies are in `cookies`.
admit() {
    local i
    for ((i = 1; i <= $1; i++)); do
        echo "$i /set?user=visitor-$i."
    done | at_once
    cookies=('')
    for ((i = 1; i <= $1; i++)); do
        answer "$i"
        assert_status 200
        cookies[i]=$(cookie_set)
        [[ -n ${cookies[i]} ]]
    done
}

# All visitors ask for this path at once, `@` in it being their number.
all_ask() {
    local i
    for ((i = 1; i < ${#cookies[@]}; i++)); do
        echo "$i ${1//@/$i} ${cookies[i]}"
    done | at_once
}

# No answer has anyone's name but the visitor's own, and none sets another's cookie. `allowed` are their statuses.
assert_nobody_sees_another() {
    local i given ids
    ids=$(printf '%s\n' "${cookies[@]%%.*}")
    for ((i = 1; i < ${#cookies[@]}; i++)); do
        answer "$i"
        [[ $status =~ ^(${allowed-200|503})$ ]] || fail_with "visitor $i"
        if grep -o 'visitor-[0-9]*\.' <<<"$body" | grep -vxF "visitor-$i."; then
            fail_with "visitor $i sees another's session"
        fi
        given=$(cookie_set)
        if [[ -n $given ]] && grep -qxF "${given%%.*}" <<<"$ids"; then
            fail_with "visitor $i is given the ID of a session that was there"
        fi
    done
}

all_see_their_own() {
    local i
    all_ask /get
    for ((i = 1; i < ${#cookies[@]}; i++)); do
        answer "$i"
        shows_value user "visitor-$i." || return 1
    done
}

# They ask, and write, while memcached lies; then it is honest again, and all is as before. The pool has patience with
# memcached until all are admitted, and little with its lies.
assert_harmless() {
    local round
    admit 8
    stop_process pool
    start_pool pool --memcached "$STACK/liar.sock" --store-timeout 200
    tell_lies "$1"
    for round in 1 2 3; do
        all_ask /get
        assert_nobody_sees_another
        all_ask /
        assert_nobody_sees_another
        all_ask '/set?user=visitor-@.'
        assert_nobody_sees_another
    done
    # The lies were heard.
    [[ -z ${2-} ]] || wait_until 30 hears "$2"
    tell_the_truth
    wait_until 60 all_see_their_own
}

# One more question, if it takes that.
hears() {
    log_has pool "$1" || { all_ask /get && assert_nobody_sees_another && log_has pool "$1"; }
}

@test "50 visitors at once: each sees what they stored, every time" {
    local round
    admit 50
    for round in 1 2 3 4; do
        all_see_their_own
        assert_nobody_sees_another
    done
}

@test "another's record under the right key is not shown" {
    assert_harmless swap 'does not open'
}

@test "another's record under its own key is not shown" {
    assert_harmless rename 'not asked for'
}

@test "answers that come too late are not taken for those of the next question" {
    assert_harmless delay 'no answer in time'
}

@test "answers that break off are not taken for whole" {
    assert_harmless truncate 'cannot be reached'
}

@test "answers that stop halfway are not taken for whole" {
    assert_harmless stall 'no answer in time'
}

@test "answers that come twice are not taken for those of the next question" {
    assert_harmless repeat 'makes no sense'
}

@test "the answer to the question before is not taken for that to this one" {
    assert_harmless previous 'makes no sense'
}

# A write may be answered with what belongs to a read before, at which libmemcached ends the worker by an assertion.
@test "all these lies together" {
    local allowed='200|502|503'
    assert_harmless any
}
