/* What a session store can do, and every way in which it can fail.
 *
 * A store keeps records: opaque values under keys that the session layer builds itself (1–250 bytes,
 * printable ASCII without space). Three things are never mixed up: a record that is not there (STORE_ABSENT),
 * a store that did not answer (STORE_UNREACHABLE), and a record that came but is not ours (the session layer
 * finds that out).
 *
 * To add a store: one file with one `const struct store_ops`, which passes
 * tests/unit/every_store_behaves_alike. */
#ifndef SESSION_FCGI_STORE_H
#define SESSION_FCGI_STORE_H

#include <stdint.h>
#include <time.h>

#include "arena.h"
#include "slice.h"

enum store_result {
    STORE_OK,
    STORE_ABSENT,      /* read, replace, delete: there is no record under this key */
    STORE_CONFLICT,    /* add: the key is taken; replace: the record is no longer the version that was read */
    STORE_UNREACHABLE, /* no answer in time, no connection, nonsense, or the breaker is open: nothing is
                          known; a write may or may not have happened */
    STORE_FULL,        /* out of memory: the record is as it was */
    STORE_TOO_LARGE,   /* the store does not take a value of this size: the record is as it was */
};

/* One key to read, and what came of it. */
struct store_read {
    const char *key;          /* in */
    enum store_result result; /* out: STORE_OK, STORE_ABSENT or STORE_UNREACHABLE */
    struct slice value;       /* out, in the arena, when STORE_OK */
    uint64_t version;         /* out, when STORE_OK: the CAS value to give to store_replace */
};

/* Counted since the store was made; plain numbers, as each process has a store of its own. */
struct store_counters {
    uint64_t operations; /* requests sent to a server: a multi-get counts once for each server it asks */
    uint64_t
        errors;    /* operations that ended as STORE_UNREACHABLE, those that the breaker answered included */
    uint64_t full; /* operations that ended as STORE_FULL */
};

struct store; /* begins each store's own struct; made by store_memcached_create, store_memory_create */

struct store_ops {
    void (*read)(struct store *store, struct store_read *reads[], size_t count, struct arena *arena);
    enum store_result (*add)(struct store *store, const char *key, struct slice value, time_t expires);
    enum store_result (*replace)(struct store *store, const char *key, struct slice value, uint64_t version,
                                 time_t expires);
    enum store_result (*delete)(struct store *store, const char *key);
    bool (*check)(struct store *store, struct arena *arena, struct slice *unreachable);
    bool (*tick)(struct store *store); /* NULL for a store that never has anything to wait for */
    void (*destroy)(struct store *store);
};

struct store {
    const struct store_ops *ops;
    struct store_counters counters;
};

/* Reads `count` keys in one round trip to each server concerned; fills in each element of `reads`. Keys may
 * repeat. */
void store_read(struct store *store, struct store_read *reads[], size_t count, struct arena *arena);

/* Stores a record under a key that is not taken. `expires` is the Unix time at which the store may forget it.
 */
enum store_result store_add(struct store *store, const char *key, struct slice value, time_t expires);

/* Replaces a record if it is still `version` (check-and-set). `expires` in the past makes the record absent
 * at once: that is a delete with a check.
 *
 * A store repeats a replace whose answer was lost. The first may have been done, and then the repetition does
 * not find that version any more: so STORE_CONFLICT and STORE_ABSENT (or STORE_FULL) do not show that this
 * replace was not done. Who must know reads the record. After STORE_UNREACHABLE it may also be done later;
 * not, however, once the record is of another version. */
enum store_result store_replace(struct store *store, const char *key, struct slice value, uint64_t version,
                                time_t expires);

/* STORE_OK, STORE_ABSENT or STORE_UNREACHABLE. */
enum store_result store_delete(struct store *store, const char *key);

/* Asks every server whether it answers. True if all do; else false, and *unreachable names those that do not,
 * in the arena, separated by ", ". */
bool store_check(struct store *store, struct arena *arena, struct slice *unreachable);

/* To be called now and then by a process that also lives between requests: looks, without waiting, whether
 * servers that did not answer do so again, so that the next request need not find it out. True while there
 * are some: it is worth calling again in some 100 milliseconds. Who never calls it loses the first few
 * requests after the server's return. Costs nothing while all servers answer. */
bool store_tick(struct store *store);

/* Closes connections and releases the store; NULL is allowed. */
void store_destroy(struct store *store);

#endif
