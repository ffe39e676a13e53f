/* One connection from the web server, between requests and while one arrives.
 *
 * What has come is looked at before it is read. A request that is there whole waits in the socket for
 * libfcgi, which so never has to wait for missing bytes. One that is not is collected in a spool of the
 * connection's own: a socket's buffer can be full after a few dozen small pieces, however few bytes they
 * have. Between requests nothing has been taken out of the socket, so that the connection can be handed to
 * another worker. */
#ifndef SESSION_FCGI_CONNECTION_H
#define SESSION_FCGI_CONNECTION_H

#include <stdint.h>

#include "buffer.h"
#include "fcgi.h"

enum connection_state {
    CONNECTION_IDLE,     /* no byte of a request has been seen */
    CONNECTION_ARRIVING, /* a request is coming in: its bytes are taken out of the socket and collected */
    CONNECTION_READY,    /* the request can be read without waiting */
    CONNECTION_CLOSING,  /* answered, and the peer may still be sending: what comes is thrown away until it
                            stops */
    CONNECTION_BROKEN,   /* to be closed now */
    CONNECTION_STATES
};

struct connection {
    int descriptor;
    enum connection_state state;
    struct fcgi_scan scan;
    size_t scanned;                     /* bytes that wait in the socket and were scanned */
    bool pipelined;                     /* bytes beyond the request came with it */
    struct buffer spool;                /* all of the request so far, once ARRIVING */
    int64_t since;                      /* milliseconds: when it entered this state */
    int64_t ready_at;                   /* microseconds */
    struct connection *previous, *next; /* in the list of its state, oldest first */
};

/* Room to look at what waits in a socket: one for each worker. */
enum { CONNECTION_LOOK_SIZE = 128 * 1024 };

/* Sets the time limits of a freshly accepted socket. False, with errno, if the system refuses. */
bool connection_prepare(int descriptor, long write_seconds);

/* Takes note of what has arrived, without waiting, and returns the new state. `max_body` bounds what is
 * collected: a request with more becomes READY with its body incomplete. */
enum connection_state connection_arrive(struct connection *connection, char look[CONNECTION_LOOK_SIZE],
                                        size_t max_body);

/* True if nothing waits to be read: closing the connection loses no request. */
bool connection_is_quiet(const struct connection *connection);

/* Reads a READY request into `request` and `http` (whose arena is set), its body into `body`. False if the
 * connection is BROKEN instead. */
bool connection_read(struct connection *connection, struct fcgi_request *request, struct http_request *http,
                     struct buffer *body, size_t max_body);

/* What becomes of the connection once its reply was sent (or not): IDLE, CLOSING or BROKEN. */
enum connection_state connection_replied(struct connection *connection, bool written);

/* Closes the socket, if it is open, and releases the spool. */
void connection_close(struct connection *connection);

#endif
