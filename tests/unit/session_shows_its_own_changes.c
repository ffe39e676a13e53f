/* A request sees the session as it is with its own changes, before and after they are written. */
#include "session_fixture.h"

static void what_was_set_is_there_at_once_and_in_the_next_request(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *session = arrive(f, &browser);

    assert_session_value(session, "name", NULL);
    assert_int_equal(session_set(session, slice("name"), slice("Zo\xc3\xab")), SESSION_OK);
    assert_session_value(session, "name", "Zo\xc3\xab");
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_session_value(session, "name", "Zo\xc3\xab");
    assert_stored(f, &browser, "name", "Zo\xc3\xab");
}

static void what_was_popped_is_gone_at_once_and_in_the_next_request(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "kept", "1");
    put(f, &browser, "gone", "2");
    struct session *session = arrive(f, &browser);
    session_pop(session, slice("gone"));
    session_pop(session, slice("never there"));
    assert_session_value(session, "gone", NULL);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, "gone", NULL);
    assert_stored(f, &browser, "kept", "1");
}

static void of_several_changes_of_a_key_the_last_counts(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice("a"), slice("1")), SESSION_OK);
    session_pop(session, slice("a"));
    assert_session_value(session, "a", NULL);
    assert_int_equal(session_set(session, slice("a"), slice("2")), SESSION_OK);
    assert_int_equal(session_set(session, slice("b"), slice("3")), SESSION_OK);
    session_pop(session, slice("b"));
    assert_session_value(session, "a", "2");
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, "a", "2");
    assert_stored(f, &browser, "b", NULL);
}

static void a_cleared_session_is_empty_at_once(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "1");
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("noted before"), slice("2")), SESSION_OK);
    session_clear(session);
    assert_session_value(session, "old", NULL);
    assert_session_value(session, "noted before", NULL);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(session_set(session, slice("noted after"), slice("3")), SESSION_OK);
    assert_int_equal(entry_count(session), 1);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_session_value(session, "old", NULL);
    assert_session_value(session, "noted after", "3");
}

static void entries_come_ascending_by_key_with_this_requests_changes(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    const struct record_entry *entries;

    put(f, &browser, "b", "stored");
    put(f, &browser, "d", "stored");
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("c"), slice("noted")), SESSION_OK);
    assert_int_equal(session_set(session, slice("a"), slice("noted")), SESSION_OK);
    session_pop(session, slice("d"));
    assert_int_equal(session_entries(session, &entries), 3);
    assert_slice_equals(entries[0].key, "a");
    assert_slice_equals(entries[1].key, "b");
    assert_slice_equals(entries[1].value, "stored");
    assert_slice_equals(entries[2].key, "c");
    assert_slice_equals(entries[2].value, "noted");
}

static void the_empty_value_is_a_value(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "empty", "");
    assert_stored(f, &browser, "empty", "");
    assert_stored(f, &browser, "absent", NULL);
}

static void keys_and_values_are_copied_when_they_are_set(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    char key[] = "key", value[] = "value";
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice(key), slice(value)), SESSION_OK);
    memset(key, 'x', strlen(key));
    memset(value, 'x', strlen(value));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, "key", "value");
}

static void a_session_that_was_not_loaded_is_loaded_when_it_is_committed(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "1");
    struct session *session =
        session_begin(f->sessions, slice(browser.cookies), browser.https, f->now, f->arena);
    assert_int_equal(session_set(session, slice("new"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, "old", "1");
    assert_stored(f, &browser, "new", "2");
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(what_was_set_is_there_at_once_and_in_the_next_request),
        PROMISE(what_was_popped_is_gone_at_once_and_in_the_next_request),
        PROMISE(of_several_changes_of_a_key_the_last_counts),
        PROMISE(a_cleared_session_is_empty_at_once),
        PROMISE(entries_come_ascending_by_key_with_this_requests_changes),
        PROMISE(the_empty_value_is_a_value),
        PROMISE(keys_and_values_are_copied_when_they_are_set),
        PROMISE(a_session_that_was_not_loaded_is_loaded_when_it_is_committed),
    };

    return RUN_ON_EVERY_STORE(tests);
}
