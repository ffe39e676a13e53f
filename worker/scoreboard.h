/* The scoreboard: shared memory with one slot for each worker. Each slot has one writer at a time, its worker
 * (the master writes only while it has none, but for `recycling`); anybody may read. No locks: every number
 * is an atomic of its own.
 *
 * Counters belong to the slot and go on when another worker takes it over, so their sums only ever grow. */
#ifndef SESSION_FCGI_SCOREBOARD_H
#define SESSION_FCGI_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "error.h"

enum scoreboard_state { SCOREBOARD_FREE, SCOREBOARD_STARTING, SCOREBOARD_SERVING, SCOREBOARD_LEAVING };

/* Replacing a worker that has served its time. It goes on serving until the master has another one in its
 * stead: the worker says DUE, the master GRANTED. */
enum scoreboard_recycling { RECYCLING_NOT_DUE, RECYCLING_DUE, RECYCLING_GRANTED };

/* What a worker is doing with its current request. */
enum scoreboard_stage {
    STAGE_WAITING,
    STAGE_READING,
    STAGE_LOADING,
    STAGE_HANDLING,
    STAGE_COMMITTING,
    STAGE_REPLYING
};

enum scoreboard_counter {
    COUNT_REQUESTS,          /* requests answered */
    COUNT_REJECTED_REQUESTS, /* connections dropped for what they sent */
    COUNT_CLIENT_ERRORS,     /* answers 400–499 */
    COUNT_SERVER_ERRORS,     /* answers 500–599 */
    COUNT_REPLY_FAILURES,    /* answers that the web server did not take */
    COUNT_ROUNDS,            /* rounds of requests served together; requests / rounds is the batch size */
    COUNT_CONNECTIONS,       /* connections accepted */
    COUNT_HANDED_OVER,       /* connections taken over from a worker that left */
    COUNT_STORE_OPERATIONS,
    COUNT_STORE_ERRORS,
    COUNT_STORE_FULL,
    COUNT_SESSIONS_CREATED,
    COUNT_SESSIONS_ENDED,
    COUNT_SESSIONS_RENEWED,
    COUNT_SESSIONS_MISSING,
    COUNT_SESSIONS_EXPIRED,
    COUNT_RECORDS_DAMAGED,
    COUNT_REFUSED_COOKIES,
    COUNT_EXPIRED_COOKIES,
    COUNT_CONFLICTS,
    COUNT_RESTARTS, /* workers that took this slot over from one that ended */
    SCOREBOARD_COUNTERS
};

/* How long answers took, from the request's arrival to the reply: bucket i counts those under 2^i * 64 µs,
 * the last all others. */
enum { SCOREBOARD_BUCKETS = 16, SCOREBOARD_FIRST_BUCKET_MICROSECONDS = 64 };

struct scoreboard_slot {
    _Alignas(64) _Atomic int32_t pid; /* 0: no worker */
    _Atomic int32_t state;            /* enum scoreboard_state */
    _Atomic int32_t recycling;        /* enum scoreboard_recycling */
    _Atomic int32_t stage;            /* enum scoreboard_stage */
    _Atomic int32_t route;            /* index into the table of routes, or -1 */
    _Atomic int32_t generation;       /* counts reloads */
    _Atomic int32_t connections;      /* open now */
    _Atomic int64_t started;          /* monotonic milliseconds: the worker */
    _Atomic int64_t busy_since;       /* monotonic milliseconds: the current request; 0 if there is none */
    _Atomic uint64_t counters[SCOREBOARD_COUNTERS];
    _Atomic uint64_t latency[SCOREBOARD_BUCKETS];
    _Atomic uint64_t latency_microseconds; /* the sum */
};

struct scoreboard {
    _Atomic int32_t workers;    /* as configured */
    _Atomic int32_t generation; /* the newest */
    _Atomic int32_t oldest;     /* the oldest generation that has a worker */
    _Atomic int64_t started;    /* monotonic milliseconds: the pool */
    int32_t slot_count;
    struct scoreboard_slot slots[];
};

/* Maps a zeroed scoreboard that child processes share. NULL with the reason. It is never unmapped. */
struct scoreboard *scoreboard_create(int slot_count, struct error *error);

/* Name and meaning of a counter, as the status page shows them. */
const char *scoreboard_counter_name(enum scoreboard_counter counter);
const char *scoreboard_counter_help(enum scoreboard_counter counter);
const char *scoreboard_state_name(enum scoreboard_state state);
const char *scoreboard_stage_name(enum scoreboard_stage stage);

/* The single writer's operations: no read-modify-write is needed. */
static inline void scoreboard_set(struct scoreboard_slot *slot, enum scoreboard_counter counter,
                                  uint64_t value)
{
    atomic_store_explicit(&slot->counters[counter], value, memory_order_relaxed);
}

static inline uint64_t scoreboard_get(const struct scoreboard_slot *slot, enum scoreboard_counter counter)
{
    return atomic_load_explicit(&slot->counters[counter], memory_order_relaxed);
}

static inline void scoreboard_add(struct scoreboard_slot *slot, enum scoreboard_counter counter,
                                  uint64_t more)
{
    scoreboard_set(slot, counter, scoreboard_get(slot, counter) + more);
}

static inline void scoreboard_enter(struct scoreboard_slot *slot, enum scoreboard_stage stage)
{
    atomic_store_explicit(&slot->stage, (int32_t)stage, memory_order_relaxed);
}

/* Counts one answer's time. */
void scoreboard_count_latency(struct scoreboard_slot *slot, uint64_t microseconds);

#endif
