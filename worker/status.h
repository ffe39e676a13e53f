/* The status of the pool: what the scoreboard says at one moment, and the forms in which people and programs
 * read it. Taking and writing it disturbs nobody, and any process of the pool can do it. */
#ifndef SESSION_FCGI_STATUS_H
#define SESSION_FCGI_STATUS_H

#include "arena.h"
#include "buffer.h"
#include "scoreboard.h"
#include "template.h"

/* One slot that a worker has, or had. */
struct status_worker {
    int number; /* of the slot, from 1: as in process titles and the log */
    int pid;    /* 0: the worker is gone, and only its counters are left */
    enum scoreboard_state state;
    enum scoreboard_stage stage;
    const char *route; /* of the current request; "-" if there is none */
    int generation, connections;
    int64_t uptime;                         /* milliseconds */
    int64_t busy_for;                       /* milliseconds with the current request; -1 if there is none */
    uint64_t counters[SCOREBOARD_COUNTERS]; /* of all workers that had the slot */
};

struct status {
    int64_t uptime; /* milliseconds: the pool */
    int generation;
    int wanted, alive, busy; /* workers */
    int connections;
    uint64_t totals[SCOREBOARD_COUNTERS];
    uint64_t latency[SCOREBOARD_BUCKETS], latency_count, latency_microseconds;
    struct status_worker *workers;
    size_t worker_count;
};

/* What the scoreboard says now (clock_milliseconds), in `arena`. The numbers are read one after the other
 * while the workers go on counting, so those of one worker need not be of the same instant. */
const struct status *status_take(const struct scoreboard *scoreboard, int64_t now, struct arena *arena);

/* Requests a round: the average size of a batch. 0 if there were none. */
double status_batch(const uint64_t counters[SCOREBOARD_COUNTERS]);

/* Bucket `bucket` of the latencies holds those below this, in microseconds; the last has no such limit. */
uint64_t status_bucket_limit(size_t bucket);

/* The latency, in milliseconds, that a fraction of the answers stayed below: 0.5 for the median. An estimate
 * that takes the answers of a bucket for evenly spread; in the last bucket it is where that begins. 0 if
 * there were no answers. */
double status_quantile(const struct status *status, double fraction);
double status_mean(const struct status *status);

/* "2 d 03:04:05" */
struct slice status_duration(int64_t milliseconds, struct arena *arena);

/* The forms. Whatever is text in them is this program's own: names from its tables, never a visitor's. */
void status_write_text(const struct status *status, struct arena *arena, struct buffer *out);
void status_write_json(const struct status *status, struct buffer *out);
struct template_value status_describe(const struct status *status, struct arena *arena); /* status.html */

/* Prometheus' text format, version 0.0.4. Only workers' slots are labels, so that the number of time series
 * has a limit. */
void status_write_metrics(const struct status *status, struct buffer *out);

/* Logs the text form, line by line. */
void status_log(const struct scoreboard *scoreboard);

#endif
