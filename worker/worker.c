#include "worker.h"

#include "crypto.h"
#include "memory.h"

/* libfcgi allocates some 24 KiB for each request of a round, and frees them at its end. */
enum { KEPT_FREED_MEMORY = 2 * 1024 * 1024 };

/* Workers that were started together must not all leave together: up to a quarter more, by chance. */
static long with_jitter(long max_requests)
{
    unsigned int chance;

    if (max_requests == 0 || !crypto_random(&chance, sizeof chance))
        return max_requests;
    return max_requests + (long)(chance % ((unsigned long)max_requests / 4 + 1));
}

enum loop_end worker_serve(const struct worker_setup *setup, struct error *error)
{
    struct loop_setup loop = {
        .site = setup->site,
        .scoreboard = setup->scoreboard,
        .slot = setup->slot,
        .listener = setup->listener,
        .handover = setup->handover,
        .max_requests = setup->alone ? 0 : with_jitter(setup->site->settings.max_requests),
        .alone = setup->alone,
    };

    memory_keep_freed(KEPT_FREED_MEMORY);
    loop.sessions = site_open_sessions(setup->site, error);
    if (loop.sessions == NULL)
        return LOOP_FAILED;
    enum loop_end end = loop_run(&loop, error);
    sessions_destroy(loop.sessions);
    return end;
}
