/* Requests that change one session at the same time: what each of them changed is there in the end. */
#include "session_fixture.h"

static void two_requests_that_set_different_keys_both_win(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "0");
    struct session *first = arrive(f, &browser), *second = arrive(f, &browser);
    assert_int_equal(session_set(first, slice("a"), slice("1")), SESSION_OK);
    assert_int_equal(session_set(second, slice("b"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, first), SESSION_OK);
    assert_int_equal(counters(f)->conflicts, 0);
    assert_int_equal(leave(&browser, second), SESSION_OK);
    assert_int_equal(counters(f)->conflicts, 1);
    assert_stored(f, &browser, "a", "1");
    assert_stored(f, &browser, "b", "2");
    assert_stored(f, &browser, "old", "0");
}

static void of_two_requests_that_set_one_key_the_later_wins(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "0");
    struct session *first = arrive(f, &browser), *second = arrive(f, &browser);
    assert_int_equal(session_set(first, slice("a"), slice("1")), SESSION_OK);
    assert_int_equal(session_set(second, slice("a"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, second), SESSION_OK);
    assert_int_equal(leave(&browser, first), SESSION_OK);
    assert_stored(f, &browser, "a", "1");
}

static void a_removal_and_an_update_at_once_both_happen(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    put(f, &browser, "b", "2");
    struct session *removing = arrive(f, &browser), *updating = arrive(f, &browser);
    session_pop(removing, slice("a"));
    assert_int_equal(session_set(updating, slice("b"), slice("3")), SESSION_OK);
    assert_int_equal(leave(&browser, updating), SESSION_OK);
    assert_int_equal(leave(&browser, removing), SESSION_OK);
    assert_stored(f, &browser, "a", NULL);
    assert_stored(f, &browser, "b", "3");
}

static void after_a_conflict_the_request_sees_what_the_other_stored(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "0");
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("mine"), slice("1")), SESSION_OK);
    put(f, &browser, "theirs", "2");
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_session_value(session, "mine", "1");
    assert_session_value(session, "theirs", "2");
}

static void removing_the_last_entry_keeps_what_another_request_has_set(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "only", "1");
    struct session *session = arrive(f, &browser);
    session_pop(session, slice("only"));
    put(f, &browser, "new", "2");
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.set_cookie, "");
    assert_stored(f, &browser, "only", NULL);
    assert_stored(f, &browser, "new", "2");
}

static void renewing_the_idle_time_does_not_undo_another_requests_change(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    f->now += IDLE_TIMEOUT / 2;
    struct session *reading = arrive(f, &browser);
    put(f, &browser, "a", "2");
    assert_int_equal(leave(&browser, reading), SESSION_OK);
    assert_stored(f, &browser, "a", "2");
}

static void a_visitors_requests_in_one_round_all_have_their_way(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    enum { COUNT = 16 };
    struct session *round[COUNT];

    put(f, &browser, "old", "0");
    for (int i = 0; i < COUNT; i++)
        round[i] = session_begin(f->sessions, slice(browser.cookies), false, f->now, f->arena);
    session_load(f->sessions, round, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char key[2] = {(char)('a' + i), '\0'};
        assert_session_value(round[i], "old", "0");
        assert_int_equal(session_set(round[i], slice(key), slice(key)), SESSION_OK);
        assert_int_equal(leave(&browser, round[i]), SESSION_OK);
    }
    assert_int_equal(entry_count(arrive(f, &browser)), 1 + COUNT);
}

/* ---- another request comes between reading and writing, again and again ---- */

static void put_numbered(struct fixture *f, struct browser *browser, int number)
{
    char key[16];

    snprintf(key, sizeof key, "theirs %d", number);
    put(f, browser, key, "stored");
}

static void ten_conflicts_in_a_row_lose_nothing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct interruption others = {.fixture = f, .browser = &browser, .act = put_numbered, .times = 20};

    put(f, &browser, "old", "0");
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("mine"), slice("1")), SESSION_OK);
    store_memory_on_operation(f->store, interrupt, &others); /* before each read and each write */
    assert_int_equal(leave(&browser, session), SESSION_OK);
    store_memory_on_operation(f->store, NULL, NULL);

    assert_int_equal(others.done, 20);
    assert_int_equal(counters(f)->conflicts, 10);
    assert_stored(f, &browser, "mine", "1");
    assert_int_equal(entry_count(arrive(f, &browser)), 22);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(two_requests_that_set_different_keys_both_win),
        PROMISE(of_two_requests_that_set_one_key_the_later_wins),
        PROMISE(a_removal_and_an_update_at_once_both_happen),
        PROMISE(after_a_conflict_the_request_sees_what_the_other_stored),
        PROMISE(removing_the_last_entry_keeps_what_another_request_has_set),
        PROMISE(renewing_the_idle_time_does_not_undo_another_requests_change),
        PROMISE(a_visitors_requests_in_one_round_all_have_their_way),
    };
    struct CMUnitTest interrupted[] = {
        PROMISE(ten_conflicts_in_a_row_lose_nothing),
    };

    return RUN_ON_EVERY_STORE(tests) + RUN_ON_MEMORY(interrupted);
}
