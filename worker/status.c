#include "status.h"

#include "clock.h"
#include "log.h"
#include "routes.h"

/* Anybody may read the scoreboard, and a number of its own is all that an atomic has to be. */
#define READ(number) atomic_load_explicit(&(number), memory_order_relaxed)

/* A worker that went wrong may have written anything. */
static int within(int value, int last)
{
    return value >= 0 && value <= last ? value : 0;
}

static int64_t since(int64_t then, int64_t now)
{
    return then != 0 && now > then ? now - then : 0;
}

static struct status_worker take_worker(const struct scoreboard_slot *slot, int number, int64_t now)
{
    int64_t busy_since = READ(slot->busy_since);
    struct status_worker worker = {
        .number = number,
        .pid = READ(slot->pid),
        .state = (enum scoreboard_state)within(READ(slot->state), SCOREBOARD_LEAVING),
        .stage = (enum scoreboard_stage)within(READ(slot->stage), STAGE_REPLYING),
        .route = busy_since != 0 ? routes_name(READ(slot->route)) : "-",
        .generation = READ(slot->generation),
        .connections = READ(slot->connections),
        .uptime = since(READ(slot->started), now),
        .busy_for = busy_since != 0 ? since(busy_since, now) : -1,
    };

    for (int i = 0; i < SCOREBOARD_COUNTERS; i++)
        worker.counters[i] = scoreboard_get(slot, (enum scoreboard_counter)i);
    if (worker.pid == 0) {
        worker.stage = STAGE_WAITING;
        worker.uptime = 0;
        worker.busy_for = -1;
    }
    return worker;
}

static bool was_ever_used(const struct status_worker *worker)
{
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++) {
        if (worker->counters[i] != 0)
            return true;
    }
    return worker->pid != 0;
}

static void add_worker(struct status *status, const struct status_worker *worker)
{
    status->alive += worker->pid != 0;
    status->busy += worker->busy_for >= 0;
    status->connections += worker->connections;
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++)
        status->totals[i] += worker->counters[i];
    if (was_ever_used(worker))
        status->workers[status->worker_count++] = *worker;
}

static void add_latency(struct status *status, const struct scoreboard_slot *slot)
{
    for (int i = 0; i < SCOREBOARD_BUCKETS; i++) {
        uint64_t count = READ(slot->latency[i]);
        status->latency[i] += count;
        status->latency_count += count;
    }
    status->latency_microseconds += READ(slot->latency_microseconds);
}

const struct status *status_take(const struct scoreboard *scoreboard, int64_t now, struct arena *arena)
{
    struct status *status = arena_allocate(arena, sizeof *status);
    int wanted = READ(scoreboard->workers);

    *status = (struct status){
        .uptime = since(READ(scoreboard->started), now),
        .generation = READ(scoreboard->generation),
        .wanted = wanted > 0 ? wanted : 1, /* 0: one process serves alone */
        .workers = arena_allocate_array(arena, (size_t)scoreboard->slot_count, sizeof *status->workers),
    };
    for (int i = 0; i < scoreboard->slot_count; i++) {
        const struct status_worker worker = take_worker(&scoreboard->slots[i], i + 1, now);
        add_worker(status, &worker);
        add_latency(status, &scoreboard->slots[i]);
    }
    return status;
}

double status_batch(const uint64_t counters[SCOREBOARD_COUNTERS])
{
    return counters[COUNT_ROUNDS] > 0 ? (double)counters[COUNT_REQUESTS] / (double)counters[COUNT_ROUNDS] : 0;
}

uint64_t status_bucket_limit(size_t bucket)
{
    return (uint64_t)SCOREBOARD_FIRST_BUCKET_MICROSECONDS << bucket;
}

double status_quantile(const struct status *status, double fraction)
{
    double rank = fraction * (double)status->latency_count;
    size_t bucket = 0;

    if (status->latency_count == 0)
        return 0;
    while (bucket + 1 < SCOREBOARD_BUCKETS && rank > (double)status->latency[bucket])
        rank -= (double)status->latency[bucket++];
    double below = bucket > 0 ? (double)status_bucket_limit(bucket - 1) / 1000 : 0;
    if (bucket + 1 == SCOREBOARD_BUCKETS || status->latency[bucket] == 0)
        return below;
    double width = (double)status_bucket_limit(bucket) / 1000 - below;
    return below + width * rank / (double)status->latency[bucket];
}

double status_mean(const struct status *status)
{
    return status->latency_count > 0
               ? (double)status->latency_microseconds / (double)status->latency_count / 1000
               : 0;
}

struct slice status_duration(int64_t milliseconds, struct arena *arena)
{
    long long seconds = (long long)milliseconds / 1000;
    long long days = seconds / 86400;
    int hour = (int)(seconds / 3600 % 24), minute = (int)(seconds / 60 % 60), second = (int)(seconds % 60);

    return days > 0 ? arena_format(arena, "%lld d %02d:%02d:%02d", days, hour, minute, second)
                    : arena_format(arena, "%02d:%02d:%02d", hour, minute, second);
}

void status_log(const struct scoreboard *scoreboard)
{
    struct arena *arena = arena_create(16 * 1024);
    struct buffer text = {0};

    status_write_text(status_take(scoreboard, clock_milliseconds(), arena), arena, &text);
    struct slice rest = buffer_slice(&text);
    while (rest.length > 0) {
        const char *end = memchr(rest.data, '\n', rest.length);
        size_t length = end != NULL ? (size_t)(end - rest.data) : rest.length;
        log_notice("status: %.*s", (int)length, rest.data);
        rest = slice_from(rest, length + 1);
    }
    buffer_free(&text);
    arena_destroy(arena);
}
