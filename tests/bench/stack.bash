# What is measured, and how it is started and stopped: everything in $stack, a temporary folder, on sockets of its
# own; nothing of the system's services is used. Each process is known by its id.
# shellcheck shell=bash disable=SC2015,SC2154  # fail never returns; program, helpers, workers and the like are set by run
stack=
declare -A pid_of=()

fail() {
    printf 'make bench: %s\n' "$*" >&2
    exit 1
}

# A socket's path may have 107 bytes, and nginx should need no quoting.
make_stack() {
    local parent=${TMPDIR:-/tmp}
    [[ $parent =~ ^/[A-Za-z0-9/._-]{1,60}$ ]] || parent=/tmp
    stack=$(mktemp -d "$parent/session-fcgi-bench.XXXXXXXX") || fail "cannot make a folder in $parent"
    (umask 077 && "$program" --new-secret >"$stack/secret") || fail "$program --new-secret failed"
    mkdir "$stack/temp" "$stack/php" && cp "$here"/*.php "$stack/php/" && ln -s php "$stack/php_kept" || fail "cannot write to $stack"
}

# Processes --------------------------------------------------------------------------------------------------

# start NAME COMMAND...: in a session of its own, so that whatever it starts can be ended with it.
start() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$stack/$name.log" 2>&1 &
    pid_of[$name]=$!
}

# until_ready NAME COMMAND...: waits until the command succeeds, for 10 seconds and as long as the process lives.
until_ready() {
    local name=$1 deadline=$((SECONDS + 10))
    shift
    until "$@"; do
        if [[ $SECONDS -ge $deadline ]] || ! kill -0 "${pid_of[$name]}" 2>/dev/null; then
            tail -n 10 "$stack/$name.log" >&2
            fail "$name did not start, see above"
        fi
        sleep 0.02
    done
}

# The processes that it has started: of whatever is measured here those that serve.
workers_of() {
    ps -o pid= --ppid "${pid_of[$1]}" | tr -s '\n ' ' '
}

# has_workers NAME COUNT
has_workers() {
    local pids
    read -ra pids < <(workers_of "$1")
    [[ ${#pids[@]} -eq $2 ]]
}

# stop NAME: ends it and all that it started; after 5 seconds by force.
stop() {
    local pid=${pid_of[$1]-} deadline=$((SECONDS + 5))
    [[ -n $pid ]] || return 0
    unset "pid_of[$1]"
    kill -TERM -- "-$pid" 2>/dev/null
    while kill -0 "$pid" 2>/dev/null && [[ $SECONDS -lt $deadline ]]; do
        sleep 0.02
    done
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

stop_all() {
    trap '' INT TERM HUP
    local name
    for name in nginx php php_kept pool empty memcached; do
        stop "$name"
    done
    [[ -z $stack ]] || rm -rf "$stack"
}

# The pieces -------------------------------------------------------------------------------------------------

start_memcached() {
    start memcached memcached -u "$(id -un)" -s "$stack/memcached.sock" -a 0600 -U 0 -m 256 -c 4096
    until_ready memcached test -S "$stack/memcached.sock"
}

# The command that serves on $stack/NAME.sock, in the array `command`.
pool_command() {
    command=(spawn-fcgi -n -s "$stack/$1.sock" -M 0600 -- "$program" --workers "$workers"
        --memcached "$stack/memcached.sock" --secret-file "$stack/secret" --templates "$root/templates")
}

start_pool() {
    local command
    pool_command pool
    start pool "${command[@]}"
    until_ready pool test -S "$stack/pool.sock"
    until_ready pool has_workers pool "$workers"
}

# start_empty PROCESSES: like spawn-fcgi -F, which leaves processes without a parent that could be ended.
start_empty() {
    rm -f "$stack/empty.sock"
    # shellcheck disable=SC2016
    start empty spawn-fcgi -n -s "$stack/empty.sock" -M 0600 -- /bin/bash -c \
        'exec 3<&0; for ((i = 0; i < $1; i++)); do "$0" <&3 3<&- & done; wait' "$helpers/empty" "$1"
    until_ready empty has_workers empty "$1"
}

find_php() {
    php_program=$(compgen -c php-fpm | sort -V | tail -n 1)
    [[ -n $php_program ]] || return 1
    php_settings=(-n -d zend_extension=opcache)
    # Where the serializers are modules of their own, memcached cannot be loaded without them.
    local module folder
    folder=$("$php_program" -n -i 2>/dev/null | sed -n 's/^extension_dir => \([^ ]*\).*/\1/p')
    for module in igbinary msgpack memcached; do
        [[ ! -e $folder/$module.so ]] || php_settings+=(-d "extension=$module")
    done
    "$php_program" "${php_settings[@]}" -m 2>/dev/null | grep -qx memcached
}

# The configuration of php, as php-memcached's sessions are by default, or of php_kept, which also keeps its
# connections to memcached: as fast as it gets without giving up what its sessions promise, for locks are on.
php_config() {
    local kept=0
    [[ $1 == php ]] || kept=1
    cat <<END
[global]
error_log = $stack/$1.log
[bench]
listen = $stack/$1.sock
listen.backlog = 1024
pm = static
pm.max_children = $php_children
$([[ $(id -u) -ne 0 ]] || printf 'user = root\ngroup = root\n')
php_admin_value[session.save_handler] = memcached
php_admin_value[session.save_path] = $stack/memcached.sock
php_admin_value[memcached.sess_persistent] = $kept
php_admin_value[session.gc_probability] = 0
END
}

# start_php php|php_kept
start_php() {
    local as_root=()
    [[ $(id -u) -ne 0 ]] || as_root=(-R)
    php_config "$1" >"$stack/$1.conf"
    start "$1" "$php_program" "${php_settings[@]}" "${as_root[@]}" -F -y "$stack/$1.conf"
    until_ready "$1" test -S "$stack/$1.sock"
    until_ready "$1" has_workers "$1" "$php_children"
}

nginx_config() {
    local parameters
    parameters=$(nginx -V 2>&1 | grep -o -- '--conf-path=[^ ]*')
    parameters=${parameters#--conf-path=}
    parameters=${parameters%/*}/fastcgi_params
    [[ -r $parameters ]] || fail "nginx has no file $parameters"
    cat <<END
daemon off;
worker_processes auto;
pid $stack/nginx.pid;
error_log $stack/nginx.log warn;
$([[ $(id -u) -ne 0 ]] || echo 'user root;')
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $stack/temp/body;
    fastcgi_temp_path $stack/temp/fastcgi;
    proxy_temp_path $stack/temp/proxy;
    uwsgi_temp_path $stack/temp/uwsgi;
    scgi_temp_path $stack/temp/scgi;
    keepalive_requests 1000000000;
    upstream pool {
        server unix:$stack/pool.sock;
        keepalive 256;
        keepalive_requests 1000000000;
    }
    server {
        listen 127.0.0.1:$port;
        location / {
            include $parameters;
            fastcgi_keep_conn on;
            fastcgi_pass pool;
        }
        # The usual loop serves one connection until that ends, and php-fpm does the same: kept connections would
        # leave requests waiting for ever.
        location = /empty {
            include $parameters;
            fastcgi_pass unix:$stack/empty.sock;
        }
        location /php/ {
            include $parameters;
            fastcgi_param SCRIPT_FILENAME $stack\$fastcgi_script_name;
            fastcgi_pass unix:$stack/php.sock;
        }
        location /php_kept/ {
            include $parameters;
            fastcgi_param SCRIPT_FILENAME $stack\$fastcgi_script_name;
            fastcgi_pass unix:$stack/php_kept.sock;
        }
        # What is left for everybody who stands behind it.
        location = /constant {
            default_type text/html;
            return 200 "<!DOCTYPE html><title>constant</title>";
        }
    }
}
END
}

nginx_is_decided() {
    [[ -s $stack/nginx.pid ]] || ! kill -0 "${pid_of[nginx]}" 2>/dev/null
}

# wrk needs TCP. A port that somebody else takes in the same moment is given up for another.
start_nginx() {
    local attempt
    for attempt in 1 2 3 4 5; do
        while port=$((20000 + RANDOM % 10000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
        nginx_config >"$stack/nginx.conf" || exit 1
        start nginx nginx -e "$stack/nginx.log" -c "$stack/nginx.conf"
        until nginx_is_decided; do sleep 0.02; done
        [[ ! -s $stack/nginx.pid ]] || return 0
    done
    tail -n 10 "$stack/nginx.log" >&2
    fail "nginx did not start in $attempt attempts, see above"
}

# Requests of our own ----------------------------------------------------------------------------------------

# fetch PATH [COOKIE]: sets `answer` to header and body; true if the status is 200.
fetch() {
    local connection
    answer=
    exec {connection}<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n%s\r\n' "$1" "${2:+Cookie: $2$'\r\n'}" >&"$connection"
    IFS= read -r -d '' -t 10 answer <&"$connection"
    exec {connection}>&-
    [[ $answer == 'HTTP/1.'?' 200 '* ]]
}

# make_visitors PATH FILE: sessions with a value each, and their cookies, one a line.
make_visitors() {
    local i
    for ((i = 0; i < visitors; i++)); do
        fetch "$1visitor-$i" && [[ $answer =~ Set-Cookie:\ ([^\;]*)\; ]] ||
            fail "$1 gave no session: ${answer:-no answer}"
        echo "${BASH_REMATCH[1]}"
    done >"$2"
}

# check_visitors PATH FILE: each still has the session.
check_visitors() {
    local cookie
    while read -r cookie; do
        fetch "$1" "$cookie" && [[ $answer == *"session.get('user') = "* && $answer != *None* ]] ||
            fail "$1 has lost a session: ${answer:-no answer}"
    done <"$2"
}
