#include "scoreboard.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static const struct {
    const char *name, *help;
} counters[SCOREBOARD_COUNTERS] = {
    [COUNT_REQUESTS] = {"requests", "Requests answered."},
    [COUNT_REJECTED_REQUESTS] = {"rejected_requests", "Connections dropped for what they sent."},
    [COUNT_CLIENT_ERRORS] = {"client_errors", "Answers with a status of 400 to 499."},
    [COUNT_SERVER_ERRORS] = {"server_errors", "Answers with a status of 500 to 599."},
    [COUNT_REPLY_FAILURES] = {"reply_failures", "Answers that the web server did not take."},
    [COUNT_ROUNDS] = {"rounds", "Rounds of requests that were served together."},
    [COUNT_CONNECTIONS] = {"connections_accepted", "Connections accepted."},
    [COUNT_HANDED_OVER] = {"connections_handed_over", "Connections taken over from a worker that left."},
    [COUNT_STORE_OPERATIONS] = {"store_operations", "Operations sent to memcached."},
    [COUNT_STORE_ERRORS] = {"store_errors", "Operations that memcached did not answer."},
    [COUNT_STORE_FULL] = {"store_full", "Operations refused because memcached was out of memory."},
    [COUNT_SESSIONS_CREATED] = {"sessions_created", "Sessions begun."},
    [COUNT_SESSIONS_ENDED] = {"sessions_ended", "Sessions ended by their visitors."},
    [COUNT_SESSIONS_RENEWED] = {"sessions_renewed", "Sessions that went on under a new ID."},
    [COUNT_SESSIONS_MISSING] = {"sessions_missing",
                                "Cookies of ours, in time, without a record: evicted or ended elsewhere."},
    [COUNT_SESSIONS_EXPIRED] = {"sessions_expired", "Records found past their idle time or lifetime."},
    [COUNT_RECORDS_DAMAGED] = {"records_damaged", "Records that did not open."},
    [COUNT_REFUSED_COOKIES] = {"refused_cookies", "Cookies of our name that are not ours."},
    [COUNT_EXPIRED_COOKIES] = {"expired_cookies", "Cookies of ours past the lifetime."},
    [COUNT_CONFLICTS] = {"conflicts", "Commits repeated because another request came first."},
    [COUNT_RESTARTS] = {"restarts", "Workers that replaced one that ended."},
};

struct scoreboard *scoreboard_create(int slot_count, struct error *error)
{
    size_t size = sizeof(struct scoreboard) + (size_t)slot_count * sizeof(struct scoreboard_slot);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        error_set(error, "no shared memory for the scoreboard: %s", strerror(errno));
        return NULL;
    }
    struct scoreboard *scoreboard = memory;
    scoreboard->slot_count = slot_count;
    return scoreboard;
}

const char *scoreboard_counter_name(enum scoreboard_counter counter)
{
    return counters[counter].name;
}

const char *scoreboard_counter_help(enum scoreboard_counter counter)
{
    return counters[counter].help;
}

const char *scoreboard_state_name(enum scoreboard_state state)
{
    static const char *const names[] = {"free", "starting", "serving", "leaving"};

    return names[state];
}

const char *scoreboard_stage_name(enum scoreboard_stage stage)
{
    static const char *const names[] = {"waiting",  "reading",    "loading",
                                        "handling", "committing", "replying"};

    return names[stage];
}

void scoreboard_count_latency(struct scoreboard_slot *slot, uint64_t microseconds)
{
    size_t bucket = 0;

    while (bucket + 1 < SCOREBOARD_BUCKETS && microseconds >= (uint64_t)SCOREBOARD_FIRST_BUCKET_MICROSECONDS
                                                                  << bucket)
        bucket++;
    atomic_store_explicit(&slot->latency[bucket],
                          atomic_load_explicit(&slot->latency[bucket], memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_store_explicit(&slot->latency_microseconds,
                          atomic_load_explicit(&slot->latency_microseconds, memory_order_relaxed) +
                              microseconds,
                          memory_order_relaxed);
}
