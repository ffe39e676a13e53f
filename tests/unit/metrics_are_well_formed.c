/* /metrics in Prometheus' text format, version 0.0.4: every metric announced, every line a sample of the
 * metric announced last, and nothing twice. */
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../worker/status.h"

enum { NOW = 90061000, LINES = 400 };

struct fixture {
    struct scoreboard *scoreboard;
    struct arena *arena;
    struct buffer out;
    char *lines[LINES]; /* of `out`, terminated */
    size_t count;
};

static void fill(struct scoreboard *scoreboard)
{
    atomic_store(&scoreboard->workers, 2);
    atomic_store(&scoreboard->generation, 3);
    atomic_store(&scoreboard->started, 1000);
    for (int i = 0; i < 3; i++) { /* the fourth slot was never used, the third's worker is gone */
        struct scoreboard_slot *slot = &scoreboard->slots[i];
        atomic_store(&slot->pid, i < 2 ? 100 + i : 0);
        atomic_store(&slot->state, i < 2 ? SCOREBOARD_SERVING : SCOREBOARD_FREE);
        atomic_store(&slot->connections, i < 2 ? 5 : 0);
        atomic_store(&slot->started, NOW - 2500);
        for (int j = 0; j < SCOREBOARD_COUNTERS; j++)
            scoreboard_set(slot, (enum scoreboard_counter)j, (uint64_t)(100 * (i + 1) + j));
    }
    atomic_store(&scoreboard->slots[1].busy_since, NOW - 1500);
    scoreboard_count_latency(&scoreboard->slots[0], 10);
    scoreboard_count_latency(&scoreboard->slots[1], 100);
    scoreboard_count_latency(&scoreboard->slots[1], 110);
    scoreboard_count_latency(&scoreboard->slots[2], 5000000);
}

static void split(struct fixture *fixture)
{
    assert_int_equal(fixture->out.data[fixture->out.length - 1], '\n');
    buffer_append(&fixture->out, (struct slice){"", 1});
    for (char *line = fixture->out.data; *line != '\0'; line = strchr(line, '\0') + 1) {
        assert_true(fixture->count < LINES);
        fixture->lines[fixture->count++] = line;
        *strchr(line, '\n') = '\0';
    }
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct error error;

    fixture = (struct fixture){.arena = arena_create(4096), .scoreboard = scoreboard_create(4, &error)};
    if (fixture.scoreboard == NULL)
        return -1;
    fill(fixture.scoreboard);
    status_write_metrics(status_take(fixture.scoreboard, NOW, fixture.arena), &fixture.out);
    split(&fixture);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    buffer_free(&fixture->out);
    arena_destroy(fixture->arena);
    return 0;
}

/* The text behind "NAME " of the one line that begins so. */
static const char *find(const struct fixture *fixture, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < fixture->count; i++) {
        if (strncmp(fixture->lines[i], name, strlen(name)) == 0 && fixture->lines[i][strlen(name)] == ' ') {
            assert_null(found);
            found = fixture->lines[i] + strlen(name) + 1;
        }
    }
    if (found == NULL)
        fail_msg("there is no %s", name);
    return found;
}

static size_t name_length(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");

    assert_true(length > strlen("session_fcgi_"));
    assert_memory_equal(text, "session_fcgi_", strlen("session_fcgi_"));
    return length;
}

/* Checks labels, if there are any, and moves behind them. */
static const char *skip_labels(const char *text)
{
    if (*text != '{')
        return text;
    size_t label = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz");
    assert_true(label > 0);
    text += 1 + label;
    assert_memory_equal(text, "=\"", 2);
    text += 2;
    size_t value = strcspn(text, "\"\\");
    assert_memory_equal(text + value, "\"}", 2);
    return text + value + 2;
}

static void assert_sample(const char *line, const char *metric, size_t metric_length, bool is_histogram)
{
    size_t length = name_length(line);
    const char *rest = line + metric_length;
    char *end;

    assert_true(length >= metric_length);
    assert_memory_equal(line, metric, metric_length);
    if (is_histogram)
        assert_true(strncmp(rest, "_bucket{", 8) == 0 || strncmp(rest, "_sum ", 5) == 0 ||
                    strncmp(rest, "_count ", 7) == 0);
    else
        assert_int_equal(length, metric_length);
    const char *value = skip_labels(line + length);
    assert_int_equal(*value, ' ');
    assert_true(isdigit((unsigned char)value[1]));
    strtod(value + 1, &end);
    assert_int_equal(*end, '\0');
}

static void each_metric_is_announced_and_its_samples_follow(void **state)
{
    const struct fixture *fixture = *state;
    size_t i = 0;

    while (i < fixture->count) {
        assert_memory_equal(fixture->lines[i], "# HELP ", 7);
        const char *metric = fixture->lines[i++] + 7;
        size_t length = name_length(metric);
        assert_int_equal(metric[length], ' ');
        assert_true(strlen(metric) > length + 1);
        assert_null(strchr(metric, '\\'));
        assert_memory_equal(fixture->lines[i], "# TYPE ", 7);
        assert_memory_equal(fixture->lines[i] + 7, metric, length + 1);
        const char *type = fixture->lines[i++] + 7 + length + 1;
        bool counts = strcmp(type, "counter") == 0, is_histogram = strcmp(type, "histogram") == 0;
        assert_true(counts || is_histogram || strcmp(type, "gauge") == 0);
        assert_int_equal(counts, strncmp(metric + length - 6, "_total", 6) == 0);
        size_t first = i;
        for (; i < fixture->count && fixture->lines[i][0] != '#'; i++)
            assert_sample(fixture->lines[i], metric, length, is_histogram);
        assert_true(i > first);
    }
}

static void nothing_is_there_twice(void **state)
{
    const struct fixture *fixture = *state;

    for (size_t i = 0; i < fixture->count; i++) {
        size_t length = fixture->lines[i][0] == '#'
                            ? strlen(fixture->lines[i])
                            : (size_t)(strrchr(fixture->lines[i], ' ') - fixture->lines[i]) + 1;
        for (size_t j = i + 1; j < fixture->count; j++)
            assert_int_not_equal(strncmp(fixture->lines[i], fixture->lines[j], length), 0);
    }
}

static void each_counter_is_the_sum_over_the_slots(void **state)
{
    const struct fixture *fixture = *state;

    for (int i = 0; i < SCOREBOARD_COUNTERS; i++) {
        char name[128], value[32];
        snprintf(name, sizeof name, "session_fcgi_%s_total",
                 scoreboard_counter_name((enum scoreboard_counter)i));
        snprintf(value, sizeof value, "%d", 600 + 3 * i);
        assert_string_equal(find(fixture, name), value);
    }
}

static void gauges_tell_the_pool(void **state)
{
    const struct fixture *fixture = *state;

    assert_string_equal(find(fixture, "session_fcgi_uptime_seconds"), "90060");
    assert_string_equal(find(fixture, "session_fcgi_generation"), "3");
    assert_string_equal(find(fixture, "session_fcgi_workers"), "2");
    assert_string_equal(find(fixture, "session_fcgi_workers_busy"), "1");
    assert_string_equal(find(fixture, "session_fcgi_connections"), "10");
}

static void buckets_are_cumulative_and_in_seconds(void **state)
{
    const struct fixture *fixture = *state;
    const char *const expected[][2] = {
        {"6.4e-05", "1"}, {"0.000128", "3"}, {"0.000256", "3"}, {"1.048576", "3"}, {"+Inf", "4"}};

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char name[128];
        snprintf(name, sizeof name, "session_fcgi_request_duration_seconds_bucket{le=\"%s\"}",
                 expected[i][0]);
        assert_string_equal(find(fixture, name), expected[i][1]);
    }
    assert_string_equal(find(fixture, "session_fcgi_request_duration_seconds_count"), "4");
    assert_string_equal(find(fixture, "session_fcgi_request_duration_seconds_sum"), "5.000220");
}

static void a_slot_keeps_its_counters_when_its_worker_is_gone(void **state)
{
    const struct fixture *fixture = *state;

    assert_string_equal(find(fixture, "session_fcgi_worker_requests_total{slot=\"3\"}"), "300");
    assert_string_equal(find(fixture, "session_fcgi_worker_uptime_seconds{slot=\"2\"}"), "2.5");
    assert_string_equal(find(fixture, "session_fcgi_worker_busy_seconds{slot=\"1\"}"), "0");
    assert_string_equal(find(fixture, "session_fcgi_worker_busy_seconds{slot=\"2\"}"), "1.5");
    for (size_t i = 0; i < fixture->count; i++) {
        assert_null(strstr(fixture->lines[i], "uptime_seconds{slot=\"3\"}"));
        assert_null(strstr(fixture->lines[i], "{slot=\"4\"}"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_metric_is_announced_and_its_samples_follow),
        cmocka_unit_test(nothing_is_there_twice),
        cmocka_unit_test(each_counter_is_the_sum_over_the_slots),
        cmocka_unit_test(gauges_tell_the_pool),
        cmocka_unit_test(buckets_are_cumulative_and_in_seconds),
        cmocka_unit_test(a_slot_keeps_its_counters_when_its_worker_is_gone),
    };

    return RUN_TESTS(tests, set_up, tear_down);
}
