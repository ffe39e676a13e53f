#!/usr/bin/env bats
# The Debian packages: they install, what they install works, and they leave nothing behind.
#
# This installs into the running system and takes everything away again, so only CI does it, and whoever asks for it:
#
#   CI=true bats tests/integration/package_installs_and_leaves.bats        (as root)

bats_require_minimum_version 1.5.0

load helper

reason_to_skip() {
    if [[ ${CI-} != true ]]; then
        echo 'it would install packages here; CI=true allows that'
    elif [[ $(id -u) -ne 0 ]]; then
        echo 'only root can install packages'
    elif ! command -v apt-get >/dev/null; then
        echo 'this is no Debian system'
    elif dpkg-query -W session-fcgi libsession-fcgi-dev >/dev/null 2>&1; then
        echo 'the packages are installed here already'
    fi
}

setup_file() {
    REASON=$(reason_to_skip)
    export REASON
    [[ -z $REASON ]] || return 0
    new_stack
    named_after_it >"$BATS_FILE_TMPDIR/before"
    quietly nice env -i PATH="$PATH" make --no-print-directory -C "$ROOT" deb
    install_packages
}

teardown_file() {
    [[ -z $REASON ]] || return 0
    quietly dpkg -P session-fcgi libsession-fcgi-dev
    stop_stack
}

setup() {
    [[ -z $REASON ]] || skip "$REASON"
}

teardown() {
    [[ -n $REASON ]] || show_logs_of_failure
}

# Shows what a command says only if it fails.
quietly() {
    local said
    said=$("$@" 2>&1) || { echo "$said"; return 1; }
}

# Files that have the name of the packages, but for those of `make install` and of the checkout.
named_after_it() {
    find /etc /lib/systemd /run /usr /var -xdev '(' -path /usr/local -o -path /var/cache -o -path "$ROOT" ')' -prune -o \
        -name '*session-fcgi*' -print | sort
}

install_packages() {
    quietly env DEBIAN_FRONTEND=noninteractive apt-get -q -y --reinstall --no-install-recommends install \
        "$ROOT"/build/deb/session-fcgi_*.deb "$ROOT"/build/deb/libsession-fcgi-dev_*.deb
}

# The settings that the service would start with, but for the store: they are those of the installed file.
start_as_service() {
    local setting settings=()
    while read -r setting; do
        settings+=(-E "${setting//\"/}")
    done < <(grep '^SESSION_FCGI_' /etc/session-fcgi/spawn-fcgi.conf | grep -vE 'MEMCACHED|STORE_TIMEOUT')
    launch pool systemd-socket-activate --inetd -l "$STACK/pool.sock" "${settings[@]}" \
        -E "SESSION_FCGI_MEMCACHED=127.0.0.1:$1" -E "SESSION_FCGI_STORE_TIMEOUT=$STORE_PATIENCE" \
        setpriv --reuid=session-fcgi --regid=session-fcgi --clear-groups /usr/bin/session-fcgi
    wait_until 30 is_listening "$STACK/pool.sock"
}

@test "installing makes the user, and a secret that only that user can read" {
    id session-fcgi
    [[ $(stat -c '%a %U:%G' /etc/session-fcgi/secret) == '600 session-fcgi:session-fcgi' ]]
    setpriv --reuid=session-fcgi --regid=session-fcgi --clear-groups session-fcgi --check
}

@test "the units hold together, and the socket is enabled" {
    command -v systemd-analyze >/dev/null || skip 'systemd is not installed'
    run -0 systemd-analyze verify session-fcgi.socket session-fcgi.service
    [[ -z $output ]]
    systemctl is-enabled session-fcgi.socket
    [[ ! -d /run/systemd/system ]] || systemctl is-active session-fcgi.socket
}

@test "the first request on the socket starts the service, as its user" {
    command -v systemd-socket-activate >/dev/null || skip 'systemd is not installed'
    local port
    port=$(free_port)
    launch memcached memcached -u nobody -l 127.0.0.1 -p "$port" -U 0
    wait_until 30 owns_port "$(pid_of memcached)" "$port"
    start_as_service "$port"
    fastcgi pool '' REQUEST_METHOD=GET 'REQUEST_URI=/set?user=Alice'
    assert_status 200
    assert_value user Alice
    [[ $(ps -o user:20= -p "$(pid_of pool)") == session-fcgi ]]
    stop_process pool
    stop_process memcached KILL
}

@test "the library's package is enough to build the counter" {
    # shellcheck disable=SC2046
    cc -std=c11 -o "$BATS_TEST_TMPDIR/counter" "$ROOT/tests/library/counter.c" \
        $(pkg-config --static --cflags --libs session-fcgi)
    run -1 "$BATS_TEST_TMPDIR/counter"
    [[ $output == 'counter: usage: counter MEMCACHED SECRET-FILE' ]]
}

@test "installing again keeps the secret" {
    local before
    before=$(</etc/session-fcgi/secret)
    install_packages
    [[ -n $before && $(</etc/session-fcgi/secret) == "$before" ]]
}

@test "removing keeps settings and secret; purging leaves nothing" {
    quietly dpkg -r session-fcgi libsession-fcgi-dev
    [[ -s /etc/session-fcgi/secret && -s /etc/session-fcgi/spawn-fcgi.conf && ! -e /usr/bin/session-fcgi ]]
    quietly dpkg -P session-fcgi
    diff "$BATS_FILE_TMPDIR/before" <(named_after_it)
    run ! getent passwd session-fcgi
    run ! getent group session-fcgi
}
