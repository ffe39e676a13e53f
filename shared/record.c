#include "record.h"

#include <stdint.h>
#include <stdlib.h>

#include <msgpack/pack.h>
#include <msgpack/unpack.h>

#include "base64url.h"
#include "memory.h"
#include "utf8.h"

/* First bytes of MessagePack objects; the "fix" ones hold a small value in their lower bits. */
enum {
    LAST_FIXINT = 0x7f,
    FIRST_FIXMAP = 0x80,
    LAST_FIXMAP = 0x8f,
    ARRAY_OF_ONE = 0x91,
    ARRAY_OF_THREE = 0x93,
    FIRST_FIXSTR = 0xa0,
    LAST_FIXSTR = 0xbf,
    UINT8 = 0xcc,
    UINT64 = 0xcf,
    STR8 = 0xd9,
    STR32 = 0xdb,
    MAP16 = 0xde,
    MAP32 = 0xdf,
};

enum { SMALLEST_ENTRY = 3 /* a key of one character, an empty value */ };

static size_t packed_unsigned_size(uint64_t number)
{
    if (number <= LAST_FIXINT)
        return 1;
    return number <= UINT8_MAX ? 2 : number <= UINT16_MAX ? 3 : number <= UINT32_MAX ? 5 : 9;
}

static size_t packed_text_size(struct slice text)
{
    size_t header = text.length < 32 ? 1 : text.length <= UINT8_MAX ? 2 : text.length <= UINT16_MAX ? 3 : 5;

    return header + text.length;
}

static size_t packed_map_header_size(size_t count)
{
    return count < 16 ? 1 : count <= UINT16_MAX ? 3 : 5;
}

size_t record_size(const struct record *record)
{
    size_t size = 0;

    for (size_t i = 0; i < record->count; i++)
        size += packed_text_size(record->entries[i].key) + packed_text_size(record->entries[i].value);
    return size;
}

/* The length of what record_encode appends. */
static size_t encoded_size(const struct record *record)
{
    size_t clocks =
        packed_unsigned_size((uint64_t)record->created) + packed_unsigned_size((uint64_t)record->refreshed);

    if (record->kind == RECORD_ENTRIES)
        return 1 + clocks + packed_map_header_size(record->count) + record_size(record);
    return 1 + clocks + (record->kind == RECORD_TOMBSTONE) +
           packed_text_size(session_id_slice(&record->successor));
}

/* Where the packer writes to. Appending cannot fail (buffer.h), hence neither can packing. */
static int append_packed(void *out, const char *bytes, size_t length)
{
    buffer_append(out, (struct slice){bytes, length});
    return 0;
}

static void pack_text(msgpack_packer *packer, struct slice text)
{
    msgpack_pack_str(packer, text.length);
    msgpack_pack_str_body(packer, text.data, text.length);
}

static void pack_entries(msgpack_packer *packer, const struct record *record)
{
    msgpack_pack_map(packer, record->count);
    for (size_t i = 0; i < record->count; i++) {
        pack_text(packer, record->entries[i].key);
        pack_text(packer, record->entries[i].value);
    }
}

void record_encode(const struct record *record, struct buffer *out)
{
    msgpack_packer packer;

    msgpack_packer_init(&packer, out, append_packed);
    msgpack_pack_array(&packer, 3);
    msgpack_pack_uint64(&packer, (uint64_t)record->created);
    msgpack_pack_uint64(&packer, (uint64_t)record->refreshed);
    if (record->kind == RECORD_ENTRIES) {
        pack_entries(&packer, record);
        return;
    }
    if (record->kind == RECORD_TOMBSTONE)
        msgpack_pack_array(&packer, 1);
    pack_text(&packer, session_id_slice(&record->successor));
}

/* Reading. msgpack-c reads integers and strings, which point into the input and take no memory. Arrays and
 * maps it would give as much memory as their headers claim to need, before it looks whether the input is that
 * long. So it never sees one: their headers are read here. */
struct reader {
    struct slice bytes;
    size_t offset;
    msgpack_zone zone; /* stays empty; without one, msgpack-c makes one for each string and loses it */
};

enum { ZONE_CHUNK_SIZE = 64 };

/* The next byte, or -1 at the end. */
static int next_byte(const struct reader *reader)
{
    return reader->offset < reader->bytes.length ? (unsigned char)reader->bytes.data[reader->offset] : -1;
}

/* Reads an integer or a string whole. The caller has looked at its first byte. */
static bool read_object(struct reader *reader, msgpack_object *object)
{
    msgpack_unpack_return result =
        msgpack_unpack(reader->bytes.data, reader->bytes.length, &reader->offset, &reader->zone, object);

    return result == MSGPACK_UNPACK_SUCCESS || result == MSGPACK_UNPACK_EXTRA_BYTES;
}

static bool read_time(struct reader *reader, time_t *time)
{
    int first = next_byte(reader);
    msgpack_object object;

    if (first < 0 || (first > LAST_FIXINT && first < UINT8) || first > UINT64)
        return false;
    if (!read_object(reader, &object) || object.via.u64 > INT64_MAX)
        return false;
    *time = (time_t)object.via.u64;
    return true;
}

static bool begins_text(int first)
{
    return (first >= FIRST_FIXSTR && first <= LAST_FIXSTR) || (first >= STR8 && first <= STR32);
}

static bool read_text(struct reader *reader, struct slice *text)
{
    msgpack_object object;

    if (!begins_text(next_byte(reader)) || !read_object(reader, &object))
        return false;
    /* For the empty string msgpack-c sets no pointer; the end of what it read is right for all. */
    *text = (struct slice){reader->bytes.data + reader->offset - object.via.str.size, object.via.str.size};
    return utf8_is_valid(*text);
}

/* Reads how many entries follow: no more than the rest of the input can hold. */
static bool read_map_header(struct reader *reader, size_t *count)
{
    int first = next_byte(reader);
    size_t width = first == MAP16 ? 2 : first == MAP32 ? 4 : 0;

    if (!(first >= FIRST_FIXMAP && first <= LAST_FIXMAP) && width == 0)
        return false;
    reader->offset++;
    if (reader->bytes.length - reader->offset < width)
        return false;
    *count = width == 0 ? (size_t)(first - FIRST_FIXMAP) : 0;
    for (size_t i = 0; i < width; i++)
        *count = *count << 8 | (unsigned char)reader->bytes.data[reader->offset++];
    return *count <= (reader->bytes.length - reader->offset) / SMALLEST_ENTRY;
}

static bool read_entries(struct reader *reader, struct arena *arena, struct record *record)
{
    if (!read_map_header(reader, &record->count))
        return false;
    record->entries = arena_allocate_array(arena, record->count, sizeof *record->entries);
    for (size_t i = 0; i < record->count; i++) {
        struct record_entry *entry = &record->entries[i];
        if (!read_text(reader, &entry->key) || !read_text(reader, &entry->value))
            return false;
        if (entry->key.length == 0 || entry->key.length > RECORD_MAX_KEY_LENGTH)
            return false;
        if (i > 0 && slice_compare(record->entries[i - 1].key, entry->key) >= 0)
            return false;
    }
    return true;
}

static bool read_id(struct reader *reader, struct session_id *id)
{
    unsigned char bytes[SESSION_ID_LENGTH / 4 * 3];
    struct slice text;

    if (!read_text(reader, &text) || !base64url_decode(text, bytes, sizeof bytes))
        return false;
    memcpy(id->text, text.data, SESSION_ID_LENGTH);
    id->text[SESSION_ID_LENGTH] = '\0';
    return true;
}

static bool read_record(struct reader *reader, struct arena *arena, struct record *record)
{
    if (next_byte(reader) != ARRAY_OF_THREE)
        return false;
    reader->offset++;
    if (!read_time(reader, &record->created) || !read_time(reader, &record->refreshed))
        return false;
    if (next_byte(reader) == ARRAY_OF_ONE) {
        reader->offset++;
        record->kind = RECORD_TOMBSTONE;
    } else if (begins_text(next_byte(reader))) {
        record->kind = RECORD_FORWARD;
    } else {
        return read_entries(reader, arena, record);
    }
    return read_id(reader, &record->successor);
}

bool record_decode(struct slice bytes, struct arena *arena, struct record *record)
{
    struct reader reader = {.bytes = bytes};

    *record = (struct record){0};
    if (!msgpack_zone_init(&reader.zone, ZONE_CHUNK_SIZE))
        memory_exhausted(ZONE_CHUNK_SIZE);
    bool well_formed = read_record(&reader, arena, record);
    msgpack_zone_destroy(&reader.zone);
    /* Nothing may follow, and everything must be in its shortest form: both show in the length. */
    return well_formed && encoded_size(record) == bytes.length;
}

struct slice record_find(const struct record *record, struct slice key)
{
    size_t low = 0, high = record->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(record->entries[middle].key, key);
        if (order == 0)
            return record->entries[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return slice_none();
}

/* By key, and changes of one key in their order. */
static int compare_changes(const void *a, const void *b)
{
    const struct record_change *left = *(const struct record_change *const *)a;
    const struct record_change *right = *(const struct record_change *const *)b;
    int order = slice_compare(left->key, right->key);

    return order != 0 ? order : left < right ? -1 : left > right;
}

/* The last change of each key, ascending by key; `count` becomes their number. */
static const struct record_change **last_changes(const struct record_change *changes, size_t *count,
                                                 struct arena *arena)
{
    const struct record_change **last = arena_allocate_array(arena, *count, sizeof(struct record_change *));
    size_t kept = 0;

    for (size_t i = 0; i < *count; i++)
        last[i] = &changes[i];
    if (*count > 1)
        qsort(last, *count, sizeof(struct record_change *), compare_changes);
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && slice_equals(last[kept - 1]->key, last[i]->key))
            kept--;
        last[kept++] = last[i];
    }
    *count = kept;
    return last;
}

bool record_apply(struct record *record, const struct record_change *changes, size_t count,
                  struct arena *arena)
{
    const struct record_change **last = last_changes(changes, &count, arena);
    struct record_entry *merged = arena_allocate_array(arena, record->count + count, sizeof *merged);
    const struct record_entry *entries = record->entries;
    size_t next = 0, kept = 0;
    bool differs = false;

    for (size_t i = 0; i < count; i++) {
        while (next < record->count && slice_compare(entries[next].key, last[i]->key) < 0)
            merged[kept++] = entries[next++];
        bool exists = next < record->count && slice_equals(entries[next].key, last[i]->key);
        if (last[i]->kind == RECORD_SET) {
            differs |= !exists || !slice_equals(entries[next].value, last[i]->value);
            merged[kept++] = (struct record_entry){last[i]->key, last[i]->value};
        } else {
            differs |= exists;
        }
        next += exists;
    }
    while (next < record->count)
        merged[kept++] = entries[next++];
    if (differs) {
        record->entries = merged;
        record->count = kept;
    }
    return differs;
}
