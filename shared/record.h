/* A session's record: its entries, two clocks and, for a session whose ID was renewed, where it went. Encoded
 * as MessagePack:
 *
 *   [created, refreshed, {key: value, …}]        a session's entries; times are seconds since 1970
 *   [created, refreshed, "id"]                   a forward pointer: the session goes on under this ID
 *   [created, refreshed, ["id"]]                 a tombstone: it does, but this one is dead
 *
 * Keys and values are MessagePack str, UTF-8; keys ascending and unique, so equal records are equal bytes. */
#ifndef SESSION_FCGI_RECORD_H
#define SESSION_FCGI_RECORD_H

#include <time.h>

#include "arena.h"
#include "buffer.h"
#include "session_id.h"

enum { RECORD_MAX_KEY_LENGTH = 255 };

struct record_entry {
    struct slice key;
    struct slice value;
};

enum record_kind {
    RECORD_ENTRIES,
    RECORD_FORWARD,   /* whoever has the old ID is led to the new one */
    RECORD_TOMBSTONE, /* nobody is: it says only what became of the session */
};

struct record {
    enum record_kind kind;
    time_t created;               /* when the session began; kept when the ID is renewed */
    time_t refreshed;             /* when its idle time last began anew */
    struct record_entry *entries; /* RECORD_ENTRIES: ascending by key (slice_compare), keys unique */
    size_t count;
    struct session_id successor; /* the others, which have no entries: the new ID */
};

/* Appends the encoded record to `out`. The caller sees to it that the record is one that record_decode takes:
 * clocks not negative, keys and values UTF-8, keys of 1 to RECORD_MAX_KEY_LENGTH bytes, ascending; and that
 * no value reaches 4 GiB, which MessagePack cannot say. */
void record_encode(const struct record *record, struct buffer *out);

/* Decodes; entries point into `bytes` and the arena. False if `bytes` is not such a record, to the byte:
 * other types, trailing bytes, keys out of order, empty or too long, invalid UTF-8, times that are negative.
 * Nothing of `record` is to be used then. */
bool record_decode(struct slice bytes, struct arena *arena, struct record *record);

/* The value of `key`, or "no value". */
struct slice record_find(const struct record *record, struct slice key);

/* A change to a record. */
enum record_change_kind { RECORD_SET, RECORD_REMOVE };

struct record_change {
    enum record_change_kind kind;
    struct slice key;
    struct slice value; /* RECORD_SET: never "no value" */
};

/* Applies changes in their order: the result's entries are in the arena and share the memory of keys and
 * values with both inputs. O(n + m log m). Returns true if the entries differ from before. All else is
 * left alone. */
bool record_apply(struct record *record, const struct record_change *changes, size_t count,
                  struct arena *arena);

/* Bytes that the entries count against the limit of a session: their encoded size. */
size_t record_size(const struct record *record);

#endif
