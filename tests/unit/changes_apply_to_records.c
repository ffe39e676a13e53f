/* A journal of changes turns one record into the next, and says whether that is another one. */
#include "unit.h"

#include <time.h>

#include "record.h"

static struct arena *arena;

static int prepare(void **state)
{
    (void)state;
    arena = arena_create(65536);
    return 0;
}

static int release(void **state)
{
    (void)state;
    arena_destroy(arena);
    return 0;
}

static struct record_change set(const char *key, const char *value)
{
    return (struct record_change){RECORD_SET, slice_from_string(key), slice_from_string(value)};
}

static struct record_change removal(const char *key)
{
    return (struct record_change){RECORD_REMOVE, slice_from_string(key), slice_none()};
}

/* The record {"b": "1", "d": "2"}. */
static struct record two_entries(void)
{
    static struct record_entry entries[] = {
        {SLICE_LITERAL("b"), SLICE_LITERAL("1")},
        {SLICE_LITERAL("d"), SLICE_LITERAL("2")},
    };

    return (struct record){.created = 10, .refreshed = 20, .entries = entries, .count = 2};
}

/* Writes the entries as "key=value key=value". */
static const char *written(const struct record *record)
{
    struct slice text = {"", 0};

    for (size_t i = 0; i < record->count; i++)
        text = arena_format(arena, "%.*s%s%.*s=%.*s", (int)text.length, text.data, i ? " " : "",
                            (int)record->entries[i].key.length, record->entries[i].key.data,
                            (int)record->entries[i].value.length, record->entries[i].value.data);
    return text.data;
}

#define assert_changes_give(differs, text, ...)                                                              \
    do {                                                                                                     \
        struct record changed = two_entries();                                                               \
        const struct record_change changes[] = {__VA_ARGS__};                                                \
        assert_int_equal(record_apply(&changed, changes, sizeof changes / sizeof changes[0], arena),         \
                         differs);                                                                           \
        assert_string_equal(written(&changed), text);                                                        \
    } while (0)

static void no_changes_change_nothing(void **state)
{
    struct record record = two_entries();

    (void)state;
    assert_false(record_apply(&record, NULL, 0, arena));
    assert_string_equal(written(&record), "b=1 d=2");
}

static void new_keys_go_where_they_belong(void **state)
{
    (void)state;
    assert_changes_give(true, "a=x b=1 c=y d=2 e=z", set("e", "z"), set("a", "x"), set("c", "y"));
}

static void a_set_replaces_the_value(void **state)
{
    (void)state;
    assert_changes_give(true, "b=new d=2", set("b", "new"));
    assert_changes_give(true, "b= d=2", set("b", ""));
}

static void a_removal_removes_the_entry(void **state)
{
    (void)state;
    assert_changes_give(true, "d=2", removal("b"));
    assert_changes_give(true, "", removal("d"), removal("b"));
}

static void the_last_change_of_a_key_wins(void **state)
{
    (void)state;
    assert_changes_give(true, "b=third d=2", set("b", "first"), set("b", "second"), set("b", "third"));
    assert_changes_give(true, "d=2", set("b", "first"), removal("b"));
    assert_changes_give(true, "b=again d=2", removal("b"), set("b", "again"));
}

static void setting_an_equal_value_changes_nothing(void **state)
{
    (void)state;
    assert_changes_give(false, "b=1 d=2", set("d", "2"), set("b", "1"));
    assert_changes_give(false, "b=1 d=2", set("b", "other"), set("b", "1"));
    assert_changes_give(false, "b=1 d=2", removal("b"), set("b", "1"));
}

static void removing_what_is_not_there_changes_nothing(void **state)
{
    (void)state;
    assert_changes_give(false, "b=1 d=2", removal("a"), removal("c"), removal("z"));
    assert_changes_give(false, "b=1 d=2", set("c", "x"), removal("c"));
}

static void one_change_among_many_without_effect_counts(void **state)
{
    (void)state;
    assert_changes_give(true, "b=1 c=new d=2", set("b", "1"), set("c", "new"), removal("x"));
}

static void an_empty_record_takes_entries(void **state)
{
    struct record record = {0};
    const struct record_change changes[] = {set("b", "2"), set("a", "1")};

    (void)state;
    assert_true(record_apply(&record, changes, 2, arena));
    assert_string_equal(written(&record), "a=1 b=2");
}

static void clocks_are_left_alone(void **state)
{
    struct record record = two_entries();
    const struct record_change change = set("a", "1");

    (void)state;
    assert_true(record_apply(&record, &change, 1, arena));
    assert_int_equal(record.created, 10);
    assert_int_equal(record.refreshed, 20);
}

static void the_input_is_not_written_to(void **state)
{
    struct record before = two_entries(), after = before;
    const struct record_change changes[] = {removal("b"), set("d", "new")};

    (void)state;
    assert_true(record_apply(&after, changes, 2, arena));
    assert_string_equal(written(&before), "b=1 d=2");
}

/* Keys in an order that is neither ascending nor descending: 7919 has no factor in common with 20,000. */
static void many_changes_to_many_entries_take_little_work(void **state)
{
    enum { COUNT = 20000 };
    struct record_change *changes = arena_allocate_array(arena, COUNT, sizeof *changes);
    struct record record = {0};
    clock_t start = clock();

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct slice key = arena_format(arena, "key %05zu", i * 7919 % COUNT);
        changes[i] = (struct record_change){RECORD_SET, key, key};
    }
    assert_true(record_apply(&record, changes, COUNT, arena));
    assert_int_equal(record.count, COUNT);
    for (size_t i = 1; i < COUNT; i++)
        assert_true(slice_compare(record.entries[i - 1].key, record.entries[i].key) < 0);
    assert_false(record_apply(&record, changes, COUNT, arena));
    for (size_t i = 0; i < COUNT; i++)
        changes[i].kind = RECORD_REMOVE;
    assert_true(record_apply(&record, changes, COUNT, arena));
    assert_int_equal(record.count, 0);
    /* Some milliseconds; each key compared with each other would take several seconds. */
    assert_true(clock() - start < CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_changes_change_nothing),
        cmocka_unit_test(new_keys_go_where_they_belong),
        cmocka_unit_test(a_set_replaces_the_value),
        cmocka_unit_test(a_removal_removes_the_entry),
        cmocka_unit_test(the_last_change_of_a_key_wins),
        cmocka_unit_test(setting_an_equal_value_changes_nothing),
        cmocka_unit_test(removing_what_is_not_there_changes_nothing),
        cmocka_unit_test(one_change_among_many_without_effect_counts),
        cmocka_unit_test(an_empty_record_takes_entries),
        cmocka_unit_test(clocks_are_left_alone),
        cmocka_unit_test(the_input_is_not_written_to),
        cmocka_unit_test(many_changes_to_many_entries_take_little_work),
    };

    return RUN_TESTS(tests, prepare, release);
}
