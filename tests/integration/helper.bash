# What the integration tests share: a private stack (memcached, session-fcgi, a web server) that is started and
# stopped by the test, and requests to it.
#
# The program under test is $SESSION_FCGI, build/session-fcgi unless set. Everything of a stack lives in $STACK, a
# folder below bats' own, and every process is known by its id; nothing of the system's services is touched.
# shellcheck shell=bash

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
: "${SESSION_FCGI:=$ROOT/build/session-fcgi}"
[[ $SESSION_FCGI == /* ]] || SESSION_FCGI=$ROOT/$SESSION_FCGI
export SESSION_FCGI

# shellcheck source=tests/integration/fronts.bash
source "${BASH_SOURCE[0]%/*}/fronts.bash"

# Settings that the developer has in the environment are not those of the tests.
# shellcheck disable=SC2086
unset ${!SESSION_FCGI_*} FRONT PORT WORKERS http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY
umask 022

# Milliseconds that the pools wait for memcached where it is not the wait that is tested: on a busy machine an answer
# may take longer than the program's own default allows.
STORE_PATIENCE=10000

# Waiting ----------------------------------------------------------------------------------------------------

# wait_until SECONDS COMMAND...: until the command succeeds. False, with a message, if it never did. A limit that is
# no promise of the program is generous: it costs nothing, and the machine may stand still for seconds.
wait_until() {
    local limit=$1 deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if [[ $SECONDS -gt $deadline ]]; then # SECONDS are whole ones: the first may have been nearly over
            echo "not within $limit seconds: $*"
            return 1
        fi
        sleep 0.02
    done
}

# False for a process that has ended, also when its parent has not noticed yet, and for none at all.
is_running() {
    local line
    [[ -n $1 ]] && { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    line=${line##*) }
    [[ $line != [ZX]* ]]
}

is_gone() {
    ! is_running "$1"
}

# The processes of the session that process $1 began: itself and whatever it started.
family_of() {
    local pid
    for pid in $(ps -o pid= -s "$1"); do
        ! is_running "$pid" || echo "$pid"
    done
}

family_is_gone() {
    [[ -z $(family_of "$1") ]]
}

# Processes --------------------------------------------------------------------------------------------------

# launch NAME COMMAND...: in a session of its own, its output in NAME.log. The list of processes is a file, so
# that what setup_file started can be stopped by teardown_file. 3 is bats' own descriptor.
launch() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$STACK/$name.log" 2>&1 3>&- 4>&- &
    echo "$! $name" >>"$STACK/processes"
}

pid_of() {
    sed -n "s/^\([0-9]*\) $1\$/\1/p" "$STACK/processes" | tail -n 1
}

# Ends a process of the stack and sees to it that its whole family is gone.
stop_process() {
    local name=$1 signal=${2:-TERM} pid
    pid=$(pid_of "$name")
    [[ -n $pid ]] || { echo "there is no process $name"; return 1; }
    sed -i "/^$pid $name\$/d" "$STACK/processes"
    kill "-$signal" "$pid" 2>/dev/null
    if ! wait_until 40 is_gone "$pid" || ! wait_until 20 family_is_gone "$pid"; then
        echo "$name left processes behind: $(family_of "$pid")"
        kill -KILL -- "-$pid" 2>/dev/null
        return 1
    fi
}

# The pieces of a stack --------------------------------------------------------------------------------------

new_stack() {
    STACK=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/stack
    export STACK
    mkdir -m 0700 "$STACK" || return 1
    : >"$STACK/processes"
    (umask 077 && "$SESSION_FCGI" --new-secret >"$STACK/secret")
}

is_listening() {
    [[ -S $1 ]] && ss -Hlx src "$1" | grep -q .
}

# start_memcached [NAME]: on the unix socket $STACK/NAME.sock.
# shellcheck disable=SC2120
start_memcached() {
    local name=${1:-memcached}
    rm -f "$STACK/$name.sock"
    launch "$name" memcached -u "$(id -un)" -s "$STACK/$name.sock" -a 0600 -U 0
    wait_until 30 is_listening "$STACK/$name.sock"
}

# start_pool NAME [OPTION...]: session-fcgi behind the FastCGI socket $STACK/NAME.sock, with its sessions in the
# memcached of start_memcached unless an option says otherwise.
start_pool() {
    local name=$1
    shift
    rm -f "$STACK/$name.sock"
    launch "$name" spawn-fcgi -n -s "$STACK/$name.sock" -M 0600 -- "$SESSION_FCGI" --workers 2 \
        --memcached "$STACK/memcached.sock" --secret-file "$STACK/secret" --templates "$ROOT/templates" \
        --store-timeout "$STORE_PATIENCE" "$@"
    wait_until 30 is_listening "$STACK/$name.sock"
}

is_healthy() {
    [[ $(curl -s -o /dev/null -w '%{http_code}' --max-time 20 "$URL/healthz") == 200 ]]
}

# memcached has nothing to lose, and takes up to a second to notice a TERM.
ending_signal() {
    if [[ $(ps -o comm= -p "$1") == memcached ]]; then echo KILL; else echo TERM; fi
}

# Ends what runs, last started first. False if a process was left behind, or had died before, or if a sanitizer
# has something to say.
stop_stack() {
    local result=0 pid name
    while read -r pid name; do
        is_running "$pid" || { echo "$name had ended by itself"; result=1; }
        stop_process "$name" "$(ending_signal "$pid")" || result=1
    done < <(tac "$STACK/processes")
    if grep -E 'ERROR: [A-Za-z]*Sanitizer|runtime error:' "$STACK"/*.log "$STACK"/*/front.log 2>/dev/null; then
        result=1
    fi
    [[ $result -eq 0 ]] || show_logs
    rm -rf "$STACK"
    return "$result"
}

# For teardown: what a failed test wants to be seen.
show_logs_of_failure() {
    [[ -n ${BATS_TEST_COMPLETED-} ]] || show_logs
}

show_logs() {
    local log
    for log in "$STACK"/*.log "$STACK"/*/front.log; do
        [[ ! -s $log ]] || { echo "--- ${log#"$STACK"/}"; tail -n 30 "$log"; }
    done
}

# log_has NAME REGEX: in what the process has written.
log_has() {
    grep -Eq -- "$2" "$STACK/$1.log"
}

# copy_build FROM TO: a build folder for a test that runs make. What make finds to be out of date it builds there, and
# not below the other tests, which run the program at the same time.
copy_build() {
    local piece
    mkdir "$2"
    for piece in session-fcgi libsession-fcgi.a prefix shared worker; do
        [[ ! -e $1/$piece ]] || cp -rp "$1/$piece" "$2"
    done
}

# Requests ---------------------------------------------------------------------------------------------------

# request PATH [CURL OPTION...]: as the visitor whose cookies are in $JAR; a relative path is one of $URL. Sets
# `status`, `body` and `headers` (lower-case names, no carriage returns).
request() {
    local path=$1
    shift
    [[ $path == http* ]] || path=$URL$path
    status=$(curl -sS --max-time 20 -b "$JAR" -c "$JAR" -o "$BATS_TEST_TMPDIR/body" \
        -D "$BATS_TEST_TMPDIR/headers" -w '%{http_code}' "$@" "$path") || return 1
    body=$(cat "$BATS_TEST_TMPDIR/body" 2>/dev/null)
    headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers" | sed 's/^[^: ]*:/\L&/')
    rm -f "$BATS_TEST_TMPDIR/body"
}

# A visitor without cookies; NAME tells several apart.
new_visitor() {
    JAR=$BATS_TEST_TMPDIR/jar.${1:-visitor}
    : >"$JAR"
}

as_visitor() {
    JAR=$BATS_TEST_TMPDIR/jar.$1
}

# The value of the visitor's session cookie; empty without one.
session_cookie() {
    awk '$6 ~ /session$/ { print $7 }' "$JAR"
}

fail_with() {
    printf '%s\n' "$1" "status: ${status-}" "headers:" "${headers-}" "body:" "${body-}"
    return 1
}

assert_status() {
    [[ $status == "$1" ]] || fail_with "expected status $1"
}

assert_body_has() {
    [[ $body == *"$1"* ]] || fail_with "expected in the body: $1"
}

assert_body_lacks() {
    [[ $body != *"$1"* ]] || fail_with "not expected in the body: $1"
}

# assert_header NAME REGEX: one header of that name (in lower case) has a value that matches.
assert_header() {
    grep -Eq -- "^$1: *($2)\$" <<<"$headers" || fail_with "expected the header $1: $2"
}

assert_no_header() {
    ! grep -q -- "^$1:" <<<"$headers" || fail_with "did not expect the header $1"
}

# The page of query.html says so of the value; None: there is no such value.
assert_value() {
    assert_body_has "<h2>session.get('$1') = $2</h2>"
}

# How many records memcached holds.
record_count() {
    memcached_says stats | sed -n 's/^STAT curr_items \([0-9]*\)$/\1/p'
}

# memcached_says COMMAND [SECONDS]: its answer, NUL bytes left out. It does not close the connection after
# `lru_crawler`, which then takes all of the SECONDS.
memcached_says() {
    printf '%s\r\nquit\r\n' "$1" |
        curl -s --max-time "${2-20}" --unix-socket "$STACK/memcached.sock" telnet://memcached | tr -d '\r\0'
}

# fastcgi POOL BODY [NAME=VALUE...]: one request straight to the FastCGI socket, for what no web server would
# pass on. Sets `status` and `body`.
fastcgi() {
    local pool=$1 input=$2 answer
    shift 2
    answer=$(printf %s "$input" | env -i "$@" SERVER_PROTOCOL=HTTP/1.1 GATEWAY_INTERFACE=CGI/1.1 \
        "$(command -v cgi-fcgi)" -bind -connect "$STACK/$pool.sock" | tr -d '\r')
    status=$(sed -n '1,/^$/s/^Status: \([0-9]*\).*/\1/p' <<<"$answer")
    headers=$(sed '/^$/,$d' <<<"$answer" | sed 's/^[^: ]*:/\L&/')
    body=$(sed '1,/^$/d' <<<"$answer")
    : "${status:=200}"
}

# The same as a condition to wait for: without a word.
shows_value() {
    [[ $status == 200 && $body == *"<h2>session.get('$1') = $2</h2>"* ]]
}

# holds_cookie VALUE: the requests that follow come from someone who has this session cookie.
holds_cookie() {
    JAR=$BATS_TEST_TMPDIR/jar.holder
    printf '127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t%s\n' "$1" >"$JAR"
}

# Many requests at once ----------------------------------------------------------------------------------------

# at_once: the requests that standard input lists, 50 at a time: "NAME PATH [COOKIE]" a line, the cookie being
# the session's. Each has an answer: `answer NAME` takes it up.
at_once() {
    local name path cookie next=''
    mkdir -p "$BATS_TEST_TMPDIR/answers"
    while read -r name path cookie; do
        [[ $path == http* ]] || path=$URL$path
        printf '%s\nurl = "%s"\nsilent\nmax-time = 60\n' "$next" "$path"
        printf '%s = "%s"\n' output "$BATS_TEST_TMPDIR/answers/$name.body" \
            dump-header "$BATS_TEST_TMPDIR/answers/$name.headers"
        [[ -z $cookie ]] || printf 'header = "Cookie: session=%s"\n' "$cookie"
        next=next
    done | curl --parallel --parallel-immediate --parallel-max 50 --config -
}

# Sets `status`, `body` and `headers` to what the request of this name was answered.
answer() {
    headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/answers/$1.headers" | sed 's/^[^: ]*:/\L&/')
    status=$(sed -n '1s|^HTTP/[0-9.]* \([0-9]*\).*|\1|p' <<<"$headers")
    body=$(cat "$BATS_TEST_TMPDIR/answers/$1.body" 2>/dev/null)
}

# The value of the session cookie that the answer sets; empty if it sets none, or expires it.
cookie_set() {
    sed -n 's/^set-cookie: [A-Za-z_-]*session=\([^;]*\);.*/\1/p' <<<"$headers"
}

# What memcached knows -----------------------------------------------------------------------------------------

# The key of the record that belongs to a session cookie.
record_key() {
    printf session:
    printf %s "${1%%.*}" | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | tr -d '=\n'
}

has_record() {
    memcached_says "mg $(record_key "$1")" | grep -q '^HD'
}

has_no_record() {
    memcached_says "mg $(record_key "$1")" | grep -q '^EN$'
}

# At most a tombstone: for some seconds it says that a log-in took the session to another ID.
has_no_entries() {
    has_no_record "$1" || [[ $(record_expiry "$1") -le 15 ]]
}

# Seconds until memcached forgets the session's record.
record_expiry() {
    memcached_says "mg $(record_key "$1") t" | sed -n 's/^HD t\([0-9]*\)$/\1/p'
}

# How often memcached was asked: "gets=… sets=… deletes=…", where add and cas are sets.
operations() {
    memcached_says stats | awk '{ count[$2] = $3 } END {
        printf "gets=%d sets=%d deletes=%d\n", count["cmd_get"] + count["cmd_touch"] + count["cmd_meta"],
            count["cmd_set"], count["delete_hits"] + count["delete_misses"] }'
}

# A memcached that lies ------------------------------------------------------------------------------------

# Stands at $STACK/liar.sock in front of the memcached of start_memcached; lying_memcached.py says how it lies.
start_liar() {
    rm -f "$STACK/liar.sock"
    launch liar python3 "$ROOT/tests/integration/lying_memcached.py" "$STACK/liar.sock" \
        "$STACK/memcached.sock" "$STACK/lie"
    wait_until 30 is_listening "$STACK/liar.sock"
}

# The whole stack with the liar between session-fcgi and memcached.
start_lying_stack() {
    new_stack
    start_memcached
    start_liar
    start_pool pool --memcached "$STACK/liar.sock"
    start_front front nginx pool
    wait_until 30 is_healthy
}

# From now on it lies like this.
tell_lies() {
    echo "$*" >"$STACK/lie.new"
    mv "$STACK/lie.new" "$STACK/lie"
}

tell_the_truth() {
    rm -f "$STACK/lie"
}
