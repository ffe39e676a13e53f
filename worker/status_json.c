/* The status as JSON (RFC 8259). All texts are names from this program's tables: none needs escaping. */
#include "status.h"

static double in_seconds(int64_t milliseconds)
{
    return (double)milliseconds / 1000;
}

static void write_counters(const uint64_t counters[SCOREBOARD_COUNTERS], struct buffer *out)
{
    buffer_append_string(out, "{");
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++)
        buffer_append_format(out, "\"%s\":%llu,", scoreboard_counter_name((enum scoreboard_counter)i),
                             (unsigned long long)counters[i]);
    buffer_append_format(out, "\"batch\":%.3f}", status_batch(counters));
}

/* Not cumulative; the last bucket has no limit. */
static void write_buckets(const struct status *status, struct buffer *out)
{
    for (size_t i = 0; i + 1 < SCOREBOARD_BUCKETS; i++)
        buffer_append_format(out, "{\"below_seconds\":%.6f,\"count\":%llu},",
                             (double)status_bucket_limit(i) / 1e6, (unsigned long long)status->latency[i]);
    buffer_append_format(out, "{\"below_seconds\":null,\"count\":%llu}",
                         (unsigned long long)status->latency[SCOREBOARD_BUCKETS - 1]);
}

static void write_latency(const struct status *status, struct buffer *out)
{
    buffer_append_format(out, "{\"count\":%llu,\"sum\":%.6f", (unsigned long long)status->latency_count,
                         (double)status->latency_microseconds / 1e6);
    buffer_append_format(out, ",\"mean\":%.6f,\"p50\":%.6f,\"p90\":%.6f,\"p99\":%.6f,\"buckets\":[",
                         status_mean(status) / 1e3, status_quantile(status, 0.5) / 1e3,
                         status_quantile(status, 0.9) / 1e3, status_quantile(status, 0.99) / 1e3);
    write_buckets(status, out);
    buffer_append_string(out, "]}");
}

static void write_worker(const struct status_worker *worker, struct buffer *out)
{
    buffer_append_format(out,
                         "{\"slot\":%d,\"pid\":%d,\"state\":\"%s\",\"generation\":%d,\"uptime_seconds\":%.3f,"
                         "\"stage\":\"%s\",\"route\":\"%s\",\"connections\":%d,",
                         worker->number, worker->pid, scoreboard_state_name(worker->state),
                         worker->generation, in_seconds(worker->uptime), scoreboard_stage_name(worker->stage),
                         worker->route, worker->connections);
    if (worker->busy_for >= 0)
        buffer_append_format(out, "\"busy_seconds\":%.3f,", in_seconds(worker->busy_for));
    buffer_append_string(out, "\"counters\":");
    write_counters(worker->counters, out);
    buffer_append_string(out, "}");
}

void status_write_json(const struct status *status, struct buffer *out)
{
    buffer_append_format(
        out,
        "{\"version\":\"%s\",\"uptime_seconds\":%.3f,\"generation\":%d,"
        "\"workers\":{\"wanted\":%d,\"alive\":%d,\"busy\":%d},\"connections\":%d,\n\"totals\":",
        SESSION_FCGI_VERSION, in_seconds(status->uptime), status->generation, status->wanted, status->alive,
        status->busy, status->connections);
    write_counters(status->totals, out);
    buffer_append_string(out, ",\n\"latency_seconds\":");
    write_latency(status, out);
    buffer_append_string(out, ",\n\"slots\":[");
    for (size_t i = 0; i < status->worker_count; i++) {
        buffer_append_string(out, i > 0 ? ",\n" : "\n");
        write_worker(&status->workers[i], out);
    }
    buffer_append_string(out, "]}\n");
}
