#!/usr/bin/env bats
# What a real browser makes of the cookie: it keeps it, hides it from scripts, drops it when the session ends, and
# does not let other sites use it.

load helper
load browser

setup_file() {
    browser_is_installed || return 0
    start_stack tls
    export HTTP_SITE=$URL HTTPS_SITE=$TLS_URL
    start_other_site
    start_driver
}

teardown_file() {
    [[ -z ${STACK-} ]] || stop_stack
}

setup() {
    browser_is_installed || skip 'there is no chromium, chromedriver or jq: deploy/install-packages browser'
    open_browser
}

teardown() {
    close_browser
    [[ -z ${STACK-} ]] || show_logs_of_failure
}

# Another site, under another host name: pages that try to change the session of a visitor of HTTP_SITE. Sets
# OTHER_SITE.
start_other_site() {
    local folder=$STACK/other_site port
    port=$(free_port)
    mkdir "$folder"
    cat >"$folder/page.html" <<PAGE
<!DOCTYPE html>
<title>Another site</title>
<p>This is another site.</p>
<a id="set" href="$HTTP_SITE/set?user=Mallory">a link that sets</a>
<a id="clear" href="$HTTP_SITE/clear">a link that clears</a>
<a id="get" href="$HTTP_SITE/get">a link that only reads</a>
<form action="$HTTP_SITE/set" method="get">
    <input name="user" value="Mallory"><button id="get-form">set by GET</button>
</form>
<form action="$HTTP_SITE/set" method="post">
    <input name="user" value="Mallory"><button id="post-form">set by POST</button>
</form>
<form action="$HTTP_SITE/clear" method="post"><button id="clear-form">clear by POST</button></form>
PAGE
    cat >"$folder/embedding.html" <<PAGE
<!DOCTYPE html>
<title>Another site</title>
<img src="$HTTP_SITE/set?user=Mallory"><img src="$HTTP_SITE/clear">
<iframe src="$HTTP_SITE/clear"></iframe>
<script src="$HTTP_SITE/setsession?Username=Mallory"></script>
PAGE
    launch other_site python3 -m http.server --bind 127.0.0.1 --directory "$folder" "$port"
    export OTHER_SITE=http://localhost:$port
    wait_until 60 answers "$OTHER_SITE/page.html"
}

answers() {
    curl -s -f -o /dev/null --max-time 20 "$1"
}

cookie_names() {
    browser_cookies | jq -r '.[].name'
}

# Set, get and clear at the site $1, whose cookie is called $2.
assert_cookie_lives_and_ends() {
    visit "$1/get"
    assert_page_has "session.get('user') = None"
    [[ -z $(cookie_names) ]]
    visit "$1/set?user=Alice"
    [[ $(cookie_names) == "$2" ]]
    visit "$1/get"
    assert_page_has "session.get('user') = Alice"
    visit "$1/setsession"
    [[ $(cookie_names) == "$2" ]]
    visit "$1/get"
    assert_page_has "session.get('user') = Alice"
    visit "$1/clear"
    [[ -z $(cookie_names) ]] || { echo "cookies are left: $(browser_cookies)"; return 1; }
    visit "$1/get"
    assert_page_has "session.get('user') = None"
    [[ -z $(cookie_names) ]]
}

@test "set, get and clear by http: the browser keeps the cookie, and drops it at the end" {
    assert_cookie_lives_and_ends "$HTTP_SITE" session
}

@test "the same by https: expiring removes a __Host- cookie too" {
    assert_cookie_lives_and_ends "$HTTPS_SITE" __Host-session
}

@test "removing the last entry drops the cookie as well" {
    visit "$HTTPS_SITE/set"
    visit "$HTTPS_SITE/del?key=user&key=pwd"
    [[ -z $(cookie_names) ]]
}

@test "the cookie is out of reach of scripts, and bound to the site" {
    visit "$HTTP_SITE/set"
    [[ -z $(run_script 'return document.cookie') ]]
    [[ $(browser_cookies | jq -c '.[] | [.httpOnly, .secure, .sameSite, .path]') == '[true,false,"Lax","/"]' ]]
    visit "$HTTPS_SITE/set"
    [[ -z $(run_script 'return document.cookie') ]]
    [[ $(browser_cookies | jq -c '.[] | select(.name == "__Host-session") | [.httpOnly, .secure, .sameSite, .path]') \
        == '[true,true,"Lax","/"]' ]]
    # It would not have been shown for want of scripts, or of cookies.
    [[ $(run_script 'document.cookie = "a=b"; return document.cookie') == 'a=b' ]]
}

@test "a page shown again with the back button is not one of a session that is over" {
    visit "$HTTP_SITE/set?user=Alice"
    visit "$HTTP_SITE/get"
    assert_page_has 'Alice'
    visit "$HTTP_SITE/clear"
    driver POST "$BROWSER/back" '{}' >/dev/null
    wait_until 60 page_has "session.get('user') = None"
}

@test "the site's own forms work" {
    visit "$HTTP_SITE/"
    run_script 'let form = document.querySelector("form[action=\"/set\"]");
        form.elements.user.value = "Jürgen & Söhne"; form.elements.pwd.value = "geheim"'
    click 'form[action="/set"] button'
    wait_until 60 page_has "session.get('user') = Jürgen & Söhne"
    visit "$HTTP_SITE/"
    click 'form[action="/clear"] button'
    wait_until 60 page_has "session.get('user') = None"
    [[ -z $(cookie_names) ]]
}

# Clicks it on the other site's page: the answer is a refusal, and the visitor's session is as it was.
assert_refused() {
    visit "$HTTP_SITE/set?user=Alice"
    local cookies
    cookies=$(browser_cookies)
    visit "$OTHER_SITE/page.html"
    click "$1"
    wait_until 60 page_has '403'
    visit "$HTTP_SITE/get"
    assert_page_has "session.get('user') = Alice"
    [[ $(browser_cookies) == "$cookies" ]]
}

@test "links on another site change nothing" {
    assert_refused '#set'
    assert_refused '#clear'
}

@test "a link on another site to a page that only reads works, with the session" {
    visit "$HTTP_SITE/set?user=Alice"
    visit "$OTHER_SITE/page.html"
    click '#get'
    wait_until 60 page_has "session.get('user') = Alice"
}

@test "forms on another site change nothing" {
    assert_refused '#get-form'
    assert_refused '#post-form'
    assert_refused '#clear-form'
}

@test "images, frames and scripts on another site change nothing" {
    visit "$HTTP_SITE/set?user=Alice"
    local cookies
    cookies=$(browser_cookies)
    visit "$OTHER_SITE/embedding.html"
    visit "$HTTP_SITE/get"
    assert_page_has "session.get('user') = Alice"
    [[ $(browser_cookies) == "$cookies" ]]
    visit "$HTTP_SITE/getsession"
    assert_page_has 'Welcome Anonymous'
}

@test "a script on another site can neither change the session nor read it" {
    visit "$HTTP_SITE/set?user=Alice"
    visit "$OTHER_SITE/page.html"
    local outcome
    outcome=$(run_script "return Promise.allSettled(['$HTTP_SITE/get', '$HTTP_SITE/clear', '$HTTP_SITE/set?user=Mallory']
        .map(url => fetch(url, {credentials: 'include'}))).then(list => list.map(one => one.status).join())")
    [[ $outcome == rejected,rejected,rejected ]]
    run_script "return Promise.allSettled(['$HTTP_SITE/clear', '$HTTP_SITE/set?user=Mallory']
        .map(url => fetch(url, {credentials: 'include', mode: 'no-cors', method: 'POST'}))).then(() => 'done')"
    visit "$HTTP_SITE/get"
    assert_page_has "session.get('user') = Alice"
}
