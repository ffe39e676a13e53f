#include "store.h"

void store_read(struct store *store, struct store_read *reads[], size_t count, struct arena *arena)
{
    if (count > 0)
        store->ops->read(store, reads, count, arena);
}

enum store_result store_add(struct store *store, const char *key, struct slice value, time_t expires)
{
    return store->ops->add(store, key, value, expires);
}

enum store_result store_replace(struct store *store, const char *key, struct slice value, uint64_t version,
                                time_t expires)
{
    return store->ops->replace(store, key, value, version, expires);
}

enum store_result store_delete(struct store *store, const char *key)
{
    return store->ops->delete (store, key);
}

bool store_check(struct store *store, struct arena *arena, struct slice *unreachable)
{
    return store->ops->check(store, arena, unreachable);
}

bool store_tick(struct store *store)
{
    return store->ops->tick != NULL && store->ops->tick(store);
}

void store_destroy(struct store *store)
{
    if (store != NULL)
        store->ops->destroy(store);
}
