/* The promises that every store keeps, run against each of them. */
#include "memcached_server.h"
#include "store_memory.h"

struct fixture {
    struct memcached_server server; /* of the store on memcached */
    struct store *store;
    struct arena *arena;
};

static time_t in_an_hour(void)
{
    return time(NULL) + 3600;
}

static struct slice slice(const char *text)
{
    return slice_from_string(text);
}

static void a_record_that_was_added_is_read_back(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    struct store_read read = read_one(f->store, f->arena, "key");
    assert_int_equal(read.result, STORE_OK);
    assert_slice_equals(read.value, "value");
    assert_true(read.version != 0);
}

static void a_record_that_was_never_added_is_absent(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
    assert_int_equal(store_delete(f->store, "key"), STORE_ABSENT);
    assert_int_equal(store_replace(f->store, "key", slice("value"), 1, in_an_hour()), STORE_ABSENT);
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
}

static void a_value_may_hold_any_bytes_or_none(void **state)
{
    struct fixture *f = *state;
    char bytes[256];
    const struct slice all = {bytes, sizeof bytes};

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    assert_int_equal(store_add(f->store, "all", all, in_an_hour()), STORE_OK);
    assert_int_equal(store_add(f->store, "lines", slice("a\r\nEND\r\nb"), in_an_hour()), STORE_OK);
    assert_int_equal(store_add(f->store, "none", slice(""), in_an_hour()), STORE_OK);

    struct store_read read = read_one(f->store, f->arena, "all");
    assert_int_equal(read.result, STORE_OK);
    assert_true(slice_equals(read.value, all));
    assert_slice_equals(read_one(f->store, f->arena, "lines").value, "a\r\nEND\r\nb");
    assert_slice_equals(read_one(f->store, f->arena, "none").value, "");
}

static void a_key_may_have_250_bytes(void **state)
{
    struct fixture *f = *state;
    char key[251];

    memset(key, 'k', sizeof key);
    key[250] = '\0';
    assert_int_equal(store_add(f->store, key, slice("value"), in_an_hour()), STORE_OK);
    assert_slice_equals(read_one(f->store, f->arena, key).value, "value");
}

static void a_key_that_is_taken_is_not_added_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_add(f->store, "key", slice("first"), in_an_hour()), STORE_OK);
    assert_int_equal(store_add(f->store, "key", slice("second"), in_an_hour()), STORE_CONFLICT);
    assert_slice_equals(read_one(f->store, f->arena, "key").value, "first");
}

static void a_record_is_replaced_only_in_the_version_that_was_read(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_add(f->store, "key", slice("first"), in_an_hour()), STORE_OK);
    uint64_t version = read_one(f->store, f->arena, "key").version;
    assert_int_equal(store_replace(f->store, "key", slice("second"), version, in_an_hour()), STORE_OK);
    assert_int_equal(store_replace(f->store, "key", slice("third"), version, in_an_hour()), STORE_CONFLICT);

    struct store_read read = read_one(f->store, f->arena, "key");
    assert_slice_equals(read.value, "second");
    assert_true(read.version != version);
    assert_int_equal(store_replace(f->store, "key", slice("fourth"), read.version, in_an_hour()), STORE_OK);
}

static void version_0_is_never_the_current_one(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_add(f->store, "key", slice("first"), in_an_hour()), STORE_OK);
    assert_int_equal(store_replace(f->store, "key", slice("flush_all\r\n"), 0, in_an_hour()), STORE_CONFLICT);
    assert_slice_equals(read_one(f->store, f->arena, "key").value, "first");
}

static void a_deleted_record_is_absent(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    uint64_t version = read_one(f->store, f->arena, "key").version;
    assert_int_equal(store_delete(f->store, "key"), STORE_OK);
    assert_int_equal(store_delete(f->store, "key"), STORE_ABSENT);
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
    assert_int_equal(store_replace(f->store, "key", slice("value"), version, in_an_hour()), STORE_ABSENT);
    assert_int_equal(store_add(f->store, "key", slice("again"), in_an_hour()), STORE_OK);
}

static void replacing_with_an_expiry_in_the_past_is_a_delete_with_a_check(void **state)
{
    struct fixture *f = *state;
    const time_t past[] = {time(NULL), time(NULL) - 1, 1, 0, -1};

    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++) {
        assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
        uint64_t version = read_one(f->store, f->arena, "key").version;
        assert_int_equal(store_replace(f->store, "key", slice("x"), version + 1, past[i]), STORE_CONFLICT);
        assert_slice_equals(read_one(f->store, f->arena, "key").value, "value");
        assert_int_equal(store_replace(f->store, "key", slice("x"), version, past[i]), STORE_OK);
        assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
        assert_int_equal(store_delete(f->store, "key"), STORE_ABSENT);
    }
}

static void a_record_expires_at_its_date_however_far_that_is(void **state)
{
    struct fixture *f = *state;
    const time_t month = 30 * 24 * 3600;

    assert_int_equal(store_add(f->store, "far", slice("far"), time(NULL) + 2 * month), STORE_OK);
    assert_int_equal(store_add(f->store, "farther", slice("farther"), (time_t)1 << 40), STORE_OK);
    assert_int_equal(store_add(f->store, "past", slice("past"), time(NULL) - 5), STORE_OK);
    assert_slice_equals(read_one(f->store, f->arena, "far").value, "far");
    assert_slice_equals(read_one(f->store, f->arena, "farther").value, "farther");
    assert_int_equal(read_one(f->store, f->arena, "past").result, STORE_ABSENT);

    assert_int_equal(store_add(f->store, "near", slice("near"), time(NULL) + 1), STORE_OK);
    int64_t deadline = milliseconds() + 20000;
    while (read_one(f->store, f->arena, "near").result == STORE_OK && milliseconds() < deadline)
        poll(NULL, 0, 20);
    assert_int_equal(read_one(f->store, f->arena, "near").result, STORE_ABSENT);
}

static void many_records_are_read_at_once_and_keys_may_repeat(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 600 };
    static char keys[COUNT][64];
    static struct store_read reads[COUNT];
    struct store_read *pointers[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        snprintf(keys[i], sizeof keys[i], "session:a-key-of-about-the-length-of-a-real-one-%zu", i % 500);
        reads[i] = (struct store_read){.key = keys[i]};
        pointers[i] = &reads[i];
        if (i < 500 && i % 3 != 0)
            assert_int_equal(store_add(f->store, keys[i], slice(keys[i]), in_an_hour()), STORE_OK);
    }
    uint64_t operations = f->store->counters.operations;
    store_read(f->store, pointers, COUNT, f->arena);
    assert_int_equal(f->store->counters.operations, operations + 1);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(reads[i].result, i % 500 % 3 != 0 ? STORE_OK : STORE_ABSENT);
        if (reads[i].result == STORE_OK)
            assert_slice_equals(reads[i].value, keys[i]);
    }
}

static void a_value_that_is_too_large_leaves_the_record_as_it_was(void **state)
{
    struct fixture *f = *state;
    const size_t size = 1024 * 1024 + 1;
    char *bytes = calloc(1, size);

    assert_non_null(bytes);
    assert_int_equal(store_add(f->store, "key", slice("value"), in_an_hour()), STORE_OK);
    uint64_t version = read_one(f->store, f->arena, "key").version;
    struct slice large = {bytes, size};
    assert_int_equal(store_replace(f->store, "key", large, version, in_an_hour()), STORE_TOO_LARGE);
    assert_int_equal(store_add(f->store, "other", large, in_an_hour()), STORE_TOO_LARGE);
    assert_slice_equals(read_one(f->store, f->arena, "key").value, "value");
    assert_int_equal(read_one(f->store, f->arena, "other").result, STORE_ABSENT);

    struct slice half = {bytes, 512 * 1024};
    assert_int_equal(store_replace(f->store, "key", half, version, in_an_hour()), STORE_OK);
    assert_int_equal(read_one(f->store, f->arena, "key").value.length, half.length);
    free(bytes);
}

static void a_store_that_answers_passes_the_check(void **state)
{
    struct fixture *f = *state;
    struct slice unreachable = slice_none();

    assert_true(store_check(f->store, f->arena, &unreachable));
    assert_null(unreachable.data);
    assert_int_equal(f->store->counters.errors, 0);
}

static void a_store_that_answers_waits_for_nothing(void **state)
{
    struct fixture *f = *state;

    assert_false(store_tick(f->store));
    assert_int_equal(read_one(f->store, f->arena, "key").result, STORE_ABSENT);
    assert_false(store_tick(f->store));
    assert_int_equal(f->store->counters.operations, 1);
}

static int set_up_memory(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->store = store_memory_create();
    f->arena = arena_create(4096);
    *state = f;
    return 0;
}

static int set_up_memcached(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    server_prepare(&f->server);
    server_start(&f->server, "64", false);
    f->store = store_on_sockets((const char *[]){f->server.path}, 1, 10000);
    f->arena = arena_create(4096);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    store_destroy(f->store);
    arena_destroy(f->arena);
    if (f->server.pid != 0)
        server_remove(&f->server);
    free(f);
    return 0;
}

#define PROMISE(promise)                                                                                     \
    {                                                                                                        \
#promise, promise, NULL, tear_down, NULL                                                             \
    }

int main(void)
{
    struct CMUnitTest tests[] = {
        PROMISE(a_record_that_was_added_is_read_back),
        PROMISE(a_record_that_was_never_added_is_absent),
        PROMISE(a_value_may_hold_any_bytes_or_none),
        PROMISE(a_key_may_have_250_bytes),
        PROMISE(a_key_that_is_taken_is_not_added_again),
        PROMISE(a_record_is_replaced_only_in_the_version_that_was_read),
        PROMISE(version_0_is_never_the_current_one),
        PROMISE(a_deleted_record_is_absent),
        PROMISE(replacing_with_an_expiry_in_the_past_is_a_delete_with_a_check),
        PROMISE(a_record_expires_at_its_date_however_far_that_is),
        PROMISE(many_records_are_read_at_once_and_keys_may_repeat),
        PROMISE(a_value_that_is_too_large_leaves_the_record_as_it_was),
        PROMISE(a_store_that_answers_passes_the_check),
        PROMISE(a_store_that_answers_waits_for_nothing),
    };
    const size_t count = sizeof tests / sizeof tests[0];

    for (size_t i = 0; i < count; i++)
        tests[i].setup_func = set_up_memory;
    int failed = cmocka_run_group_tests_name("every store behaves alike: memory", tests, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        tests[i].setup_func = set_up_memcached;
    return failed + cmocka_run_group_tests_name("every store behaves alike: memcached", tests, NULL, NULL);
}
