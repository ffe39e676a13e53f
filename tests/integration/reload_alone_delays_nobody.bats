#!/usr/bin/env bats
# --workers 0: the one process reads everything anew between two requests. Nobody waits for it, whoever else is slow;
# each connection stays; and what is broken changes nothing.

load helper
load faults

setup() {
    templates=$BATS_TEST_TMPDIR/templates
    cp -r "$ROOT/templates" "$templates"
}

teardown() {
    show_logs_of_failure
    stop_stack
}

start_alone() {
    start_serving --workers 0 --templates "$templates" "$@"
}

change_page() {
    echo "$1" >"$templates/query.html"
}

reload() {
    kill -HUP "$(pid_of pool)"
    wait_until 30 log_has pool 'reloaded'
}

reload_in_vain() {
    kill -HUP "$(pid_of pool)"
    wait_until 30 log_has pool 'the reload failed'
}

get_page() {
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/get "$@"
    assert_status 200
}

# A counter of the status page.
total() {
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/status?format=json'
    jq ".totals.$1" <<<"$body"
}

@test "a request that is slow to arrive holds up neither the reload nor anybody else, and sees the new site" {
    start_alone --stop-timeout 60
    start_peer slow keep open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer get=/ping answer
    change_page 'the new page'
    reload
    assert_prompt
    get_page
    assert_body_has 'the new page'
    finish_peer slow
    log_has slow 'the new page'
    log_has slow '^pong'
}

@test "connections stay open however many there are" {
    ulimit -n 4096
    start_alone --max-connections 4000
    start_peer idle keep connections=3000 get=/ping answer until="$STACK/go" get=/get answer
    change_page 'the new page'
    reload
    assert_prompt
    finish_peer idle
    [[ $(grep -c '^the new page' "$STACK/idle.log") -eq 3000 ]]
    refute log_has idle closed
    refute log_has pool ' error '
}

@test "a template that is broken is told, and the old ones stay until it is mended" {
    start_alone
    start_peer kept keep get=/ping answer until="$STACK/go" get=/get answer
    change_page '{{#user}}'
    reload_in_vain
    log_has pool ' error .*the reload failed, .*query.html:1: '
    get_page
    assert_value user None
    finish_peer kept
    log_has kept "session.get\('user'\) = None"
    change_page 'the new page'
    reload
    get_page
    assert_body_has 'the new page'
}

@test "a secret file that is broken is told; a new secret signs at once, and what the old one signed goes on" {
    start_alone
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/set?user=Alice'
    local cookie fresh
    cookie=$(cookie_set)
    chmod 0644 "$STACK/secret"
    reload_in_vain
    get_page "HTTP_COOKIE=session=$cookie"
    assert_value user Alice
    chmod 0600 "$STACK/secret"
    sed -i "1i $("$SESSION_FCGI" --new-secret)" "$STACK/secret"
    reload
    get_page "HTTP_COOKIE=session=$cookie"
    assert_value user Alice
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/set?user=Bob' "HTTP_COOKIE=session=$cookie"
    fresh=$(cookie_set)
    [[ ${fresh%%.*} == "${cookie%%.*}" && ${fresh#*.} != "${cookie#*.}" ]]
}

@test "what was counted before a reload stays counted, and nothing is counted twice" {
    start_alone
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/set?user=Alice'
    local cookie before
    cookie=$(cookie_set)
    before=$(total store_operations)
    [[ $before -gt 0 && $(total sessions_created) -eq 1 ]]
    reload
    [[ $(total store_operations) -eq $before ]]
    get_page "HTTP_COOKIE=session=$cookie"
    [[ $(total store_operations) -eq $((before + 1)) && $(total sessions_created) -eq 1 ]]
    wait_until 30 counters_add_up
    # The reload itself is counted, too.
    [[ $(jq -c '[.generation, .slots[0].generation]' "$STACK/status.json") == '[1,1]' ]]
}

@test "many reloads leave nothing behind" {
    start_alone
    local master before
    master=$(pid_of pool)
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/set?user=Alice'
    before=$(descriptors_of "$master")
    for ((i = 1; i <= 50; i++)); do
        kill -HUP "$master"
        wait_until 30 has_reloaded "$i"
    done
    get_page
    wait_until 30 has_no_more_than "$before" # the request's own may not be closed yet
}

descriptors_of() {
    find "/proc/$1/fd" -mindepth 1 | wc -l
}

has_no_more_than() {
    [[ $(descriptors_of "$master") -le $1 ]]
}

has_reloaded() {
    [[ $(grep -c reloaded "$STACK/pool.log") -ge $1 ]]
}

@test "a SIGHUP does not undo a stop, and a SIGQUIT still ends the process after what runs" {
    start_alone --stop-timeout 60
    start_peer slow open=POST,/get,10 body=user= until="$STACK/go" body=Mabel end answer
    local master
    master=$(pid_of pool)
    kill -QUIT "$master"
    kill -HUP "$master"
    finish_peer slow
    wait_until 30 is_gone "$master"
    sed -i "/ pool\$/d" "$STACK/processes"
    log_has slow '^Status: 200'
    refute log_has pool 'reload'
}
