/* What sessions cost is counted in operations of the store: none for visitors without one, one read for a
 * round of requests, and a write only where something changes. */
#include "session_fixture.h"

static void a_visitor_without_a_session_costs_nothing_and_gets_no_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *reading = arrive(f, &browser), *popping = arrive(f, &browser);
    struct session *clearing = arrive(f, &browser), *renewing = arrive(f, &browser);

    assert_session_value(reading, "a", NULL);
    session_pop(popping, slice("a"));
    session_clear(clearing);
    session_renew(renewing, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(leave(&browser, reading), SESSION_OK);
    assert_int_equal(leave(&browser, popping), SESSION_OK);
    assert_int_equal(leave(&browser, clearing), SESSION_OK);
    assert_int_equal(leave(&browser, renewing), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(operations(f), 0);
}

static void what_is_set_and_popped_in_one_request_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice("a"), slice("1")), SESSION_OK);
    session_pop(session, slice("a"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(operations(f), 0);
}

static void beginning_a_session_costs_one_write_and_no_read(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    assert_int_equal(operations(f), 1);
}

static void reading_costs_one_read_and_no_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct session *session = arrive(f, &browser);
    assert_session_value(session, "a", "1");
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_int_equal(operations(f), 1 + 1);
    assert_string_equal(browser.set_cookie, "");
}

static void setting_what_is_there_already_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    put(f, &browser, "a", "1");
    assert_int_equal(operations(f), 1 + 1);
}

static void changes_that_cancel_out_write_nothing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("a"), slice("2")), SESSION_OK);
    assert_int_equal(session_set(session, slice("a"), slice("1")), SESSION_OK);
    assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
    session_pop(session, slice("b"));
    session_pop(session, slice("never there"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_int_equal(operations(f), 1 + 1);
}

static void changing_costs_one_read_and_one_write_and_no_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    put(f, &browser, "a", "2");
    assert_int_equal(operations(f), 1 + 2);
    assert_string_equal(browser.set_cookie, "");
}

static void a_log_in_costs_one_read_and_two_writes(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    renew(f, &browser, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(operations(f), 1 + 3);
}

static void a_round_of_requests_costs_one_read(void **state)
{
    struct fixture *f = *state;
    enum { VISITORS = 8 };
    struct browser browsers[VISITORS] = {0};
    struct arena *arenas[VISITORS];
    struct session *round[VISITORS];
    char value[16];

    for (int i = 0; i < VISITORS; i++) {
        snprintf(value, sizeof value, "visitor %d", i);
        if (i % 4 != 0)
            put(f, &browsers[i], "name", value);
        arenas[i] = arena_create(64);
        round[i] = session_begin(f->sessions, slice(browsers[i].cookies), false, f->now, arenas[i]);
    }
    int before = operations(f);
    session_load(f->sessions, round, VISITORS);
    assert_int_equal(operations(f), before + 1);
    for (int i = 0; i < VISITORS; i++) { /* what one request has does not go with another's memory */
        snprintf(value, sizeof value, "visitor %d", i);
        assert_session_value(round[i], "name", i % 4 != 0 ? value : NULL);
        assert_int_equal(session_commit(round[i]), SESSION_OK);
        arena_destroy(arenas[i]);
    }
    assert_int_equal(operations(f), before + 1);
}

static void a_round_without_sessions_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct session *round[] = {
        session_begin(f->sessions, slice_none(), false, f->now, f->arena),
        session_begin(f->sessions, slice("other=cookie"), true, f->now, f->arena),
    };

    session_load(f->sessions, round, 2);
    session_load(f->sessions, round, 0);
    assert_int_equal(operations(f), 0);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_visitor_without_a_session_costs_nothing_and_gets_no_cookie),
        PROMISE(what_is_set_and_popped_in_one_request_costs_nothing),
        PROMISE(beginning_a_session_costs_one_write_and_no_read),
        PROMISE(reading_costs_one_read_and_no_cookie),
        PROMISE(setting_what_is_there_already_writes_nothing),
        PROMISE(changes_that_cancel_out_write_nothing),
        PROMISE(changing_costs_one_read_and_one_write_and_no_cookie),
        PROMISE(a_log_in_costs_one_read_and_two_writes),
        PROMISE(a_round_of_requests_costs_one_read),
        PROMISE(a_round_without_sessions_costs_nothing),
    };

    return RUN_ON_EVERY_STORE(tests);
}
