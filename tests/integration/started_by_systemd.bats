#!/usr/bin/env bats
# systemd's socket activation: the socket is there before the program, and the first request starts it.

load helper

setup() {
    new_visitor
    new_stack
    start_memcached
    command -v systemd-socket-activate >/dev/null || skip 'systemd-socket-activate is not installed'
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# With --inetd the listening socket is descriptor 0, as StandardInput=socket has it in session-fcgi.service. The
# settings pass through the environment.
start_activated() {
    launch pool systemd-socket-activate --inetd -l "$STACK/pool.sock" \
        -E "SESSION_FCGI_MEMCACHED=$STACK/memcached.sock" -E "SESSION_FCGI_SECRET_FILE=$STACK/secret" \
        -E "SESSION_FCGI_TEMPLATES=$ROOT/templates" -E SESSION_FCGI_WORKERS=2 \
        -E "SESSION_FCGI_STORE_TIMEOUT=$STORE_PATIENCE" "$SESSION_FCGI"
    wait_until 30 is_listening "$STACK/pool.sock"
}

@test "the first request starts the pool and is answered" {
    start_activated
    [[ $(ps -o comm= -p "$(pid_of pool)") == systemd-socket* ]]
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/set?user=Alice'
    assert_status 200
    assert_value user Alice
    [[ $(ps -o comm= -p "$(pid_of pool)") == session-fcgi ]]
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/healthz
    assert_status 200
}

@test "TERM ends it, and the next activation serves on the same path" {
    start_activated
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/healthz
    assert_status 200
    stop_process pool
    rm -f "$STACK/pool.sock"
    start_activated
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/healthz
    assert_status 200
}

@test "the shipped units fit together" {
    grep -qx 'StandardInput=socket' "$ROOT/deploy/session-fcgi.service"
    grep -qx 'Accept=no' "$ROOT/deploy/session-fcgi.socket"
    # systemd-analyze asks that the program exists.
    sed "s|^ExecStart=.*|ExecStart=$SESSION_FCGI|" "$ROOT/deploy/session-fcgi.service" >"$STACK/session-fcgi.service"
    cp "$ROOT/deploy/session-fcgi.socket" "$STACK/session-fcgi.socket"
    systemd-analyze verify --man=no "$STACK/session-fcgi.socket" "$STACK/session-fcgi.service"
}
