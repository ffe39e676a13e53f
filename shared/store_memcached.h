/* The store on memcached, through libmemcached (>= 1.1.4, before which a late answer could be taken for
 * another's).
 *
 * Several servers share the keys by consistent hashing (ketama), so that adding one moves only its share.
 * Each server has a connection of its own, with time limits, and a breaker: a server that fails is not asked
 * again until a probe beside the requests finds it answering, and until then its keys are STORE_UNREACHABLE
 * at once. A connection whose answer was anything but expected is closed, so a late answer never meets a
 * later question. */
#ifndef SESSION_FCGI_STORE_MEMCACHED_H
#define SESSION_FCGI_STORE_MEMCACHED_H

#include "error.h"
#include "store.h"

enum { STORE_MEMCACHED_MAX_SERVERS = 64 };

/* One server of a list: exactly one of `host` and `path` is set. */
struct store_memcached_server {
    char host[256]; /* name or address, without brackets */
    int port;       /* 1–65535 */
    char path[108]; /* unix socket */
};

/* Parses "host, host:port, [v6]:port or /path/of/socket", comma-separated, default port 11211; spaces around
 * an entry are allowed, the same server twice is not. Returns the number of servers, 1 to
 * STORE_MEMCACHED_MAX_SERVERS, or 0 with the reason in `error`. */
size_t store_memcached_parse_list(const char *list,
                                  struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS],
                                  struct error *error);

/* Makes the store; call it after fork (a connection must not be shared). No server has to be up. NULL
 * with the reason in `error` if libmemcached refuses a setting.
 *
 * `time_limit`, in milliseconds, is what an operation may take: connecting, a second attempt and all servers
 * of a read together. Each server that is late adds at most a tenth of it to that of the others, so that none
 * is given up unheard. One thing is not bounded by it: libmemcached begins to wait anew with each piece that
 * comes, so a server that sends a single record or the answer to a write in crumbs, each in time, holds the
 * caller until the last. Guard against that from outside, as session-fcgi's pool replaces a worker whose
 * request runs too long. */
struct store *store_memcached_create(const struct store_memcached_server *servers, size_t count,
                                     int time_limit, struct error *error);

#endif
