/* The store in this process's own memory: for tests and for trying things out. Nothing is shared or kept. */
#ifndef SESSION_FCGI_STORE_MEMORY_H
#define SESSION_FCGI_STORE_MEMORY_H

#include "store.h"

/* A store in this process's own memory, for tests and for programs of one process: it forgets what has
 * expired, and everything when it is destroyed. Release it with store_destroy. */
struct store *store_memory_create(void);

/* Makes the next operations fail: each takes one `result` from the front of this list, STORE_OK meaning "go
 * on as usual". For tests of the layers above; replaces what was left of an earlier list. At most 64. */
void store_memory_script(struct store *store, const enum store_result *results, size_t count);

/* A hook that runs before each operation, so that a test can change the store between a read and a write;
 * NULL for none. The hook may itself call the store; those calls are neither hooked, scripted nor
 * counted. It runs before the operation takes its scripted result. */
void store_memory_on_operation(struct store *store, void (*hook)(struct store *store, void *context),
                               void *context);

/* Number of records that have not expired. */
size_t store_memory_count(struct store *store);

#endif
