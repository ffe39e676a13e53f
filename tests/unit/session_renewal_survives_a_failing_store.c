/* When the store fails in the midst of a renewal, or its answer is lost, nothing is lost in the store, and
 * nobody is given an ID that is not theirs. */
#include "failing_store.h"
#include "lost_answers.h"

static void a_renewal_whose_new_record_cannot_be_stored_leaves_the_old_one(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    for (size_t i = 0; i < REFUSALS; i++) {
        struct session *session = arrive(f, &browser);
        session_renew(session, SESSION_RENEW_AT_LOGIN);
        SCRIPT(f, refusals[i].refusal);
        assert_leaves_all_as_it_was(f, &browser, session, refusals[i].result);
    }
    assert_int_equal(counters(f)->renewed, 0);
}

static void a_renewal_that_cannot_retire_the_old_record_is_taken_back(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);

    for (size_t i = 0; i < REFUSALS; i++) {
        if (refusals[i].refusal == STORE_UNREACHABLE)
            continue;
        for (int plain = 0; plain < 2; plain++) {
            struct session *session = arrive(f, &browser);
            session_renew(session, plain ? SESSION_RENEW_PLAIN : SESSION_RENEW_AT_LOGIN);
            SCRIPT(f, STORE_OK, refusals[i].refusal);
            assert_leaves_all_as_it_was(f, &browser, session, refusals[i].result);
        }
    }
    assert_int_equal(counters(f)->renewed, 0);
}

/* The store may have written what points on before it fell silent: what that leads to must stay. */
static void a_renewal_of_which_nothing_is_known_loses_nothing(void **state)
{
    struct fixture *f = *state;

    for (int plain = 0; plain < 2; plain++) {
        struct browser browser = visitor(f);
        struct session *session = arrive(f, &browser);
        size_t records = store_memory_count(f->store);
        session_renew(session, plain ? SESSION_RENEW_PLAIN : SESSION_RENEW_AT_LOGIN);
        SCRIPT(f, STORE_OK, STORE_UNREACHABLE, STORE_UNREACHABLE);
        assert_int_equal(session_commit(session), SESSION_UNAVAILABLE);
        assert_null(session_cookie(session).data);
        assert_int_equal(store_memory_count(f->store), records + 1);
        assert_stored(f, &browser, "a", "1");
    }
    assert_int_equal(counters(f)->renewed, 0);
}

static void a_renewal_that_was_written_before_the_store_fell_silent_is_not_taken_back(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct session *session = arrive(f, &browser);

    session_renew(session, SESSION_RENEW_PLAIN);
    lose_answer(f, STORE_CONFLICT, 0);
    SCRIPT(f, STORE_OK, STORE_OK, STORE_UNREACHABLE);
    assert_int_equal(session_commit(session), SESSION_UNAVAILABLE);
    assert_null(session_cookie(session).data);
    assert_stored(f, &browser, "a", "1");
}

/* What was lost is asked for once more; a store that keeps failing is told from one that failed once. */
static void a_renewal_that_was_lost_before_it_was_written_is_repeated_once(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f);
    struct session *session = arrive(f, &browser);

    session_renew(session, SESSION_RENEW_AT_LOGIN);
    SCRIPT(f, STORE_OK, STORE_UNREACHABLE, STORE_OK, STORE_UNREACHABLE, STORE_OK, STORE_UNREACHABLE);
    assert_int_equal(leave(&browser, session), SESSION_UNAVAILABLE);
    assert_string_equal(browser.set_cookie, "");
    SCRIPT(f, STORE_OK);
    assert_stored(f, &browser, "a", "1");
    session = arrive(f, &browser);
    session_renew(session, SESSION_RENEW_AT_LOGIN);
    SCRIPT(f, STORE_OK, STORE_UNREACHABLE, STORE_OK, STORE_FULL); /* the first may come yet */
    assert_int_equal(leave(&browser, session), SESSION_UNAVAILABLE);
    assert_int_equal(store_memory_count(f->store), 3);
    session = arrive(f, &browser);
    session_renew(session, SESSION_RENEW_AT_LOGIN);
    SCRIPT(f, STORE_OK, STORE_UNREACHABLE);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, "a", "1");
    assert_int_equal(counters(f)->renewed, 1);
}

/* Who knew an ID that died at a log-in must not be given the new one, whatever fails. */
static void a_session_that_was_renewed_and_cannot_be_cleared_gives_its_new_id_to_nobody(void **state)
{
    struct fixture *f = *state;

    for (int failing = 1; failing < 4; failing++) {
        for (int popping = 0; popping < 2; popping++) {
            struct browser browser = visitor(f), other = browser;
            struct session *session = arrive(f, &browser);
            if (popping)
                session_pop(session, slice("a"));
            else
                session_clear(session);
            renew(f, &other, SESSION_RENEW_AT_LOGIN);
            renew(f, &other, SESSION_RENEW_PLAIN);
            enum store_result script[6] = {STORE_OK, STORE_OK, STORE_OK, STORE_OK, STORE_OK, STORE_OK};
            script[failing] = STORE_UNREACHABLE;
            store_memory_script(f->store, script, 6);
            assert_int_equal(session_commit(session), SESSION_UNAVAILABLE);
            SCRIPT(f, STORE_OK);
            assert_null(session_cookie(session).data);
            assert_int_equal(entry_count(session), 0);
            assert_stored(f, &other, "a", "1");
        }
    }
    assert_int_equal(counters(f)->ended, 0);
}

static void a_renewed_session_that_cannot_be_read_is_unavailable(void **state)
{
    struct fixture *f = *state;
    struct browser browser = visitor(f), old = browser;

    renew(f, &browser, SESSION_RENEW_PLAIN);
    SCRIPT(f, STORE_OK, STORE_UNREACHABLE);
    struct session *session = arrive(f, &old);
    assert_int_equal(session_status(session), SESSION_UNAVAILABLE);
    assert_int_equal(session_commit(session), SESSION_UNAVAILABLE);
    assert_null(session_cookie(session).data);
    assert_stored(f, &old, "a", "1");
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_renewal_whose_new_record_cannot_be_stored_leaves_the_old_one),
        PROMISE(a_renewal_that_cannot_retire_the_old_record_is_taken_back),
        PROMISE(a_renewal_of_which_nothing_is_known_loses_nothing),
        PROMISE(a_renewal_that_was_written_before_the_store_fell_silent_is_not_taken_back),
        PROMISE(a_renewal_that_was_lost_before_it_was_written_is_repeated_once),
        PROMISE(a_session_that_was_renewed_and_cannot_be_cleared_gives_its_new_id_to_nobody),
        PROMISE(a_renewed_session_that_cannot_be_read_is_unavailable),
    };

    return RUN_ON_MEMORY(tests);
}
