# The web servers of the integration tests, each with the configuration that is shipped for it (deploy/front-config
# says what is changed), and the whole stack behind one of them. A part of helper.bash.
# shellcheck shell=bash

# A port on which nothing listens, below those that the kernel gives to outgoing connections.
free_port() {
    local port
    until port=$((20000 + RANDOM % 10000)) && is_free "$port"; do :; done
    echo "$port"
}

# In the folder TEST_PORTS, which tests/run makes, each test notes the ports that it was given: no two get the same.
is_free() {
    [[ ! -d ${TEST_PORTS-} ]] || mkdir "$TEST_PORTS/$1" 2>/dev/null || return 1
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Servers that start session-fcgi by themselves.
spawns() {
    [[ $1 == lighttpd-spawning || $1 == apache-fcgid || $1 == apache-gate ]]
}

# make_config FRONT FOLDER PORT POOL [NAME=VALUE...]: a web server that spawns is given as settings what start_pool
# gives as options.
make_config() {
    local front=$1 folder=$2 port=$3 pool=$4 extra
    shift 4
    if ! spawns "$front"; then
        "$ROOT/deploy/front-config" "$front" "$folder" "$port" "$STACK/$pool.sock" "$@"
        return
    fi
    local -x SESSION_FCGI_MEMCACHED=$STACK/memcached.sock SESSION_FCGI_SECRET_FILE=$STACK/secret
    local -x SESSION_FCGI_TEMPLATES=$ROOT/templates SESSION_FCGI_WORKERS=2 SESSION_FCGI_MOUNT=
    local -x SESSION_FCGI_STORE_TIMEOUT=$STORE_PATIENCE
    [[ $front != apache-gate ]] || local -x SESSION_FCGI_GATE_EXPOSE=Username,user SESSION_FCGI_GATE_LOGIN=/login.html
    [[ $front != apache-* ]] || SESSION_FCGI_WORKERS=0
    for extra in "$@"; do
        [[ $extra != mount=* ]] || SESSION_FCGI_MOUNT=${extra#mount=}
    done
    "$ROOT/deploy/front-config" "$front" "$folder" "$port" "$SESSION_FCGI" "$@"
}

# A self-signed certificate for 127.0.0.1.
make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$STACK/key.pem" -out "$STACK/certificate.pem" 2>/dev/null
}

# launch_front NAME FRONT: with the configuration $STACK/NAME/config.
launch_front() {
    local folder=$STACK/$1 command
    case $2 in
    nginx*) command=(nginx -e "$folder/front.log" -c "$folder/config" -g 'daemon off;') ;;
    lighttpd* | cgi-fcgi) command=(lighttpd -D -f "$folder/config") ;;
    apache*)
        command=(apache2 -D FOREGROUND -f "$folder/config")
        # Apache refuses to serve as root. As nobody it may do here what it may do as a developer.
        [[ $(id -u) -ne 0 ]] || command=(setpriv --reuid=65534 --regid=65534 --clear-groups
            --inh-caps=+dac_override --ambient-caps=+dac_override "${command[@]}")
        ;;
    caddy*) command=(env "HOME=$folder/temp" "XDG_CONFIG_HOME=$folder/temp"
        caddy run --adapter caddyfile --config "$folder/config") ;;
    h2o) command=(h2o -c "$folder/config") ;;
    esac
    launch "$1" "${command[@]}"
}

# start_front NAME FRONT POOL [tls] [NAME=VALUE...]: a web server with the shipped configuration in front of the
# pool; the rest is what front-config takes. Sets URL (the mount is a part of it), and with "tls" TLS_URL. A port that
# another test took in the same moment is given up for a new one.
start_front() {
    local name=$1 front=$2 pool=$3 folder=$STACK/$1 port tls_port attempt extra extras mount=
    for attempt in 1 2 3; do
        rm -rf "$folder"
        mkdir "$folder"
        port=$(free_port) tls_port=$(free_port)
        extras=()
        for extra in "${@:4}"; do
            if [[ $extra == tls ]]; then
                make_certificate || return 1
                extra=tls=$tls_port:$STACK/certificate.pem:$STACK/key.pem
            fi
            [[ $extra != mount=* ]] || mount=${extra#mount=}
            extras+=("$extra")
        done
        make_config "$front" "$folder" "$port" "$pool" "${extras[@]}" >"$folder/config" || return 1
        launch_front "$name" "$front"
        wait_until 60 front_is_decided "$name" "$port" || return 1
        if owns_port "$(pid_of "$name")" "$port"; then
            export URL=http://127.0.0.1:$port$mount TLS_URL=https://127.0.0.1:$tls_port$mount
            return 0
        fi
        sed -i "/ $name\$/d" "$STACK/processes"
        echo "$front did not start on port $port (attempt $attempt):"
        cat "$folder/front.log" "$STACK/$name.log"
    done
    return 1
}

# True if process $1, or one that it started, listens on port $2.
owns_port() {
    local owners pid
    owners=$(ss -Hltnp "sport = :$2")
    for pid in $(family_of "$1"); do
        [[ $owners != *"pid=$pid,"* ]] || return 0
    done
    return 1
}

# Up or dead.
front_is_decided() {
    owns_port "$(pid_of "$1")" "$2" || is_gone "$(pid_of "$1")"
}

# start_stack [front=FRONT] [tls] [mount=/PATH] [OPTION...]: all of it, FRONT being nginx unless named; the options
# are session-fcgi's.
start_stack() {
    local front=nginx extras=()
    while [[ ${1-} == front=* || ${1-} == tls || ${1-} == mount=* ]]; do
        if [[ $1 == front=* ]]; then front=${1#front=}; else extras+=("$1"); fi
        [[ $1 != mount=* ]] || set -- "$@" --mount "${1#mount=}"
        shift
    done
    # shellcheck disable=SC2119
    new_stack && start_memcached || return 1
    if ! spawns "$front"; then
        start_pool pool "$@" || return 1
    fi
    start_front front "$front" pool "${extras[@]}" && wait_until 60 is_healthy
}
