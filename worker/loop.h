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
    long max_requests;               /* the worker is recycled after this many; 0: never */
    bool alone;                      /* there is no master: SIGINT and SIGHUP are for this process */
};

enum loop_end {
    LOOP_STOPPED, /* was told to leave, or was recycled */
    LOOP_RELOAD,  /* alone, and told to read everything anew: run it again afterwards */
};

struct loop;

/* Gets ready to serve: from here on the signals below are blocked, except while loop_run waits. NULL with the
 * reason. */
struct loop *loop_open(const struct loop_setup *setup, struct error *error);

/* Serves until a signal asks for something else, or the master grants the recycling for which the worker asks
 * in the scoreboard after max_requests:
 *   SIGTERM         finish what runs, close kept connections, return; a second one (alone): return at once
 *   SIGQUIT         the same, but hand kept connections over to the workers that stay
 *   SIGINT, SIGHUP  (alone) like SIGTERM; and return LOOP_RELOAD, with all connections as they are
 *   SIGUSR1         (alone) log the status */
enum loop_end loop_run(struct loop *loop);

/* After LOOP_RELOAD: goes on with another site, keeping the connections. Nothing refers to the old site and
 * its sessions any more. */
void loop_change_site(struct loop *loop, const struct site *site, struct sessions *sessions);

/* Closes what is still open, and releases. */
void loop_close(struct loop *loop);

#endif
