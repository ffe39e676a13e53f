/* A session that was ended, by whatever way, is never brought back: not by a request that was on its way, not
 * under its old ID and not under a new one. */
#include "session_fixture.h"

static void a_cleared_session_is_gone_with_its_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser thief = browser;
    log_out(f, &browser);
    assert_string_equal(browser.cookies, "");
    assert_no_session(f, &thief);
    assert_int_equal(counters(f)->ended, 1);
}

static void popping_the_last_entry_ends_the_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser thief = browser;
    struct session *session = arrive(f, &browser);
    session_pop(session, slice("a"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(read_one(f->store, f->arena, record_key(f, &thief)).result, STORE_ABSENT);
    assert_int_equal(counters(f)->ended, 1);
}

/* A request that was on its way while the session was ended commits now. */
static void assert_comes_too_late(struct fixture *f, struct session *late, enum session_result expected)
{
    struct browser browser = {.cookies = "left alone"};

    assert_int_equal(leave(&browser, late), expected);
    assert_string_equal(browser.cookies, "left alone");
    assert_null(session_cookie(late).data);
    assert_int_equal(entry_count(late), 0);
    assert_int_equal(counters(f)->created, 1);
    assert_int_equal(counters(f)->renewed, 0);
}

static void a_late_set_does_not_bring_it_back(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser same = browser;
    struct session *late = arrive(f, &browser);
    log_out(f, &browser);
    assert_int_equal(session_set(late, slice("b"), slice("2")), SESSION_OK);
    assert_comes_too_late(f, late, SESSION_ENDED);
    assert_no_session(f, &same);
}

static void a_late_set_does_not_bring_back_what_was_popped_empty(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser same = browser;
    struct session *late = arrive(f, &browser), *session = arrive(f, &browser);
    session_pop(session, slice("a"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_int_equal(session_set(late, slice("b"), slice("2")), SESSION_OK);
    assert_comes_too_late(f, late, SESSION_ENDED);
    assert_no_session(f, &same);
}

static void a_late_pop_or_read_finds_nothing_and_is_no_error(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    put(f, &browser, "b", "2");
    struct browser same = browser;
    struct session *popping = arrive(f, &browser), *popping_all = arrive(f, &browser);
    log_out(f, &browser);
    session_pop(popping, slice("a"));
    assert_comes_too_late(f, popping, SESSION_OK);
    session_pop(popping_all, slice("a"));
    session_pop(popping_all, slice("b"));
    assert_int_equal(session_commit(popping_all), SESSION_OK);
    assert_int_equal(counters(f)->ended, 1);
    assert_no_session(f, &same);
}

static void a_late_renewal_of_the_idle_time_does_not_bring_it_back(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser same = browser;
    f->now += IDLE_TIMEOUT / 2;
    struct session *late = arrive(f, &browser);
    log_out(f, &browser);
    assert_int_equal(leave(&browser, late), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_no_session(f, &same);
}

static void a_late_renewal_of_the_id_does_not_bring_it_back(void **state)
{
    struct fixture *f = *state;
    static const enum session_renewal renewals[] = {SESSION_RENEW_AT_LOGIN, SESSION_RENEW_PLAIN};
    struct browser browser = {0};
    struct session *late[4];

    put(f, &browser, "a", "1");
    for (int i = 0; i < 4; i++) {
        late[i] = arrive(f, &browser);
        session_renew(late[i], renewals[i % 2]);
        if (i >= 2)
            assert_int_equal(session_set(late[i], slice("b"), slice("2")), SESSION_OK);
    }
    struct browser same = browser;
    log_out(f, &browser);
    for (int i = 0; i < 4; i++)
        assert_comes_too_late(f, late[i], i < 2 ? SESSION_OK : SESSION_ENDED);
    assert_no_session(f, &same);
}

static void a_session_that_the_store_forgot_meanwhile_stays_forgotten(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct session *late = arrive(f, &browser);
    assert_int_equal(store_delete(f->store, record_key(f, &browser)), STORE_OK);
    assert_int_equal(session_set(late, slice("b"), slice("2")), SESSION_OK);
    assert_comes_too_late(f, late, SESSION_ENDED);
}

static void a_session_that_expires_between_two_attempts_stays_expired(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct session *late = arrive(f, &browser);
    put(f, &browser, "a", "2");
    f->policy.idle_timeout = 0;
    assert_int_equal(session_set(late, slice("b"), slice("2")), SESSION_OK);
    assert_comes_too_late(f, late, SESSION_ENDED);
    f->policy.idle_timeout = IDLE_TIMEOUT;
    assert_stored(f, &browser, "b", NULL);
}

static void clearing_wins_over_a_change_that_was_written_first(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct session *clearing = arrive(f, &browser);
    session_clear(clearing);
    put(f, &browser, "b", "2");
    struct browser same = browser;
    assert_int_equal(leave(&browser, clearing), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_no_session(f, &same);
}

/* A request ends the session that it has read, in one of these ways. */
enum ending { CLEARING, POPPING };

static struct session *about_to_end(struct fixture *f, struct browser *browser, enum ending ending)
{
    struct session *session = arrive(f, browser);

    if (ending == CLEARING)
        session_clear(session);
    else
        session_pop(session, slice("a"));
    return session;
}

static void a_session_that_is_renewed_while_a_request_ends_it_is_ended(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 4; i++) {
        struct browser browser = {0};
        put(f, &browser, "a", "1");
        struct browser old = browser, other = browser;
        struct session *ending = about_to_end(f, &browser, i % 2 ? POPPING : CLEARING);
        renew(f, &other, i / 2 ? SESSION_RENEW_PLAIN : SESSION_RENEW_AT_LOGIN);
        assert_int_equal(leave(&browser, ending), SESSION_OK);
        assert_string_equal(browser.cookies, "");
        assert_no_session(f, &other);
        assert_no_session(f, &old);
        assert_null(session_cookie(arrive(f, &old)).data);
        assert_int_equal(counters(f)->ended, i + 1);
    }
}

/* What the log-in stores goes as well: the visitor was told that the session is over. */
static void a_session_that_a_log_in_renews_and_changes_while_a_request_ends_it_is_ended(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct browser browser = {0};
        put(f, &browser, "a", "1");
        struct browser other = browser;
        struct session *ending = about_to_end(f, &browser, i ? POPPING : CLEARING);
        struct session *login = arrive(f, &other);
        session_renew(login, SESSION_RENEW_AT_LOGIN);
        assert_int_equal(session_set(login, slice("user"), slice("Admin")), SESSION_OK);
        assert_int_equal(leave(&other, login), SESSION_OK);
        put(f, &other, "b", "2");
        assert_int_equal(leave(&browser, ending), SESSION_OK);
        assert_string_equal(browser.cookies, "");
        assert_no_session(f, &other);
    }
}

static void clearing_ends_a_session_that_was_renewed_several_times_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser other = browser;
    struct session *clearing = about_to_end(f, &browser, CLEARING);
    renew(f, &other, SESSION_RENEW_AT_LOGIN);
    renew(f, &other, SESSION_RENEW_PLAIN);
    renew(f, &other, SESSION_RENEW_AT_LOGIN);
    renew(f, &other, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(leave(&browser, clearing), SESSION_OK);
    assert_no_session(f, &other);
    assert_int_equal(counters(f)->ended, 1);
}

/* It came after the log-in was written and before its answer reached the visitor. */
static void clearing_with_an_id_that_just_died_at_a_log_in_ends_the_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser other = browser;
    renew(f, &other, SESSION_RENEW_AT_LOGIN);
    log_out(f, &browser);
    assert_string_equal(browser.cookies, "");
    assert_no_session(f, &other);
}

static void clearing_with_an_id_that_died_long_ago_ends_nothing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser other = browser;
    renew(f, &other, SESSION_RENEW_AT_LOGIN);
    f->now += 10;
    log_out(f, &browser);
    assert_string_equal(browser.cookies, "");
    assert_stored(f, &other, "a", "1");
}

static void two_requests_may_clear_at_once(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser same = browser;
    struct session *second = arrive(f, &browser);
    session_clear(second);
    log_out(f, &browser);
    assert_int_equal(leave(&same, second), SESSION_OK);
    assert_string_equal(same.cookies, "");
    assert_int_equal(counters(f)->ended, 1);
}

static void clearing_removes_a_record_that_does_not_open_too(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct log_capture capture;
    char log[4096];

    put(f, &browser, "a", "1");
    const char *key = record_key(f, &browser);
    overwrite_record(f, &browser, slice("of a newer version, perhaps"));
    log_capture_begin(&capture);
    log_out(f, &browser);
    log_capture_end(&capture, log, sizeof log);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(read_one(f->store, f->arena, key).result, STORE_ABSENT);
}

static void what_is_set_after_clearing_begins_another_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "1");
    struct browser old = browser;
    struct session *session = arrive(f, &browser);
    session_clear(session);
    assert_int_equal(session_set(session, slice("new"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_not_equal(browser.cookies, old.cookies);
    assert_stored(f, &browser, "new", "2");
    assert_stored(f, &browser, "old", NULL);
    assert_no_session(f, &old);
    assert_int_equal(counters(f)->created, 2);
    assert_int_equal(counters(f)->ended, 1);
}

static void an_id_is_never_used_again(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser old = browser;
    log_out(f, &browser);
    struct browser same = old;
    put(f, &same, "b", "2");
    assert_string_not_equal(same.cookies, old.cookies);
    assert_no_session(f, &old);
    assert_stored(f, &same, "b", "2");
}

/* ---- another request writes before each operation of the one that clears ---- */

static void put_again(struct fixture *f, struct browser *browser, int number)
{
    char value[16];

    snprintf(value, sizeof value, "%d", number);
    put(f, browser, "theirs", value);
}

static void clearing_wins_however_often_others_write(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser same = browser;
    struct interruption others = {.fixture = f, .browser = &same, .act = put_again, .times = 100000};
    struct session *clearing = arrive(f, &browser);
    session_clear(clearing);
    store_memory_on_operation(f->store, interrupt, &others);
    assert_int_equal(leave(&browser, clearing), SESSION_OK);
    store_memory_on_operation(f->store, NULL, NULL);
    assert_true(others.done > 1);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(store_memory_count(f->store), 0);
}

static void renew_again(struct fixture *f, struct browser *browser, int number)
{
    renew(f, browser, number % 3 == 2 ? SESSION_RENEW_PLAIN : SESSION_RENEW_AT_LOGIN);
}

static void clearing_wins_when_others_log_in_between_its_steps(void **state)
{
    struct fixture *f = *state;

    for (int times = 1; times < 8; times++) {
        struct browser browser = {0};
        put(f, &browser, "a", "1");
        struct browser same = browser;
        struct interruption others = {.fixture = f, .browser = &same, .act = renew_again, .times = times};
        struct session *clearing = about_to_end(f, &browser, CLEARING);
        store_memory_on_operation(f->store, interrupt, &others);
        assert_int_equal(leave(&browser, clearing), SESSION_OK);
        store_memory_on_operation(f->store, NULL, NULL);
        assert_int_equal(others.done, times);
        assert_string_equal(browser.cookies, "");
        assert_no_session(f, &same);
    }
}

/* Changes the session, so that there is a conflict, and ends it before it is read again. */
static void put_then_log_out(struct fixture *f, struct browser *browser, int number)
{
    if (number == 0)
        put(f, browser, "theirs", "2");
    else
        log_out(f, browser);
}

static void a_session_that_ends_between_two_attempts_stays_ended_and_is_not_missed(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser same = browser;
    struct interruption other = {.fixture = f, .browser = &same, .act = put_then_log_out, .times = 2};
    struct session *late = arrive(f, &browser);
    assert_int_equal(session_set(late, slice("b"), slice("2")), SESSION_OK);
    store_memory_on_operation(f->store, interrupt, &other);
    assert_comes_too_late(f, late, SESSION_ENDED);
    store_memory_on_operation(f->store, NULL, NULL);
    assert_int_equal(other.done, 2);
    assert_int_equal(store_memory_count(f->store), 0);
    assert_int_equal(counters(f)->missing, 0);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_cleared_session_is_gone_with_its_cookie),
        PROMISE(popping_the_last_entry_ends_the_session),
        PROMISE(a_late_set_does_not_bring_it_back),
        PROMISE(a_late_set_does_not_bring_back_what_was_popped_empty),
        PROMISE(a_late_pop_or_read_finds_nothing_and_is_no_error),
        PROMISE(a_late_renewal_of_the_idle_time_does_not_bring_it_back),
        PROMISE(a_late_renewal_of_the_id_does_not_bring_it_back),
        PROMISE(a_session_that_the_store_forgot_meanwhile_stays_forgotten),
        PROMISE(a_session_that_expires_between_two_attempts_stays_expired),
        PROMISE(clearing_wins_over_a_change_that_was_written_first),
        PROMISE(a_session_that_is_renewed_while_a_request_ends_it_is_ended),
        PROMISE(a_session_that_a_log_in_renews_and_changes_while_a_request_ends_it_is_ended),
        PROMISE(clearing_ends_a_session_that_was_renewed_several_times_meanwhile),
        PROMISE(clearing_with_an_id_that_just_died_at_a_log_in_ends_the_session),
        PROMISE(clearing_with_an_id_that_died_long_ago_ends_nothing),
        PROMISE(two_requests_may_clear_at_once),
        PROMISE(clearing_removes_a_record_that_does_not_open_too),
        PROMISE(what_is_set_after_clearing_begins_another_session),
        PROMISE(an_id_is_never_used_again),
    };
    struct CMUnitTest interrupted[] = {
        PROMISE(clearing_wins_however_often_others_write),
        PROMISE(clearing_wins_when_others_log_in_between_its_steps),
        PROMISE(a_session_that_ends_between_two_attempts_stays_ended_and_is_not_missed),
    };

    return RUN_ON_EVERY_STORE(tests) + RUN_ON_MEMORY(interrupted);
}
