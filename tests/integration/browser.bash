# A real browser for the integration tests: Chromium without a window, driven by chromedriver over HTTP (the
# WebDriver protocol). It belongs to the stack, as do its files.
# shellcheck shell=bash

browser_is_installed() {
    command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v jq >/dev/null
}

# Starts the driver. Browsers are started by open_browser.
start_driver() {
    DRIVER=http://127.0.0.1:$(free_port)
    export DRIVER
    mkdir "$STACK/browsers"
    launch chromedriver env HOME="$STACK/browsers" XDG_CONFIG_HOME="$STACK/browsers" \
        XDG_CACHE_HOME="$STACK/browsers" chromedriver --port="${DRIVER##*:}"
    wait_until 60 driver_is_ready
}

driver_is_ready() {
    [[ $(curl -s --max-time 20 "$DRIVER/status" | jq .value.ready) == true ]]
}

# driver METHOD PATH [JSON]: prints the value that the driver answers. False, with a message, if it is an error.
driver() {
    local answer
    answer=$(curl -sS --max-time 120 -X "$1" ${3:+--data "$3"} "$DRIVER$2") || return 1
    if jq -e '.value | type == "object" and has("error")' <<<"$answer" >/dev/null; then
        jq -r '"the browser says: \(.value.error): \(.value.message)"' <<<"$answer" >&2
        return 1
    fi
    jq -r .value <<<"$answer"
}

# A fresh browser: no cookies, no history. It takes certificates that nobody has signed.
open_browser() {
    local profile options
    profile=$(mktemp -d "$STACK/browsers/profile.XXXXXX") || return 1
    options=$(jq -n --arg profile "$profile" '{capabilities: {alwaysMatch: {
        browserName: "chrome",
        acceptInsecureCerts: true,
        "goog:chromeOptions": {args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--no-proxy-server",
            "--user-data-dir=\($profile)"]}}}}')
    # The driver gives up a browser that takes a minute to start.
    for _ in 1 2 3; do
        BROWSER=/session/$(driver POST /session "$options" | jq -r .sessionId)
        [[ $BROWSER == /session/ ]] || return 0
    done
    return 1
}

close_browser() {
    [[ -z ${BROWSER-} ]] || driver DELETE "$BROWSER" >/dev/null
    BROWSER=
}

# As if the visitor had typed the address. Comes back when the page and what it refers to are there.
visit() {
    driver POST "$BROWSER/url" "$(jq -n --arg url "$1" '{url: $url}')" >/dev/null
}

# run_script SCRIPT: in the page; prints what it returns.
run_script() {
    driver POST "$BROWSER/execute/sync" "$(jq -n --arg script "$1" '{script: $script, args: []}')"
}

# The text that the page shows.
page_text() {
    run_script 'return document.body.innerText'
}

page_has() {
    [[ $(page_text) == *"$1"* ]]
}

assert_page_has() {
    page_has "$1" || { echo "expected on the page: $1"; page_text; return 1; }
}

# Clicks what the CSS selector finds, as a visitor would.
click() {
    local element
    element=$(driver POST "$BROWSER/element" \
        "$(jq -n --arg selector "$1" '{using: "css selector", value: $selector}')" | jq -r '.[]') || return 1
    driver POST "$BROWSER/element/$element/click" '{}' >/dev/null
}

# The cookies that the browser would send to the page, those hidden from scripts too, as JSON.
browser_cookies() {
    driver GET "$BROWSER/cookie"
}
