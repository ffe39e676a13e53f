/* A new secret on top of the ring: sessions go on, and take to the new one as they are written. A secret that
 * is removed takes its sessions with it. */
#include "session_fixture.h"

enum { NEW, OLD };

static void a_cookie_and_a_record_of_the_older_secret_still_open(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    use_secrets(f, NEW, OLD);
    assert_stored(f, &browser, "a", "1");
    assert_int_equal(counters(f)->refused_cookies, 0);
    assert_int_equal(counters(f)->damaged, 0);
}

static void a_fresh_cookie_comes_with_the_next_write_and_not_before(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session_id before, after;

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    use_secrets(f, NEW, OLD);
    assert_int_equal(session_id_verify(slice(strchr(browser.cookies, '=') + 1), &f->keyring, &before),
                     SESSION_ID_GOOD_OLDER);
    assert_int_equal(leave(&browser, arrive(f, &browser)), SESSION_OK);
    assert_string_equal(browser.set_cookie, "");
    put(f, &browser, "a", "1");
    assert_string_equal(browser.set_cookie, "");

    put(f, &browser, "a", "2");
    assert_string_not_equal(browser.set_cookie, "");
    assert_int_equal(session_id_verify(slice(strchr(browser.cookies, '=') + 1), &f->keyring, &after),
                     SESSION_ID_GOOD);
    assert_string_equal(after.text, before.text);
    put(f, &browser, "a", "3");
    assert_string_equal(browser.set_cookie, "");
    assert_int_equal(counters(f)->created, 1);
}

static void renewing_the_idle_time_is_a_write_too(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    use_secrets(f, NEW, OLD);
    f->now += IDLE_TIMEOUT / 2;
    assert_int_equal(leave(&browser, arrive(f, &browser)), SESSION_OK);
    assert_string_not_equal(browser.set_cookie, "");
    use_secrets(f, NEW, NEW);
    assert_stored(f, &browser, "a", "1");
}

static void what_was_written_since_does_not_need_the_older_secret(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    use_secrets(f, NEW, OLD);
    put(f, &browser, "b", "2");
    use_secrets(f, NEW, NEW);
    assert_stored(f, &browser, "a", "1");
    assert_stored(f, &browser, "b", "2");
}

static void a_secret_that_is_removed_ends_its_sessions(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    use_secrets(f, NEW, NEW);
    int before = operations(f);
    assert_no_session(f, &browser);
    assert_int_equal(operations(f), before);
    assert_int_equal(counters(f)->refused_cookies, 1);
    struct browser old = browser;
    put(f, &browser, "b", "2");
    assert_string_not_equal(browser.cookies, old.cookies);
    assert_stored(f, &browser, "b", "2");
}

static void a_record_of_a_removed_secret_is_damaged_though_the_cookie_is_good(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct log_capture capture;
    char log[4096];

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    struct session *session = arrive(f, &browser);
    f->keyring.keys[0].signature = f->secrets[NEW]->keys[0].signature; /* a cookie of the new secret */
    session_renew(session, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    use_secrets(f, NEW, NEW);
    log_capture_begin(&capture);
    assert_no_session(f, &browser);
    log_capture_end(&capture, log, sizeof log);
    assert_int_equal(counters(f)->damaged, 1);
    assert_int_equal(occurrences(log, "removed secret"), 1);
}

static void while_the_workers_change_over_each_opens_what_the_others_wrote(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, OLD, NEW); /* first all learn the new secret, then it goes on top */
    put(f, &browser, "a", "1");
    for (int i = 0; i < 4; i++) {
        char value[2] = {(char)('0' + i), '\0'};
        use_secrets(f, i % 2 == 0 ? NEW : OLD, i % 2 == 0 ? OLD : NEW);
        put(f, &browser, "a", value);
        assert_stored(f, &browser, "a", value);
    }
    assert_int_equal(counters(f)->created, 1);
}

static void a_new_secret_is_not_used_before_all_know_it(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, OLD, OLD);
    put(f, &browser, "a", "1");
    use_secrets(f, NEW, OLD);
    keyring_sign_with(&f->keyring, f->secrets[OLD]->keys[0].fingerprint);
    put(f, &browser, "a", "2");
    assert_string_equal(browser.set_cookie, "");
    struct browser newcomer = {0};
    put(f, &newcomer, "b", "1");

    use_secrets(f, OLD, OLD); /* another process, which has not heard of it */
    assert_stored(f, &browser, "a", "2");
    assert_stored(f, &newcomer, "b", "1");
    put(f, &browser, "a", "3");

    use_secrets(f, NEW, OLD);
    keyring_sign_with(&f->keyring, f->secrets[OLD]->keys[0].fingerprint);
    keyring_sign_with_first(&f->keyring);
    put(f, &browser, "a", "4");
    assert_string_not_equal(browser.set_cookie, "");
    use_secrets(f, NEW, NEW);
    assert_stored(f, &browser, "a", "4");
}

static void a_cookie_that_others_signed_with_the_new_secret_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, NEW, OLD);
    put(f, &browser, "a", "1");
    keyring_sign_with(&f->keyring, f->secrets[OLD]->keys[0].fingerprint);
    put(f, &browser, "a", "2");
    assert_string_equal(browser.set_cookie, "");
    assert_stored(f, &browser, "a", "2");
}

static void a_secret_that_is_not_in_the_ring_cannot_sign(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    use_secrets(f, NEW, NEW);
    keyring_sign_with(&f->keyring, f->secrets[OLD]->keys[0].fingerprint);
    put(f, &browser, "a", "1");
    assert_stored(f, &browser, "a", "1");
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_cookie_and_a_record_of_the_older_secret_still_open),
        PROMISE(a_fresh_cookie_comes_with_the_next_write_and_not_before),
        PROMISE(renewing_the_idle_time_is_a_write_too),
        PROMISE(what_was_written_since_does_not_need_the_older_secret),
        PROMISE(a_secret_that_is_removed_ends_its_sessions),
        PROMISE(a_record_of_a_removed_secret_is_damaged_though_the_cookie_is_good),
        PROMISE(a_new_secret_is_not_used_before_all_know_it),
        PROMISE(a_cookie_that_others_signed_with_the_new_secret_is_left_as_it_is),
        PROMISE(a_secret_that_is_not_in_the_ring_cannot_sign),
        PROMISE(while_the_workers_change_over_each_opens_what_the_others_wrote),
    };

    return RUN_ON_EVERY_STORE(tests);
}
