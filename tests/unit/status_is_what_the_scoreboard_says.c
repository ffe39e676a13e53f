/* The snapshot of the scoreboard, and its text and JSON forms. */
#include "unit.h"

#include <stdlib.h>

#include "../../worker/status.h"

enum { NOW = 200000 };

struct fixture {
    struct scoreboard *scoreboard;
    struct arena *arena;
    struct buffer out;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct error error;

    fixture = (struct fixture){.arena = arena_create(4096), .scoreboard = scoreboard_create(3, &error)};
    *state = &fixture;
    return fixture.scoreboard == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    buffer_free(&fixture->out);
    arena_destroy(fixture->arena);
    return 0;
}

static const struct status *take(const struct fixture *fixture)
{
    return status_take(fixture->scoreboard, NOW, fixture->arena);
}

static void assert_near(double actual, double expected)
{
    if (actual < expected - 1e-9 || actual > expected + 1e-9)
        fail_msg("%.12g is not %.12g", actual, expected);
}

static void numbers_of_the_slots_are_added_up(void **state)
{
    const struct fixture *fixture = *state;

    for (int i = 0; i < 3; i++) {
        atomic_store(&fixture->scoreboard->slots[i].pid, i == 1 ? 0 : 7 + i);
        atomic_store(&fixture->scoreboard->slots[i].connections, i == 1 ? 0 : 2);
        scoreboard_set(&fixture->scoreboard->slots[i], COUNT_REQUESTS, 10);
        scoreboard_set(&fixture->scoreboard->slots[i], COUNT_ROUNDS, 4);
    }
    const struct status *status = take(fixture);
    assert_int_equal(status->totals[COUNT_REQUESTS], 30);
    assert_int_equal(status->alive, 2);
    assert_int_equal(status->connections, 4);
    assert_int_equal(status->worker_count, 3);
    assert_near(status_batch(status->totals), 2.5);
}

static void a_slot_that_nobody_ever_had_is_left_out(void **state)
{
    const struct fixture *fixture = *state;

    atomic_store(&fixture->scoreboard->slots[1].pid, 7);
    const struct status *status = take(fixture);
    assert_int_equal(status->worker_count, 1);
    assert_int_equal(status->workers[0].number, 2);
}

static void a_process_that_serves_alone_is_one_worker_of_one(void **state)
{
    const struct fixture *fixture = *state;

    atomic_store(&fixture->scoreboard->slots[0].pid, 7);
    assert_int_equal(take(fixture)->wanted, 1);
    assert_int_equal(take(fixture)->alive, 1);
}

static void a_slot_full_of_nonsense_is_read_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    struct scoreboard_slot *slot = &fixture->scoreboard->slots[0];

    atomic_store(&slot->pid, 7);
    atomic_store(&slot->state, 99);
    atomic_store(&slot->stage, -5);
    atomic_store(&slot->route, 12345);
    atomic_store(&slot->busy_since, INT64_MAX);
    atomic_store(&slot->started, INT64_MAX);
    const struct status *status = take(fixture);
    assert_int_equal(status->workers[0].state, SCOREBOARD_FREE);
    assert_int_equal(status->workers[0].stage, STAGE_WAITING);
    assert_string_equal(status->workers[0].route, "-");
    assert_int_equal(status->workers[0].uptime, 0);
    status_write_text(status, fixture->arena, &fixture->out);
    status_write_json(status, &fixture->out);
}

static void quantiles_are_interpolated_within_a_bucket(void **state)
{
    const struct fixture *fixture = *state;

    assert_near(status_quantile(take(fixture), 0.5), 0);
    for (int i = 0; i < 8; i++)
        scoreboard_count_latency(&fixture->scoreboard->slots[0], 70); /* 64 to 128 microseconds */
    for (int i = 0; i < 2; i++)
        scoreboard_count_latency(&fixture->scoreboard->slots[1], 300); /* 256 to 512 */
    const struct status *status = take(fixture);
    assert_near(status_quantile(status, 0.4), 0.096);
    assert_near(status_quantile(status, 0.8), 0.128);
    assert_near(status_quantile(status, 0.9), 0.384);
    assert_near(status_quantile(status, 1), 0.512);
    assert_near(status_mean(status), 0.116);
}

static void a_quantile_in_the_last_bucket_is_where_that_begins(void **state)
{
    const struct fixture *fixture = *state;

    scoreboard_count_latency(&fixture->scoreboard->slots[0], 60000000);
    assert_near(status_quantile(take(fixture), 0.5), 1048.576);
}

static void durations_read_like_clocks(void **state)
{
    const struct fixture *fixture = *state;

    assert_slice_equals(status_duration(0, fixture->arena), "00:00:00");
    assert_slice_equals(status_duration(86399999, fixture->arena), "23:59:59");
    assert_slice_equals(status_duration(2 * 86400000 + 3723000, fixture->arena), "2 d 01:02:03");
}

static void no_line_of_the_text_is_empty(void **state)
{
    struct fixture *fixture = *state;

    status_write_text(take(fixture), fixture->arena, &fixture->out);
    buffer_append(&fixture->out, (struct slice){"", 1});
    assert_int_not_equal(fixture->out.data[0], '\n');
    assert_null(strstr(fixture->out.data, "\n\n"));
    assert_non_null(strstr(fixture->out.data, "\nrequests "));
}

/* A checker of JSON's grammar, as far as this program uses it: moves behind one value. */
static const char *skip_value(const char *text);

static const char *skip_string(const char *text)
{
    assert_int_equal(*text, '"');
    size_t length = strcspn(text + 1, "\"\\\n");
    assert_int_equal(text[1 + length], '"');
    return text + length + 2;
}

static const char *skip_items(const char *text, char end, bool named)
{
    text++;
    while (true) {
        text += strspn(text, "\n");
        if (named) {
            text = skip_string(text);
            assert_int_equal(*text++, ':');
        }
        text = skip_value(text);
        if (*text == end)
            return text + 1;
        assert_int_equal(*text++, ',');
    }
}

static const char *skip_value(const char *text)
{
    char *end;

    if (*text == '{')
        return skip_items(text, '}', true);
    if (*text == '[')
        return skip_items(text, ']', false);
    if (*text == '"')
        return skip_string(text);
    if (strncmp(text, "null", 4) == 0)
        return text + 4;
    assert_true(strspn(text, "-0123456789.") > 0);
    strtod(text, &end);
    return end;
}

static void json_is_json(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 2; i++) {
        atomic_store(&fixture->scoreboard->slots[i].pid, 7 + i);
        scoreboard_count_latency(&fixture->scoreboard->slots[i], 100);
    }
    atomic_store(&fixture->scoreboard->slots[1].busy_since, NOW - 5);
    status_write_json(take(fixture), &fixture->out);
    buffer_append(&fixture->out, (struct slice){"", 1});
    assert_string_equal(skip_value(fixture->out.data), "\n");
    assert_non_null(strstr(fixture->out.data, "\"busy_seconds\":0.005"));
    assert_non_null(strstr(fixture->out.data, "{\"below_seconds\":0.000128,\"count\":2}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_of_the_slots_are_added_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slot_that_nobody_ever_had_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_serves_alone_is_one_worker_of_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slot_full_of_nonsense_is_read_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quantiles_are_interpolated_within_a_bucket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_quantile_in_the_last_bucket_is_where_that_begins, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(durations_read_like_clocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_line_of_the_text_is_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(json_is_json, set_up, tear_down),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
