#include "store_connection.h"

#include <libmemcached/memcached.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

#if !defined(LIBMEMCACHED_VERSION_HEX) || LIBMEMCACHED_VERSION_HEX < 0x01001004
#error "libmemcached 1.1.4 or newer is needed: with an older one a late answer is taken for another's"
#endif

/* memcached takes an expiry of up to a month of seconds for a duration and what is above for a date. */
enum { EARLIEST_DATE = 60 * 60 * 24 * 30 + 1 };

struct store_connection {
    const struct store_addresses *addresses;
    int64_t deadline;           /* store_clock() */
    memcached_st *handle;       /* knows this server only; NULL while closed */
    memcached_result_st result; /* lives as long as the handle */
    char cause[128];
};

/* A handle with our settings, save those of time. RETRY_TIMEOUT and its kin do not matter: a handle that has
 * failed is thrown away, so the library's own idea of a dead server never comes into play. */
static memcached_st *handle_create(struct error *error)
{
    static const memcached_behavior_t switched_on[] = {
        MEMCACHED_BEHAVIOR_SUPPORT_CAS, MEMCACHED_BEHAVIOR_TCP_NODELAY,     MEMCACHED_BEHAVIOR_TCP_KEEPALIVE,
        MEMCACHED_BEHAVIOR_VERIFY_KEY,  MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED,
    };
    memcached_st *handle = memcached_create(NULL);

    if (handle == NULL)
        memory_exhausted(sizeof *handle);
    for (size_t i = 0; i < sizeof switched_on / sizeof *switched_on; i++) {
        memcached_return_t code = memcached_behavior_set(handle, switched_on[i], 1);
        if (code == MEMCACHED_SUCCESS)
            continue;
        error_set(error, "libmemcached refuses its setting %s: %s",
                  libmemcached_string_behavior(switched_on[i]), memcached_strerror(handle, code));
        memcached_free(handle);
        return NULL;
    }
    return handle;
}

static bool handle_add(memcached_st *handle, const struct store_memcached_server *server, struct error *error)
{
    memcached_return_t code = server->path[0] != '\0'
                                  ? memcached_server_add_unix_socket(handle, server->path)
                                  : memcached_server_add(handle, server->host, (in_port_t)server->port);

    if (code == MEMCACHED_SUCCESS)
        return true;
    return error_set(error, "libmemcached refuses the server %s%s: %s", server->path, server->host,
                     memcached_strerror(handle, code));
}

struct store_connection *store_connection_create(const struct store_addresses *addresses)
{
    struct store_connection *connection = memory_allocate_zeroed(1, sizeof *connection);

    connection->addresses = addresses;
    return connection;
}

void store_connection_destroy(struct store_connection *connection)
{
    if (connection == NULL)
        return;
    store_connection_close(connection);
    free(connection);
}

void store_connection_close(struct store_connection *connection)
{
    if (connection->handle == NULL)
        return;
    /* The library says "quit" first; it must not wait for a server that does not read. */
    memcached_behavior_set(connection->handle, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, 0);
    memcached_result_free(&connection->result);
    memcached_free(connection->handle);
    connection->handle = NULL;
}

const char *store_connection_cause(const struct store_connection *connection)
{
    return connection->cause;
}

static enum store_outcome fail(struct store_connection *connection, enum store_outcome outcome,
                               const char *cause)
{
    snprintf(connection->cause, sizeof connection->cause, "%.*s", (int)sizeof connection->cause - 1, cause);
    return outcome;
}

void store_connection_set_deadline(struct store_connection *connection, int64_t deadline)
{
    connection->deadline = deadline;
}

/* Lets the library wait for what is left of the time: with 0 it takes what is there and waits for nothing. */
static void limit_waiting(struct store_connection *connection)
{
    int64_t left = connection->deadline - store_clock();
    uint64_t limit = left > 0 ? (uint64_t)left : 0;

    memcached_behavior_set(connection->handle, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, limit);
    memcached_behavior_set(connection->handle, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, limit);
}

/* Makes sure that there is a handle for the server's current address; it connects when it is first used. */
static enum store_outcome open_handle(struct store_connection *connection)
{
    struct store_memcached_server address;
    struct error error;

    if (connection->handle != NULL)
        return STORE_ANSWERED;
    if (!store_addresses_current_as_text(connection->addresses, &address))
        return fail(connection, STORE_LOST, "its name cannot be looked up");
    memcached_st *handle = handle_create(&error);
    if (handle == NULL || !handle_add(handle, &address, &error)) {
        memcached_free(handle);
        return fail(connection, STORE_LOST, error.message);
    }
    if (memcached_result_create(handle, &connection->result) == NULL)
        memory_exhausted(sizeof connection->result);
    connection->handle = handle;
    return STORE_ANSWERED;
}

/* What an unexpected code says about the connection. */
static enum store_outcome understand_failure(struct store_connection *connection, memcached_return_t code)
{
    /* These two summarise; the reason is in the handle. */
    if (code == MEMCACHED_FAILURE || code == MEMCACHED_SOME_ERRORS)
        code = memcached_last_error(connection->handle);
    int number = memcached_last_error_errno(connection->handle);
    const char *cause = number != 0 ? strerror(number) : memcached_strerror(connection->handle, code);

    switch (code) {
    case MEMCACHED_TIMEOUT:
    case MEMCACHED_IN_PROGRESS:
        return fail(connection, STORE_LATE, "no answer in time");
    case MEMCACHED_ERRNO:
    case MEMCACHED_CONNECTION_FAILURE:
    case MEMCACHED_HOST_LOOKUP_FAILURE:
    case MEMCACHED_READ_FAILURE:
    case MEMCACHED_WRITE_FAILURE:
    case MEMCACHED_SERVER_MARKED_DEAD:
    case MEMCACHED_SERVER_TEMPORARILY_DISABLED:
        return fail(connection, STORE_LOST, cause);
    default:
        return fail(connection, STORE_NONSENSE, cause);
    }
}

enum store_outcome store_connection_ask(struct store_connection *connection, const char *const keys[],
                                        const size_t lengths[], size_t count)
{
    enum store_outcome opened = open_handle(connection);

    if (opened != STORE_ANSWERED)
        return opened;
    limit_waiting(connection);
    memcached_return_t code = memcached_mget(connection->handle, keys, lengths, count);
    return code == MEMCACHED_SUCCESS ? STORE_ANSWERED : understand_failure(connection, code);
}

/* The next result, or NULL with the code that it ended with: MEMCACHED_END if all is well.
 *
 * While a result's count is 0, libmemcached turns every end, an ERROR of the server too, into NOTFOUND; so
 * that a miss is a miss and nothing else, the count begins at 1. */
static const memcached_result_st *fetch(struct store_connection *connection, memcached_return_t *code)
{
    if (connection->result.count == 0)
        connection->result.count = 1;
    return memcached_fetch_result(connection->handle, &connection->result, code);
}

bool store_connection_receive(struct store_connection *connection, struct store_answer *answer,
                              enum store_outcome *outcome)
{
    memcached_return_t code;

    limit_waiting(connection);
    const memcached_result_st *result = fetch(connection, &code);
    if (result == NULL) {
        *outcome = code == MEMCACHED_END ? STORE_ANSWERED : understand_failure(connection, code);
        return false;
    }
    const char *value = memcached_result_value(result);
    answer->key = (struct slice){memcached_result_key_value(result), memcached_result_key_length(result)};
    answer->value = (struct slice){value != NULL ? value : "", memcached_result_length(result)};
    answer->version = memcached_result_cas(result);
    if (answer->version != 0)
        return true;
    *outcome = fail(connection, STORE_NONSENSE, "a record without a version");
    return false;
}

enum store_outcome store_connection_refuse(struct store_connection *connection, const char *cause)
{
    return fail(connection, STORE_NONSENSE, cause);
}

/* The expiry as memcached wants it: a date of 31 bits. A time that is past becomes the earliest date there
 * is, as 0 would mean "never" and 1 "in a second". */
static time_t expiry(time_t expires)
{
    if (expires <= time(NULL))
        return EARLIEST_DATE;
    return expires < INT32_MAX ? expires : INT32_MAX;
}

static memcached_return_t send_command(memcached_st *handle, const struct store_command *command)
{
    const char *value = command->value.data != NULL ? command->value.data : "";
    size_t key_length = strlen(command->key);

    switch (command->kind) {
    case STORE_COMMAND_ADD:
        return memcached_add(handle, command->key, key_length, value, command->value.length,
                             expiry(command->expires), 0);
    case STORE_COMMAND_REPLACE:
        return memcached_cas(handle, command->key, key_length, value, command->value.length,
                             expiry(command->expires), 0, command->version);
    case STORE_COMMAND_DELETE:
        break;
    }
    return memcached_delete(handle, command->key, key_length, 0);
}

/* The result of a command, if the answer is one that this kind of command can have; else false. */
static bool understand(const struct store_command *command, memcached_return_t code,
                       enum store_result *result)
{
    switch (code) {
    case MEMCACHED_SUCCESS:
        *result = STORE_OK;
        return true;
    case MEMCACHED_NOTFOUND:
        *result = STORE_ABSENT;
        return command->kind != STORE_COMMAND_ADD;
    case MEMCACHED_NOTSTORED:
        *result = STORE_CONFLICT;
        return command->kind == STORE_COMMAND_ADD;
    case MEMCACHED_DATA_EXISTS:
        *result = STORE_CONFLICT;
        return command->kind == STORE_COMMAND_REPLACE;
    case MEMCACHED_E2BIG:
        *result = STORE_TOO_LARGE;
        return command->kind != STORE_COMMAND_DELETE;
    case MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
        *result = STORE_FULL;
        return command->kind != STORE_COMMAND_DELETE;
    default:
        return false;
    }
}

enum store_outcome store_connection_run(struct store_connection *connection,
                                        const struct store_command *command, enum store_result *result)
{
    enum store_outcome opened = open_handle(connection);

    if (opened != STORE_ANSWERED)
        return opened;
    limit_waiting(connection);
    memcached_return_t code = send_command(connection->handle, command);
    if (!understand(command, code, result))
        return understand_failure(connection, code);
    /* Something behind the answer would be taken for the answer to the next question. */
    if (fetch(connection, &code) == NULL && code == MEMCACHED_END)
        return STORE_ANSWERED;
    return fail(connection, STORE_NONSENSE, "more than one answer");
}

/* ---- the router: a handle that knows all servers and never connects ---- */

struct store_router {
    memcached_st *handle;
};

struct store_router *store_router_create(const struct store_memcached_server *servers, size_t count,
                                         struct error *error)
{
    struct store_router *router = memory_allocate_zeroed(1, sizeof *router);

    router->handle = handle_create(error);
    for (size_t i = 0; i < count && router->handle != NULL; i++) {
        if (handle_add(router->handle, &servers[i], error))
            continue;
        memcached_free(router->handle);
        router->handle = NULL;
    }
    if (router->handle != NULL)
        return router;
    free(router);
    return NULL;
}

void store_router_destroy(struct store_router *router)
{
    if (router == NULL)
        return;
    memcached_free(router->handle);
    free(router);
}

size_t store_router_find(const struct store_router *router, const char *key)
{
    return memcached_generate_hash(router->handle, key, strlen(key));
}
