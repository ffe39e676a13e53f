#!/usr/bin/env bats
# A new secret is put on top, and nobody notices; a secret that is removed ends what it signed; a broken file
# changes nothing.

load helper

setup() {
    start_stack --workers 2 --stop-timeout 60
    new_visitor
    request '/set?user=Alice'
    assert_status 200
    old=$(session_cookie)
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# Writes the secrets to the file, the first on top.
write_secrets() {
    (umask 077 && printf '%s\n' "$@" >"$STACK/secret.new")
    mv "$STACK/secret.new" "$STACK/secret"
}

new_secret() {
    "$SESSION_FCGI" --new-secret
}

workers() {
    pgrep -P "$(pid_of pool)" | sort
}

# All workers are others than before.
are_replaced() {
    [[ $(workers | wc -l) -eq 2 && -z $(comm -12 <(echo "$1") <(workers)) ]]
}

reload() {
    local before
    before=$(workers)
    kill -HUP "$(pid_of pool)"
    wait_until 30 are_replaced "$before"
    reloads=$((${reloads-0} + 1))
    wait_until 30 log_has pool "generation $reloads has taken over"
}

reload_in_vain() {
    local before
    before=$(workers)
    kill -HUP "$(pid_of pool)"
    wait_until 30 log_has pool 'the reload failed.*secret'
    [[ $(workers) == "$before" ]]
}

restart() {
    stop_process pool
    start_pool pool --workers 2
    wait_until 30 is_healthy
}

# Old sessions go on, and move to the new secret with their next write.
assert_rotates() {
    local first second=$1 fresh
    first=$(cat "$STACK/secret")
    write_secrets "$second" "$first"
    $2
    request /get
    assert_status 200
    assert_value user Alice
    assert_no_header set-cookie
    [[ $(session_cookie) == "$old" ]]
    request '/set?user=Bob'
    assert_status 200
    fresh=$(cookie_set)
    # The same session under a new signature.
    [[ ${fresh%%.*} == "${old%%.*}" && ${fresh#*.} != "${old#*.}" ]] || fail_with 'no fresh cookie'
    request '/set?user=Carol'
    assert_no_header set-cookie
    write_secrets "$second"
    $2
    request /get
    assert_value user Carol
}

@test "a new secret on top and SIGHUP: old cookies open, and are fresh after the next write" {
    assert_rotates "$(new_secret)" reload
}

@test "a new secret on top and a restart do the same" {
    assert_rotates "$(new_secret)" restart
}

# A request that is slow to arrive keeps one worker of before busy: what the new ones sign meanwhile, it must know.
assert_waits_for_busy_worker() {
    local first before fresh
    first=$(cat "$STACK/secret")
    before=$(workers)
    launch slow "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" open=POST,/get,10 body=user= \
        until="$STACK/go" body=Mabel end answer
    wait_until 60 log_has slow '^holding$'
    write_secrets "$(new_secret)" "$first"
    kill "-$1" "$(pid_of pool)"
    wait_until 60 has_one_of_before "$before"
    request '/set?user=Bob'
    assert_status 200
    assert_no_header set-cookie
    touch "$STACK/go"
    wait_until 60 log_has pool 'has taken over'
    request '/set?user=Carol'
    assert_status 200
    fresh=$(cookie_set)
    [[ ${fresh%%.*} == "${old%%.*}" && ${fresh#*.} != "${old#*.}" ]] || fail_with 'no fresh cookie'
    wait_until 60 is_gone "$(pid_of slow)" && sed -i '/ slow$/d' "$STACK/processes"
}

# Two new workers, and one that is still there.
has_one_of_before() {
    [[ $(workers | wc -l) -eq 3 && $(comm -12 <(echo "$1") <(workers) | wc -l) -eq 1 ]]
}

@test "a new secret is not used before the last worker that does not know it has left" {
    assert_waits_for_busy_worker HUP
}

@test "nor when the program is upgraded at the same time" {
    assert_waits_for_busy_worker USR2
}

@test "the old cookie opens as long as its secret is there, also after the fresh one was given" {
    local first
    first=$(cat "$STACK/secret")
    write_secrets "$(new_secret)" "$first"
    reload
    request '/set?user=Bob'
    holds_cookie "$old"
    request /get
    assert_value user Bob
}

@test "new visitors are signed with the new secret" {
    local first second
    first=$(cat "$STACK/secret")
    second=$(new_secret)
    write_secrets "$second" "$first"
    reload
    new_visitor newcomer
    request '/set?user=Newcomer'
    write_secrets "$second"
    reload
    request /get
    assert_value user Newcomer
}

@test "a log-in moves to the new secret too" {
    local first second
    first=$(cat "$STACK/secret")
    second=$(new_secret)
    write_secrets "$second" "$first"
    reload
    request /setsession
    write_secrets "$second"
    reload
    request /get
    assert_value user Alice
}

@test "a secret that is removed ends what it signed" {
    write_secrets "$(new_secret)"
    reload
    request /get
    assert_status 200
    assert_value user None
    request '/set?other=value'
    local issued
    issued=$(cookie_set)
    [[ -n $issued && ${issued%%.*} != "${old%%.*}" ]]
    assert_value user poloyy
}

@test "a broken secret file at SIGHUP keeps the old secrets, and says so" {
    cp -p "$STACK/secret" "$STACK/secret.good"
    write_secrets short
    reload_in_vain
    request /get
    assert_value user Alice
    request '/set?user=Bob'
    assert_status 200
    assert_no_header set-cookie
    [[ $(grep -cF "$(cat "$STACK/secret.good")" "$STACK/pool.log") -eq 0 ]]
    # Mended, it is taken.
    write_secrets "$(new_secret)" "$(cat "$STACK/secret.good")"
    reload
    request /get
    assert_value user Bob
}

@test "a secret file that is gone, or that others may read, keeps the old secrets too" {
    rm "$STACK/secret"
    reload_in_vain
    request /get
    assert_value user Alice
    : >"$STACK/pool.log"
    write_secrets "$(new_secret)"
    chmod 0644 "$STACK/secret"
    reload_in_vain
    request /get
    assert_value user Alice
}
