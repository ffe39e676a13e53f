#!/usr/bin/env bats
# The status page and the metrics: what they count, their formats, and who gets to see them.

load helper

setup_file() {
    start_stack --status-path /status
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

# The total of a counter on the page last requested as text.
total() {
    awk -v name="$1" '$1 == name { print $2; exit }' <<<"$body"
}

# ... and the sum of the workers' requests on that page.
requests_of_workers() {
    awk 'table { sum += $9 } $1 == "worker" { table = 1 } END { print sum + 0 }' <<<"$body"
}

status_says() {
    request '/status?format=text'
    assert_status 200
    total "$1"
}

status_is() {
    [[ $(status_says "$1") -eq $2 ]]
}

@test "without --status-path there is neither page" {
    start_pool plain
    start_front plain_front nginx plain
    wait_until 30 is_healthy
    request /status
    assert_status 404
    request /metrics
    assert_status 404
}

# A worker counts a request after it has answered it, so a page from another worker may not know of it yet. Those
# tests that count are therefore done again when the figures differ; figures that are wrong stay so.

@test "requests are counted, and the workers' sum is the total" {
    wait_until 60 ten_requests_are_counted
    [[ $(requests_of_workers) -eq $(total requests) ]]
}

ten_requests_are_counted() {
    local before
    before=$(status_says requests)
    for _ in {1..10}; do
        request /set
    done
    request '/status?format=text'
    # The page before is among them, this one is not yet.
    [[ $(total requests) -eq $((before + 11)) ]]
}

@test "what goes wrong is counted" {
    wait_until 60 wrongs_are_counted
}

wrongs_are_counted() {
    local refused errors created
    new_visitor
    refused=$(status_says refused_cookies) errors=$(status_says client_errors) created=$(status_says sessions_created)
    request /get -H 'Cookie: session=this-is-not-ours'
    request /nothing-here
    request /nothing-here
    request /set
    status_is refused_cookies $((refused + 1)) && status_is client_errors $((errors + 2)) &&
        status_is sessions_created $((created + 1))
}

@test "an eviction is counted as a missing session" {
    wait_until 60 eviction_is_counted
}

eviction_is_counted() {
    local missing
    new_visitor
    missing=$(status_says sessions_missing)
    request /set
    memcached_says flush_all
    request /get
    status_is sessions_missing $((missing + 1))
}

@test "a store that does not answer is counted, and the page is there all the same" {
    start_pool alone --memcached "$STACK/nobody.sock" --status-path /status
    start_front alone_front nginx alone
    wait_until 30 front_answers
    request /get -H "Cookie: session=$(valid_cookie)"
    assert_status 503
    wait_until 30 has_store_errors
}

has_store_errors() {
    [[ $(status_says store_errors) -gt 0 ]]
}

front_answers() {
    [[ $(curl -s -o /dev/null -w '%{http_code}' --max-time 20 "$URL/ping") == 200 ]]
}

# A cookie of the pool that all tests share.
valid_cookie() {
    local headers body status
    fastcgi pool '' REQUEST_METHOD=GET REQUEST_URI=/set
    sed -n 's/^set-cookie: session=\([^;]*\).*/\1/p' <<<"$headers"
}

@test "a worker that is replaced is counted, and its requests stay" {
    local restarts requests victim
    restarts=$(status_says restarts) requests=$(status_says requests)
    victim=$(pgrep -P "$(pid_of pool)" | head -n 1)
    kill -KILL "$victim"
    wait_until 30 status_is restarts $((restarts + 1))
    [[ $(status_says requests) -gt $requests ]]
    request '/status?format=text'
    [[ $(requests_of_workers) -eq $(total requests) ]]
    [[ -z $(awk -v pid="$victim" '$2 == pid' <<<"$body") ]]
}

@test "a reload is shown as a generation, and the sums go on" {
    local requests
    requests=$(status_says requests)
    kill -HUP "$(pid_of pool)"
    wait_until 30 generation_is_served 1
    [[ $(status_says requests) -gt $requests ]]
}

generation_is_served() {
    request '/status?format=text'
    [[ $(awk -v generation="$1" '$3 == "serving" && $4 == generation' <<<"$body" | wc -l) -eq 2 ]]
}

@test "the Accept field chooses the format" {
    request /status -H 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
    assert_status 200
    assert_header content-type 'text/html; charset=utf-8'
    assert_body_has '<table id="workers">'
    request /status -H 'Accept: application/json'
    assert_header content-type application/json
    [[ $body == '{"version":'*'}' ]]
    request /status -H 'Accept: text/html;q=0.5, text/plain'
    assert_header content-type 'text/plain; charset=utf-8'
    request /status -H 'Accept: */*'
    assert_header content-type 'text/plain; charset=utf-8'
    request /status -H 'Accept: image/png'
    assert_header content-type 'text/plain; charset=utf-8'
}

@test "?format= wins over the Accept field" {
    request '/status?format=html' -H 'Accept: application/json'
    assert_header content-type 'text/html; charset=utf-8'
    request '/status?format=json' -H 'Accept: text/html'
    assert_header content-type application/json
    request '/status/?format=text' -H 'Accept: text/html'
    assert_header content-type 'text/plain; charset=utf-8'
}

@test "another format is a 400" {
    request '/status?format=xml'
    assert_status 400
    request '/status?format='
    assert_status 400
}

@test "the pages are read-only, not to be kept, and set no cookie" {
    local page
    for page in /status /metrics; do
        request "$page" -I
        assert_status 200
        assert_header cache-control no-store
        request "$page"
        assert_header cache-control no-store
        assert_no_header set-cookie
        request "$page" -X POST -d ''
        assert_status 405
        assert_header allow 'GET, HEAD'
    done
}

@test "/metrics says the same for Prometheus" {
    local requests
    wait_until 30 metrics_follow_status
    assert_status 200
    assert_header content-type 'text/plain; version=0.0.4; charset=utf-8'
    [[ $(awk '/^session_fcgi_worker_requests_total\{/ { sum += $2 } END { print sum }' <<<"$body") -eq $((requests + 1)) ]]
}

metrics_follow_status() {
    requests=$(status_says requests)
    request /metrics
    [[ $body == *"
session_fcgi_requests_total $((requests + 1))
"* && $body == *"session_fcgi_request_duration_seconds_bucket{le=\"+Inf\"} $((requests + 1))
session_fcgi_request_duration_seconds_sum "* ]]
}

@test "promtool has nothing to say about /metrics" {
    command -v promtool >/dev/null || skip 'promtool is not installed'
    request /metrics
    run promtool check metrics <<<"$body"
    [[ $status -eq 0 && -z $output ]] || fail_with "$output"
}

@test "SIGUSR1 logs the lines of the page" {
    local line
    kill -USR1 "$(pid_of pool)"
    wait_until 30 log_has pool 'status: worker process state'
    request '/status?format=text'
    while read -r line; do
        log_has pool "status: $line( |\$)" || fail_with "not in the log: $line"
    done < <(awk '{ print $1; } $1 == "worker" { exit }' <<<"$body")
}

# start_front_for_others NAME FRONT: like start_front, but this machine's addresses are not those that the shipped
# configuration lets in.
start_front_for_others() {
    start_front "$1" "$2" pool
    stop_process "$1"
    grep -q '127\.0\.0\.0/8' "$STACK/$1/config"
    sed -i 's|127\.0\.0\.0/8|192.0.2.0/24|' "$STACK/$1/config"
    launch_front "$1" "$2"
    wait_until 30 is_healthy
}

@test "the shipped web server files show the pages to the machine itself only" {
    local front page target
    for front in nginx lighttpd; do
        start_front "near_$front" "$front" pool
        for page in /status /metrics; do
            request "$page"
            assert_status 200
        done
        start_front_for_others "far_$front" "$front"
        for page in /status /metrics; do
            request "$page"
            assert_status 403
        done
        for target in /status/ /metrics/ '/status?format=json' /%73tatus /status%2f //status /./status \
            /x/../status '/status#x' /%6detrics "$URL/status" "$URL/metrics"; do
            request / --request-target "$target"
            [[ $status == 4* ]] || fail_with "$front lets everybody see $target"
        done
        request /get
        assert_status 200
    done
}

@test "the pages are where they are said to be, whatever the mount" {
    start_pool mounted --mount /app --status-path /app/pool-status
    start_front mounted_front nginx mounted
    request /app/pool-status
    assert_status 200
    request /metrics
    assert_status 200
    request /status
    assert_status 404
    request /app/metrics
    assert_status 404
    request /app/get
    assert_status 200
}

@test "a path that is another page's is refused at the start" {
    local path
    for path in /get /metrics / status /status/ '/a b'; do
        run "$SESSION_FCGI" --check --secret-file "$STACK/secret" --templates "$ROOT/templates" --status-path "$path"
        [[ $status -ne 0 && $output == *--status-path:* ]] || fail_with "$path: $output"
    done
}
