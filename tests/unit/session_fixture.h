/* What the tests of the session API share: sessions on a store, and visitors with browsers.
 *
 * Each promise is kept on every store: RUN_ON_EVERY_STORE runs a file's tests on the store in memory, then on
 * a real memcached. Tests that make the store fail, or bring another request in between two of its
 * operations, have the store in memory only: RUN_ON_MEMORY. */
#ifndef SESSION_FCGI_SESSION_FIXTURE_H
#define SESSION_FCGI_SESSION_FIXTURE_H

#include "memcached_server.h"
#include "session.h"
#include "store_memory.h"

enum { IDLE_TIMEOUT = 1000, LIFETIME = 10000, MAX_SIZE = 4096, SECRETS = 2 };

struct fixture {
    struct memcached_server server;   /* if the store is on memcached */
    struct session_policy policy;     /* tests may change it on the way, */
    struct keyring keyring;           /* and, with use_secrets, this */
    struct keyring *secrets[SECRETS]; /* each with one secret */
    struct store *store;              /* the sessions' own */
    struct sessions *sessions;
    struct arena *arena; /* for all requests of a test */
    time_t now;          /* when requests arrive */
};

/* A visitor: a Cookie field to send, and what becomes of it. */
struct browser {
    bool https;
    char cookies[512];    /* what it sends */
    char set_cookie[512]; /* the last Set-Cookie field it was sent; "" if the last reply had none */
};

static inline struct slice slice(const char *text)
{
    return slice_from_string(text);
}

/* Secrets by number, the first for signing; `second` may be the same: then there is only one. */
static inline void use_secrets(struct fixture *f, size_t first, size_t second)
{
    f->keyring = (struct keyring){.keys = {f->secrets[first]->keys[0], f->secrets[second]->keys[0]},
                                  .count = first == second ? 1 : 2};
}

/* ---- requests ---- */

/* A request comes in and its session is loaded. */
static inline struct session *arrive(struct fixture *f, const struct browser *browser)
{
    struct session *session =
        session_begin(f->sessions, slice(browser->cookies), browser->https, f->now, f->arena);

    session_load(f->sessions, &session, 1);
    return session;
}

/* The browser does as Set-Cookie says. */
static inline void take_cookie(struct browser *browser, struct slice field)
{
    browser->set_cookie[0] = '\0';
    if (field.data == NULL)
        return;
    assert_true(field.length < sizeof browser->set_cookie);
    snprintf(browser->set_cookie, sizeof browser->set_cookie, "%.*s", (int)field.length, field.data);
    int pair = (int)strcspn(browser->set_cookie, ";");
    bool expires = strstr(browser->set_cookie, "Max-Age=0") != NULL;
    snprintf(browser->cookies, sizeof browser->cookies, "%.*s", expires ? 0 : pair, browser->set_cookie);
}

/* The request's changes are committed, and the browser gets the reply. */
static inline enum session_result leave(struct browser *browser, struct session *session)
{
    enum session_result result = session_commit(session);

    take_cookie(browser, result == SESSION_OK ? session_cookie(session) : slice_none());
    return result;
}

/* A whole request that sets one value. */
static inline void put(struct fixture *f, struct browser *browser, const char *key, const char *value)
{
    struct session *session = arrive(f, browser);

    assert_int_equal(session_set(session, slice(key), slice(value)), SESSION_OK);
    assert_int_equal(leave(browser, session), SESSION_OK);
}

/* A whole request that ends the session. */
static inline void log_out(struct fixture *f, struct browser *browser)
{
    struct session *session = arrive(f, browser);

    session_clear(session);
    assert_int_equal(leave(browser, session), SESSION_OK);
}

/* A whole request that renews the session's ID. */
static inline void renew(struct fixture *f, struct browser *browser, enum session_renewal renewal)
{
    struct session *session = arrive(f, browser);

    session_renew(session, renewal);
    assert_int_equal(leave(browser, session), SESSION_OK);
}

/* Compares a value of a session; `expected` NULL: there is none. */
static inline void assert_session_value(const struct session *session, const char *key, const char *expected)
{
    struct slice value = session_get(session, slice(key));

    if (expected == NULL)
        assert_null(value.data);
    else
        assert_slice_equals(value, expected);
}

/* Looks at a value by a request of its own that is never committed, so that it changes nothing. */
static inline void assert_stored(struct fixture *f, const struct browser *browser, const char *key,
                                 const char *expected)
{
    struct session *session = arrive(f, browser);

    assert_int_equal(session_status(session), SESSION_OK);
    assert_session_value(session, key, expected);
}

static inline size_t entry_count(const struct session *session)
{
    const struct record_entry *entries;

    return session_entries(session, &entries);
}

/* What the browser's cookie leads to has nothing in it. */
static inline void assert_no_session(struct fixture *f, const struct browser *browser)
{
    struct session *session = arrive(f, browser);

    assert_int_equal(session_status(session), SESSION_OK);
    assert_int_equal(entry_count(session), 0);
}

/* ---- what lies behind ---- */

static inline const struct session_counters *counters(const struct fixture *f)
{
    return sessions_counters(f->sessions);
}

/* Operations that the store was asked for up to now. */
static inline int operations(const struct fixture *f)
{
    return (int)f->store->counters.operations;
}

/* The key of the record that the browser's cookie leads to. */
static inline const char *record_key(struct fixture *f, const struct browser *browser)
{
    char *key = arena_allocate(f->arena, SESSION_ID_STORE_KEY_LENGTH + 1);
    const char *value = strchr(browser->cookies, '=');
    struct session_id id;

    assert_non_null(value);
    assert_int_not_equal(session_id_verify(slice(value + 1), &f->keyring, &id), SESSION_ID_REFUSED);
    assert_true(session_id_store_key(&id, key));
    return key;
}

/* Puts other bytes in the place of the browser's record. */
static inline void overwrite_record(struct fixture *f, const struct browser *browser, struct slice bytes)
{
    const char *key = record_key(f, browser);
    struct store_read read = read_one(f->store, f->arena, key);

    assert_int_equal(read.result, STORE_OK);
    assert_int_equal(store_replace(f->store, key, bytes, read.version, time(NULL) + 3600), STORE_OK);
}

/* Another request that comes in between: does `act` before each of the next operations of the store in memory
 * but the first `skip`, at most `times` times. */
struct interruption {
    struct fixture *fixture;
    struct browser *browser;
    void (*act)(struct fixture *f, struct browser *browser, int number);
    int skip, times;
    int done;
};

static inline void interrupt(struct store *store, void *context)
{
    struct interruption *interruption = context;

    (void)store;
    if (interruption->skip > 0)
        interruption->skip--;
    else if (interruption->done < interruption->times)
        interruption->act(interruption->fixture, interruption->browser, interruption->done++);
}

/* ---- fixtures ---- */

static inline int set_up(struct fixture *f, struct store *store)
{
    static const struct slice secrets[SECRETS] = {SLICE_LITERAL("the secret of this year, long enough"),
                                                  SLICE_LITERAL("the secret of last year, long enough")};
    struct error error;

    assert_true(crypto_prepare(&error));
    for (size_t i = 0; i < SECRETS; i++) {
        f->secrets[i] = keyring_create(&secrets[i], 1, &error);
        assert_non_null(f->secrets[i]);
    }
    use_secrets(f, 0, 0);
    f->policy = (struct session_policy){.cookie_name = "session",
                                        .cookie_path = "/",
                                        .idle_timeout = IDLE_TIMEOUT,
                                        .lifetime = LIFETIME,
                                        .max_size = MAX_SIZE};
    f->store = store;
    f->sessions = sessions_create(&f->policy, &f->keyring, store);
    f->arena = arena_create(16384);
    f->now = time(NULL);
    return 0;
}

static inline int set_up_memory(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    *state = f;
    return set_up(f, store_memory_create());
}

static inline int set_up_memcached(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    *state = f;
    server_prepare(&f->server);
    server_start(&f->server, "64", false);
    return set_up(f, store_on_sockets((const char *[]){f->server.path}, 1, 10000));
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    sessions_destroy(f->sessions);
    arena_destroy(f->arena);
    for (size_t i = 0; i < SECRETS; i++)
        keyring_destroy(f->secrets[i]);
    crypto_release();
    if (f->server.folder[0] != '\0')
        server_remove(&f->server);
    free(f);
    return 0;
}

/* One element of a file's list of tests. */
#define PROMISE(promise) cmocka_unit_test_setup_teardown(promise, NULL, tear_down)

static inline void use_store(struct CMUnitTest *tests, size_t count, CMFixtureFunction set_up_store)
{
    for (size_t i = 0; i < count; i++)
        tests[i].setup_func = set_up_store;
}

#define RUN_ON_STORE(tests, name, set_up_store)                                                              \
    (use_store((tests), sizeof(tests) / sizeof *(tests), (set_up_store)),                                    \
     cmocka_run_group_tests_name(__FILE__ ": " name, (tests), NULL, NULL))
#define RUN_ON_MEMORY(tests)      RUN_ON_STORE((tests), "memory", set_up_memory)
#define RUN_ON_MEMCACHED(tests)   RUN_ON_STORE((tests), "memcached", set_up_memcached)
#define RUN_ON_EVERY_STORE(tests) (RUN_ON_MEMORY(tests) + RUN_ON_MEMCACHED(tests))

#endif
