/* What the files of the loop share. */
#ifndef SESSION_FCGI_LOOP_INTERNAL_H
#define SESSION_FCGI_LOOP_INTERNAL_H

#include "connection_list.h"
#include "exchange.h"
#include "loop.h"

enum { LOOP_ROUND_SIZE = 32 }; /* requests served together at most */

/* What one request of a round needs, kept from round to round. */
struct loop_place {
    struct connection *connection;
    struct fcgi_request *request;
    struct arena *arena;
    struct buffer body;   /* the request's */
    struct buffer header; /* the reply's */
    struct buffer page;   /* the reply's body */
    struct exchange exchange;
};

/* In order of urgency: a worker that hands over may yet be told to stop. */
enum loop_leaving { LOOP_STAYS, LOOP_LEAVES_HANDING_OVER, LOOP_LEAVES, LOOP_LEAVES_AT_ONCE };

struct loop {
    struct loop_setup setup;
    int epoll;
    sigset_t waiting_mask; /* what is blocked in the wait: nothing that concerns the loop */
    enum loop_leaving leaving;
    int64_t leave_by;        /* milliseconds, once leaving: connections that are left then are dropped */
    int64_t accept_again_at; /* milliseconds; 0: accepting is not paused */
    int64_t look_at;         /* milliseconds: when to look for connections that nobody was woken for */
    bool store_waits;        /* for a server that did not answer: the store is ticked more often */
    int64_t now;             /* milliseconds, at the last wait */
    uint64_t served;         /* requests */
    struct connection_list lists[CONNECTION_STATES];
    size_t connection_count, most_connections;
    char *look; /* CONNECTION_LOOK_SIZE */
    struct loop_place places[LOOP_ROUND_SIZE];
    struct store_counters stored; /* as last copied to the scoreboard */
    struct session_counters sessions;
};

/* What an event is about, when it is not about a connection: the address is the mark. */
extern char loop_listener_mark, loop_handover_mark;

/* Watches a descriptor. False, with errno, if the system refuses. */
bool loop_watch(struct loop *loop, int descriptor, uint32_t events, void *mark);
bool loop_watch_sources(struct loop *loop);
void loop_ignore_sources(struct loop *loop);

/* How many connections the worker may have: what the settings say, or fewer if the system gives fewer
 * descriptors. */
size_t loop_most_connections(const struct loop *loop);

/* Accept, or take over, a few of the connections that wait. */
void loop_accept_connections(struct loop *loop);
void loop_take_over_connections(struct loop *loop);

/* Goes on accepting when a pause is over. */
void loop_resume_accepting(struct loop *loop);

/* Closes a connection, whatever its state. */
void loop_drop(struct loop *loop, struct connection *connection);

/* Moves a connection to the list of its state, or closes and frees it if that is BROKEN. */
void loop_settle(struct loop *loop, struct connection *connection);

/* Reads, answers and settles up to LOOP_ROUND_SIZE connections that are READY; they are in no list. */
void loop_serve_round(struct loop *loop, struct connection *const ready[], size_t count);

void loop_prepare_places(struct loop *loop);
void loop_release_places(struct loop *loop);

#endif
