/* A worker's life: its own store, its loop, its end. */
#ifndef SESSION_FCGI_WORKER_H
#define SESSION_FCGI_WORKER_H

#include "loop.h"

/* What a worker, or the process that serves alone, is given. */
struct worker_setup {
    const struct site *site;
    struct scoreboard *scoreboard;
    struct scoreboard_slot *slot;
    int listener;
    const struct handover *handover; /* NULL if there is nobody to hand connections to */
    bool alone;
};

struct worker;

/* Opens the store and gets ready to serve; the site outlives the worker. NULL with the reason. */
struct worker *worker_open(const struct worker_setup *setup, struct error *error);

/* Serves. What loop_run says. */
enum loop_end worker_serve(struct worker *worker);

/* After LOOP_RELOAD: goes on with this site and a store of its own, keeping the connections; the old site may
 * be destroyed. False with the reason, and everything as before. */
bool worker_change_site(struct worker *worker, const struct site *site, struct error *error);

void worker_close(struct worker *worker);

#endif
