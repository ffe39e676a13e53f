#!/usr/bin/env bats
# SIGHUP reads everything anew, SIGUSR2 starts the program file anew, --max-requests recycles workers: in none of
# them is a request lost, or answered late, or a kept connection closed. And none of them can take the site down.

load helper
load faults

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
    count_and_stop
}

start_site() {
    start_serving --workers 2 "$@" && start_front front nginx pool && wait_until 30 is_healthy
}

# Visitors who read a session and visitors who change theirs.
start_visitors() {
    request '/set?user=Alice'
    assert_status 200
    start_load readers /get -H "Cookie: session=$(session_cookie)"
    LOAD_BODY='user=Bob&pwd=b' start_load writers /set
    visitors_go_on
}

# Has a hundred more of each answered.
visitors_go_on() {
    local reads writes
    reads=$(answers readers 200) writes=$(answers writers 200)
    wait_until 60 has_answers readers 200 $((reads + 100))
    wait_until 60 has_answers writers 200 $((writes + 100))
}

# send_until_logged SIGNAL PAUSE REGEX COUNT: sends the pool the signal, with so many seconds between, until it has
# logged so many lines.
send_until_logged() {
    local limit=$((SECONDS + 120))
    until is_logged "$3" "$4"; do
        [[ $SECONDS -le $limit ]] || { echo "not logged so often: $3"; return 1; }
        kill "-$1" "$(pid_of pool)"
        sleep "$2"
    done
}

assert_visitors_unharmed() {
    visitors_go_on
    finish_load readers
    finish_load writers
    assert_load_unharmed readers
    assert_load_unharmed writers
    # Not even with nginx repeating what it may repeat.
    refute grep -E 'upstream|connect\(\)' "$STACK/front/front.log"
    refute log_has pool ' (error|warning) '
    request /get
    assert_status 200
    assert_value user Alice
}

are_replaced() {
    has_workers pool 2 && ! workers_of pool | grep -qxFf "$STACK/workers"
}

is_logged() {
    [[ $(grep -c "$1" "$STACK/pool.log") -ge $2 ]]
}

@test "a SIGHUP every 200 ms under load" {
    start_site
    start_visitors
    send_until_logged HUP 0.2 'generation [0-9]* begins' 60
    assert_visitors_unharmed
    wait_until 30 has_workers pool 2
}

@test "SIGHUPs without pause under load" {
    start_site
    start_visitors
    send_until_logged HUP 0.01 'generation [0-9]* begins' 20
    assert_visitors_unharmed
    wait_until 30 has_workers pool 2
}

@test "a SIGUSR2 every now and then under load" {
    start_site
    local master
    master=$(pid_of pool)
    note_workers
    start_visitors
    send_until_logged USR2 0.5 'starts in place' 4
    assert_visitors_unharmed
    wait_until 30 is_logged 'session-fcgi .*: 2 workers' 5
    is_running "$master"
    wait_until 30 are_replaced
}

@test "nginx is reloaded every now and then under load" {
    start_site
    start_visitors
    for _ in 1 2 3 4 5; do
        kill -HUP "$(pid_of front)"
        visitors_go_on
        sleep 0.5
    done
    finish_load readers
    finish_load writers
    [[ $(load_count readers '...') -eq $(load_count readers 200) ]]
    [[ $(load_count writers '...') -eq $(load_count writers 200) ]]
    request /get
    assert_value user Alice
}

@test "workers that are replaced after --max-requests under load" {
    start_site --max-requests 200
    note_workers
    start_visitors
    # Enough for many generations of workers.
    wait_until 60 has_answers readers 200 1000
    wait_until 60 has_answers writers 200 1000
    assert_visitors_unharmed
    wait_until 30 are_replaced
}

@test "SIGHUP under load to the process that serves alone" {
    start_site --workers 0
    start_visitors
    send_until_logged HUP 0.2 reloaded 5
    assert_visitors_unharmed
}

@test "a request that arrives slowly during a reload and an upgrade is answered" {
    start_serving --workers 2 --stop-timeout 60
    local signal
    for signal in HUP USR2; do
        note_workers
        start_peer "slow-$signal" keep connections=20 open=POST,/get,10 body=user= until="$STACK/go" \
            body=Mabel end answer
        kill "-$signal" "$(pid_of pool)"
        wait_until 15 new_ones_serve
        assert_prompt
        finish_peer "slow-$signal"
        [[ $(grep -c '^Status: 200' "$STACK/slow-$signal.log") -eq 20 ]]
        wait_until 30 are_replaced
        rm "$STACK/go"
    done
    assert_nothing_left
}

# Two others than those that were noted.
new_ones_serve() {
    local worker count=0
    for worker in $(workers_of pool | grep -vxFf "$STACK/workers"); do
        serves "$worker" || return 1
        count=$((count + 1))
    done
    [[ $count -eq 2 ]]
}

@test "an upgrade keeps idle connections" {
    start_serving --workers 2
    note_workers
    start_peer idle keep connections=100 get=/ping answer until="$STACK/go" get=/ping answer
    kill -USR2 "$(pid_of pool)"
    wait_until 30 are_replaced
    finish_peer idle
    [[ $(grep -c '^pong$' "$STACK/idle.log") -eq 200 ]]
    assert_nothing_left
}

# start_site_of_its_own: with templates that the test may change.
start_site_of_its_own() {
    new_stack
    cp -r "$ROOT/templates" "$STACK/templates"
    start_memcached
    start_pool pool --workers 2 --status-path /status --templates "$STACK/templates"
    start_front front nginx pool
    wait_until 30 is_healthy
    wait_until 30 has_workers pool 2
    request '/set?user=Alice'
    note_workers
}

# A reload is refused for a reason that matches; the same workers go on.
assert_goes_on() {
    : >"$STACK/pool.log"
    kill -HUP "$(pid_of pool)"
    wait_until 30 log_has pool "the reload failed, and the pool goes on as before: .*$1"
    assert_same_workers
    request /get
    assert_status 200
    assert_value user Alice
}

assert_reloads() {
    kill -HUP "$(pid_of pool)"
    wait_until 30 are_replaced
    request /get
    assert_status 200
}

@test "a broken template keeps the old ones, says why, and works when corrected" {
    start_site_of_its_own
    echo '{{#open}}' >"$STACK/templates/query.html"
    assert_goes_on 'templates/query.html:1'
    rm "$STACK/templates/query.html"
    assert_goes_on 'query.html: there is no such template'
    echo '<p>corrected: {{user}}</p>' >"$STACK/templates/query.html"
    assert_reloads
    assert_body_has 'corrected: Alice'
}

@test "a broken secret keeps the old one, says why, and works when corrected" {
    start_site_of_its_own
    cp -p "$STACK/secret" "$STACK/old"
    echo short >"$STACK/secret"
    assert_goes_on "$STACK/secret"
    chmod 0644 "$STACK/secret"
    assert_goes_on "$STACK/secret"
    rm "$STACK/secret"
    assert_goes_on "$STACK/secret"
    cp -p "$STACK/old" "$STACK/secret"
    assert_reloads
    assert_value user Alice
}

@test "an upgrade that would not start keeps the old program" {
    start_site_of_its_own
    echo '{{#open}}' >"$STACK/templates/query.html"
    kill -USR2 "$(pid_of pool)"
    wait_until 30 log_has pool 'the upgrade failed, and the pool goes on as before'
    assert_same_workers
    request /get
    assert_value user Alice
    cp "$ROOT/templates/query.html" "$STACK/templates/query.html"
    kill -USR2 "$(pid_of pool)"
    wait_until 30 are_replaced
    request /get
    assert_value user Alice
}

# A connection that is handed over wakes one worker. If that one does not come to take it, another has to, though it was not
# woken and no new worker looks: the master is stopped.
is_passed_on() {
    start_serving --workers 3
    start_peer visitor keep get=/ping answer until="$STACK/go" get=/ping answer
    local leaving idle
    leaving=$(holder)
    idle=$(workers_of pool | grep -vxF "$leaving" | "$@" -n 1)
    kill -STOP "$(pid_of pool)" "$idle"
    kill -QUIT "$leaving"
    finish_peer visitor
    kill -CONT "$(pid_of pool)" "$idle"
    [[ $(grep -c '^pong' "$STACK/visitor.log") -eq 2 ]]
}

# The worker that has one descriptor more than the others: the connection.
holder() {
    local worker
    for worker in $(workers_of pool); do
        echo "$(ls "/proc/$worker/fd" | wc -l) $worker"
    done | sort -n | tail -n 1 | cut -d ' ' -f 2
}

@test "a connection that is handed over is not forgotten when the first worker does not take it" {
    is_passed_on head
}

@test "nor when the last one does not" {
    is_passed_on tail
}

# The old worker is held by a request that does not come; what it handed over must not concern it any more.
@test "a worker that cannot leave yet does not touch the connections that it handed over" {
    start_serving --workers 1 --stop-timeout 60
    start_peer visitor keep get=/ping answer until="$STACK/go" get=/ping answer get=/ping answer get=/ping answer
    start_peer slow open=POST,/set,10 body=user= hold
    kill -HUP "$(pid_of pool)"
    wait_until 15 log_has pool 'generation 1 begins'
    wait_until 15 has_both_generations
    finish_peer visitor
    [[ $(grep -c '^pong' "$STACK/visitor.log") -eq 4 ]]
    # Now it may leave, and does so in order.
    stop_process slow
    wait_until 30 has_workers pool 1
    refute log_has pool ' error '
}

has_both_generations() {
    [[ $(workers_of pool | wc -l) -eq 2 ]]
}
