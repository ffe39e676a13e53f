/* A store that fails at the operation that a test chooses, and what must be as it was afterwards. */
#ifndef SESSION_FCGI_FAILING_STORE_H
#define SESSION_FCGI_FAILING_STORE_H

#include "session_fixture.h"

/* Makes the next operations of the store in memory end so; STORE_OK: as usual. */
#define SCRIPT(f, ...)                                                                                       \
    store_memory_script((f)->store, (const enum store_result[]){__VA_ARGS__},                                \
                        sizeof((const enum store_result[]){__VA_ARGS__}) / sizeof(enum store_result))

/* How a store can refuse to write, and what becomes of it. */
static const struct {
    enum store_result refusal;
    enum session_result result;
} refusals[] = {
    {STORE_UNREACHABLE, SESSION_UNAVAILABLE},
    {STORE_FULL, SESSION_STORE_FULL},
    {STORE_TOO_LARGE, SESSION_TOO_LARGE},
};
enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

/* A visitor with the session {a: "1"}. */
static inline struct browser visitor(struct fixture *f)
{
    struct browser browser = {0};

    put(f, &browser, "a", "1");
    return browser;
}

/* Commits, which fails: nothing is sent, and the visitor's session is as it was. */
static inline void assert_leaves_all_as_it_was(struct fixture *f, const struct browser *before,
                                               struct session *session, enum session_result expected)
{
    struct browser browser = *before;

    assert_int_equal(leave(&browser, session), expected);
    assert_null(session_cookie(session).data);
    assert_int_equal(store_memory_count(f->store), 1);
    assert_stored(f, before, "a", "1");
    assert_int_equal(entry_count(arrive(f, before)), 1);
}

#endif
