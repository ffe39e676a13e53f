/* The status for Prometheus: its text format, version 0.0.4. Each metric is announced with HELP and TYPE and
 * its samples follow. Only slots are labels. */
#include "status.h"

static void announce(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_append_format(out, "# HELP session_fcgi_%s %s\n# TYPE session_fcgi_%s %s\n", name, help, name,
                         type);
}

static void write_gauge(struct buffer *out, const char *name, const char *help, double value)
{
    announce(out, name, "gauge", help);
    buffer_append_format(out, "session_fcgi_%s %.15g\n", name, value);
}

static void write_gauges(const struct status *status, struct buffer *out)
{
    announce(out, "build_info", "gauge", "Always 1; the label tells the version.");
    buffer_append_format(out, "session_fcgi_build_info{version=\"%s\"} 1\n", SESSION_FCGI_VERSION);
    write_gauge(out, "uptime_seconds", "Time since the pool was started.", (double)status->uptime / 1000);
    write_gauge(out, "generation", "Reloads since then.", status->generation);
    write_gauge(out, "workers_wanted", "Workers as configured.", status->wanted);
    write_gauge(out, "workers", "Worker processes.", status->alive);
    write_gauge(out, "workers_busy", "Workers that have a request.", status->busy);
    write_gauge(out, "connections", "Open connections from the web server.", status->connections);
}

static void write_totals(const struct status *status, struct buffer *out)
{
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++) {
        const char *name = scoreboard_counter_name((enum scoreboard_counter)i);
        const char *help = scoreboard_counter_help((enum scoreboard_counter)i);
        buffer_append_format(out, "# HELP session_fcgi_%s_total %s\n# TYPE session_fcgi_%s_total counter\n",
                             name, help, name);
        buffer_append_format(out, "session_fcgi_%s_total %llu\n", name,
                             (unsigned long long)status->totals[i]);
    }
}

/* Latencies are whole microseconds, and a bucket holds what is less than its limit: so "at most" the limit is
 * the same but for answers of exactly that time. */
static void write_latency(const struct status *status, struct buffer *out)
{
    static const char name[] = "request_duration_seconds";
    uint64_t below = 0;

    announce(out, name, "histogram", "Time from a request's arrival to the end of its answer.");
    for (size_t i = 0; i + 1 < SCOREBOARD_BUCKETS; i++) {
        below += status->latency[i];
        buffer_append_format(out, "session_fcgi_%s_bucket{le=\"%.10g\"} %llu\n", name,
                             (double)status_bucket_limit(i) / 1e6, (unsigned long long)below);
    }
    buffer_append_format(out, "session_fcgi_%s_bucket{le=\"+Inf\"} %llu\n", name,
                         (unsigned long long)status->latency_count);
    buffer_append_format(out, "session_fcgi_%s_sum %.6f\n", name, (double)status->latency_microseconds / 1e6);
    buffer_append_format(out, "session_fcgi_%s_count %llu\n", name,
                         (unsigned long long)status->latency_count);
}

/* One counter of each slot; a slot whose worker is gone keeps its counters. */
static void write_slot_counter(const struct status *status, enum scoreboard_counter counter, const char *name,
                               const char *help, struct buffer *out)
{
    announce(out, name, "counter", help);
    for (size_t i = 0; i < status->worker_count; i++)
        buffer_append_format(out, "session_fcgi_%s{slot=\"%d\"} %llu\n", name, status->workers[i].number,
                             (unsigned long long)status->workers[i].counters[counter]);
}

static double slot_uptime(const struct status_worker *worker)
{
    return (double)worker->uptime / 1000;
}

static double slot_busy_time(const struct status_worker *worker)
{
    return worker->busy_for >= 0 ? (double)worker->busy_for / 1000 : 0;
}

static double slot_connections(const struct status_worker *worker)
{
    return worker->connections;
}

/* One number of each worker that is there. */
static void write_slot_gauge(const struct status *status, double (*number)(const struct status_worker *),
                             const char *name, const char *help, struct buffer *out)
{
    announce(out, name, "gauge", help);
    for (size_t i = 0; i < status->worker_count; i++) {
        if (status->workers[i].pid != 0)
            buffer_append_format(out, "session_fcgi_%s{slot=\"%d\"} %.15g\n", name, status->workers[i].number,
                                 number(&status->workers[i]));
    }
}

void status_write_metrics(const struct status *status, struct buffer *out)
{
    write_gauges(status, out);
    write_totals(status, out);
    write_latency(status, out);
    write_slot_counter(status, COUNT_REQUESTS, "worker_requests_total", "Requests answered, by slot.", out);
    write_slot_counter(status, COUNT_ROUNDS, "worker_rounds_total", "Rounds of requests, by slot.", out);
    write_slot_counter(status, COUNT_RESTARTS, "worker_restarts_total", "Workers replaced, by slot.", out);
    write_slot_gauge(status, slot_connections, "worker_connections", "Open connections, by slot.", out);
    write_slot_gauge(status, slot_uptime, "worker_uptime_seconds", "Time since the worker was started.", out);
    write_slot_gauge(status, slot_busy_time, "worker_busy_seconds",
                     "Time that the worker has spent on its current request; 0 without one.", out);
}
