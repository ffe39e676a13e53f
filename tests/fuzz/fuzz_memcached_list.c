/* Any text as the list of memcached servers: every server that comes out is one that can be connected to. */
#include <stdint.h>
#include <stdlib.h>

#include "store_memcached.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS];
    struct error error = {{0}};
    char *list = malloc(size + 1);

    require(list != NULL);
    if (size > 0)
        memcpy(list, data, size);
    list[size] = '\0';
    size_t count = store_memcached_parse_list(list, servers, &error);
    free(list);

    require(count <= STORE_MEMCACHED_MAX_SERVERS);
    require((count == 0) == (error.message[0] != '\0'));
    for (size_t i = 0; i < count; i++) {
        bool has_host = servers[i].host[0] != '\0', has_path = servers[i].path[0] != '\0';
        require(has_host != has_path);
        require(memchr(servers[i].host, '\0', sizeof servers[i].host) != NULL);
        require(memchr(servers[i].path, '\0', sizeof servers[i].path) != NULL);
        require(has_path ? servers[i].path[0] == '/' : servers[i].port >= 1 && servers[i].port <= 65535);
    }
    return 0;
}
