#include "worker.h"

#include <stdlib.h>

#include "crypto.h"
#include "memory.h"

/* libfcgi allocates some 24 KiB for each request of a round, and frees them at its end. */
enum { KEPT_FREED_MEMORY = 2 * 1024 * 1024 };

struct worker {
    struct sessions *sessions;
    struct loop *loop;
};

/* Workers that were started together must not all leave together: up to a quarter more, by chance. */
static long with_jitter(long max_requests)
{
    unsigned int chance;

    if (max_requests == 0 || !crypto_random(&chance, sizeof chance))
        return max_requests;
    return max_requests + (long)(chance % ((unsigned long)max_requests / 4 + 1));
}

static struct loop *open_loop(const struct worker_setup *setup, struct sessions *sessions,
                              struct error *error)
{
    const struct loop_setup loop = {
        .site = setup->site,
        .sessions = sessions,
        .scoreboard = setup->scoreboard,
        .slot = setup->slot,
        .listener = setup->listener,
        .handover = setup->handover,
        .max_requests = setup->alone ? 0 : with_jitter(setup->site->settings.max_requests),
        .alone = setup->alone,
    };

    return loop_open(&loop, error);
}

struct worker *worker_open(const struct worker_setup *setup, struct error *error)
{
    (void)memory_keep_freed(KEPT_FREED_MEMORY); /* without it all is well, but slower */
    struct sessions *sessions = site_open_sessions(setup->site, error);
    if (sessions == NULL)
        return NULL;
    struct loop *loop = open_loop(setup, sessions, error);
    if (loop == NULL) {
        sessions_destroy(sessions);
        return NULL;
    }
    struct worker *worker = memory_allocate(sizeof *worker);
    *worker = (struct worker){.sessions = sessions, .loop = loop};
    return worker;
}

enum loop_end worker_serve(struct worker *worker)
{
    return loop_run(worker->loop);
}

bool worker_change_site(struct worker *worker, const struct site *site, struct error *error)
{
    struct sessions *sessions = site_open_sessions(site, error);

    if (sessions == NULL)
        return false;
    loop_change_site(worker->loop, site, sessions);
    sessions_destroy(worker->sessions);
    worker->sessions = sessions;
    return true;
}

void worker_close(struct worker *worker)
{
    loop_close(worker->loop);
    sessions_destroy(worker->sessions);
    free(worker);
}
