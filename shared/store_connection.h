/* The connection to one memcached server, by way of libmemcached: the one room that includes its headers.
 *
 * A connection is either in step, so that the next answer belongs to the next question, or it is closed:
 * after any outcome but STORE_ANSWERED call store_connection_close. It opens itself again when it is next
 * used. */
#ifndef SESSION_FCGI_STORE_CONNECTION_H
#define SESSION_FCGI_STORE_CONNECTION_H

#include "store_address.h"

/* How asking a server ended. */
enum store_outcome {
    STORE_ANSWERED, /* as the protocol says */
    STORE_LOST,     /* no connection, or it ended on the way */
    STORE_LATE,     /* no answer within the time limit */
    STORE_NONSENSE, /* an answer that does not fit the question */
    STORE_UNASKED,  /* not sent at all: for those who keep a breaker */
};

/* One record that a server has sent. Everything points into the connection and lives until it is next used.
 */
struct store_answer {
    struct slice key;
    struct slice value;
    uint64_t version; /* never 0 */
};

struct store_command {
    enum { STORE_COMMAND_ADD, STORE_COMMAND_REPLACE, STORE_COMMAND_DELETE } kind;
    const char *key;
    struct slice value; /* ADD, REPLACE */
    uint64_t version;   /* REPLACE; never 0, which would make the server take the value for commands */
    time_t expires;     /* ADD, REPLACE; Unix time */
};

struct store_connection;

/* Does not connect yet. The addresses stay the caller's and outlive it. */
struct store_connection *store_connection_create(const struct store_addresses *addresses);
void store_connection_destroy(struct store_connection *connection); /* NULL is allowed */

/* Closes the connection, without waiting; whatever was still to come is never seen. */
void store_connection_close(struct store_connection *connection);

/* What the last outcome other than STORE_ANSWERED came from, for the log. */
const char *store_connection_cause(const struct store_connection *connection);

/* Nothing is waited for after `deadline` (of store_clock()): what is not there by then is STORE_LATE, what is
 * there is taken even later. The clock is looked at before each of the calls below; within one, that is
 * within one record or one command, libmemcached waits for each piece as long as was left when the call
 * began. */
void store_connection_set_deadline(struct store_connection *connection, int64_t deadline);

/* Sends a multi-get, connecting if need be. No key may occur twice. After STORE_ANSWERED, which here means
 * "sent", call store_connection_receive until it returns false. */
enum store_outcome store_connection_ask(struct store_connection *connection, const char *const keys[],
                                        const size_t lengths[], size_t count);

/* The next record of the answer, whatever its key. False at the end: STORE_ANSWERED in *outcome says that the
 * answer was whole, so that records that did not come are absent. */
bool store_connection_receive(struct store_connection *connection, struct store_answer *answer,
                              enum store_outcome *outcome);

/* Says that a record does not belong to the question: notes the cause and returns STORE_NONSENSE. */
enum store_outcome store_connection_refuse(struct store_connection *connection, const char *cause);

/* Sends a command, connecting if need be, and reads the answer; *result is set when STORE_ANSWERED. */
enum store_outcome store_connection_run(struct store_connection *connection,
                                        const struct store_command *command, enum store_result *result);

/* Which of several servers keeps a key: consistent hashing (ketama) over the names of the servers as they are
 * configured, not their addresses, so that all workers on all machines agree. */
struct store_router;

/* NULL with the reason in `error` if libmemcached refuses a setting or a server. */
struct store_router *store_router_create(const struct store_memcached_server *servers, size_t count,
                                         struct error *error);
void store_router_destroy(struct store_router *router); /* NULL is allowed */

/* The index of the server in the list. */
size_t store_router_find(const struct store_router *router, const char *key);

#endif
