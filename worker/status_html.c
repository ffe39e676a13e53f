/* The status as data for templates/status.html. */
#include "status.h"

/* An object that grows field by field. */
struct object {
    struct arena *arena;
    struct template_field *fields;
    size_t count, capacity;
};

static struct object object_begin(size_t capacity, struct arena *arena)
{
    struct template_field *fields = arena_allocate_array(arena, capacity, sizeof *fields);

    return (struct object){.arena = arena, .fields = fields, .capacity = capacity};
}

static void add(struct object *object, const char *name, struct template_value value)
{
    if (object->count == object->capacity) {
        struct object larger = object_begin(2 * object->capacity, object->arena);
        memcpy(larger.fields, object->fields, object->count * sizeof *object->fields);
        larger.count = object->count;
        *object = larger;
    }
    object->fields[object->count++] = (struct template_field){slice_from_string(name), value};
}

static void add_text(struct object *object, const char *name, const char *text)
{
    add(object, name, template_text(slice_from_string(text)));
}

static void add_number(struct object *object, const char *name, uint64_t number)
{
    add(object, name, template_text(arena_format(object->arena, "%llu", (unsigned long long)number)));
}

static void add_decimal(struct object *object, const char *name, int digits, double number)
{
    add(object, name, template_text(arena_format(object->arena, "%.*f", digits, number)));
}

static void add_duration(struct object *object, const char *name, int64_t milliseconds)
{
    add(object, name, template_text(status_duration(milliseconds, object->arena)));
}

/* Under their names: {{requests}} and so on. */
static void add_counters(struct object *object, const uint64_t counters[SCOREBOARD_COUNTERS])
{
    for (int i = 0; i < SCOREBOARD_COUNTERS; i++)
        add_number(object, scoreboard_counter_name((enum scoreboard_counter)i), counters[i]);
}

static struct template_value object_end(const struct object *object)
{
    return template_object(object->fields, object->count);
}

static struct template_value describe_worker(const struct status_worker *worker, struct arena *arena)
{
    struct object object = object_begin(10 + SCOREBOARD_COUNTERS, arena);

    add_number(&object, "slot", (uint64_t)worker->number);
    add(&object, "is_gone", (struct template_value){.kind = worker->pid ? TEMPLATE_FALSE : TEMPLATE_TRUE});
    add_number(&object, "pid", (uint64_t)worker->pid);
    add_text(&object, "state", scoreboard_state_name(worker->state));
    add_text(&object, "stage", scoreboard_stage_name(worker->stage));
    add_text(&object, "route", worker->route);
    add_number(&object, "generation", (uint64_t)worker->generation);
    add_number(&object, "connections", (uint64_t)worker->connections);
    add_duration(&object, "uptime", worker->uptime);
    add_decimal(&object, "batch", 2, status_batch(worker->counters));
    add_counters(&object, worker->counters);
    return object_end(&object);
}

static struct template_value describe_workers(const struct status *status, struct arena *arena)
{
    struct template_value *items = arena_allocate_array(arena, status->worker_count, sizeof *items);

    for (size_t i = 0; i < status->worker_count; i++)
        items[i] = describe_worker(&status->workers[i], arena);
    return template_list(items, status->worker_count);
}

static struct template_value describe_totals(const struct status *status, struct arena *arena)
{
    struct template_value *items = arena_allocate_array(arena, SCOREBOARD_COUNTERS, sizeof *items);

    for (int i = 0; i < SCOREBOARD_COUNTERS; i++) {
        struct object object = object_begin(3, arena);
        add_text(&object, "name", scoreboard_counter_name((enum scoreboard_counter)i));
        add_text(&object, "help", scoreboard_counter_help((enum scoreboard_counter)i));
        add_number(&object, "value", status->totals[i]);
        items[i] = object_end(&object);
    }
    return template_list(items, SCOREBOARD_COUNTERS);
}

/* The buckets from the first to the last that hold something. */
static struct template_value describe_buckets(const struct status *status, struct arena *arena)
{
    struct template_value *items = arena_allocate_array(arena, SCOREBOARD_BUCKETS, sizeof *items);
    size_t first = 0, end = SCOREBOARD_BUCKETS, count = 0;

    while (first < end && status->latency[first] == 0)
        first++;
    while (end > first && status->latency[end - 1] == 0)
        end--;
    for (size_t i = first; i < end; i++) {
        bool is_last = i + 1 == SCOREBOARD_BUCKETS;
        struct object object = object_begin(4, arena);
        add_text(&object, "side", is_last ? "from" : "below");
        add_decimal(&object, "limit", 3, (double)status_bucket_limit(is_last ? i - 1 : i) / 1000);
        add_number(&object, "count", status->latency[i]);
        add_decimal(&object, "percent", 1, 100 * (double)status->latency[i] / (double)status->latency_count);
        items[count++] = object_end(&object);
    }
    return template_list(items, count);
}

struct template_value status_describe(const struct status *status, struct arena *arena)
{
    struct object object = object_begin(16 + SCOREBOARD_COUNTERS, arena);

    add_text(&object, "version", SESSION_FCGI_VERSION);
    add_duration(&object, "pool_uptime", status->uptime);
    add_number(&object, "pool_generation", (uint64_t)status->generation);
    add_number(&object, "wanted", (uint64_t)status->wanted);
    add_number(&object, "alive", (uint64_t)status->alive);
    add_number(&object, "busy", (uint64_t)status->busy);
    add_number(&object, "open", (uint64_t)status->connections);
    add_counters(&object, status->totals);
    add_decimal(&object, "pool_batch", 2, status_batch(status->totals));
    add_decimal(&object, "mean", 3, status_mean(status));
    add_decimal(&object, "p50", 3, status_quantile(status, 0.5));
    add_decimal(&object, "p90", 3, status_quantile(status, 0.9));
    add_decimal(&object, "p99", 3, status_quantile(status, 0.99));
    add(&object, "has_latency",
        (struct template_value){.kind = status->latency_count > 0 ? TEMPLATE_TRUE : TEMPLATE_FALSE});
    add(&object, "workers", describe_workers(status, arena));
    add(&object, "totals", describe_totals(status, arena));
    add(&object, "buckets", describe_buckets(status, arena));
    return object_end(&object);
}
