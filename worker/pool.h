/* The pool: a master process that starts workers, replaces those that end, and stops or renews them. It
 * touches no request. */
#ifndef SESSION_FCGI_POOL_H
#define SESSION_FCGI_POOL_H

#include "site.h"

/* How the program was started: what a reload or an upgrade repeats. */
struct start {
    int argc;
    char *const *argv;
    char program[4096]; /* absolute path of the program file */
};

/* Runs the pool with settings.workers workers until it is told to stop. Owns the site, and replaces it at a
 * reload. Returns the program's exit status.
 *
 *   SIGTERM, SIGINT, SIGQUIT
 *            stop after running requests, at most settings.stop_timeout seconds; a second one: at once
 *   SIGHUP   read settings, secrets and templates anew; if anything is wrong, say so and go on as before
 *   SIGUSR1  log what the status page shows
 *   SIGUSR2  start the program file anew in this process, with new workers before the old ones leave */
int pool_run(const struct start *start, struct site *site, int listener);

/* Serves in this process, without workers; the signals as above, but for SIGUSR2, which is ignored. A reload
 * happens between two requests, and keeps all connections. */
int pool_serve_alone(const struct start *start, struct site *site, int listener);

#endif
