/* A session can go on under a new ID: nothing is lost, and at a log-in the old ID is dead at once. */
#include "lost_answers.h"

enum { FORWARD_SECONDS = 10 }; /* as session.h promises */

static const enum session_renewal renewals[] = {SESSION_RENEW_AT_LOGIN, SESSION_RENEW_PLAIN};

static void log_in(struct fixture *f, struct browser *browser)
{
    struct session *session = arrive(f, browser);

    session_renew(session, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(session_set(session, slice("user"), slice("Admin")), SESSION_OK);
    assert_int_equal(leave(browser, session), SESSION_OK);
}

static void at_log_in_the_data_go_on_under_a_new_id(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "cart", "book");
    struct browser before = browser;
    log_in(f, &browser);
    assert_string_not_equal(browser.set_cookie, "");
    assert_string_not_equal(browser.cookies, before.cookies);
    assert_stored(f, &browser, "cart", "book");
    assert_stored(f, &browser, "user", "Admin");
    assert_int_equal(counters(f)->renewed, 1);
    assert_int_equal(counters(f)->created, 1);
}

static void at_log_in_the_old_id_is_dead_at_once(void **state)
{
    struct fixture *f = *state;
    struct browser attacker = {0};

    put(f, &attacker, "cart", "book");
    struct browser victim = attacker; /* a planted cookie */
    log_in(f, &victim);
    struct session *session = arrive(f, &attacker);
    assert_int_equal(session_status(session), SESSION_OK);
    assert_int_equal(entry_count(session), 0);
    assert_null(session_cookie(session).data);
    assert_int_equal(counters(f)->missing, 1);
    assert_int_equal(counters(f)->damaged, 0);
}

static void nothing_that_is_sent_with_the_old_id_reaches_the_session_after_a_log_in(void **state)
{
    struct fixture *f = *state;
    struct browser attacker = {0};

    put(f, &attacker, "cart", "book");
    struct browser victim = attacker, planted = attacker;
    log_in(f, &victim);
    put(f, &attacker, "user", "Mallory");
    assert_string_not_equal(attacker.cookies, victim.cookies);
    assert_string_not_equal(attacker.cookies, planted.cookies);
    assert_stored(f, &attacker, "cart", NULL);
    assert_stored(f, &victim, "user", "Admin");
    struct session *session = arrive(f, &planted);
    session_pop(session, slice("user"));
    session_renew(session, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(leave(&planted, session), SESSION_OK);
    assert_string_equal(planted.set_cookie, "");
    assert_stored(f, &victim, "user", "Admin");
}

static void logging_in_without_a_session_begins_one(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    log_in(f, &browser);
    assert_stored(f, &browser, "user", "Admin");
    assert_int_equal(counters(f)->created, 1);
    assert_int_equal(counters(f)->renewed, 0);
}

static void a_plain_renewal_leads_requests_with_the_old_id_on_for_ten_seconds(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser late = browser;
    renew(f, &browser, SESSION_RENEW_PLAIN);
    assert_string_not_equal(browser.cookies, late.cookies);
    f->now += FORWARD_SECONDS - 1;
    assert_stored(f, &late, "a", "1");
    f->now += 1;
    assert_no_session(f, &late);
    assert_stored(f, &browser, "a", "1");
}

static void a_request_that_was_led_on_gets_the_new_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser late = browser;
    renew(f, &browser, SESSION_RENEW_PLAIN);
    put(f, &late, "b", "2");
    assert_string_equal(late.cookies, browser.cookies);
    assert_stored(f, &browser, "b", "2");
    assert_int_equal(counters(f)->created, 1);
}

static void a_change_that_was_on_its_way_during_a_plain_renewal_is_kept(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser late = browser;
    struct session *session = arrive(f, &late);
    assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
    renew(f, &browser, SESSION_RENEW_PLAIN);
    assert_int_equal(leave(&late, session), SESSION_OK);
    assert_string_equal(late.cookies, browser.cookies);
    assert_stored(f, &browser, "a", "1");
    assert_stored(f, &browser, "b", "2");
}

static void a_change_that_was_on_its_way_during_a_log_in_is_refused(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser late = browser;
    struct session *session = arrive(f, &late);
    assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
    log_in(f, &browser);
    assert_int_equal(leave(&late, session), SESSION_ENDED);
    assert_string_equal(late.set_cookie, "");
    assert_stored(f, &browser, "b", NULL);
    assert_no_session(f, &late);
}

static void a_removal_that_was_on_its_way_during_a_log_in_is_refused_too(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    put(f, &browser, "b", "2");
    struct browser late = browser;
    struct session *session = arrive(f, &late);
    session_pop(session, slice("b"));
    log_in(f, &browser);
    assert_int_equal(leave(&late, session), SESSION_ENDED);
    assert_string_equal(late.set_cookie, "");
    assert_stored(f, &browser, "b", "2");
}

static void a_change_before_the_renewal_is_written_goes_along(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        struct browser browser = {0};
        put(f, &browser, "a", "1");
        struct session *renewing = arrive(f, &browser);
        session_renew(renewing, renewals[i]);
        put(f, &browser, "b", "2");
        struct browser old = browser;
        assert_int_equal(leave(&browser, renewing), SESSION_OK);
        assert_stored(f, &browser, "a", "1");
        assert_stored(f, &browser, "b", "2");
        assert_stored(f, &old, "a", i == 0 ? NULL : "1");
    }
}

static void two_plain_renewals_at_once_lead_to_one_session(void **state)
{
    struct fixture *f = *state;
    struct browser first = {0};

    put(f, &first, "a", "1");
    struct browser second = first, old = first;
    struct session *renewing = arrive(f, &second);
    session_renew(renewing, SESSION_RENEW_PLAIN);
    renew(f, &first, SESSION_RENEW_PLAIN);
    assert_int_equal(leave(&second, renewing), SESSION_OK);
    put(f, &second, "b", "2");
    assert_stored(f, &first, "b", "2");
    assert_stored(f, &old, "b", "2");
}

static void of_two_log_ins_at_once_one_wins(void **state)
{
    struct fixture *f = *state;
    struct browser first = {0};

    put(f, &first, "a", "1");
    struct browser second = first;
    struct session *late = arrive(f, &second);
    session_renew(late, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(session_set(late, slice("user"), slice("other")), SESSION_OK);
    log_in(f, &first);
    assert_int_equal(leave(&second, late), SESSION_ENDED);
    assert_stored(f, &first, "user", "Admin");
    assert_no_session(f, &second);
}

static void a_session_that_is_renewed_all_the_time_is_busy_not_empty(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser old = browser;
    for (int i = 0; i < 8; i++)
        renew(f, &browser, SESSION_RENEW_PLAIN);
    assert_stored(f, &old, "a", "1");
    renew(f, &browser, SESSION_RENEW_PLAIN);
    struct session *session = arrive(f, &old);
    assert_int_equal(session_status(session), SESSION_BUSY);
    assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&old, session), SESSION_BUSY);
    assert_null(session_cookie(session).data);
    assert_stored(f, &browser, "a", "1");
}

static void an_old_id_does_not_lead_to_a_session_that_has_ended(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser late = browser;
    renew(f, &browser, SESSION_RENEW_PLAIN);
    log_out(f, &browser);
    struct session *session = arrive(f, &late);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(leave(&late, session), SESSION_OK);
    assert_string_equal(late.set_cookie, "");
}

static void at_log_in_ids_that_led_on_are_dead_too(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser oldest = browser;
    renew(f, &browser, SESSION_RENEW_PLAIN);
    struct browser old = browser;
    log_in(f, &browser);
    assert_no_session(f, &oldest);
    assert_no_session(f, &old);
    assert_stored(f, &browser, "a", "1");
}

static void logging_out_with_an_old_id_ends_the_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct browser late = browser;
    renew(f, &browser, SESSION_RENEW_PLAIN);
    log_out(f, &late);
    assert_string_equal(late.cookies, "");
    assert_no_session(f, &browser);
}

static void renewing_while_the_last_entry_is_removed_ends_the_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct session *session = arrive(f, &browser);
    session_renew(session, SESSION_RENEW_PLAIN);
    session_pop(session, slice("a"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(counters(f)->ended, 1);
    assert_int_equal(counters(f)->renewed, 0);
}

/* ---- another request writes between the renewal's two steps ---- */

static void put_theirs(struct fixture *f, struct browser *browser, int number)
{
    (void)number;
    put(f, browser, "theirs", "2");
}

static void a_change_between_the_two_steps_of_a_renewal_goes_along(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        struct browser browser = {0};
        put(f, &browser, "a", "1");
        struct browser old = browser;
        struct interruption other = {.fixture = f, .browser = &old, .act = put_theirs, .skip = 1, .times = 1};
        struct session *session = arrive(f, &browser);
        session_renew(session, renewals[i]);
        store_memory_on_operation(f->store, interrupt, &other);
        assert_int_equal(leave(&browser, session), SESSION_OK);
        store_memory_on_operation(f->store, NULL, NULL);
        assert_int_equal(other.done, 1);
        assert_stored(f, &browser, "theirs", "2");
        assert_stored(f, &browser, "a", "1");
        log_out(f, &browser);
    }
    assert_int_equal(store_memory_count(f->store), 2); /* what points on; first attempts were taken back */
}

/* ---- the store's answer to the renewal's last step is lost ---- */

/* Whatever the store said, the session has gone on under its new ID. */
static void assert_renewed(struct fixture *f, struct browser *browser, enum session_renewal renewal,
                           const char *case_name)
{
    struct browser old = *browser;
    uint64_t renewed = counters(f)->renewed;
    struct session *session = arrive(f, browser);

    session_renew(session, renewal);
    assert_int_equal(session_set(session, slice("case"), slice(case_name)), SESSION_OK);
    assert_int_equal(leave(browser, session), SESSION_OK);
    assert_string_not_equal(browser->cookies, old.cookies);
    assert_stored(f, browser, "a", "1");
    assert_stored(f, browser, "case", case_name);
    assert_stored(f, &old, "case", renewal == SESSION_RENEW_PLAIN ? case_name : NULL);
    assert_int_equal(counters(f)->renewed, renewed + 1);
}

static void a_renewal_that_was_written_has_happened_whatever_the_store_said(void **state)
{
    struct fixture *f = *state;
    static const enum store_result told[] = {STORE_CONFLICT, STORE_UNREACHABLE, STORE_FULL};

    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof told / sizeof told[0]; j++) {
            struct browser browser = {0};
            put(f, &browser, "a", "1");
            lose_answer(f, told[j], 0);
            assert_renewed(f, &browser, renewals[i], "written at once");
        }
    }
}

static void a_renewal_that_the_store_writes_late_has_happened_once(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        for (int delay = 1; delay < 5; delay++) {
            struct browser browser = {0};
            put(f, &browser, "a", "1");
            lose_answer(f, STORE_UNREACHABLE, delay);
            assert_renewed(f, &browser, renewals[i], "written late");
            assert_stored(f, &browser, "a", "1"); /* also after what was late has come */
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(at_log_in_the_data_go_on_under_a_new_id),
        PROMISE(at_log_in_the_old_id_is_dead_at_once),
        PROMISE(nothing_that_is_sent_with_the_old_id_reaches_the_session_after_a_log_in),
        PROMISE(logging_in_without_a_session_begins_one),
        PROMISE(a_plain_renewal_leads_requests_with_the_old_id_on_for_ten_seconds),
        PROMISE(a_request_that_was_led_on_gets_the_new_cookie),
        PROMISE(a_change_that_was_on_its_way_during_a_plain_renewal_is_kept),
        PROMISE(a_change_that_was_on_its_way_during_a_log_in_is_refused),
        PROMISE(a_removal_that_was_on_its_way_during_a_log_in_is_refused_too),
        PROMISE(a_change_before_the_renewal_is_written_goes_along),
        PROMISE(two_plain_renewals_at_once_lead_to_one_session),
        PROMISE(of_two_log_ins_at_once_one_wins),
        PROMISE(a_session_that_is_renewed_all_the_time_is_busy_not_empty),
        PROMISE(an_old_id_does_not_lead_to_a_session_that_has_ended),
        PROMISE(at_log_in_ids_that_led_on_are_dead_too),
        PROMISE(logging_out_with_an_old_id_ends_the_session),
        PROMISE(renewing_while_the_last_entry_is_removed_ends_the_session),
    };
    struct CMUnitTest interrupted[] = {
        PROMISE(a_change_between_the_two_steps_of_a_renewal_goes_along),
        PROMISE(a_renewal_that_was_written_has_happened_whatever_the_store_said),
        PROMISE(a_renewal_that_the_store_writes_late_has_happened_once),
    };

    return RUN_ON_EVERY_STORE(tests) + RUN_ON_MEMORY(interrupted);
}
