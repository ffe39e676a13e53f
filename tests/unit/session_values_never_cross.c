/* No visitor is ever shown another's data, whatever the store answers: a record opens for its own session
 * only, unchanged and of a version that is known. Any other is damaged: counted, logged, and treated as
 * absent. */
#include "session_fixture.h"

/* The session that the browser's cookie leads to is empty as its record is damaged, which is counted. */
static void assert_damaged(struct fixture *f, const struct browser *browser)
{
    struct log_capture capture;
    char log[4096];
    uint64_t damaged = counters(f)->damaged;

    log_capture_begin(&capture);
    struct session *session = arrive(f, browser);
    log_capture_end(&capture, log, sizeof log);
    assert_int_equal(session_status(session), SESSION_OK);
    assert_int_equal(entry_count(session), 0);
    assert_session_value(session, "name", NULL);
    assert_int_equal(counters(f)->damaged, damaged + 1);
    assert_int_equal(occurrences(log, "does not open"), 1);
}

/* A copy of the browser's record as it lies in the store. */
static struct slice stored_bytes(struct fixture *f, const struct browser *browser)
{
    struct store_read read = read_one(f->store, f->arena, record_key(f, browser));

    assert_int_equal(read.result, STORE_OK);
    return arena_copy(f->arena, read.value);
}

static void a_record_under_another_sessions_key_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct browser alice = {0}, bob = {0};

    put(f, &alice, "name", "Alice");
    put(f, &bob, "name", "Bob");
    overwrite_record(f, &bob, stored_bytes(f, &alice));
    assert_damaged(f, &bob);
    assert_stored(f, &alice, "name", "Alice");
}

static void what_a_visitor_stores_after_that_goes_to_a_new_session(void **state)
{
    struct fixture *f = *state;
    struct browser alice = {0}, bob = {0};
    struct log_capture capture;
    char log[4096];

    put(f, &alice, "name", "Alice");
    put(f, &bob, "name", "Bob");
    struct browser before = bob;
    overwrite_record(f, &bob, stored_bytes(f, &alice));
    log_capture_begin(&capture);
    put(f, &bob, "cart", "book");
    log_capture_end(&capture, log, sizeof log);
    assert_string_not_equal(bob.cookies, before.cookies);
    assert_stored(f, &bob, "cart", "book");
    assert_stored(f, &bob, "name", NULL);
    assert_stored(f, &alice, "cart", NULL);
}

static void a_record_that_is_exchanged_between_reading_and_writing_is_not_written_over(void **state)
{
    struct fixture *f = *state;
    struct browser alice = {0}, bob = {0};
    struct log_capture capture;
    char log[4096];

    put(f, &alice, "name", "Alice");
    put(f, &bob, "name", "Bob");
    struct session *session = arrive(f, &bob);
    overwrite_record(f, &bob, stored_bytes(f, &alice));
    assert_int_equal(session_set(session, slice("cart"), slice("book")), SESSION_OK);
    log_capture_begin(&capture);
    assert_int_equal(session_commit(session), SESSION_ENDED);
    log_capture_end(&capture, log, sizeof log);
    assert_session_value(session, "name", NULL);
    assert_int_equal(counters(f)->damaged, 1);
}

static void a_record_with_any_byte_changed_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "name", "Alice");
    struct slice bytes = stored_bytes(f, &browser);
    for (size_t i = 0; i < bytes.length; i += 7) {
        struct slice changed = arena_copy(f->arena, bytes);
        ((char *)changed.data)[i] ^= 1;
        overwrite_record(f, &browser, changed);
        assert_damaged(f, &browser);
    }
    overwrite_record(f, &browser, bytes);
    assert_stored(f, &browser, "name", "Alice");
}

static void a_record_that_is_cut_or_longer_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "name", "Alice");
    struct slice bytes = stored_bytes(f, &browser);
    const struct slice others[] = {
        slice(""),
        {bytes.data, 1},
        {bytes.data, bytes.length / 2},
        {bytes.data, bytes.length - 1},
        arena_format(f->arena, "%.*s", 40, "a text that stands for somebody else's data"),
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        overwrite_record(f, &browser, others[i]);
        assert_damaged(f, &browser);
    }
    char *longer = arena_allocate(f->arena, bytes.length + 1);
    memcpy(longer, bytes.data, bytes.length);
    longer[bytes.length] = 'x';
    overwrite_record(f, &browser, (struct slice){longer, bytes.length + 1});
    assert_damaged(f, &browser);
}

static void a_record_of_an_unknown_version_does_not_open(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "name", "Alice");
    struct slice bytes = stored_bytes(f, &browser);
    for (int version = 0; version < 256; version += 51) {
        struct slice other = arena_copy(f->arena, bytes);
        ((char *)other.data)[0] = (char)version;
        overwrite_record(f, &browser, other);
        assert_damaged(f, &browser);
    }
}

static void a_pointer_to_a_renewed_session_leads_nobody_else_there(void **state)
{
    struct fixture *f = *state;
    struct browser alice = {0}, bob = {0};

    put(f, &alice, "name", "Alice");
    put(f, &bob, "name", "Bob");
    struct browser old = alice;
    renew(f, &alice, SESSION_RENEW_PLAIN);
    overwrite_record(f, &bob, stored_bytes(f, &old));
    assert_damaged(f, &bob);
}

static void in_a_round_each_visitor_sees_their_own(void **state)
{
    struct fixture *f = *state;
    struct browser alice = {0}, bob = {0}, nobody = {0};

    put(f, &alice, "name", "Alice");
    put(f, &bob, "name", "Bob");
    struct browser old = bob;
    renew(f, &bob, SESSION_RENEW_PLAIN);
    const struct browser *const visitors[] = {&old, &alice, &nobody, &bob, &alice};
    const char *const names[] = {"Bob", "Alice", NULL, "Bob", "Alice"};
    enum { COUNT = sizeof names / sizeof names[0] };
    struct session *round[COUNT];

    for (int i = 0; i < COUNT; i++)
        round[i] = session_begin(f->sessions, slice(visitors[i]->cookies), false, f->now, f->arena);
    session_load(f->sessions, round, COUNT);
    for (int i = 0; i < COUNT; i++)
        assert_session_value(round[i], "name", names[i]);
    assert_int_equal(session_set(round[4], slice("name"), slice("Alice again")), SESSION_OK);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(session_commit(round[i]), SESSION_OK);
    assert_stored(f, &bob, "name", "Bob");
    assert_stored(f, &alice, "name", "Alice again");
}

static void neither_the_store_key_nor_the_record_shows_what_is_in_it(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a long enough name", "a long enough value");
    const char *value = strchr(browser.cookies, '=') + 1;
    struct slice bytes = stored_bytes(f, &browser);
    assert_null(memmem(bytes.data, bytes.length, "enough", 6));
    assert_null(memmem(bytes.data, bytes.length, value, 16));
    assert_null(strstr(record_key(f, &browser), arena_format(f->arena, "%.16s", value).data));
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_record_under_another_sessions_key_does_not_open),
        PROMISE(what_a_visitor_stores_after_that_goes_to_a_new_session),
        PROMISE(a_record_that_is_exchanged_between_reading_and_writing_is_not_written_over),
        PROMISE(a_record_with_any_byte_changed_does_not_open),
        PROMISE(a_record_that_is_cut_or_longer_does_not_open),
        PROMISE(a_record_of_an_unknown_version_does_not_open),
        PROMISE(a_pointer_to_a_renewed_session_leads_nobody_else_there),
        PROMISE(in_a_round_each_visitor_sees_their_own),
        PROMISE(neither_the_store_key_nor_the_record_shows_what_is_in_it),
    };

    return RUN_ON_EVERY_STORE(tests);
}
