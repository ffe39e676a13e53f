/* Where one server of the store can be reached.
 *
 * A name is looked up beforehand and its addresses are kept, so that connecting never waits for a name
 * server. One address is the current one; who fails to connect to it goes on to the next. */
#ifndef SESSION_FCGI_STORE_ADDRESS_H
#define SESSION_FCGI_STORE_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "store_memcached.h"

struct store_addresses;

/* Looks the server's name up, if it has one. Not finding it is no failure: there are no addresses then. */
struct store_addresses *store_addresses_create(const struct store_memcached_server *server);
void store_addresses_destroy(struct store_addresses *addresses); /* NULL is allowed */

/* The server as it is configured: "host:port", "[v6]:port" or the path of its socket. */
const char *store_addresses_name(const struct store_addresses *addresses);

size_t store_addresses_count(const struct store_addresses *addresses);

/* The current address and its length; NULL if there is none. */
const struct sockaddr *store_addresses_current(const struct store_addresses *addresses, socklen_t *length);

/* The current address with the host as a number, which needs no looking up. False if there is none. */
bool store_addresses_current_as_text(const struct store_addresses *addresses,
                                     struct store_memcached_server *text);

/* Makes the next address the current one, after the last the first. */
void store_addresses_advance(struct store_addresses *addresses);

/* Looks the name up again if that is due: the server cannot be reached, perhaps because it has moved. This
 * may wait for a name server, so it is done seldom enough to take at most a twentieth of the time. True if it
 * was done. */
bool store_addresses_refresh(struct store_addresses *addresses);

/* Milliseconds of a clock that only goes forward. */
int64_t store_clock(void);

#endif
