#!/usr/bin/env bats
# What `make install` puts in place is enough: tests/library/counter.c, built with nothing but the flags of the
# installed pkg-config file, counts the visits of its visitors.

bats_require_minimum_version 1.5.0

load helper
load faults

# The library is that of the ordinary build, whatever build is under test: a program without sanitizers cannot be
# linked with a library that has them.
make_here() {
    local out=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/make.out
    env -i PATH="$PATH" make --no-print-directory -j2 -C "$ROOT" BUILD="$BATS_FILE_TMPDIR/build" "$@" >"$out" 2>&1 || { cat "$out"; return 1; }
}

flags() {
    PKG_CONFIG_PATH=$BATS_FILE_TMPDIR/usr/lib/pkgconfig pkg-config --static "$@" session-fcgi
}

# compile ARGUMENT...: with the installed headers, and with no tolerance.
compile() {
    # shellcheck disable=SC2046
    "${CC:-cc}" -std=c11 -Wall -Wextra -Wconversion -Werror $(flags --cflags) "$@"
}

# As it is but for the time that it waits for memcached, which a busy machine may need more of.
patient_counter() {
    sed "s/(servers, count, 250, &error)/(servers, count, $STORE_PATIENCE, \&error)/" "$ROOT/tests/library/counter.c"
}

setup_file() {
    new_stack
    copy_build "$ROOT/build" "$BATS_FILE_TMPDIR/build"
    make_here install-library PREFIX="$BATS_FILE_TMPDIR/usr"
    patient_counter | grep -q "$STORE_PATIENCE"
    # shellcheck disable=SC2046
    patient_counter | compile -o "$BATS_FILE_TMPDIR/counter" -x c - -x none $(flags --libs)
    start_memcached
    start_counter pool "$STACK/memcached.sock"
    start_front front nginx pool
}

teardown_file() {
    stop_stack
}

setup() {
    new_visitor
}

teardown() {
    show_logs_of_failure
}

# start_counter NAME MEMCACHED: behind the FastCGI socket $STACK/NAME.sock.
start_counter() {
    launch "$1" spawn-fcgi -n -s "$STACK/$1.sock" -M 0600 -- "$BATS_FILE_TMPDIR/counter" "$2" "$STACK/secret"
    wait_until 30 is_listening "$STACK/$1.sock"
}

assert_visit() {
    request /
    assert_status 200
    [[ $body == "Visit $1" ]] || fail_with "expected visit $1"
}

@test "two visitors are counted each for themselves" {
    new_visitor alice
    assert_visit 1
    assert_header set-cookie 'counter=[^;]+;.*'
    assert_visit 2
    assert_no_header set-cookie
    new_visitor bob
    assert_visit 1
    as_visitor alice
    assert_visit 3
    as_visitor bob
    assert_visit 2
}

@test "the connections that nginx keeps are used again and again" {
    local visit
    for visit in {1..20}; do
        assert_visit "$visit"
    done
}

@test "several requests on one connection are answered in turn" {
    run -0 peer keep get=/ answer get=/ answer post=/,a=1 answer
    [[ $(grep -c '^Visit 1$' <<<"$output") -eq 3 ]]
}

@test "HEAD is answered without a page" {
    run -0 peer open=HEAD,/, end answer
    [[ $output == *'Content-Length: 8'* && $output != *Visit* ]]
}

@test "peers that are slow or idle, or too many, hold nobody up" {
    start_peer slow connections=100 get=/ cut=20 hold
    assert_visit 1
    assert_visit 2
    stop_process slow
}

@test "a body is read to its end, a larger one than there is room for is a 413, another than announced a 400" {
    run -0 peer keep open=POST,/,500000 filler=500000 end answer get=/ answer
    [[ $(grep -c '^Visit 1$' <<<"$output") -eq 2 ]]
    run -0 peer keep open=POST,/,3000000 filler=3000000 end answer get=/ answer
    [[ $output == *'Status: 413 '*'Status: 200 '*'Visit 1'* ]]
    run -0 peer keep open=POST,/,10 body=short end answer get=/ answer
    [[ $output == *'Status: 400 '*'Status: 200 '*'Visit 1'* ]]
}

@test "the role of an authorizer is answered without a body, and its connection closed" {
    run -0 peer keep role=2 get=/ answer closed
    [[ $output == *'Visit 1'*closed ]]
}

@test "what is not FastCGI is dropped" {
    run -0 peer hex=474554202f20485454502f312e300d0a0d0a closed
    [[ $output == closed ]]
    wait_until 30 log_has pool 'a connection was dropped'
    assert_visit 1
}

@test "without its store it says 503, and goes on counting when the store is back" {
    start_counter lonely "$STACK/late.sock"
    fastcgi lonely '' REQUEST_METHOD=GET REQUEST_URI=/
    assert_status 503
    assert_no_header set-cookie
    start_memcached late
    wait_until 30 counts_again
    stop_process lonely
}

counts_again() {
    fastcgi lonely '' REQUEST_METHOD=GET REQUEST_URI=/ && [[ $status == 200 && $body == 'Visit 1' ]]
}

@test "TERM lets it end as it should" {
    start_counter another "$STACK/memcached.sock"
    local pid
    pid=$(pid_of another)
    fastcgi another '' REQUEST_METHOD=GET REQUEST_URI=/
    assert_status 200
    sed -i '/ another$/d' "$STACK/processes"
    kill -TERM "$pid"
    wait "$pid"
}

@test "each public header can be included alone, and no private one is there" {
    local header
    for header in "$BATS_FILE_TMPDIR"/usr/include/session-fcgi/*.h; do
        printf '#include <session-fcgi/%s>\nint nothing;\n' "${header##*/}" | compile -fsyntax-only -x c -
    done
    run ! grep -lE 'nobody else includes|What the files of .* share' "$BATS_FILE_TMPDIR"/usr/include/session-fcgi/*.h
}

@test "everything is installed below DESTDIR and PREFIX, and nothing is left when it is uninstalled" {
    local places=(DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr/local) file
    make_here install "${places[@]}"
    for file in bin/session-fcgi lib/libsession-fcgi.a lib/pkgconfig/session-fcgi.pc include/session-fcgi/session.h \
        share/man/man8/session-fcgi.8 share/man/man3/session.3 share/man/man3/template.3 \
        share/session-fcgi/templates/query.html share/doc/session-fcgi/README.md \
        share/doc/session-fcgi/spawn-fcgi.conf share/doc/session-fcgi/deploy/nginx.conf \
        share/doc/session-fcgi/deploy/session-fcgi.service; do
        [[ -s $BATS_TEST_TMPDIR/root/usr/local/$file ]] || { echo "not there: $file"; return 1; }
    done
    [[ $("$BATS_TEST_TMPDIR/root/usr/local/bin/session-fcgi" --version) == 'session-fcgi '* ]]
    make_here uninstall "${places[@]}"
    run -0 find "$BATS_TEST_TMPDIR/root" ! -type d
    [[ -z $output ]]
}
