/* An operation of the store on memcached costs one time limit at most, however many servers hang and however
 * many records come late. */
#include "lying_memcached.h"

enum { TIME_LIMIT = 2000, SERVERS = 3 }; /* milliseconds; the machine may stand still for a second */

struct fixture {
    struct memcached_server servers[SERVERS];
    struct store *store;
    struct arena *arena;
    struct log_capture capture;
};

static void open_store(struct fixture *f, size_t count)
{
    const char *paths[SERVERS];

    for (size_t i = 0; i < count; i++)
        paths[i] = f->servers[i].path;
    f->store = store_on_sockets(paths, count, TIME_LIMIT);
}

/* What is left of the limit, which may be next to nothing, is enough to look whether an answer is there. */
static void a_server_is_heard_after_others_have_used_up_the_time(void **state)
{
    struct fixture *f = *state;
    struct slice unreachable;
    char both[256];

    for (size_t i = 0; i < SERVERS; i++)
        server_start(&f->servers[i], "64", false);
    open_store(f, SERVERS);
    assert_true(store_check(f->store, f->arena, &unreachable));

    server_stop(&f->servers[0]);
    server_stop(&f->servers[1]);
    assert_false(store_check(f->store, f->arena, &unreachable));
    snprintf(both, sizeof both, "%s, %s", f->servers[0].path, f->servers[1].path);
    assert_slice_equals(unreachable, both);
}

static void servers_that_hang_together_cost_one_time_limit(void **state)
{
    struct fixture *f = *state;
    struct slice unreachable;

    for (size_t i = 0; i < SERVERS; i++) {
        server_start(&f->servers[i], "64", false);
        server_stop(&f->servers[i]);
    }
    open_store(f, SERVERS);
    int64_t start = milliseconds();
    assert_false(store_check(f->store, f->arena, &unreachable));
    int64_t cost = milliseconds() - start;
    assert_true(cost >= TIME_LIMIT - 1 && cost < 2 * TIME_LIMIT - 1);
}

/* Each line comes within the time limit, the answer does not. */
static void an_answer_whose_records_come_one_by_one_has_one_time_limit(void **state)
{
    static const char answer[] =
        "VALUE a 0 1 7\r\n1\r\nVALUE b 0 1 7\r\n1\r\nVALUE c 0 1 7\r\n1\r\nVALUE d 0 1 7\r\n1\r\nEND\r\n";
    const struct lie lie = {.answer = answer, .pause = TIME_LIMIT * 6 / 10, .connections = 1};
    struct store_read reads[] = {{.key = "a"}, {.key = "b"}, {.key = "c"}, {.key = "d"}};
    struct store_read *pointers[] = {&reads[0], &reads[1], &reads[2], &reads[3]};
    struct fixture *f = *state;

    lying_start(&f->servers[0], &lie);
    open_store(f, 1);
    int64_t start = milliseconds();
    store_read(f->store, pointers, 4, f->arena);
    assert_true(milliseconds() - start < 2 * TIME_LIMIT);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(reads[i].result, STORE_UNREACHABLE);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    for (size_t i = 0; i < SERVERS; i++)
        server_prepare(&f->servers[i]);
    f->arena = arena_create(4096);
    log_capture_begin(&f->capture);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char log[4096];

    log_capture_end(&f->capture, log, sizeof log);
    store_destroy(f->store);
    arena_destroy(f->arena);
    for (size_t i = 0; i < SERVERS; i++)
        server_remove(&f->servers[i]);
    free(f);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_is_heard_after_others_have_used_up_the_time),
        TEST(servers_that_hang_together_cost_one_time_limit),
        TEST(an_answer_whose_records_come_one_by_one_has_one_time_limit),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
