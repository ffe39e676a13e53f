/* Absent, unreachable and not ours are three things. When the store fails, at whatever operation, the request
 * hears of it, the session is as it was, and the visitor's cookie is left alone. */
#include "failing_store.h"

/* ---- reading ---- */

static void a_store_that_cannot_be_read_makes_the_session_unavailable(void **state)
{
    struct fixture *f = *state;
    static const enum store_result failures[] = {STORE_UNREACHABLE, STORE_FULL, STORE_TOO_LARGE,
                                                 STORE_CONFLICT};

    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        struct browser browser = visitor(f);
        SCRIPT(f, failures[i]);
        struct session *session = arrive(f, &browser);
        assert_int_equal(session_status(session), SESSION_UNAVAILABLE);
        assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
        int before = operations(f);
        assert_leaves_all_as_it_was(f, &browser, session, SESSION_UNAVAILABLE);
        assert_int_equal(operations(f), before + 2); /* two reads of the check; none of the commit */
        log_out(f, &browser);
    }
    assert_int_equal(counters(f)->missing, 0);
}

static void an_unavailable_session_is_not_cleared_either(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    SCRIPT(f, STORE_UNREACHABLE);
    struct session *session = arrive(f, &browser);
    session_clear(session);
    assert_leaves_all_as_it_was(f, &browser, session, SESSION_UNAVAILABLE);
}

static void a_visitor_without_a_session_does_not_mind_a_store_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    struct browser known = visitor(f), unknown = {0};
    struct session *round[] = {
        session_begin(f->sessions, slice(unknown.cookies), false, f->now, f->arena),
        session_begin(f->sessions, slice(known.cookies), false, f->now, f->arena),
    };

    SCRIPT(f, STORE_UNREACHABLE);
    session_load(f->sessions, round, 2);
    assert_int_equal(session_status(round[0]), SESSION_OK);
    assert_int_equal(session_status(round[1]), SESSION_UNAVAILABLE);
}

static void an_absent_record_is_an_empty_session_and_counted_as_missing(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    assert_int_equal(store_delete(f->store, record_key(f, &browser)), STORE_OK);
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_status(session), SESSION_OK);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.set_cookie, "");
    assert_int_equal(counters(f)->missing, 1);
    assert_int_equal(counters(f)->damaged, 0);
}

static void a_damaged_record_is_an_empty_session_counted_as_damaged_and_logged(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct log_capture capture;
    char log[4096];

    overwrite_record(f, &browser, slice("nothing that was ever sealed, but long enough for a seal"));
    log_capture_begin(&capture);
    struct session *session = arrive(f, &browser);
    log_capture_end(&capture, log, sizeof log);
    assert_int_equal(session_status(session), SESSION_OK);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(counters(f)->damaged, 1);
    assert_int_equal(counters(f)->missing, 0);
    assert_int_equal(occurrences(log, "warning"), 1);

    struct browser damaged = browser;
    assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_not_equal(browser.cookies, damaged.cookies);
    assert_stored(f, &browser, "b", "2");
}

/* ---- adding ---- */

static void a_new_session_that_cannot_be_stored_gives_no_cookie(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < REFUSALS; i++) {
        struct browser browser = {0};
        struct session *session = arrive(f, &browser);
        assert_int_equal(session_set(session, slice("a"), slice("1")), SESSION_OK);
        SCRIPT(f, refusals[i].refusal);
        assert_int_equal(leave(&browser, session), refusals[i].result);
        assert_null(session_cookie(session).data);
    }
    assert_int_equal(store_memory_count(f->store), 0);
    assert_int_equal(counters(f)->created, 0);
}

static void a_new_session_whose_id_is_taken_gets_another(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    SCRIPT(f, STORE_CONFLICT, STORE_CONFLICT);
    put(f, &browser, "a", "1");
    assert_stored(f, &browser, "a", "1");
    assert_int_equal(counters(f)->created, 1);
}

/* ---- replacing ---- */

static void a_change_that_cannot_be_stored_leaves_the_session_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    for (size_t i = 0; i < REFUSALS; i++) {
        struct session *session = arrive(f, &browser);
        assert_int_equal(session_set(session, slice("a"), slice("2")), SESSION_OK);
        SCRIPT(f, refusals[i].refusal);
        assert_leaves_all_as_it_was(f, &browser, session, refusals[i].result);
    }
}

static void a_store_that_fails_after_a_conflict_leaves_the_session_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice("a"), slice("2")), SESSION_OK);
    SCRIPT(f, STORE_CONFLICT, STORE_UNREACHABLE);
    assert_leaves_all_as_it_was(f, &browser, session, SESSION_UNAVAILABLE);
}

static void a_store_that_fails_while_the_idle_time_is_renewed_is_no_error(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    f->now += IDLE_TIMEOUT / 2;
    for (size_t i = 0; i < REFUSALS; i++) {
        struct session *session = arrive(f, &browser);
        int before = operations(f);
        SCRIPT(f, refusals[i].refusal);
        assert_int_equal(session_commit(session), SESSION_OK);
        assert_int_equal(operations(f), before + 1);
        assert_session_value(session, "a", "1");
    }
    assert_stored(f, &browser, "a", "1");
}

/* ---- ending ---- */

static void a_session_that_cannot_be_cleared_keeps_its_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct session *session = arrive(f, &browser);

    session_clear(session);
    SCRIPT(f, STORE_UNREACHABLE, STORE_UNREACHABLE);
    assert_leaves_all_as_it_was(f, &browser, session, SESSION_UNAVAILABLE);
    assert_int_equal(counters(f)->ended, 0);
}

static void an_absent_session_that_cannot_be_deleted_keeps_its_cookie(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    SCRIPT(f, STORE_ABSENT, STORE_UNREACHABLE);
    struct session *session = arrive(f, &browser);
    session_clear(session);
    assert_leaves_all_as_it_was(f, &browser, session, SESSION_UNAVAILABLE);
}

static void a_full_store_does_not_keep_a_session_from_being_cleared(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct session *session = arrive(f, &browser);

    session_clear(session);
    SCRIPT(f, STORE_FULL);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(store_memory_count(f->store), 0);
    assert_int_equal(counters(f)->ended, 1);
}

static void a_last_entry_that_cannot_be_removed_stays(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    for (size_t i = 0; i < REFUSALS; i++) {
        struct session *session = arrive(f, &browser);
        session_pop(session, slice("a"));
        SCRIPT(f, refusals[i].refusal);
        assert_leaves_all_as_it_was(f, &browser, session, refusals[i].result);
    }
    assert_int_equal(counters(f)->ended, 0);
}

static void what_follows_a_clear_and_cannot_be_stored_leaves_the_old_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    for (size_t i = 0; i < REFUSALS; i++) {
        struct session *session = arrive(f, &browser);
        session_clear(session);
        assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
        SCRIPT(f, refusals[i].refusal);
        assert_leaves_all_as_it_was(f, &browser, session, refusals[i].result);
    }
}

static void what_follows_a_clear_that_fails_is_taken_back(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct session *session = arrive(f, &browser);

    session_clear(session);
    assert_int_equal(session_set(session, slice("b"), slice("2")), SESSION_OK);
    SCRIPT(f, STORE_OK, STORE_UNREACHABLE, STORE_UNREACHABLE);
    assert_leaves_all_as_it_was(f, &browser, session, SESSION_UNAVAILABLE);
}

/* ---- a real server that dies ---- */

static void a_memcached_that_died_is_an_unavailable_session_at_each_operation(void **state)
{
    struct fixture *f = *state;
    struct browser known = visitor(f), unknown = {0};
    struct session *changing = arrive(f, &known), *clearing = arrive(f, &known);
    struct session *beginning = arrive(f, &unknown);
    struct log_capture capture;
    char log[4096];

    assert_int_equal(session_set(changing, slice("a"), slice("2")), SESSION_OK);
    assert_int_equal(session_set(beginning, slice("a"), slice("1")), SESSION_OK);
    session_clear(clearing);
    log_capture_begin(&capture);
    server_kill(&f->server);
    assert_int_equal(session_commit(changing), SESSION_UNAVAILABLE);
    assert_int_equal(session_commit(beginning), SESSION_UNAVAILABLE);
    assert_int_equal(session_commit(clearing), SESSION_UNAVAILABLE);
    assert_int_equal(session_status(arrive(f, &known)), SESSION_UNAVAILABLE);
    log_capture_end(&capture, log, sizeof log);
    assert_null(session_cookie(beginning).data);
    assert_null(session_cookie(clearing).data);
}

int main(void)
{
    struct CMUnitTest scripted[] = {
        PROMISE(a_store_that_cannot_be_read_makes_the_session_unavailable),
        PROMISE(an_unavailable_session_is_not_cleared_either),
        PROMISE(a_visitor_without_a_session_does_not_mind_a_store_that_cannot_be_read),
        PROMISE(a_new_session_that_cannot_be_stored_gives_no_cookie),
        PROMISE(a_new_session_whose_id_is_taken_gets_another),
        PROMISE(a_change_that_cannot_be_stored_leaves_the_session_as_it_was),
        PROMISE(a_store_that_fails_after_a_conflict_leaves_the_session_as_it_was),
        PROMISE(a_store_that_fails_while_the_idle_time_is_renewed_is_no_error),
        PROMISE(a_session_that_cannot_be_cleared_keeps_its_cookie),
        PROMISE(an_absent_session_that_cannot_be_deleted_keeps_its_cookie),
        PROMISE(a_full_store_does_not_keep_a_session_from_being_cleared),
        PROMISE(a_last_entry_that_cannot_be_removed_stays),
        PROMISE(what_follows_a_clear_and_cannot_be_stored_leaves_the_old_session),
        PROMISE(what_follows_a_clear_that_fails_is_taken_back),
    };
    struct CMUnitTest anywhere[] = {
        PROMISE(an_absent_record_is_an_empty_session_and_counted_as_missing),
        PROMISE(a_damaged_record_is_an_empty_session_counted_as_damaged_and_logged),
    };
    struct CMUnitTest dying[] = {
        PROMISE(a_memcached_that_died_is_an_unavailable_session_at_each_operation),
    };

    return RUN_ON_MEMORY(scripted) + RUN_ON_EVERY_STORE(anywhere) + RUN_ON_MEMCACHED(dying);
}
