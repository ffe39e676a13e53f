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
    const struct handover *handover;
    bool alone;
};

/* Opens the store and serves. What loop_run says; LOOP_FAILED with the reason. */
enum loop_end worker_serve(const struct worker_setup *setup, struct error *error);

#endif
