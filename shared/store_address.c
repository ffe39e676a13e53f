#include "store_address.h"

#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <time.h>

#include "log.h"
#include "memory.h"

enum {
    ADDRESSES_MAX = 16,
    LOOKUP_AGAIN_MISSING = 1000, /* milliseconds until a name that was not found is looked up again */
    LOOKUP_AGAIN_FOUND = 30000,  /* the same for one that was found */
    LOOKUP_SHARE = 20,           /* of the time, looking names up takes at most the one part in this many */
};

struct address {
    struct sockaddr_storage storage;
    socklen_t length;
};

struct store_addresses {
    struct store_memcached_server server;
    char name[sizeof((struct store_memcached_server *)NULL)->host + 16];
    struct address items[ADDRESSES_MAX];
    size_t count, current;
    int64_t next_lookup;
};

int64_t store_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock and a valid pointer */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_path(struct store_addresses *addresses)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(addresses->server.path);

    memcpy(address.sun_path, addresses->server.path, length + 1);
    memcpy(&addresses->items[0].storage, &address, sizeof address);
    addresses->items[0].length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    addresses->count = 1;
}

/* Replaces the addresses by what the name stands for now; keeps them if that cannot be found out. */
static void look_up(struct store_addresses *addresses)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[16];
    int64_t begin = store_clock();

    snprintf(port, sizeof port, "%d", addresses->server.port);
    int failure = getaddrinfo(addresses->server.host, port, &hints, &found);
    if (failure != 0) {
        log_warning("store %s: the name cannot be looked up: %s", addresses->name, gai_strerror(failure));
    } else {
        addresses->count = addresses->current = 0;
        for (struct addrinfo *i = found; i != NULL && addresses->count < ADDRESSES_MAX; i = i->ai_next) {
            if (i->ai_addrlen > sizeof addresses->items[0].storage)
                continue;
            memcpy(&addresses->items[addresses->count].storage, i->ai_addr, i->ai_addrlen);
            addresses->items[addresses->count++].length = i->ai_addrlen;
        }
        freeaddrinfo(found);
    }
    int64_t end = store_clock();
    int64_t pause = addresses->count > 0 ? LOOKUP_AGAIN_FOUND : LOOKUP_AGAIN_MISSING;
    addresses->next_lookup = end + pause + LOOKUP_SHARE * (end - begin);
}

struct store_addresses *store_addresses_create(const struct store_memcached_server *server)
{
    struct store_addresses *addresses = memory_allocate_zeroed(1, sizeof *addresses);

    addresses->server = *server;
    if (server->path[0] != '\0') {
        snprintf(addresses->name, sizeof addresses->name, "%s", server->path);
        take_path(addresses);
    } else {
        bool is_ipv6 = strchr(server->host, ':') != NULL;
        snprintf(addresses->name, sizeof addresses->name, is_ipv6 ? "[%s]:%d" : "%s:%d", server->host,
                 server->port);
        look_up(addresses);
    }
    return addresses;
}

void store_addresses_destroy(struct store_addresses *addresses)
{
    free(addresses);
}

const char *store_addresses_name(const struct store_addresses *addresses)
{
    return addresses->name;
}

size_t store_addresses_count(const struct store_addresses *addresses)
{
    return addresses->count;
}

const struct sockaddr *store_addresses_current(const struct store_addresses *addresses, socklen_t *length)
{
    if (addresses->count == 0)
        return NULL;
    *length = addresses->items[addresses->current].length;
    return (const struct sockaddr *)&addresses->items[addresses->current].storage;
}

bool store_addresses_current_as_text(const struct store_addresses *addresses,
                                     struct store_memcached_server *text)
{
    socklen_t length;
    const struct sockaddr *address = store_addresses_current(addresses, &length);

    *text = addresses->server;
    if (address == NULL)
        return false;
    if (text->path[0] != '\0')
        return true;
    return getnameinfo(address, length, text->host, sizeof text->host, NULL, 0, NI_NUMERICHOST) == 0;
}

void store_addresses_advance(struct store_addresses *addresses)
{
    if (addresses->count > 0)
        addresses->current = (addresses->current + 1) % addresses->count;
}

bool store_addresses_refresh(struct store_addresses *addresses)
{
    if (addresses->server.path[0] != '\0' || store_clock() < addresses->next_lookup)
        return false;
    look_up(addresses);
    return true;
}
