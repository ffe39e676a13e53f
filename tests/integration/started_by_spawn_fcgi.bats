#!/usr/bin/env bats
# spawn-fcgi opens the socket and starts session-fcgi, in each of the ways in which it is used.

load helper

setup() {
    new_visitor
    new_stack
    start_memcached
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# The settings by the environment, as a service gives them.
settings() {
    export SESSION_FCGI_MEMCACHED=$STACK/memcached.sock SESSION_FCGI_SECRET_FILE=$STACK/secret
    export SESSION_FCGI_TEMPLATES=$ROOT/templates SESSION_FCGI_STORE_TIMEOUT=$STORE_PATIENCE
}

# Asks pool $1 itself, without a web server, as the visitor with the cookie $2.
ask() {
    fastcgi "$1" '' REQUEST_METHOD=GET "REQUEST_URI=$3" "HTTP_COOKIE=$2"
}

# Sets a value through one pool and reads it through the other.
assert_shared() {
    local cookie
    ask "$1" '' '/set?user=Alice'
    assert_status 200
    cookie=$(sed -n 's/^set-cookie: \([^;]*\);.*/\1/p' <<<"$headers")
    [[ -n $cookie ]]
    ask "$2" "$cookie" /get
    assert_status 200
    assert_value user Alice
}

# Remembers a process that was not started by launch, for stop_stack.
adopt() {
    is_running "$1" && echo "$1 $2" >>"$STACK/processes"
}

@test "spawn-fcgi in the foreground: TERM ends all of it" {
    settings
    launch pool spawn-fcgi -n -s "$STACK/pool.sock" -M 0660 -- "$SESSION_FCGI" --workers 2
    wait_until 30 is_listening "$STACK/pool.sock"
    [[ $(stat -c %a "$STACK/pool.sock") == 660 ]]
    assert_shared pool pool
    stop_process pool
}

@test "spawn-fcgi in the background: it leaves the pool's process id behind and ends" {
    settings
    spawn-fcgi -s "$STACK/pool.sock" -M 0660 -P "$STACK/pool.pid" -- "$SESSION_FCGI" --workers 2 3>&- 4>&-
    adopt "$(<"$STACK/pool.pid")" pool
    assert_shared pool pool
    stop_process pool
}

@test "spawn-fcgi on a TCP port" {
    settings
    local port
    port=$(free_port)
    launch pool spawn-fcgi -n -a 127.0.0.1 -p "$port" -- "$SESSION_FCGI" --workers 2
    wait_until 30 owns_port "$(pid_of pool)" "$port"
    status=$(env -i REQUEST_METHOD=GET REQUEST_URI=/healthz "$(command -v cgi-fcgi)" -bind \
        -connect "127.0.0.1:$port" | tr -d '\r' | head -n 1)
    [[ $status == 'Status: 200 OK' ]]
}

@test "spawn-fcgi with several children, each of them alone on the one socket" {
    settings
    local pid
    spawn-fcgi -s "$STACK/pool.sock" -M 0660 -F 3 -P "$STACK/pool.pid" -- "$SESSION_FCGI" --workers 0 3>&- 4>&-
    for pid in $(<"$STACK/pool.pid"); do
        adopt "$pid" "pool-$pid"
    done
    [[ $(wc -w <"$STACK/pool.pid") -eq 3 ]]
    assert_shared pool pool
}

@test "spawn-fcgi with multiwatch, which replaces a process that ends" {
    settings
    launch pool spawn-fcgi -n -s "$STACK/pool.sock" -M 0660 -- /usr/bin/multiwatch -s TERM -f 2 -- "$SESSION_FCGI" --workers 0
    wait_until 30 has_children 2
    assert_shared pool pool
    local first
    first=$(children | head -n 1)
    kill -KILL "$first"
    wait_until 30 is_gone "$first"
    wait_until 30 has_children 2
    assert_shared pool pool
    stop_process pool
}

children() {
    pgrep -P "$(pid_of pool)" -x session-fcgi
}

has_children() {
    [[ $(children | wc -l) -eq $1 ]]
}

# What Gentoo's and Alpine's service does with its configuration file: each child gets a numbered socket of its own,
# and only the variables in ALLOWED_ENV.
start_as_openrc() {
    local number name variables=()
    # shellcheck source=/dev/null
    source "$1"
    for name in $ALLOWED_ENV; do
        variables+=("$name=${!name}")
    done
    for ((number = 1; number <= FCGI_CHILDREN; number++)); do
        # shellcheck disable=SC2086
        env -i "${variables[@]}" "$(command -v spawn-fcgi)" -s "$FCGI_SOCKET-$number" \
            -P "$STACK/pool-$number.pid" $FCGI_EXTRA_OPTIONS -- $FCGI_PROGRAM 3>&- 4>&-
        mv "$FCGI_SOCKET-$number" "$STACK/pool-$number.sock"
        adopt "$(<"$STACK/pool-$number.pid")" "pool-$number"
    done
}

@test "OpenRC's service with the shipped spawn-fcgi.conf, on a numbered socket" {
    use_shipped_conf
    start_as_openrc "$STACK/spawn-fcgi.conf"
    assert_shared pool-1 pool-1
}

@test "OpenRC's service with several numbered sockets: all lead to the same sessions" {
    use_shipped_conf -e 's/^FCGI_CHILDREN=1$/FCGI_CHILDREN=3/' -e 's/^FCGI_PROGRAM="\(.*\)"$/FCGI_PROGRAM="\1 --workers 0"/'
    start_as_openrc "$STACK/spawn-fcgi.conf"
    assert_shared pool-1 pool-2
    assert_shared pool-2 pool-3
    assert_shared pool-3 pool-1
}

# The shipped file with the places of this stack in it; $@ is what else sed is to change.
use_shipped_conf() {
    sed -e "s|^FCGI_SOCKET=.*|FCGI_SOCKET=\"$STACK/openrc.sock\"|" \
        -e "s|^FCGI_PROGRAM=.*|FCGI_PROGRAM=\"$SESSION_FCGI\"|" \
        -e "s|^SESSION_FCGI_MEMCACHED=.*|SESSION_FCGI_MEMCACHED=\"$STACK/memcached.sock\"|" \
        -e "s|^SESSION_FCGI_SECRET_FILE=.*|SESSION_FCGI_SECRET_FILE=\"$STACK/secret\"|" \
        -e "s|^SESSION_FCGI_TEMPLATES=.*|SESSION_FCGI_TEMPLATES=\"$ROOT/templates\"|" \
        -e "s|^#SESSION_FCGI_STORE_TIMEOUT=.*|SESSION_FCGI_STORE_TIMEOUT=$STORE_PATIENCE|" \
        -e 's|^ALLOWED_ENV=".*TEMPLATES|& SESSION_FCGI_STORE_TIMEOUT|' \
        "$@" "$ROOT/spawn-fcgi.conf" >"$STACK/spawn-fcgi.conf"
}
