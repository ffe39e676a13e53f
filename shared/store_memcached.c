#include "store_memcached.h"

#include <stdlib.h>

#include "log.h"
#include "memory.h"
#include "store_breaker.h"
#include "store_connection.h"

enum {
    VALUE_MAX = 1024 * 1024, /* memcached's own limit; a little less fits, which it says itself */
    COMPLAINT_PAUSE = 10000, /* milliseconds between two log lines about answers that make no sense */
    ATTENTION = 10,          /* of the time limit, one part in this many is each server's own in a round */
};

struct server {
    struct store_addresses *addresses;
    struct store_connection *connection;
    struct store_breaker *breaker;
    int64_t next_complaint;
};

struct store_memcached {
    struct store store;
    struct store_router *router;
    int time_limit; /* milliseconds */
    size_t server_count;
    struct server servers[];
};

static struct store_memcached *memcached_of(struct store *store)
{
    return (struct store_memcached *)store;
}

static struct server *server_of(struct store_memcached *memcached, const char *key)
{
    return &memcached->servers[store_router_find(memcached->router, key)];
}

/* After a failed attempt: closes the connection and says whether to try again. A lost connection is tried
 * once more, as a server that was restarted has closed it, and then, if its name has more than one address,
 * at each of the others. A server that is late is not asked twice. */
static bool try_again(struct server *server, enum store_outcome outcome, size_t *attempts)
{
    store_connection_close(server->connection);
    if (outcome != STORE_LOST)
        return false;
    if (++*attempts > 1)
        store_addresses_advance(server->addresses);
    return *attempts <= store_addresses_count(server->addresses);
}

/* Books the end of an operation on a server. */
static void settle(struct store_memcached *memcached, struct server *server, enum store_outcome outcome)
{
    if (outcome != STORE_UNASKED)
        memcached->store.counters.operations++;
    if (outcome != STORE_ANSWERED)
        memcached->store.counters.errors++;
    if (outcome == STORE_LOST || outcome == STORE_LATE)
        store_breaker_open(server->breaker, store_connection_cause(server->connection));
    if (outcome == STORE_NONSENSE && store_clock() >= server->next_complaint) {
        server->next_complaint = store_clock() + COMPLAINT_PAUSE;
        log_warning("store %s: an answer that makes no sense: %s", store_addresses_name(server->addresses),
                    store_connection_cause(server->connection));
    }
}

/* ---- reading ---- */

/* What one server is asked in one round. */
struct question {
    struct server *server;
    struct store_read **reads; /* ordered by key; equal keys stand together */
    size_t read_count;
    const char **keys; /* each once */
    size_t *lengths;
    size_t key_count;
    enum store_outcome outcome;
};

static void set_all(struct question *question, enum store_result result)
{
    for (size_t i = 0; i < question->read_count; i++) {
        question->reads[i]->result = result;
        question->reads[i]->value = slice_none();
        question->reads[i]->version = 0;
    }
}

/* Gives a record to the reads that asked for it. False if there are none, or if they have one already. */
static bool deliver(struct question *question, const struct store_answer *answer, struct arena *arena)
{
    size_t low = 0, high = question->read_count;

    while (low < high) { /* find the first read with this key */
        size_t middle = low + (high - low) / 2;
        if (slice_compare(slice_from_string(question->reads[middle]->key), answer->key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == question->read_count || !slice_equals_string(answer->key, question->reads[low]->key) ||
        question->reads[low]->result == STORE_OK)
        return false;
    struct slice value = arena_copy(arena, answer->value);
    for (; low < question->read_count && slice_equals_string(answer->key, question->reads[low]->key); low++) {
        question->reads[low]->result = STORE_OK;
        question->reads[low]->value = value;
        question->reads[low]->version = answer->version;
    }
    return true;
}

static enum store_outcome ask(struct question *question)
{
    return store_connection_ask(question->server->connection, question->keys, question->lengths,
                                question->key_count);
}

/* Reads the whole answer to a question that was sent; else passes its outcome on. */
static enum store_outcome receive(struct question *question, enum store_outcome sent, struct arena *arena)
{
    struct store_answer answer;
    enum store_outcome outcome = sent;

    if (sent != STORE_ANSWERED)
        return sent;
    set_all(question, STORE_ABSENT);
    while (store_connection_receive(question->server->connection, &answer, &outcome)) {
        if (!deliver(question, &answer, arena))
            return store_connection_refuse(question->server->connection, "a record that was not asked for");
    }
    return outcome;
}

/* The servers of a round work at the same time and share one deadline; but none is late for the mere reason
 * that others before it have used up the time. */
static void give_time(const struct store_memcached *memcached, const struct question *question,
                      int64_t deadline)
{
    int64_t at_least = store_clock() + memcached->time_limit / ATTENTION + 1;

    store_connection_set_deadline(question->server->connection, deadline > at_least ? deadline : at_least);
}

/* Asks all questions, then reads all answers. */
static void run_round(struct store_memcached *memcached, struct question *questions, size_t count,
                      struct arena *arena)
{
    int64_t deadline = store_clock() + memcached->time_limit;

    for (size_t i = 0; i < count; i++) {
        bool closed = store_breaker_is_closed(questions[i].server->breaker);
        give_time(memcached, &questions[i], deadline);
        questions[i].outcome = closed ? ask(&questions[i]) : STORE_UNASKED;
    }
    for (size_t i = 0; i < count; i++) {
        struct question *question = &questions[i];
        size_t attempts = 0;
        give_time(memcached, question, deadline);
        question->outcome = receive(question, question->outcome, arena);
        while (question->outcome != STORE_ANSWERED &&
               try_again(question->server, question->outcome, &attempts))
            question->outcome = receive(question, ask(question), arena);
        if (question->outcome != STORE_ANSWERED)
            set_all(question, STORE_UNREACHABLE);
        settle(memcached, question->server, question->outcome);
    }
}

/* A read and the server that it goes to. */
struct routed {
    struct store_read *read;
    struct server *server;
};

static int compare_routed(const void *a, const void *b)
{
    const struct routed *left = a, *right = b;

    if (left->server != right->server)
        return left->server < right->server ? -1 : 1;
    return strcmp(left->read->key, right->read->key);
}

static struct question question_create(struct server *server, size_t room, struct arena *arena)
{
    return (struct question){
        .server = server,
        .reads = arena_allocate_array(arena, room, sizeof(struct store_read *)),
        .keys = arena_allocate_array(arena, room, sizeof(const char *)),
        .lengths = arena_allocate_array(arena, room, sizeof(size_t)),
    };
}

/* Adds a read to a question that has room for it. Reads come in the order of their keys. */
static void question_add(struct question *question, struct store_read *read)
{
    size_t last = question->read_count++;

    question->reads[last] = read;
    if (last > 0 && strcmp(question->reads[last - 1]->key, read->key) == 0)
        return;
    question->keys[question->key_count] = read->key;
    question->lengths[question->key_count++] = strlen(read->key);
}

static void read_records(struct store *store, struct store_read *reads[], size_t count, struct arena *arena)
{
    struct store_memcached *memcached = memcached_of(store);
    struct routed *routed = arena_allocate_array(arena, count, sizeof *routed);
    struct question *questions =
        arena_allocate_array(arena, memcached->server_count, sizeof(struct question));
    size_t question_count = 0;

    for (size_t i = 0; i < count; i++)
        routed[i] = (struct routed){reads[i], server_of(memcached, reads[i]->key)};
    qsort(routed, count, sizeof *routed, compare_routed);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || routed[i].server != routed[i - 1].server)
            questions[question_count++] = question_create(routed[i].server, count - i, arena);
        question_add(&questions[question_count - 1], routed[i].read);
    }
    run_round(memcached, questions, question_count, arena);
}

static bool check(struct store *store, struct arena *arena, struct slice *unreachable)
{
    struct store_memcached *memcached = memcached_of(store);
    size_t count = memcached->server_count;
    struct question *questions = arena_allocate_array(arena, count, sizeof(struct question));
    struct store_read *reads = arena_allocate_array(arena, count, sizeof(struct store_read));
    struct slice names = slice_none();

    for (size_t i = 0; i < count; i++) {
        reads[i] = (struct store_read){.key = "session-fcgi:check"};
        questions[i] = question_create(&memcached->servers[i], 1, arena);
        question_add(&questions[i], &reads[i]);
    }
    run_round(memcached, questions, count, arena);
    for (size_t i = 0; i < count; i++) {
        const char *name = store_addresses_name(memcached->servers[i].addresses);
        if (questions[i].outcome == STORE_ANSWERED)
            continue;
        names = names.data == NULL ? arena_format(arena, "%s", name)
                                   : arena_format(arena, "%.*s, %s", (int)names.length, names.data, name);
    }
    if (names.data != NULL)
        *unreachable = names;
    return names.data == NULL;
}

/* ---- writing ---- */

/* A command whose connection was lost is repeated, though it may have been done: then an ADD finds the key
 * taken, a REPLACE another version or nothing, a DELETE nothing, and says so. What callers make of that is in
 * store.h. */
static enum store_result run_command(struct store *store, const struct store_command *command)
{
    struct store_memcached *memcached = memcached_of(store);
    struct server *server = server_of(memcached, command->key);
    enum store_result result = STORE_UNREACHABLE;
    enum store_outcome outcome = STORE_UNASKED;
    size_t attempts = 0;

    if (command->value.length > VALUE_MAX)
        return STORE_TOO_LARGE;
    if (store_breaker_is_closed(server->breaker)) {
        store_connection_set_deadline(server->connection, store_clock() + memcached->time_limit);
        do {
            outcome = store_connection_run(server->connection, command, &result);
        } while (outcome != STORE_ANSWERED && try_again(server, outcome, &attempts));
    }
    settle(memcached, server, outcome);
    if (outcome != STORE_ANSWERED)
        return STORE_UNREACHABLE;
    if (result == STORE_FULL)
        store->counters.full++;
    return result;
}

static enum store_result add_record(struct store *store, const char *key, struct slice value, time_t expires)
{
    const struct store_command command = {
        .kind = STORE_COMMAND_ADD, .key = key, .value = value, .expires = expires};

    return run_command(store, &command);
}

static enum store_result delete_record(struct store *store, const char *key)
{
    return run_command(store, &(struct store_command){.kind = STORE_COMMAND_DELETE, .key = key});
}

static enum store_result replace_record(struct store *store, const char *key, struct slice value,
                                        uint64_t version, time_t expires)
{
    const struct store_command command = {
        .kind = STORE_COMMAND_REPLACE, .key = key, .value = value, .version = version, .expires = expires};

    if (version == 0) /* no record is ever of version 0 */
        return STORE_CONFLICT;
    enum store_result result = run_command(store, &command);
    /* What has expired is absent, but keeps its memory; so it matters little whether the delete succeeds. */
    if (result == STORE_OK && expires <= time(NULL))
        delete_record(store, key);
    return result;
}

/* ---- the store ---- */

static bool tick(struct store *store)
{
    struct store_memcached *memcached = memcached_of(store);
    bool waits = false;

    for (size_t i = 0; i < memcached->server_count; i++)
        waits |= !store_breaker_look(memcached->servers[i].breaker);
    return waits;
}

static void destroy(struct store *store)
{
    struct store_memcached *memcached = memcached_of(store);

    for (size_t i = 0; i < memcached->server_count; i++) {
        store_connection_destroy(memcached->servers[i].connection);
        store_breaker_destroy(memcached->servers[i].breaker);
        store_addresses_destroy(memcached->servers[i].addresses);
    }
    store_router_destroy(memcached->router);
    free(memcached);
}

struct store *store_memcached_create(const struct store_memcached_server *servers, size_t count,
                                     int time_limit, struct error *error)
{
    static const struct store_ops ops = {
        .read = read_records,
        .add = add_record,
        .replace = replace_record,
        .delete = delete_record,
        .check = check,
        .tick = tick,
        .destroy = destroy,
    };
    struct store_router *router = store_router_create(servers, count, error);

    if (router == NULL)
        return NULL;
    struct store_memcached *memcached =
        memory_allocate_zeroed(1, sizeof *memcached + count * sizeof memcached->servers[0]);
    memcached->store.ops = &ops;
    memcached->router = router;
    memcached->time_limit = time_limit;
    memcached->server_count = count;
    for (size_t i = 0; i < count; i++) {
        struct server *server = &memcached->servers[i];
        server->addresses = store_addresses_create(&servers[i]);
        server->connection = store_connection_create(server->addresses);
        server->breaker = store_breaker_create(server->addresses);
    }
    return &memcached->store;
}
