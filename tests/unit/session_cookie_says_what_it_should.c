/* The cookie: what is sent, to the byte, and what is believed when it comes back. */
#include "session_fixture.h"

/* Compares the Set-Cookie field that begins a session with `format`, in which %s is the cookie's value. */
static void assert_first_cookie(struct fixture *f, bool https, const char *name, const char *attributes)
{
    struct browser browser = {.https = https};
    char expected[512];
    struct session_id id;

    put(f, &browser, "a", "1");
    const char *value = strchr(browser.cookies, '=');
    assert_non_null(value);
    assert_int_equal(session_id_verify(slice(value + 1), &f->keyring, &id), SESSION_ID_GOOD);
    assert_int_equal(session_id_issued(&id), f->now);
    snprintf(expected, sizeof expected, "%s%s; %s", name, value, attributes);
    assert_string_equal(browser.set_cookie, expected);
    assert_stored(f, &browser, "a", "1");
}

static void assert_last_cookie(struct fixture *f, bool https, const char *expected)
{
    struct browser browser = {.https = https};

    put(f, &browser, "a", "1");
    log_out(f, &browser);
    assert_string_equal(browser.set_cookie, expected);
}

static void over_http_it_has_no_prefix_and_is_not_secure(void **state)
{
    struct fixture *f = *state;

    assert_first_cookie(f, false, "session", "Path=/; HttpOnly; SameSite=Lax");
}

static void over_https_it_is_bound_to_the_host_and_secure(void **state)
{
    struct fixture *f = *state;

    assert_first_cookie(f, true, "__Host-session", "Path=/; HttpOnly; SameSite=Lax; Secure");
}

static void it_may_be_secure_always_or_never(void **state)
{
    struct fixture *f = *state;

    f->policy.secure = SESSION_SECURE_ALWAYS;
    assert_first_cookie(f, false, "__Host-session", "Path=/; HttpOnly; SameSite=Lax; Secure");
    f->policy.secure = SESSION_SECURE_NEVER;
    assert_first_cookie(f, true, "session", "Path=/; HttpOnly; SameSite=Lax");
}

static void with_a_path_of_its_own_it_has_the_other_prefix(void **state)
{
    struct fixture *f = *state;

    f->policy.cookie_path = "/shop";
    assert_first_cookie(f, true, "__Secure-session", "Path=/shop; HttpOnly; SameSite=Lax; Secure");
    assert_first_cookie(f, false, "session", "Path=/shop; HttpOnly; SameSite=Lax");
}

static void expiring_it_repeats_the_attributes(void **state)
{
    struct fixture *f = *state;

    assert_last_cookie(f, false,
                       "session=; Path=/; HttpOnly; SameSite=Lax"
                       "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert_last_cookie(f, true,
                       "__Host-session=; Path=/; HttpOnly; SameSite=Lax; Secure"
                       "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    f->policy.cookie_path = "/shop";
    assert_last_cookie(f, true,
                       "__Secure-session=; Path=/shop; HttpOnly; SameSite=Lax; Secure"
                       "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
}

static void it_has_the_name_that_is_configured(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    f->policy.cookie_name = "id";
    assert_first_cookie(f, false, "id", "Path=/; HttpOnly; SameSite=Lax");
    assert_no_session(f, &browser);
}

/* A request with this Cookie field sees `expected` as the value of "name". */
static void assert_cookies_lead_to(struct fixture *f, bool https, const char *cookies, const char *expected)
{
    struct browser browser = {.https = https};

    assert_true(strlen(cookies) < sizeof browser.cookies);
    snprintf(browser.cookies, sizeof browser.cookies, "%s", cookies);
    assert_stored(f, &browser, "name", expected);
}

static void of_several_cookies_the_first_that_verifies_counts(void **state)
{
    struct fixture *f = *state;
    struct browser alice = {0}, bob = {0};

    put(f, &alice, "name", "Alice");
    put(f, &bob, "name", "Bob");
    const char *both = arena_format(f->arena, "%s; %s", alice.cookies, bob.cookies).data;
    assert_cookies_lead_to(f, false, both, "Alice");
    assert_int_equal(counters(f)->refused_cookies, 0);
    both = arena_format(f->arena, "session=planted; other=x; %s; %s", bob.cookies, alice.cookies).data;
    assert_cookies_lead_to(f, false, both, "Bob");
    assert_int_equal(counters(f)->refused_cookies, 1);
}

static void a_cookie_past_its_lifetime_does_not_hide_one_in_time(void **state)
{
    struct fixture *f = *state;
    struct browser old = {0}, young = {0};

    put(f, &old, "name", "old");
    f->now += LIFETIME;
    put(f, &young, "name", "young");
    assert_cookies_lead_to(f, false, arena_format(f->arena, "%s; %s", old.cookies, young.cookies).data,
                           "young");
    assert_int_equal(counters(f)->expired_cookies, 1);
}

static void a_forged_cookie_never_reaches_the_store(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0}, other = {0};

    put(f, &browser, "name", "Alice");
    put(f, &other, "name", "Bob");
    const char *value = strchr(browser.cookies, '=') + 1;
    const char *signature = strchr(strchr(other.cookies, '=') + 1, '.') + 1;
    char changed[512];
    snprintf(changed, sizeof changed, "%s", browser.cookies);
    char *first = strchr(changed, '=') + 1;
    *first = *first == 'A' ? 'B' : 'A';
    const char *const forged[] = {
        "session=",
        "session=x",
        "session=\"\"",
        changed,
        arena_format(f->arena, "session=%.48s", value).data,
        arena_format(f->arena, "session=%.48s.%s", value, signature).data,
        arena_format(f->arena, "session=%sA", value).data,
        arena_format(f->arena, "session=\"%s\"", value).data,
    };
    const size_t count = sizeof forged / sizeof forged[0];
    int before = operations(f);
    for (size_t i = 0; i < count; i++) {
        assert_cookies_lead_to(f, false, forged[i], NULL);
        assert_int_equal(counters(f)->refused_cookies, i + 1);
    }
    assert_int_equal(operations(f), before);
}

static void a_forged_cookie_is_replaced_when_a_session_begins_and_never_expired(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {.cookies = "session=forged"};
    struct session *clearing = arrive(f, &browser);

    session_clear(clearing);
    assert_int_equal(leave(&browser, clearing), SESSION_OK);
    assert_string_equal(browser.set_cookie, "");
    put(f, &browser, "a", "1");
    assert_stored(f, &browser, "a", "1");
}

static void https_does_not_believe_a_cookie_that_plain_http_could_plant(void **state)
{
    struct fixture *f = *state;
    struct browser plain = {0}, secure = {.https = true};

    put(f, &plain, "name", "planted");
    put(f, &secure, "name", "own");
    int before = operations(f);
    assert_cookies_lead_to(f, true, plain.cookies, NULL);
    assert_cookies_lead_to(f, false, secure.cookies, NULL);
    assert_int_equal(operations(f), before);
    assert_cookies_lead_to(f, true, arena_format(f->arena, "%s; %s", plain.cookies, secure.cookies).data,
                           "own");
    f->policy.cookie_path = "/shop";
    assert_cookies_lead_to(f, true, secure.cookies, NULL);
}

static void cookies_of_other_names_are_not_looked_at(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "name", "Alice");
    const char *value = strchr(browser.cookies, '=') + 1;
    assert_cookies_lead_to(f, false, arena_format(f->arena, "Session=%s; sessions=%s", value, value).data,
                           NULL);
    assert_int_equal(counters(f)->refused_cookies, 0);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(over_http_it_has_no_prefix_and_is_not_secure),
        PROMISE(over_https_it_is_bound_to_the_host_and_secure),
        PROMISE(it_may_be_secure_always_or_never),
        PROMISE(with_a_path_of_its_own_it_has_the_other_prefix),
        PROMISE(expiring_it_repeats_the_attributes),
        PROMISE(it_has_the_name_that_is_configured),
        PROMISE(of_several_cookies_the_first_that_verifies_counts),
        PROMISE(a_cookie_past_its_lifetime_does_not_hide_one_in_time),
        PROMISE(a_forged_cookie_never_reaches_the_store),
        PROMISE(a_forged_cookie_is_replaced_when_a_session_begins_and_never_expired),
        PROMISE(https_does_not_believe_a_cookie_that_plain_http_could_plant),
        PROMISE(cookies_of_other_names_are_not_looked_at),
    };

    return RUN_ON_EVERY_STORE(tests);
}
