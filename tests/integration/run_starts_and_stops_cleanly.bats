#!/usr/bin/env bats
# `make run`: one command to a working site, one key to end it, nothing left.

load helper

# A checkout of its own, so that the developer's .run/ is not touched, and a folder for temporary files that must
# be empty again at the end.
setup() {
    CHECKOUT=$BATS_TEST_TMPDIR/checkout
    make_checkout "$CHECKOUT"
    export TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir "$TMPDIR"
    OUTPUT=$BATS_TEST_TMPDIR/output
    RUN_PID=
    PORT=$(free_port)
    URL=http://127.0.0.1:$PORT
    export PORT SESSION_FCGI_STORE_TIMEOUT=$STORE_PATIENCE
    new_visitor
}

teardown() {
    local pid
    # Whatever a failed test left: make and script are not always there to pass a signal on.
    if [[ -n $RUN_PID ]]; then
        for pid in $(family_of "$RUN_PID"); do
            kill -TERM "$pid" 2>/dev/null || true
        done
        wait_until 60 family_is_gone "$RUN_PID"
    fi
    [[ -z ${OTHER_USERS_FOLDER-} ]] || rm -rf "$OTHER_USERS_FOLDER"
    [[ -n ${BATS_TEST_COMPLETED-} ]] || cat "$OUTPUT"*
}

make_checkout() {
    local name
    mkdir "$1"
    for name in Makefile deploy templates spawn-fcgi.conf shared worker; do
        ln -s "$ROOT/$name" "$1/$name"
    done
}

# Starts it without a terminal; its status is in OUTPUT.status when it has ended.
start_run() {
    : >"$OUTPUT"
    setsid "$CHECKOUT/deploy/run" "$SESSION_FCGI" >"$OUTPUT" 2>&1 3>&- </dev/null &
    RUN_PID=$!
}

# The same on a terminal, whose keys are what is written to descriptor 5. Ctrl-C must count: the shell lets a
# command in the background ignore it. And it must count once: a shell of script's own that stays between would
# end by it with a status of its own. Descriptor 5 reads, too: a key may be
# pressed when nobody heeds it any more.
start_run_on_terminal() {
    : >"$OUTPUT"
    mkfifo "$BATS_TEST_TMPDIR/keys"
    setsid env --default-signal=INT,QUIT script -qefc "exec $*" /dev/null <"$BATS_TEST_TMPDIR/keys" >"$OUTPUT" 2>&1 3>&- &
    RUN_PID=$!
    exec 5<>"$BATS_TEST_TMPDIR/keys"
}

is_up() {
    grep -Fq "session-fcgi is at $URL/ (Ctrl-C stops it)" "$OUTPUT"
}

up_or_ended() {
    is_up || ! is_running "$RUN_PID"
}

wait_until_up() {
    wait_until 60 up_or_ended
    is_up
}

ended_with() {
    local status=0
    wait_until 60 is_gone "$RUN_PID"
    wait "$RUN_PID" || status=$?
    [[ $status -eq $1 ]] || { echo "status $status, not $1"; return 1; }
}

# No process works in the temporary folder, and it is empty. What was killed may take a moment to be gone.
assert_nothing_left() {
    local left
    wait_until 20 nothing_runs || { echo "left running: $left"; return 1; }
    left=$(ls -A "$TMPDIR")
    [[ -z $left ]] || { echo "left in the temporary folder: $left"; return 1; }
    wait_until 20 port_is_closed
}

nothing_runs() {
    left=$(pgrep -af -- "$TMPDIR/") || true
    [[ -z $left ]]
}

port_is_closed() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null
}

component() {
    pgrep -P "$RUN_PID" -x "$1"
}

# Ends at once with status 1 and a line that has the text; nothing is left.
assert_refused() {
    local status=0
    timeout 60 "$CHECKOUT/deploy/run" "${PROGRAM-$SESSION_FCGI}" >"$OUTPUT.refused" 2>&1 3>&- </dev/null || status=$?
    [[ $status -eq 1 ]] || { echo "status $status"; cat "$OUTPUT.refused"; return 1; }
    grep -Fq -- "$1" "$OUTPUT.refused" || { cat "$OUTPUT.refused"; return 1; }
    [[ $(wc -l <"$OUTPUT.refused") -eq 1 ]] || { cat "$OUTPUT.refused"; return 1; }
    [[ -z $(ls -A "$TMPDIR") ]]
}

@test "the site answers behind nginx, and ends with TERM" {
    start_run
    wait_until_up
    request /set
    assert_status 200
    assert_header server 'nginx.*'
    assert_value user poloyy
    request /get
    assert_value user poloyy
    kill -TERM "$RUN_PID"
    ended_with 0
    assert_nothing_left
}

@test "the site answers behind lighttpd" {
    export FRONT=lighttpd
    start_run
    wait_until_up
    request /set
    assert_header server 'lighttpd'
    assert_value user poloyy
    kill -TERM "$RUN_PID"
    ended_with 0
    assert_nothing_left
}

@test "Ctrl-C ends everything" {
    start_run_on_terminal "$CHECKOUT/deploy/run" "$SESSION_FCGI"
    wait_until_up
    printf '\003' >&5
    ended_with 0
    assert_nothing_left
}

@test "an impatient second Ctrl-C leaves nothing behind either" {
    start_run_on_terminal "$CHECKOUT/deploy/run" "$SESSION_FCGI"
    wait_until_up
    printf '\003' >&5
    printf '\003\003' >&5
    ended_with 0
    assert_nothing_left
}

@test "Ctrl-C while it is still starting leaves nothing behind" {
    local delay
    for delay in 0 0.05 0.1 0.2; do
        start_run
        sleep "$delay" # Whatever the moment, the promise is the same.
        kill -TERM "$RUN_PID"
        wait_until 60 is_gone "$RUN_PID"
        assert_nothing_left
    done
}

@test "a closed terminal ends everything" {
    start_run
    wait_until_up
    kill -HUP "$RUN_PID"
    ended_with 0
    assert_nothing_left
}

@test "make run does all that" {
    copy_build "${SESSION_FCGI%/*}" "$BATS_TEST_TMPDIR/build"
    start_run_on_terminal make --no-print-directory -C "$CHECKOUT" run BUILD="$BATS_TEST_TMPDIR/build"
    wait_until_up
    request /set
    assert_status 200
    printf '\003' >&5
    wait_until 60 is_gone "$RUN_PID" # make itself ends as Ctrl-C has it end, not with 0.
    assert_nothing_left
}

@test "a TERM to make reaches all of it" {
    : >"$OUTPUT"
    copy_build "${SESSION_FCGI%/*}" "$BATS_TEST_TMPDIR/build"
    setsid make --no-print-directory -C "$CHECKOUT" run BUILD="$BATS_TEST_TMPDIR/build" >"$OUTPUT" 2>&1 3>&- </dev/null &
    RUN_PID=$!
    wait_until_up
    kill -TERM "$RUN_PID"
    wait_until 60 is_gone "$RUN_PID"
    wait_until 60 family_is_gone "$RUN_PID"
    assert_nothing_left
}

@test "visitors keep their session ID from run to run, the secret being private" {
    start_run
    wait_until_up
    local first
    first=$(<"$CHECKOUT/.run/secret")
    [[ $(stat -c %a "$CHECKOUT/.run") == 700 && $(stat -c %a "$CHECKOUT/.run/secret") == 600 ]]
    kill -TERM "$RUN_PID"
    ended_with 0
    start_run
    wait_until_up
    [[ -n $first && $(<"$CHECKOUT/.run/secret") == "$first" ]]
    kill -TERM "$RUN_PID"
    ended_with 0
    [[ $(ls -A "$CHECKOUT/.run") == secret ]]
}

@test "a component that dies is named, the others are stopped, the status is 1" {
    local name
    for name in nginx memcached session-fcgi; do
        start_run
        wait_until_up
        kill -KILL "$(component "$name")"
        ended_with 1
        grep -Fq "make run: $name ended by itself" "$OUTPUT"
        assert_nothing_left
    done
}

@test "a session-fcgi that cannot start is shown with its reason" {
    export SESSION_FCGI_IDLE_TIMEOUT=soon
    start_run
    ended_with 1
    grep -Fq 'make run: session-fcgi ended by itself' "$OUTPUT"
    grep -Fq SESSION_FCGI_IDLE_TIMEOUT "$OUTPUT"
    assert_nothing_left
}

@test "two runs at once do not meet" {
    start_run
    wait_until_up
    local first=$RUN_PID
    (
        PORT=$(free_port)
        URL=http://127.0.0.1:$PORT
        OUTPUT+=.second
        start_run
        wait_until_up
        new_visitor second
        request /get
        assert_value user None
        kill -TERM "$RUN_PID"
        ended_with 0
    )
    request /set
    assert_status 200
    kill -TERM "$first"
    ended_with 0
    assert_nothing_left
}

@test "a port in use is told before anything starts" {
    start_run
    wait_until_up
    local second=$BATS_TEST_TMPDIR/second
    make_checkout "$second"
    mkdir "$TMPDIR.second"
    local first_checkout=$CHECKOUT first_tmp=$TMPDIR
    CHECKOUT=$second TMPDIR=$TMPDIR.second
    assert_refused "port $PORT is in use; take another: make run PORT=$((PORT + 1))"
    [[ ! -e $second/.run ]]
    CHECKOUT=$first_checkout TMPDIR=$first_tmp
    request /get
    assert_status 200
    kill -TERM "$RUN_PID"
    ended_with 0
    assert_nothing_left
}

@test "wrong settings are told in one line" {
    PORT=0 assert_refused "PORT is '0'"
    PORT=eighty assert_refused "PORT is 'eighty'"
    PORT=65536 assert_refused "PORT is '65536'"
    FRONT=apache assert_refused "FRONT is 'apache'; it must be nginx or lighttpd"
    WORKERS=many assert_refused "WORKERS is 'many'"
    WORKERS=-1 assert_refused "WORKERS is '-1'"
    PROGRAM=$BATS_TEST_TMPDIR/nowhere assert_refused 'nowhere is not built yet: make'
    [[ ! -e $CHECKOUT/.run ]]
}

@test "WORKERS says how many workers there are" {
    export WORKERS=3
    start_run
    wait_until_up
    wait_until 30 has_three_workers
    kill -TERM "$RUN_PID"
    ended_with 0
}

has_three_workers() {
    [[ $(pgrep -c -P "$(component session-fcgi)") -eq 3 ]]
}

@test "a normal user can run it, and is told what only root may do" {
    [[ $(id -u) -eq 0 ]] || skip 'this is a normal user: the other tests show it'
    local user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${user[@]}" test -x "$SESSION_FCGI" -a -r "$ROOT/deploy/run" || skip "another user cannot read $ROOT"

    local folder
    folder=$(mktemp -d /tmp/session-fcgi-test.XXXXXX)
    make_checkout "$folder/checkout"
    mkdir "$folder/tmp"
    chmod 0755 "$folder"
    CHECKOUT=$folder/checkout TMPDIR=$folder/tmp OTHER_USERS_FOLDER=$folder

    local status=0
    "${user[@]}" "$CHECKOUT/deploy/run" "$SESSION_FCGI" >"$OUTPUT" 2>&1 3>&- </dev/null || status=$?
    [[ $status -eq 1 ]]
    grep -Eq 'make it writable|make it yours' "$OUTPUT"

    chown 65534:65534 "$CHECKOUT" "$TMPDIR"
    PORT=1 "${user[@]}" "$CHECKOUT/deploy/run" "$SESSION_FCGI" >"$OUTPUT" 2>&1 3>&- </dev/null || status=$?
    [[ $(</proc/sys/net/ipv4/ip_unprivileged_port_start) -le 1 ]] || grep -q 'only root may use port 1' "$OUTPUT"

    setsid "${user[@]}" "$CHECKOUT/deploy/run" "$SESSION_FCGI" >"$OUTPUT" 2>&1 3>&- </dev/null &
    RUN_PID=$!
    wait_until_up
    request /set
    assert_value user poloyy
    [[ $(stat -c %u "$CHECKOUT/.run/secret") -eq 65534 ]]
    kill -TERM "$RUN_PID"
    ended_with 0
    assert_nothing_left
}
