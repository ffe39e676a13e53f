/* The status as plain text: for a terminal, and for the log. No line is empty. */
#include "status.h"

static int length_of(struct slice text)
{
    return (int)text.length;
}

static void write_summary(const struct status *status, struct arena *arena, struct buffer *out)
{
    struct slice uptime = status_duration(status->uptime, arena);

    buffer_append_format(
        out, "session-fcgi %s, up %.*s, generation %d, %d of %d workers, %d busy, %d connections\n",
        SESSION_FCGI_VERSION, length_of(uptime), uptime.data, status->generation, status->alive,
        status->wanted, status->busy, status->connections);
}

static void write_totals(const struct status *status, struct buffer *out)
{
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++) {
        enum scoreboard_counter counter = (enum scoreboard_counter)i;
        buffer_append_format(out, "%-24s %10llu  %s\n", scoreboard_counter_name(counter),
                             (unsigned long long)status->totals[i], scoreboard_counter_help(counter));
    }
    buffer_append_format(out, "%-24s %10.2f  Requests a round, on average.\n", "batch",
                         status_batch(status->totals));
}

static void write_latency(const struct status *status, struct buffer *out)
{
    buffer_append_format(
        out, "latency: mean %.3f ms, 50 %% below %.3f ms, 90 %% below %.3f ms, 99 %% below %.3f ms\n",
        status_mean(status), status_quantile(status, 0.5), status_quantile(status, 0.9),
        status_quantile(status, 0.99));
    for (size_t i = 0; i < SCOREBOARD_BUCKETS; i++) {
        bool is_last = i + 1 == SCOREBOARD_BUCKETS;
        double limit = (double)status_bucket_limit(is_last ? i - 1 : i) / 1000;
        if (status->latency[i] > 0)
            buffer_append_format(out, "latency %s %9.3f ms %9llu\n", is_last ? "from " : "below", limit,
                                 (unsigned long long)status->latency[i]);
    }
}

static void write_worker(const struct status_worker *worker, struct arena *arena, struct buffer *out)
{
    struct slice uptime = status_duration(worker->uptime, arena);

    buffer_append_format(out, "%-6d %7d %-8s %10d %12.*s %-10s %-12s %11d", worker->number, worker->pid,
                         scoreboard_state_name(worker->state), worker->generation, length_of(uptime),
                         uptime.data, scoreboard_stage_name(worker->stage), worker->route,
                         worker->connections);
    buffer_append_format(out, " %10llu %6.2f", (unsigned long long)worker->counters[COUNT_REQUESTS],
                         status_batch(worker->counters));
    buffer_append_format(out, " %10llu %6llu %7llu %7llu %9llu %8llu\n",
                         (unsigned long long)worker->counters[COUNT_STORE_OPERATIONS],
                         (unsigned long long)worker->counters[COUNT_STORE_ERRORS],
                         (unsigned long long)worker->counters[COUNT_SESSIONS_MISSING],
                         (unsigned long long)worker->counters[COUNT_REFUSED_COOKIES],
                         (unsigned long long)worker->counters[COUNT_CONFLICTS],
                         (unsigned long long)worker->counters[COUNT_RESTARTS]);
}

void status_write_text(const struct status *status, struct arena *arena, struct buffer *out)
{
    write_summary(status, arena, out);
    write_totals(status, out);
    write_latency(status, out);
    buffer_append_string(out, "worker process state    generation       uptime stage      route        "
                              "connections   requests  batch  store-ops errors missing refused conflicts "
                              "restarts\n");
    for (size_t i = 0; i < status->worker_count; i++)
        write_worker(&status->workers[i], arena, out);
}
