/* The serving loop of one worker: waits, gathers the requests that are ready, loads their sessions together,
 * and answers each in turn. */
#ifndef SESSION_FCGI_LOOP_H
#define SESSION_FCGI_LOOP_H

#include <signal.h>

#include "handover.h"
#include "scoreboard.h"
#include "site.h"

struct loop_setup {
    const struct site *site;
    struct sessions *sessions;
    struct scoreboard *scoreboard;
    struct scoreboard_slot *slot;
    int listener;                    /* listening socket, non-blocking */
    const struct handover *handover; /* NULL if there is nobody to hand connections to */
    long max_requests;               /* the worker leaves after this many; 0: never */
    bool alone;                      /* there is no master: SIGINT and SIGHUP are for this process */
};

enum loop_end {
    LOOP_FAILED,  /* could not be set up, for the reason in `error` */
    LOOP_STOPPED, /* was told to leave, or has served max_requests */
    LOOP_RELOAD,  /* alone, and told to read everything anew; the connections wait in the handover socket */
};

/* Serves until a signal or max_requests asks the worker to leave. Signals are blocked except in the wait:
 *   SIGTERM         finish what runs, close kept connections, return; a second one (alone): return at once
 *   SIGQUIT         the same, but hand the other connections over to the workers that stay
 *   SIGINT, SIGHUP  (alone) like SIGTERM; and like SIGQUIT, to LOOP_RELOAD
 *   SIGUSR1         (alone) log the status */
enum loop_end loop_run(const struct loop_setup *setup, struct error *error);

#endif
