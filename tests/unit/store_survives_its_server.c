/* The store on memcached outlives its servers: what is killed, stopped, restarted or full is noticed at once
 * and costs as little as it can. */
#include "memcached_server.h"

/* Milliseconds. The machine may stand still for a second: what has to be quick is so in less than one time
 * limit, and what costs one does not cost two. */
enum { TIME_LIMIT = 2000 };

struct fixture {
    struct memcached_server servers[2];
    struct store *store; /* on as many servers as the test starts */
    struct arena *arena;
    struct log_capture capture;
    bool capturing;
    char log[4096];
};

static time_t in_an_hour(void)
{
    return time(NULL) + 3600;
}

static struct slice slice(const char *text)
{
    return slice_from_string(text);
}

static void begin(struct fixture *f, size_t count)
{
    const char *paths[2];

    for (size_t i = 0; i < count; i++) {
        server_start(&f->servers[i], "64", false);
        paths[i] = f->servers[i].path;
    }
    f->store = store_on_sockets(paths, count, TIME_LIMIT);
}

/* Ends the capture of the log, so that the test can look at it. */
static const char *the_log(struct fixture *f)
{
    log_capture_end(&f->capture, f->log, sizeof f->log);
    f->capturing = false;
    return f->log;
}

/* All four operations, with their results. Each would cost a time limit if it waited; together they do not.
 */
static void everything_is_unreachable_at_once(struct fixture *f)
{
    enum { ROUNDS = 5 };
    int64_t start = milliseconds();

    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
        assert_int_equal(store_add(f->store, "new", slice("value"), in_an_hour()), STORE_UNREACHABLE);
        assert_int_equal(store_replace(f->store, "key", slice("value"), 1, in_an_hour()), STORE_UNREACHABLE);
        assert_int_equal(store_delete(f->store, "key"), STORE_UNREACHABLE);
    }
    assert_true(milliseconds() - start < TIME_LIMIT);
}

static void a_server_that_was_killed_is_unreachable_and_found_again_when_it_is_back(void **state)
{
    struct fixture *f = *state;

    begin(f, 1);
    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    server_kill(&f->servers[0]);
    everything_is_unreachable_at_once(f);

    server_start(&f->servers[0], "64", false);
    assert_int_equal(read_until(f->store, f->arena, "key", STORE_ABSENT), STORE_ABSENT);
    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    assert_slice_equals(read_one(f->store, f->arena, "key").value, "value");
}

static void the_first_operation_after_a_restart_succeeds(void **state)
{
    struct fixture *f = *state;

    begin(f, 1);
    for (int operation = 0; operation < 4; operation++) {
        assert_int_not_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
        server_kill(&f->servers[0]);
        server_start(&f->servers[0], "64", false);
        if (operation == 0)
            assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
        if (operation == 1)
            assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
        if (operation == 2)
            assert_int_equal(store_replace(f->store, "key", slice("v"), 1, in_an_hour()), STORE_ABSENT);
        if (operation == 3)
            assert_int_equal(store_delete(f->store, "key"), STORE_ABSENT);
    }
    assert_int_equal(f->store->counters.errors, 0);
    assert_string_equal(the_log(f), "");
}

static void a_server_that_stands_still_costs_one_time_limit_and_is_found_again_when_it_goes_on(void **state)
{
    struct fixture *f = *state;

    begin(f, 1);
    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    server_stop(&f->servers[0]);
    int64_t start = milliseconds();
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
    int64_t cost = milliseconds() - start;
    assert_true(cost >= TIME_LIMIT - 1 && cost < 2 * TIME_LIMIT - 1);
    everything_is_unreachable_at_once(f);

    server_continue(&f->servers[0]);
    assert_int_equal(read_until(f->store, f->arena, "key", STORE_OK), STORE_OK);
    assert_slice_equals(read_one(f->store, f->arena, "key").value, "value");
}

static void a_server_behind_a_name_and_a_port_is_found_again(void **state)
{
    struct fixture *f = *state;
    struct store_memcached_server server = {.host = "localhost"};
    struct error error;

    server_use_port(&f->servers[0]);
    server_start(&f->servers[0], "64", false);
    server.port = f->servers[0].port;
    f->store = store_memcached_create(&server, 1, TIME_LIMIT, &error);
    assert_non_null(f->store);
    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);

    server_kill(&f->servers[0]);
    everything_is_unreachable_at_once(f);
    server_start(&f->servers[0], "64", false);
    assert_int_equal(read_until(f->store, f->arena, "key", STORE_ABSENT), STORE_ABSENT);

    server_stop(&f->servers[0]);
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
    everything_is_unreachable_at_once(f);
    server_continue(&f->servers[0]);
    assert_int_equal(read_until(f->store, f->arena, "key", STORE_ABSENT), STORE_ABSENT);
}

/* Each read takes the probe one step on, and they are so far apart that each probe would seem overdue. */
static void a_server_is_found_again_by_requests_that_come_seldom(void **state)
{
    struct fixture *f = *state;
    struct store_memcached_server server = {.host = "127.0.0.1"};
    enum store_result result = STORE_UNREACHABLE;
    struct error error;

    server_use_port(&f->servers[0]);
    server.port = f->servers[0].port;
    f->store = store_memcached_create(&server, 1, TIME_LIMIT, &error);
    assert_non_null(f->store);
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
    server_start(&f->servers[0], "64", false);
    for (int i = 0; i < 5 && result == STORE_UNREACHABLE; i++) {
        poll(NULL, 0, 1100);
        result = read_one(f->store, f->arena, "key").result;
    }
    assert_int_equal(result, STORE_ABSENT);
}

static void ticks_alone_find_a_server_again_and_never_wait_for_it(void **state)
{
    struct fixture *f = *state;

    begin(f, 2);
    assert_false(store_tick(f->store));
    server_stop(&f->servers[0]);
    struct slice unreachable;
    assert_false(store_check(f->store, f->arena, &unreachable));
    const struct store_counters before = f->store->counters;
    int64_t start = milliseconds();
    for (int i = 0; i < 20; i++)
        assert_true(store_tick(f->store));
    assert_true(milliseconds() - start < TIME_LIMIT);

    server_continue(&f->servers[0]);
    for (start = milliseconds(); store_tick(f->store) && milliseconds() - start < 30000;)
        poll(NULL, 0, 5);
    assert_false(store_tick(f->store));
    assert_true(store_check(f->store, f->arena, &unreachable));
    assert_int_equal(f->store->counters.errors, before.errors);
    assert_int_equal(f->store->counters.operations, before.operations + 2);
    assert_int_equal(occurrences(the_log(f), ": answers again\n"), 1);
}

/* A key of the form "key-N" that is kept by the server on which it is found. */
static void find_key(struct fixture *f, size_t server, char key[32])
{
    struct store *alone = store_on_sockets((const char *[]){f->servers[server].path}, 1, TIME_LIMIT);
    enum store_result result = STORE_ABSENT;

    for (int i = 0; i < 100 && result != STORE_OK; i++) {
        snprintf(key, 32, "key-%d", i);
        result = read_one(alone, f->arena, key).result;
    }
    store_destroy(alone);
    assert_int_equal(result, STORE_OK);
}

static void when_one_of_two_servers_fails_only_its_keys_are_unreachable(void **state)
{
    struct fixture *f = *state;
    char first[32], second[32], key[32];

    begin(f, 2);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        assert_int_equal(store_add(f->store, key, slice(key), in_an_hour()), STORE_OK);
    }
    find_key(f, 0, first);
    find_key(f, 1, second);

    struct store_read reads[] = {{.key = first}, {.key = second}, {.key = first}};
    struct store_read *pointers[] = {&reads[0], &reads[1], &reads[2]};
    store_read(f->store, pointers, 3, f->arena);
    for (size_t i = 0; i < 3; i++)
        assert_slice_equals(reads[i].value, reads[i].key);

    server_stop(&f->servers[1]);
    for (int round = 0; round < 2; round++) {
        store_read(f->store, pointers, 3, f->arena);
        assert_int_equal(reads[0].result, STORE_OK);
        assert_int_equal(reads[1].result, STORE_UNREACHABLE);
        assert_int_equal(reads[2].result, STORE_OK);
    }
    assert_int_equal(store_delete(f->store, first), STORE_OK);
    assert_int_equal(store_delete(f->store, second), STORE_UNREACHABLE);
    server_continue(&f->servers[1]);
    assert_int_equal(read_until(f->store, f->arena, second, STORE_OK), STORE_OK);
}

static void the_check_names_the_servers_that_do_not_answer(void **state)
{
    struct fixture *f = *state;
    struct slice unreachable = slice_none();
    char both[256];

    begin(f, 2);
    assert_true(store_check(f->store, f->arena, &unreachable));
    server_kill(&f->servers[1]);
    assert_false(store_check(f->store, f->arena, &unreachable));
    assert_slice_equals(unreachable, f->servers[1].path);
    server_kill(&f->servers[0]);
    snprintf(both, sizeof both, "%s, %s", f->servers[0].path, f->servers[1].path);
    assert_false(store_check(f->store, f->arena, &unreachable));
    assert_slice_equals(unreachable, both);
}

static void one_line_in_the_log_says_that_a_server_failed_and_one_that_it_is_back(void **state)
{
    struct fixture *f = *state;

    begin(f, 1);
    server_stop(&f->servers[0]);
    for (int i = 0; i < 20; i++)
        assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
    server_continue(&f->servers[0]);
    assert_int_equal(read_until(f->store, f->arena, "key", STORE_ABSENT), STORE_ABSENT);

    const char *log = the_log(f);
    assert_int_equal(occurrences(log, "\n"), 2);
    assert_int_equal(occurrences(log, f->servers[0].path), 2);
    assert_int_equal(occurrences(log, "no answer in time"), 1);
    assert_int_equal(occurrences(log, ": answers again\n"), 1);
}

static void what_the_breaker_answers_is_counted_as_an_error_but_not_as_an_operation(void **state)
{
    struct fixture *f = *state;

    begin(f, 1);
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
    server_kill(&f->servers[0]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_delete(f->store, "key"), STORE_UNREACHABLE);
    assert_int_equal(f->store->counters.operations, 2);
    assert_int_equal(f->store->counters.errors, 3);
}

static void a_store_may_be_made_before_its_server_is_up_or_its_name_can_be_looked_up(void **state)
{
    struct fixture *f = *state;
    struct store_memcached_server nowhere = {.host = "nowhere.invalid", .port = 11211};
    struct error error;

    f->store = store_on_sockets((const char *[]){f->servers[0].path}, 1, TIME_LIMIT);
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_UNREACHABLE);
    server_start(&f->servers[0], "64", false);
    assert_int_equal(read_until(f->store, f->arena, "key", STORE_ABSENT), STORE_ABSENT);

    struct store *store = store_memcached_create(&nowhere, 1, TIME_LIMIT, &error);
    assert_non_null(store);
    assert_int_equal(read_one(store, f->arena, "key").result, STORE_UNREACHABLE);
    store_destroy(store);
}

static void a_full_server_says_so_and_keeps_the_records_that_it_has(void **state)
{
    struct fixture *f = *state;
    enum { SIZE = 100 * 1024 };
    char *bytes = calloc(1, SIZE);
    const struct slice value = {bytes, SIZE};
    enum store_result result = STORE_OK;
    char key[32];

    assert_non_null(bytes);
    server_start(&f->servers[0], "8", true);
    f->store = store_on_sockets((const char *[]){f->servers[0].path}, 1, TIME_LIMIT);
    for (int i = 0; i < 500 && result == STORE_OK; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        result = store_add(f->store, key, value, in_an_hour());
    }
    assert_int_equal(result, STORE_FULL);
    struct store_read read = read_one(f->store, f->arena, "key-0");
    assert_int_equal(read.result, STORE_OK);
    assert_int_equal(store_replace(f->store, "key-0", value, read.version, in_an_hour()), STORE_FULL);
    assert_int_equal(read_one(f->store, f->arena, "key-0").version, read.version);
    assert_int_equal(f->store->counters.full, 2);
    assert_int_equal(f->store->counters.errors, 0);
    free(bytes);
}

static void a_value_that_only_the_server_finds_too_large_leaves_the_record_as_it_was(void **state)
{
    struct fixture *f = *state;
    const size_t size = 1024 * 1024;
    char *bytes = calloc(1, size);

    assert_non_null(bytes);
    begin(f, 1);
    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    uint64_t version = read_one(f->store, f->arena, "key").version;
    struct slice large = {bytes, size};
    assert_int_equal(store_replace(f->store, "key", large, version, in_an_hour()), STORE_TOO_LARGE);
    assert_int_equal(store_add(f->store, "other", large, in_an_hour()), STORE_TOO_LARGE);
    assert_slice_equals(read_one(f->store, f->arena, "key").value, "value");
    assert_int_equal(read_one(f->store, f->arena, "other").result, STORE_ABSENT);
    assert_int_equal(f->store->counters.errors, 0);
    free(bytes);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    for (size_t i = 0; i < 2; i++)
        server_prepare(&f->servers[i]);
    f->arena = arena_create(4096);
    log_capture_begin(&f->capture);
    f->capturing = true;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->capturing)
        the_log(f);
    store_destroy(f->store);
    arena_destroy(f->arena);
    for (size_t i = 0; i < 2; i++)
        server_remove(&f->servers[i]);
    free(f);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_that_was_killed_is_unreachable_and_found_again_when_it_is_back),
        TEST(the_first_operation_after_a_restart_succeeds),
        TEST(a_server_that_stands_still_costs_one_time_limit_and_is_found_again_when_it_goes_on),
        TEST(a_server_behind_a_name_and_a_port_is_found_again),
        TEST(a_server_is_found_again_by_requests_that_come_seldom),
        TEST(ticks_alone_find_a_server_again_and_never_wait_for_it),
        TEST(when_one_of_two_servers_fails_only_its_keys_are_unreachable),
        TEST(the_check_names_the_servers_that_do_not_answer),
        TEST(one_line_in_the_log_says_that_a_server_failed_and_one_that_it_is_back),
        TEST(what_the_breaker_answers_is_counted_as_an_error_but_not_as_an_operation),
        TEST(a_store_may_be_made_before_its_server_is_up_or_its_name_can_be_looked_up),
        TEST(a_full_server_says_so_and_keeps_the_records_that_it_has),
        TEST(a_value_that_only_the_server_finds_too_large_leaves_the_record_as_it_was),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
