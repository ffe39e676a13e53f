/* One exchange: a request on its way to a reply. It passes the rooms in order, and each only adds to it:
 *
 *     exchange_begin     route, parameters, whose session it is      (no store operation)
 *     session_load       for a whole round of exchanges together     (one round trip)
 *     exchange_answer    change, commit, view: the reply is complete
 */
#ifndef SESSION_FCGI_EXCHANGE_H
#define SESSION_FCGI_EXCHANGE_H

#include "http.h"
#include "scoreboard.h"
#include "session.h"
#include "site.h"

struct route;

struct exchange {
    const struct site *site;
    struct sessions *sessions;
    struct scoreboard *scoreboard;
    struct scoreboard_slot *slot;
    time_t now; /* seconds since 1970 */

    bool is_authorizer;                /* the request is in the AUTHORIZER role */
    struct http_request request;       /* filled in before exchange_begin; its arena is the exchange's */
    const struct route *route;         /* NULL if there is none for this path */
    struct http_parameters parameters; /* of the query, then of the body */
    struct session *session;           /* NULL if the route needs none */
    struct http_reply reply;
};

/* Sets route, parameters and session, or the reply if the request is answered already: then reply.status is
 * not 0. */
void exchange_begin(struct exchange *exchange);

/* True if the exchange's session has to be loaded. */
bool exchange_needs_session(const struct exchange *exchange);

/* Completes the reply. */
void exchange_answer(struct exchange *exchange);

/* A small page that says what went wrong; `reason` is a sentence for the visitor, escaped here. */
void exchange_fail(struct exchange *exchange, int status, const char *reason);

#endif
