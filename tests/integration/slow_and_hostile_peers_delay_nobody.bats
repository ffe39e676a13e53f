#!/usr/bin/env bats
# Whatever one peer of the FastCGI socket does, the others are answered at once, by the same worker: there is only
# one here, so nothing could hide behind another.

load helper
load faults

setup_file() {
    start_serving --workers 1
    note_workers
}

teardown_file() {
    stop_stack
}

teardown() {
    show_logs_of_failure
    rm -f "$STACK/go"
}

assert_harmless() {
    assert_prompt && assert_same_workers && assert_nothing_left
}

@test "a request that comes byte by byte is answered, and others meanwhile" {
    start_peer trickle "param=HTTP_X=$(printf %0600d 0)" open=POST,/get,10 trickle body=user= trickle \
        until="$STACK/go" body=Mabel end trickle answer
    assert_prompt
    finish_peer trickle
    log_has trickle '^Status: 200'
    assert_harmless
}

@test "a body that comes byte by byte is answered" {
    run peer keep "post=/set,user=$(printf %0200d 7)" trickle answer get=/ping answer
    [[ $(grep -c '^Status: 200' <<<"$output") -eq 2 ]]
    assert_harmless
}

@test "peers that stop within a request hold nobody up" {
    local cut steps=()
    for cut in 1 7 8 15 16 20 60; do
        steps+=(connections=20 get=/ping "cut=$cut" send)
    done
    start_peer stalled keep "${steps[@]}" hold
    has_connections 140
    assert_prompt
    stop_process stalled
    assert_harmless
}

@test "peers that stop within a body hold nobody up" {
    start_peer stalled connections=50 open=POST,/set,100 body=user= send connections=50 open=POST,/set,100 hold
    assert_prompt
    stop_process stalled
    assert_harmless
}

@test "peers that leave within a request leave nothing behind" {
    local cut steps=()
    for cut in {1..126}; do
        steps+=(get=/ping "cut=$cut" leave post=/ping,user=Tom "cut=$cut" leave)
    done
    peer keep "${steps[@]}"
    assert_harmless
}

@test "a peer that leaves before its answer harms nobody" {
    peer connections=50 get=/ leave keep get=/ leave
    assert_harmless
}

# drops STEP...: is followed by the closing of the connection, without an answer; then by a fresh connection.
drops() {
    steps+=("$@" closed leave)
    dropped=$((dropped + 1))
}

assert_all_dropped() {
    [[ $(peer "${steps[@]}" | grep -c '^closed$') -eq $dropped ]]
    assert_harmless
}

@test "what is not FastCGI is dropped" {
    local steps=() dropped=0
    drops hex=deadbeefdeadbeef
    drops hex=474554202f20485454502f312e310d0a0d0a
    drops hex=0000000000000000
    drops hex=ffffffffffffffff
    drops begin begin
    drops begin hex=0105000100000000 # a body before the parameters
    drops begin hex=0108000100000000 # FCGI_DATA
    drops role=3 get=/ping
    drops role=0 get=/ping
    assert_all_dropped
}

@test "FCGI_GET_VALUES is dropped, with repeated names too" {
    local steps=() dropped=0 names=FCGI_MAX_CONNS,FCGI_MAX_CONNS,FCGI_MAX_CONNS,FCGI_MAX_CONNS,FCGI_MAX_CONNS
    drops values=FCGI_MPXS_CONNS
    drops "values=$names"
    drops begin "values=$names"
    drops keep get=/ping answer "values=$names"
    assert_all_dropped
}

@test "impossible lengths are dropped" {
    local steps=() dropped=0 lengths
    for lengths in ffffffffffffffff ffffffff00 00ffffffff fffffffe80000001 8001000180000000; do
        # A record of parameters that begins with these two lengths.
        drops begin "hex=01040001$(printf %04x $((${#lengths} / 2)))0000$lengths"
    done
    assert_all_dropped
}

@test "more than 64 KiB of parameters are dropped" {
    [[ $(peer "param=HTTP_X=$(printf %065536d 0)" get=/ping closed) == closed ]]
    [[ $(peer "param=HTTP_X=$(printf %060000d 0)" get=/ping answer) == *pong* ]]
    assert_harmless
}

@test "a second request that does not wait for the first one's answer ends the connection" {
    run peer keep get=/ping times=2 answer answer
    [[ $(grep -c '^pong' <<<"$output") -eq 1 && $output == *closed ]]
    assert_harmless
}

@test "a body that is not as long as it says is a 400" {
    [[ $(peer open=POST,/set,8 body=user end answer) == 'Status: 400'* ]]
    [[ $(peer open=POST,/set,8 body=user=Tom-Tom end answer) == 'Status: 400'* ]]
    [[ $(peer keep open=POST,/set,8 body=user=Tom-Tom end answer get=/ping answer) == *pong* ]]
    assert_harmless
}

@test "a peer that goes on sending after its answer delays nobody" {
    launch flood "$ROOT/tests/integration/fastcgi-peer" "$STACK/pool.sock" connections=4 open=POST,/set,10 \
        filler=8000000 answer
    for _ in 1 2 3 4 5; do
        assert_prompt
    done
    finish_peer flood
    [[ $(grep -c '^Status: 413' "$STACK/flood.log") -eq 4 ]]
    assert_harmless
}

@test "a peer that never reads its answers is dropped" {
    local steps=()
    for _ in {1..300}; do
        steps+=(get=/ send)
    done
    start_peer deaf keep "${steps[@]}" hold
    wait_until 30 has_connections 0
    assert_prompt
    stop_process deaf
    assert_harmless
}
