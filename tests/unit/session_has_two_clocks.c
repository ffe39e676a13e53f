/* A session ends when it was not used for the idle time, and in any case when its lifetime is over. */
#include "session_fixture.h"

/* A request that only reads; returns the store operations that it took. */
static int visit(struct fixture *f, struct browser *browser)
{
    int before = operations(f);
    struct session *session = arrive(f, browser);

    assert_session_value(session, "a", "1");
    assert_int_equal(leave(browser, session), SESSION_OK);
    assert_session_value(session, "a", "1");
    return operations(f) - before;
}

static void a_session_ends_when_the_idle_time_has_passed(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    f->now += IDLE_TIMEOUT - 1;
    assert_stored(f, &browser, "a", "1");
    assert_int_equal(counters(f)->expired, 0);
    f->now += 1;
    assert_no_session(f, &browser);
    assert_int_equal(counters(f)->expired, 1);
    assert_int_equal(counters(f)->missing, 0);
}

static void each_change_begins_the_idle_time_anew(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    f->now += IDLE_TIMEOUT / 20; /* too early for renewing it alone */
    put(f, &browser, "b", "2");
    f->now += IDLE_TIMEOUT - 1;
    assert_stored(f, &browser, "a", "1");
    f->now += 1;
    assert_no_session(f, &browser);
}

static void reading_renews_the_idle_time_once_a_tenth_of_it_has_passed(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    f->now += IDLE_TIMEOUT / 10 - 1;
    assert_int_equal(visit(f, &browser), 1);
    f->now += 1;
    assert_int_equal(visit(f, &browser), 2);
    assert_string_equal(browser.set_cookie, "");
    assert_int_equal(visit(f, &browser), 1);
    f->now += IDLE_TIMEOUT - 1;
    assert_stored(f, &browser, "a", "1");
    f->now += 1;
    assert_no_session(f, &browser);
}

static void a_session_that_is_used_lives_as_long_as_its_lifetime(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    const time_t began = f->now;

    put(f, &browser, "a", "1");
    while (f->now + IDLE_TIMEOUT - 1 < began + LIFETIME) {
        f->now += IDLE_TIMEOUT - 1;
        visit(f, &browser);
    }
    f->now = began + LIFETIME - 1;
    assert_stored(f, &browser, "a", "1");
    f->now = began + LIFETIME;
    assert_no_session(f, &browser);
}

static void a_cookie_past_its_lifetime_is_not_looked_up(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    int before = operations(f);
    f->now += LIFETIME;
    struct session *session = arrive(f, &browser);
    assert_int_equal(entry_count(session), 0);
    session_clear(session);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_int_equal(operations(f), before);
    assert_int_equal(counters(f)->expired_cookies, 1);
    assert_int_equal(counters(f)->refused_cookies, 0);
    assert_int_equal(counters(f)->missing, 0);
}

static void a_renewed_id_does_not_prolong_the_lifetime(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    f->policy.idle_timeout = LIFETIME;
    put(f, &browser, "a", "1");
    f->now += LIFETIME - 10;
    renew(f, &browser, SESSION_RENEW_AT_LOGIN);
    f->now += 9;
    assert_stored(f, &browser, "a", "1");
    f->now += 1;
    assert_no_session(f, &browser);
    assert_int_equal(counters(f)->expired_cookies, 0);
    assert_int_equal(counters(f)->expired, 1);
}

static void what_is_set_after_the_end_begins_a_session_with_a_lifetime_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    f->policy.idle_timeout = LIFETIME;
    put(f, &browser, "a", "1");
    f->now += LIFETIME - 1;
    struct browser other = {0};
    put(f, &other, "a", "1");
    f->now += 1;
    put(f, &browser, "b", "2");
    f->now += LIFETIME - 1;
    assert_stored(f, &browser, "b", "2");
    assert_stored(f, &browser, "a", NULL);
    assert_no_session(f, &other);
}

static void clocks_may_run_for_more_than_thirty_days(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    enum { DAY = 24 * 3600 };

    f->policy.idle_timeout = 60 * DAY;
    f->policy.lifetime = 90 * DAY;
    put(f, &browser, "a", "1");
    assert_stored(f, &browser, "a", "1");
    f->now += 59 * DAY;
    assert_int_equal(visit(f, &browser), 2);
    f->now += 30 * DAY;
    assert_stored(f, &browser, "a", "1");
    f->now += 1 * DAY;
    assert_no_session(f, &browser);
}

/* Sessions that began in the past: the store, which goes by the time of day, says whether it may still keep
 * them. */
static enum store_result stored_after(struct fixture *f, long age, long idle_timeout, long lifetime)
{
    struct browser browser = {0};

    f->policy.idle_timeout = idle_timeout;
    f->policy.lifetime = lifetime;
    f->now = time(NULL) - age;
    put(f, &browser, "a", "1");
    return read_one(f->store, f->arena, record_key(f, &browser)).result;
}

static void the_store_may_forget_a_session_when_the_first_of_its_clocks_has_run_out(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(stored_after(f, 100, 200, 400), STORE_OK);
    assert_int_equal(stored_after(f, 300, 200, 400), STORE_ABSENT);
    assert_int_equal(stored_after(f, 300, 400, 200), STORE_ABSENT);
    assert_int_equal(stored_after(f, 300, 400, 400), STORE_OK);
}

static void a_clock_that_was_set_back_ends_no_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    f->now -= LIFETIME;
    assert_int_equal(visit(f, &browser), 1);
}

static void a_signed_cookie_in_time_without_a_record_counts_as_missing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    assert_int_equal(store_delete(f->store, record_key(f, &browser)), STORE_OK);
    assert_no_session(f, &browser);
    assert_int_equal(counters(f)->missing, 1);
    assert_int_equal(counters(f)->expired, 0);
    f->now += LIFETIME;
    assert_no_session(f, &browser);
    assert_int_equal(counters(f)->missing, 1);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_session_ends_when_the_idle_time_has_passed),
        PROMISE(each_change_begins_the_idle_time_anew),
        PROMISE(reading_renews_the_idle_time_once_a_tenth_of_it_has_passed),
        PROMISE(a_session_that_is_used_lives_as_long_as_its_lifetime),
        PROMISE(a_cookie_past_its_lifetime_is_not_looked_up),
        PROMISE(a_renewed_id_does_not_prolong_the_lifetime),
        PROMISE(what_is_set_after_the_end_begins_a_session_with_a_lifetime_of_its_own),
        PROMISE(clocks_may_run_for_more_than_thirty_days),
        PROMISE(the_store_may_forget_a_session_when_the_first_of_its_clocks_has_run_out),
        PROMISE(a_clock_that_was_set_back_ends_no_session),
        PROMISE(a_signed_cookie_in_time_without_a_record_counts_as_missing),
    };

    return RUN_ON_EVERY_STORE(tests);
}
