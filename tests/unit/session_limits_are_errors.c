/* What is too long, too much or not text is an error that the request hears of, and the stored session stays
 * as it was. */
#include "session_fixture.h"

enum {
    KEY_OVERHEAD = 1,
    VALUE_OVERHEAD = 3 /* MessagePack's for a short key, a value of 256 to 65535 bytes */
};

/* `length` times the letter x. */
static const char *text(struct fixture *f, size_t length)
{
    char *bytes = arena_allocate(f->arena, length + 1);

    memset(bytes, 'x', length);
    bytes[length] = '\0';
    return bytes;
}

static void a_key_has_1_to_255_bytes(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice(""), slice("1")), SESSION_INVALID);
    assert_int_equal(session_set(session, slice_none(), slice("1")), SESSION_INVALID);
    assert_int_equal(session_set(session, slice(text(f, 256)), slice("1")), SESSION_INVALID);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(session_set(session, slice(text(f, 255)), slice("1")), SESSION_OK);
    assert_int_equal(session_set(session, slice("x"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, text(f, 255), "1");
    assert_stored(f, &browser, "x", "2");
}

static void keys_and_values_are_utf8(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *session = arrive(f, &browser);
    static const char *const broken[] = {"\xff", "Z\xfcrich", "\xc3", "\xed\xa0\x80", "\xc0\x80"};

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(session_set(session, slice(broken[i]), slice("1")), SESSION_INVALID);
        assert_int_equal(session_set(session, slice("a"), slice(broken[i])), SESSION_INVALID);
        session_pop(session, slice(broken[i]));
    }
    assert_int_equal(session_set(session, slice("a"), slice_none()), SESSION_INVALID);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(session_set(session, slice("Z\xc3\xbcrich \xf0\x9f\x9a\x8b"), slice("\xe2\x82\xac")),
                     SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_stored(f, &browser, "Z\xc3\xbcrich \xf0\x9f\x9a\x8b", "\xe2\x82\xac");
}

static void any_character_can_be_stored_even_nul(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    static const struct slice bytes = SLICE_LITERAL("\0\r\nEND\r\n\x7f\0");
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, bytes, bytes), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_true(slice_equals(session_get(arrive(f, &browser), bytes), bytes));
}

static void a_value_over_the_limit_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice("a"), slice(text(f, MAX_SIZE + 1))), SESSION_TOO_LARGE);
    assert_int_equal(entry_count(session), 0);
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_int_equal(operations(f), 0);
}

static void a_session_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    const size_t room = MAX_SIZE - KEY_OVERHEAD - strlen("a") - VALUE_OVERHEAD;
    struct session *session = arrive(f, &browser);

    assert_int_equal(session_set(session, slice("a"), slice(text(f, room + 1))), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_TOO_LARGE);
    assert_string_equal(browser.cookies, "");
    assert_int_equal(operations(f), 0);
    put(f, &browser, "a", text(f, room));
    assert_stored(f, &browser, "a", text(f, room));
}

static void a_session_that_would_grow_over_the_limit_stays_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", text(f, MAX_SIZE / 2));
    struct session *session = arrive(f, &browser);
    int before = operations(f);
    assert_int_equal(session_set(session, slice("small"), slice("1")), SESSION_OK);
    assert_int_equal(session_set(session, slice("large"), slice(text(f, MAX_SIZE / 2))), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_TOO_LARGE);
    assert_int_equal(operations(f), before);
    assert_stored(f, &browser, "a", text(f, MAX_SIZE / 2));
    assert_int_equal(entry_count(arrive(f, &browser)), 1);
}

static void changes_of_two_requests_count_together(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "1");
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("mine"), slice(text(f, MAX_SIZE / 2))), SESSION_OK);
    put(f, &browser, "theirs", text(f, MAX_SIZE / 2));
    assert_int_equal(leave(&browser, session), SESSION_TOO_LARGE);
    assert_stored(f, &browser, "theirs", text(f, MAX_SIZE / 2));
    assert_stored(f, &browser, "mine", NULL);
}

static void what_follows_a_clear_and_is_too_large_leaves_the_old_session(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "old", "1");
    struct session *session = arrive(f, &browser);
    session_clear(session);
    assert_int_equal(session_set(session, slice("a"), slice(text(f, MAX_SIZE))), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_TOO_LARGE);
    assert_null(session_cookie(session).data);
    assert_stored(f, &browser, "old", "1");
}

static void a_session_that_a_new_limit_finds_too_large_may_be_read_and_shrunk(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};

    put(f, &browser, "a", text(f, 1000));
    put(f, &browser, "b", text(f, 1000));
    put(f, &browser, "c", text(f, 1000));
    f->policy.max_size = 500;
    assert_stored(f, &browser, "c", text(f, 1000));
    struct session *session = arrive(f, &browser);
    session_pop(session, slice("a"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("d"), slice("1")), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_TOO_LARGE);
    assert_int_equal(entry_count(arrive(f, &browser)), 2);
}

static void a_thousand_small_entries_fit(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    enum { COUNT = 1000 };
    char key[16];

    f->policy.max_size = 65536;
    struct session *session = arrive(f, &browser);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(session_set(session, slice(key), slice(key)), SESSION_OK);
    }
    assert_int_equal(leave(&browser, session), SESSION_OK);
    session = arrive(f, &browser);
    assert_int_equal(entry_count(session), COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key, sizeof key, "key %d", i);
        assert_session_value(session, key, key);
    }
}

static void a_session_that_the_store_finds_too_large_is_not_stored(void **state)
{
    struct fixture *f = *state;
    struct browser browser = {0};
    enum { LARGE = 1100 * 1024 };

    put(f, &browser, "a", "1");
    f->policy.max_size = 2 * LARGE;
    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("a"), slice(text(f, LARGE))), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_TOO_LARGE);
    assert_stored(f, &browser, "a", "1");
}

/* ---- a memcached that does not evict, and is full ---- */

/* Begins sessions until there is no room for one more; returns one of them. */
static struct browser fill_the_store(struct fixture *f)
{
    struct browser last = {0};

    for (;;) {
        struct browser browser = {0};
        struct session *session = arrive(f, &browser);
        assert_int_equal(session_set(session, slice("a"), slice("1")), SESSION_OK);
        enum session_result result = leave(&browser, session);
        arena_reset(f->arena);
        if (result == SESSION_STORE_FULL)
            return last;
        assert_int_equal(result, SESSION_OK);
        last = browser;
    }
}

static void a_full_store_refuses_changes_and_keeps_what_it_has(void **state)
{
    struct fixture *f = *state;
    struct browser browser = fill_the_store(f);

    struct session *session = arrive(f, &browser);
    assert_int_equal(session_set(session, slice("a"), slice("2")), SESSION_OK);
    assert_int_equal(leave(&browser, session), SESSION_STORE_FULL);
    session = arrive(f, &browser);
    session_renew(session, SESSION_RENEW_AT_LOGIN);
    assert_int_equal(leave(&browser, session), SESSION_STORE_FULL);
    assert_string_equal(browser.set_cookie, "");
    assert_stored(f, &browser, "a", "1");
}

static void a_full_store_still_lets_visitors_leave(void **state)
{
    struct fixture *f = *state;
    struct browser browser = fill_the_store(f);

    struct session *session = arrive(f, &browser);
    session_pop(session, slice("a"));
    assert_int_equal(leave(&browser, session), SESSION_OK);
    assert_string_equal(browser.cookies, "");
    put(f, &browser, "a", "1");
    log_out(f, &browser);
    assert_string_equal(browser.cookies, "");
    put(f, &browser, "a", "1");
}

/* ---- another request writes before each operation, for ever ---- */

static void put_again(struct fixture *f, struct browser *browser, int number)
{
    char value[16];

    snprintf(value, sizeof value, "%d", number);
    put(f, browser, "theirs", value);
}

static void a_request_that_always_comes_second_is_told_so_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    static const enum { NOT_RENEWED, PLAIN, LOGIN } kinds[] = {NOT_RENEWED, PLAIN, LOGIN};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct browser browser = {0};
        put(f, &browser, "old", "1");
        struct browser same = browser;
        struct interruption others = {.fixture = f, .browser = &same, .act = put_again, .times = 100000};
        struct session *session = arrive(f, &browser);
        assert_int_equal(session_set(session, slice("mine"), slice("1")), SESSION_OK);
        if (kinds[i] != NOT_RENEWED)
            session_renew(session, kinds[i] == PLAIN ? SESSION_RENEW_PLAIN : SESSION_RENEW_AT_LOGIN);
        store_memory_on_operation(f->store, interrupt, &others);
        assert_int_equal(leave(&browser, session), SESSION_BUSY);
        store_memory_on_operation(f->store, NULL, NULL);

        assert_true(others.done < 1000);
        assert_null(session_cookie(session).data);
        assert_stored(f, &browser, "mine", NULL);
        assert_stored(f, &browser, "old", "1");
        assert_int_equal(store_memory_count(f->store), i + 1);
    }
}

static int set_up_full_memcached(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    *state = f;
    server_prepare(&f->server);
    server_start(&f->server, "2", true);
    return set_up(f, store_on_sockets((const char *[]){f->server.path}, 1, 10000));
}

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_key_has_1_to_255_bytes),
        PROMISE(keys_and_values_are_utf8),
        PROMISE(any_character_can_be_stored_even_nul),
        PROMISE(a_value_over_the_limit_is_refused_at_once),
        PROMISE(a_session_may_be_as_large_as_the_limit_and_no_larger),
        PROMISE(a_session_that_would_grow_over_the_limit_stays_as_it_was),
        PROMISE(changes_of_two_requests_count_together),
        PROMISE(what_follows_a_clear_and_is_too_large_leaves_the_old_session),
        PROMISE(a_session_that_a_new_limit_finds_too_large_may_be_read_and_shrunk),
        PROMISE(a_thousand_small_entries_fit),
        PROMISE(a_session_that_the_store_finds_too_large_is_not_stored),
    };
    struct CMUnitTest full[] = {
        PROMISE(a_full_store_refuses_changes_and_keeps_what_it_has),
        PROMISE(a_full_store_still_lets_visitors_leave),
    };
    struct CMUnitTest interrupted[] = {
        PROMISE(a_request_that_always_comes_second_is_told_so_and_writes_nothing),
    };

    return RUN_ON_EVERY_STORE(tests) + RUN_ON_STORE(full, "full memcached", set_up_full_memcached) +
           RUN_ON_MEMORY(interrupted);
}
