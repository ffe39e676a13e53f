/* Decoding accepts exactly what encoding writes, to the byte, and takes no more memory than the input earns.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
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

/* Decodes a copy that ends where its memory ends, so that a sanitizer sees a read too far. */
static bool decodes(struct slice bytes)
{
    char *copy = memory_allocate(bytes.length);
    struct record record;

    memcpy(copy, bytes.data, bytes.length);
    bool decoded = record_decode((struct slice){copy, bytes.length}, arena, &record);
    free(copy);
    return decoded;
}

#define DECODES(literal) decodes((struct slice)SLICE_LITERAL(literal))

/* `count` keys in order, with values of growing length. */
static struct record many_entries(size_t count)
{
    struct record record = {.created = 1, .refreshed = 200, .count = count};

    record.entries = arena_allocate_array(arena, count, sizeof *record.entries);
    for (size_t i = 0; i < count; i++) {
        char *value = arena_allocate(arena, i);
        memset(value, 'v', i);
        record.entries[i].key = arena_format(arena, "key %06zu", i);
        record.entries[i].value = (struct slice){value, i};
    }
    return record;
}

static void assert_round_trip(const struct record *record)
{
    struct buffer encoded = {0}, again = {0};
    struct record decoded;

    record_encode(record, &encoded);
    assert_true(record_decode(buffer_slice(&encoded), arena, &decoded));
    assert_int_equal(decoded.created, record->created);
    assert_int_equal(decoded.refreshed, record->refreshed);
    assert_int_equal(decoded.count, record->count);
    assert_int_equal(decoded.kind, record->kind);
    assert_string_equal(decoded.successor.text, record->successor.text);
    for (size_t i = 0; i < record->count; i++) {
        assert_true(slice_equals(decoded.entries[i].key, record->entries[i].key));
        assert_true(slice_equals(decoded.entries[i].value, record->entries[i].value));
    }
    record_encode(&decoded, &again);
    assert_true(slice_equals(buffer_slice(&encoded), buffer_slice(&again)));
    buffer_free(&encoded);
    buffer_free(&again);
}

/* Counts on both sides of each length at which MessagePack changes a header. */
static void records_of_any_size_come_back(void **state)
{
    const size_t counts[] = {0, 1, 15, 16, 31, 32, 33, 255, 256, 257, 600};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct record record = many_entries(counts[i]);
        assert_round_trip(&record);
    }
    struct record_entry entry = {SLICE_LITERAL("k"), {NULL, 0}};
    for (size_t length = 65534; length <= 65537; length++) {
        char *value = arena_allocate(arena, length);
        memset(value, 'v', length);
        entry.value = (struct slice){value, length};
        assert_round_trip(&(struct record){.entries = &entry, .count = 1});
    }
}

static void records_of_very_many_entries_come_back(void **state)
{
    struct record record = {.count = 65536};

    (void)state;
    record.entries = arena_allocate_array(arena, record.count, sizeof *record.entries);
    for (size_t i = 0; i < record.count; i++)
        record.entries[i] = (struct record_entry){arena_format(arena, "%06zu", i), SLICE_LITERAL("")};
    assert_round_trip(&record);
    record.count--;
    assert_round_trip(&record);
}

static void clocks_of_any_size_come_back(void **state)
{
    const time_t times[] = {0,     1,     127,        128,         255,         256,
                            65535, 65536, 4294967295, 4294967296L, 1795343400L, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_round_trip(&(struct record){.created = times[i], .refreshed = times[i]});
}

static void a_forward_pointer_and_a_tombstone_come_back(void **state)
{
    struct record record = {.created = 1795343400, .refreshed = 1795343999};

    (void)state;
    memset(record.successor.text, 'A', SESSION_ID_LENGTH);
    record.kind = RECORD_FORWARD;
    assert_round_trip(&record);
    record.kind = RECORD_TOMBSTONE;
    assert_round_trip(&record);
}

static void an_empty_value_is_a_value(void **state)
{
    struct record record;

    (void)state;
    assert_true(record_decode((struct slice)SLICE_LITERAL("\x93\x01\x02\x81\xa1k\xa0"), arena, &record));
    assert_slice_equals(record_find(&record, slice_from_string("k")), "");
    assert_null(record_find(&record, slice_from_string("other")).data);
}

static void every_key_is_found(void **state)
{
    struct record record = many_entries(100);

    (void)state;
    for (size_t i = 0; i < record.count; i++)
        assert_ptr_equal(record_find(&record, record.entries[i].key).data, record.entries[i].value.data);
    assert_null(record_find(&record, slice_from_string("")).data);
    assert_null(record_find(&record, slice_from_string("key")).data);
    assert_null(record_find(&record, slice_from_string("key 000050 ")).data);
    assert_null(record_find(&record, slice_from_string("zzz")).data);
}

/* Encoding nothing costs 4 bytes, the rest are the entries. */
static void the_size_of_a_record_is_that_of_its_encoded_entries(void **state)
{
    struct record record = many_entries(15);
    struct buffer out = {0};

    (void)state;
    record.refreshed = 1;
    record_encode(&record, &out);
    assert_int_equal(record_size(&record), out.length - 4);
    assert_int_equal(record_size(&(struct record){0}), 0);
    buffer_free(&out);
}

static void every_truncation_is_refused(void **state)
{
    struct record record = many_entries(40);
    struct buffer out = {0};

    (void)state;
    record_encode(&record, &out);
    assert_true(decodes(buffer_slice(&out)));
    for (size_t length = 0; length < out.length; length++)
        assert_false(decodes((struct slice){out.data, length}));
    buffer_free(&out);
    assert_false(record_decode(slice_none(), arena, &record));
}

static void trailing_bytes_are_refused(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\x01\x02\x80"));
    assert_false(DECODES("\x93\x01\x02\x80\x00"));
    assert_false(DECODES("\x93\x01\x02\x81\xa1k\xa1v\xa1w"));
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    assert_false(DECODES("\x92\x01\x02"));
    assert_false(DECODES("\x94\x01\x02\x80\x80"));
    assert_false(DECODES("\x83\x01\x02\x80"));
    assert_false(DECODES("\x01"));
    assert_false(DECODES("\xc1"));
    assert_false(DECODES("\x93\x01\x02\x90"));
    assert_false(DECODES("\x93\x01\x02\xc0"));
    assert_false(DECODES("\x93\xa1"
                         "1\x02\x80"));
}

static void other_types_are_refused(void **state)
{
    static const struct slice others[] = {
        SLICE_LITERAL("\x01"),         SLICE_LITERAL("\xff"),     SLICE_LITERAL("\xc0"),
        SLICE_LITERAL("\xc2"),         SLICE_LITERAL("\xc3"),     SLICE_LITERAL("\xc4\x01v"),
        SLICE_LITERAL("\xca\0\0\0\0"), SLICE_LITERAL("\xd0\x01"), SLICE_LITERAL("\xd4\x01\x02"),
        SLICE_LITERAL("\xc7\0\x01"),   SLICE_LITERAL("\x80"),     SLICE_LITERAL("\x90"),
        SLICE_LITERAL("\xc1"),         SLICE_LITERAL("\xcc\xff"), SLICE_LITERAL("\xdc\0\0"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct buffer as_value = {0}, as_key = {0};
        buffer_append_string(&as_value, "\x93\x01\x02\x81\xa1k");
        buffer_append(&as_value, others[i]);
        assert_false(decodes(buffer_slice(&as_value)));
        buffer_append_string(&as_key, "\x93\x01\x02\x81");
        buffer_append(&as_key, others[i]);
        buffer_append_string(&as_key, "\xa1v");
        assert_false(decodes(buffer_slice(&as_key)));
        buffer_free(&as_value);
        buffer_free(&as_key);
    }
}

static void longer_forms_are_refused(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\x01\x02\x81\xa1k\xa1v"));
    assert_false(DECODES("\xdc\x00\x03\x01\x02\x81\xa1k\xa1v"));
    assert_false(DECODES("\x93\xcc\x01\x02\x81\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\xcd\x00\xff\x81\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\xcf\0\0\0\0\xff\xff\xff\xff\x81\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\x02\xde\x00\x01\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\x02\xdf\x00\x00\x00\x01\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\x02\x81\xd9\x01k\xa1v"));
    assert_false(DECODES("\x93\x01\x02\x81\xa1k\xda\x00\x01v"));
    assert_false(DECODES("\x93\x01\x02\x81\xa1k\xdb\x00\x00\x00\x01v"));
}

static void negative_and_signed_times_are_refused(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\xcd\x70\x00\x02\x80"));
    assert_false(DECODES("\x93\xd1\x70\x00\x02\x80"));
    assert_false(DECODES("\x93\xff\x02\x80"));
    assert_false(DECODES("\x93\x01\xe0\x80"));
    assert_false(DECODES("\x93\x01\xd3\xff\xff\xff\xff\xff\xff\xff\xff\x80"));
    assert_true(DECODES("\x93\x01\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x80"));
    assert_false(DECODES("\x93\x01\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x80"));
}

static void keys_out_of_order_are_refused(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\x01\x02\x82\xa1"
                        "a\xa0\xa1"
                        "b\xa0"));
    assert_false(DECODES("\x93\x01\x02\x82\xa1"
                         "b\xa0\xa1"
                         "a\xa0"));
    assert_false(DECODES("\x93\x01\x02\x82\xa1"
                         "a\xa0\xa1"
                         "a\xa0"));
    assert_false(DECODES("\x93\x01\x02\x82\xa2"
                         "aa\xa0\xa1"
                         "a\xa0"));
}

static void keys_that_are_empty_or_too_long_are_refused(void **state)
{
    char key[RECORD_MAX_KEY_LENGTH + 1];
    struct record_entry entry = {{key, sizeof key}, SLICE_LITERAL("v")};
    struct record record = {.entries = &entry, .count = 1};
    struct buffer out = {0};

    (void)state;
    assert_false(DECODES("\x93\x01\x02\x81\xa0\xa1v"));
    memset(key, 'k', sizeof key);
    record_encode(&record, &out);
    assert_false(decodes(buffer_slice(&out)));
    buffer_clear(&out);
    entry.key.length = RECORD_MAX_KEY_LENGTH;
    record_encode(&record, &out);
    assert_true(decodes(buffer_slice(&out)));
    buffer_free(&out);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\x01\x02\x81\xa2\xc3\xa9\xa2\xc3\xa9"));
    assert_false(DECODES("\x93\x01\x02\x81\xa2\xc3\x28\xa2\xc3\xa9"));
    assert_false(DECODES("\x93\x01\x02\x81\xa2\xc3\xa9\xa2\xc0\x80"));
    assert_false(DECODES("\x93\x01\x02\x81\xa1k\xa3\xed\xa0\x80"));
}

static void a_forward_pointer_must_be_an_id(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\x01\x02\xd9\x30"
                        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"));
    assert_false(DECODES("\x93\x01\x02\xd9\x2f"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQ"));
    assert_false(DECODES("\x93\x01\x02\xd9\x30"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQ "));
    assert_false(DECODES("\x93\x01\x02\xda\x00\x30"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"));
    assert_false(DECODES("\x93\x01\x02\xa0"));
}

static void a_tombstone_must_hold_one_id(void **state)
{
    (void)state;
    assert_true(DECODES("\x93\x01\x02\x91\xd9\x30"
                        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"));
    assert_false(DECODES("\x93\x01\x02\x91\xd9\x2f"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQ"));
    assert_false(DECODES("\x93\x01\x02\xdc\x00\x01\xd9\x30"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"));
    assert_false(DECODES("\x93\x01\x02\x92\xd9\x30"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo\x01"));
    assert_false(DECODES("\x93\x01\x02\x91\x91\xd9\x30"
                         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"));
    assert_false(DECODES("\x93\x01\x02\x91\x80"));
    assert_false(DECODES("\x93\x01\x02\x91\xa0"));
    assert_false(DECODES("\x93\x01\x02\x91"));
}

/* The most address space that this process ever had: shows memory that was asked for even if never touched.
 */
static long peak_kilobytes(void)
{
    char line[256];
    long peak = -1;
    FILE *status = fopen("/proc/self/status", "r");

    assert_non_null(status);
    while (peak < 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmPeak:", 7) == 0)
            peak = strtol(line + 7, NULL, 10);
    fclose(status);
    assert_true(peak > 0);
    return peak;
}

/* Each claims gigabytes. */
static void claimed_lengths_cost_no_memory(void **state)
{
    long before = peak_kilobytes();

    (void)state;
    assert_false(DECODES("\x93\x01\x02\xdf\xff\xff\xff\xff\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\x02\xdf\x10\x00\x00\x00\xa1k\xa1v"));
    assert_false(DECODES("\x93\x01\x02\xde\xff\xff"));
    assert_false(DECODES("\x93\x01\x02\x81\xa1k\xdb\xff\xff\xff\xff"));
    assert_false(DECODES("\x93\x01\x02\x81\xa1k\xdd\x10\x00\x00\x00"));
    assert_false(DECODES("\x93\x01\x02\x81\xdf\x10\x00\x00\x00\xa1v"));
    assert_false(DECODES("\x93\xdd\x10\x00\x00\x00\x02\x80"));
    assert_false(DECODES("\xdd\x10\x00\x00\x00"));
    assert_true(peak_kilobytes() - before < 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_any_size_come_back),
        cmocka_unit_test(records_of_very_many_entries_come_back),
        cmocka_unit_test(clocks_of_any_size_come_back),
        cmocka_unit_test(a_forward_pointer_and_a_tombstone_come_back),
        cmocka_unit_test(an_empty_value_is_a_value),
        cmocka_unit_test(every_key_is_found),
        cmocka_unit_test(the_size_of_a_record_is_that_of_its_encoded_entries),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(trailing_bytes_are_refused),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(other_types_are_refused),
        cmocka_unit_test(longer_forms_are_refused),
        cmocka_unit_test(negative_and_signed_times_are_refused),
        cmocka_unit_test(keys_out_of_order_are_refused),
        cmocka_unit_test(keys_that_are_empty_or_too_long_are_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_forward_pointer_must_be_an_id),
        cmocka_unit_test(a_tombstone_must_hold_one_id),
        cmocka_unit_test(claimed_lengths_cost_no_memory),
    };

    return RUN_TESTS(tests, prepare, release);
}
