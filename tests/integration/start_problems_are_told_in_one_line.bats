#!/usr/bin/env bats
# A start that cannot work ends at once: one line that says what is wrong and what to do, and a status of its own
# for a wrong option.

load helper

setup() {
    new_stack
}

teardown() {
    show_logs_of_failure
    stop_stack
}

# What it says with these arguments, and its status.
start() {
    status=0
    said=$(timeout 30 "$SESSION_FCGI" "$@" 2>&1 </dev/null 3>&-) || status=$?
}

# assert_told STATUS TEXT: it ended with this status and one line that has the text.
assert_told() {
    [[ $status -eq $1 && $said == "session-fcgi: "* && $said == *"$2"* && $said != *$'\n'* ]] ||
        fail_with "status $status: $said"
}

check() {
    start --check --memcached "$STACK/memcached.sock" --secret-file "$STACK/secret" --templates "$ROOT/templates" "$@"
}

@test "with all in order --check says nothing" {
    check
    [[ $status -eq 0 && -z $said ]]
}

@test "a wrong option is named as it was given, status 2" {
    local line name value
    while read -r line; do
        name=${line%%=*} value=${line#*=}
        start "$name" "$value"
        assert_told 2 "$name: "
    done <<'END'
--workers=many
-w=513
-m=a,,b
-m=host:99999
--memcached=::1
--cookie-name=a;b
--cookie-name=__Host-session
--cookie-secure=sometimes
--idle-timeout=0
--mount=app/
--status-path=//status
--gate-require=
--gate-expose=a b
END
    start --gate-login $'/login\r\nSet-Cookie: a=b'
    assert_told 2 '--gate-login: '
    start --no-such-option
    assert_told 2 'unknown option --no-such-option'
    start operand
    assert_told 2 "'operand'"
}

@test "a wrong variable is named, status 2" {
    SESSION_FCGI_MEMCACHED=a,,b start
    assert_told 2 'SESSION_FCGI_MEMCACHED: '
    SESSION_FCGI_GATE_EXPOSE='a b' start
    assert_told 2 'SESSION_FCGI_GATE_EXPOSE: '
    SESSION_FCGI_NO_SUCH=1 start
    assert_told 2 SESSION_FCGI_NO_SUCH
}

@test "what was asked for is printed, and a full disk is noticed" {
    local option
    for option in --help --version --new-secret; do
        start "$option"
        [[ $status -eq 0 && -n $said ]] || fail_with "$option: status $status"
        status=0
        "$SESSION_FCGI" "$option" >/dev/full 2>"$STACK/full" || status=$?
        [[ $status -eq 1 && $(wc -l <"$STACK/full") -eq 1 ]] || fail_with "$option on a full disk: status $status"
    done
}

@test "a secret that will not do is told with the way to a good one" {
    check --secret-file "$STACK/nowhere"
    assert_told 1 --new-secret
    : >"$STACK/empty"
    echo 'too short' >"$STACK/short"
    chmod 0600 "$STACK/empty" "$STACK/short"
    local name
    for name in empty short; do
        check --secret-file "$STACK/$name"
        assert_told 1 --new-secret
    done
    cp "$STACK/secret" "$STACK/open"
    chmod 0644 "$STACK/open"
    check --secret-file "$STACK/open"
    assert_told 1 "chmod"
    "$SESSION_FCGI" --new-secret >"$STACK/open" && chmod 0600 "$STACK/open"
    check --secret-file "$STACK/open"
    [[ $status -eq 0 ]]
}

@test "a template that is missing or wrong is told with file and line" {
    cp -r "$ROOT/templates" "$STACK/templates"
    printf 'one\n{{#open}}\n' >"$STACK/templates/query.html"
    check --templates "$STACK/templates"
    assert_told 1 "query.html:2"
    rm "$STACK/templates/query.html"
    check --templates "$STACK/templates"
    assert_told 1 'query.html: there is no such template'
    check --templates "$STACK/nowhere"
    assert_told 1 "$STACK/nowhere"
}

@test "without a socket it explains how it is started, and what it says works" {
    command -v systemd-socket-activate >/dev/null || skip 'systemd-socket-activate is not installed'
    start
    [[ $status -eq 1 && $(wc -l <<<"$said") -eq 3 ]]
    local way words
    export SESSION_FCGI_TEMPLATES=$ROOT/templates
    for way in spawn-fcgi systemd-socket-activate; do
        read -ra words < <(sed -n "s|^ *\($way .*\)|\1|p" <<<"$said")
        words=("${words[@]/\/run\/session-fcgi.sock/$STACK/$way.sock}")
        words=("${words[@]/SECRET-FILE/$STACK/secret}")
        [[ " ${words[*]} " == *" $STACK/secret "* ]]
        # systemd-socket-activate passes on what it is told to.
        [[ $way == spawn-fcgi ]] || words=("$way" -E SESSION_FCGI_TEMPLATES "${words[@]:1}")
        launch "$way" "${words[@]}"
        wait_until 30 is_listening "$STACK/$way.sock"
        fastcgi "$way" '' REQUEST_METHOD=GET REQUEST_URI=/ping
        assert_status 200
    done
}
