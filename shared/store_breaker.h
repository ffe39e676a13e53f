/* The breaker of one server of the store: closed while the server answers, open from a failure until a probe
 * has found it answering.
 *
 * The probe is a connection of its own, on which "version" is asked beside the requests: each request that
 * meets the open breaker looks whether the answer has come, and never waits for it; nor does who looks
 * between the requests. However seldom they come, what one of them asks the next one finds answered. A
 * stopped server that goes on answers the probe that is waiting. */
#ifndef SESSION_FCGI_STORE_BREAKER_H
#define SESSION_FCGI_STORE_BREAKER_H

#include "store_address.h"

struct store_breaker;

/* A closed breaker for the server at `addresses`, which stay the caller's and outlive the breaker. The probe
 * leaves the address that answered as the current one. */
struct store_breaker *store_breaker_create(struct store_addresses *addresses);
void store_breaker_destroy(struct store_breaker *breaker); /* NULL is allowed */

/* True if the server may be asked. Takes the probe of an open breaker one step on, and closes the breaker,
 * with a line in the log, when the probe has been answered. When none of the server's addresses answers,
 * looks its name up again if that is due: that alone may take time. */
bool store_breaker_is_closed(struct store_breaker *breaker);

/* The same without ever looking a name up: for use between requests. */
bool store_breaker_look(struct store_breaker *breaker);

/* Opens the breaker, with the cause in the log. */
void store_breaker_open(struct store_breaker *breaker, const char *cause);

#endif
