/* A store in memory whose answers to `replace` get lost on the way: the record was written, or will be, and
 * whoever asked hears something else. */
#ifndef SESSION_FCGI_LOST_ANSWERS_H
#define SESSION_FCGI_LOST_ANSWERS_H

#include "session_fixture.h"

static struct {
    const struct store_ops *honest;
    struct store_ops lossy;
    enum store_result told; /* instead of the answer, to the next replace */
    int delay;              /* operations that come before the replace is done */
    bool armed, waiting;
    struct { /* a replace that waits */
        const char *key;
        struct slice value;
        uint64_t version;
        time_t expires;
    } command;
    struct arena *arena;
} lost;

/* Before each operation: does the replace that waits if its time has come. */
static inline void lost_answers_pass_time(struct store *store)
{
    if (!lost.waiting || lost.delay-- > 0)
        return;
    lost.waiting = false;
    lost.honest->replace(store, lost.command.key, lost.command.value, lost.command.version,
                         lost.command.expires);
}

static inline void lossy_read(struct store *store, struct store_read *reads[], size_t count,
                              struct arena *arena)
{
    lost_answers_pass_time(store);
    lost.honest->read(store, reads, count, arena);
}

static inline enum store_result lossy_replace(struct store *store, const char *key, struct slice value,
                                              uint64_t version, time_t expires)
{
    lost_answers_pass_time(store);
    if (!lost.armed)
        return lost.honest->replace(store, key, value, version, expires);
    lost.armed = false;
    lost.waiting = true;
    lost.command.key = arena_format(lost.arena, "%s", key).data;
    lost.command.value = arena_copy(lost.arena, value);
    lost.command.version = version;
    lost.command.expires = expires;
    if (lost.delay == 0)
        lost_answers_pass_time(store);
    else
        lost.delay--;
    return lost.told;
}

static inline enum store_result lossy_delete(struct store *store, const char *key)
{
    lost_answers_pass_time(store);
    return lost.honest->delete (store, key);
}

/* The next replace is done before the `delay`th operation that follows it, 0: at once. Whoever asked for it
 * is told `told`. */
static inline void lose_answer(struct fixture *f, enum store_result told, int delay)
{
    if (f->store->ops != &lost.lossy) {
        lost.honest = f->store->ops;
        lost.lossy = *f->store->ops;
        lost.lossy.read = lossy_read;
        lost.lossy.replace = lossy_replace;
        lost.lossy.delete = lossy_delete;
        f->store->ops = &lost.lossy;
    }
    lost.arena = f->arena;
    lost.told = told;
    lost.delay = delay;
    lost.armed = true;
    lost.waiting = false;
}

#endif
