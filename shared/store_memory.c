#include "store_memory.h"

#include <stdlib.h>

#include "memory.h"

enum { SCRIPT_MAX = 64, VALUE_MAX = 1024 * 1024 };

struct record {
    char *key;
    struct slice value; /* owned */
    uint64_t version;
    time_t expires;
};

struct store_memory {
    struct store store;
    struct record *records; /* in no order */
    size_t count, capacity;
    uint64_t last_version;

    enum store_result script[SCRIPT_MAX];
    size_t script_count, script_next;

    void (*hook)(struct store *store, void *context);
    void *hook_context;
    bool in_hook;
};

static struct store_memory *memory_of(struct store *store)
{
    return (struct store_memory *)store;
}

static void forget(struct store_memory *memory, struct record *record)
{
    free(record->key);
    free((char *)record->value.data);
    *record = memory->records[--memory->count];
}

/* The record under this key, or NULL. One that has expired is forgotten on the way. */
static struct record *find(struct store_memory *memory, const char *key)
{
    for (size_t i = 0; i < memory->count; i++) {
        struct record *record = &memory->records[i];
        if (strcmp(record->key, key) != 0)
            continue;
        if (record->expires > time(NULL))
            return record;
        forget(memory, record);
        return NULL;
    }
    return NULL;
}

static void put_value(struct store_memory *memory, struct record *record, struct slice value, time_t expires)
{
    char *copy = memory_allocate(value.length);

    if (value.length > 0)
        memcpy(copy, value.data, value.length);
    free((char *)record->value.data);
    record->value = (struct slice){copy, value.length};
    record->version = ++memory->last_version;
    record->expires = expires;
}

/* Runs the hook and takes the scripted result of an operation: STORE_OK means that it goes on as usual. What
 * the hook itself does is neither hooked nor scripted nor counted. */
static enum store_result begin(struct store_memory *memory)
{
    if (memory->in_hook)
        return STORE_OK;
    if (memory->hook != NULL) {
        memory->in_hook = true;
        memory->hook(&memory->store, memory->hook_context);
        memory->in_hook = false;
    }
    enum store_result scripted = STORE_OK;
    if (memory->script_next < memory->script_count)
        scripted = memory->script[memory->script_next++];

    memory->store.counters.operations++;
    if (scripted == STORE_UNREACHABLE)
        memory->store.counters.errors++;
    if (scripted == STORE_FULL)
        memory->store.counters.full++;
    return scripted;
}

static void read_records(struct store *store, struct store_read *reads[], size_t count, struct arena *arena)
{
    struct store_memory *memory = memory_of(store);
    enum store_result scripted = begin(memory);

    for (size_t i = 0; i < count; i++) {
        const struct record *record = scripted == STORE_OK ? find(memory, reads[i]->key) : NULL;
        if (record == NULL) {
            reads[i]->result = scripted == STORE_OK ? STORE_ABSENT : scripted;
            continue;
        }
        reads[i]->result = STORE_OK;
        reads[i]->value = arena_copy(arena, record->value);
        reads[i]->version = record->version;
    }
}

static enum store_result add_record(struct store *store, const char *key, struct slice value, time_t expires)
{
    struct store_memory *memory = memory_of(store);
    enum store_result scripted = begin(memory);

    if (scripted != STORE_OK)
        return scripted;
    if (value.length > VALUE_MAX)
        return STORE_TOO_LARGE;
    if (find(memory, key) != NULL)
        return STORE_CONFLICT;
    if (memory->count == memory->capacity) {
        memory->capacity = memory->capacity ? memory->capacity * 2 : 16;
        memory->records = memory_reallocate(memory->records, memory->capacity * sizeof *memory->records);
    }
    struct record *record = &memory->records[memory->count++];
    *record = (struct record){.key = memory_copy_string(key)};
    put_value(memory, record, value, expires);
    return STORE_OK;
}

static enum store_result replace_record(struct store *store, const char *key, struct slice value,
                                        uint64_t version, time_t expires)
{
    struct store_memory *memory = memory_of(store);
    enum store_result scripted = begin(memory);

    if (scripted != STORE_OK)
        return scripted;
    if (value.length > VALUE_MAX)
        return STORE_TOO_LARGE;
    struct record *record = find(memory, key);
    if (record == NULL)
        return STORE_ABSENT;
    if (record->version != version)
        return STORE_CONFLICT;
    put_value(memory, record, value, expires);
    return STORE_OK;
}

static enum store_result delete_record(struct store *store, const char *key)
{
    struct store_memory *memory = memory_of(store);
    enum store_result scripted = begin(memory);

    if (scripted != STORE_OK)
        return scripted;
    struct record *record = find(memory, key);
    if (record == NULL)
        return STORE_ABSENT;
    forget(memory, record);
    return STORE_OK;
}

static bool check(struct store *store, struct arena *arena, struct slice *unreachable)
{
    if (begin(memory_of(store)) == STORE_OK)
        return true;
    *unreachable = arena_copy(arena, slice_from_string("memory"));
    return false;
}

static void destroy(struct store *store)
{
    struct store_memory *memory = memory_of(store);

    while (memory->count > 0)
        forget(memory, &memory->records[0]);
    free(memory->records);
    free(memory);
}

struct store *store_memory_create(void)
{
    static const struct store_ops ops = {
        .read = read_records,
        .add = add_record,
        .replace = replace_record,
        .delete = delete_record,
        .check = check,
        .destroy = destroy,
    };
    struct store_memory *memory = memory_allocate_zeroed(1, sizeof *memory);

    memory->store.ops = &ops;
    return &memory->store;
}

void store_memory_script(struct store *store, const enum store_result *results, size_t count)
{
    struct store_memory *memory = memory_of(store);

    memory->script_count = count < SCRIPT_MAX ? count : SCRIPT_MAX;
    memory->script_next = 0;
    if (memory->script_count > 0)
        memcpy(memory->script, results, memory->script_count * sizeof *results);
}

void store_memory_on_operation(struct store *store, void (*hook)(struct store *store, void *context),
                               void *context)
{
    struct store_memory *memory = memory_of(store);

    memory->hook = hook;
    memory->hook_context = context;
}

size_t store_memory_count(struct store *store)
{
    struct store_memory *memory = memory_of(store);
    time_t now = time(NULL);
    size_t living = 0;

    for (size_t i = 0; i < memory->count; i++)
        living += memory->records[i].expires > now;
    return living;
}
