/* What the files of the pool share. */
#ifndef SESSION_FCGI_POOL_INTERNAL_H
#define SESSION_FCGI_POOL_INTERNAL_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover.h"
#include "pool.h"
#include "scoreboard.h"

/* One place for a worker; place i writes to slot i of the scoreboard. */
struct pool_place {
    pid_t pid; /* 0: empty */
    int generation;
    int64_t started; /* monotonic milliseconds */
    bool leaving;    /* it was told to leave */
    int64_t kill_at; /* milliseconds; 0: not yet */
};

struct pool {
    struct start start;
    struct site *site;
    struct scoreboard *scoreboard;
    struct handover handover;
    int listener;
    sigset_t signals;     /* blocked in the master, and waited for */
    sigset_t worker_mask; /* what a worker begins with */
    pid_t pid;            /* the master's */
    struct pool_place *places;
    int place_count; /* twice the workers: a reload has both generations */
    int generation;
    bool generation_told; /* the older generations were told to leave */
    bool reload_wanted;
    bool stopping;
    int64_t start_again_at; /* milliseconds: the back-off after early deaths */
    int64_t delay;          /* its last length; 0: none */
};

/* Workers. */
void pool_start_missing(struct pool *pool); /* forks what the newest generation lacks, unless backing off */
void pool_reap(struct pool *pool);          /* takes note of workers that ended */
void pool_signal_all(struct pool *pool, int signal);
int pool_count(const struct pool *pool, int generation); /* workers of it that are not about to leave */
bool pool_is_empty(const struct pool *pool);
void pool_kill_overdue(struct pool *pool); /* workers that do not leave, or whose request runs too long */
void pool_tell_to_leave(struct pool *pool, struct pool_place *place, int signal);

/* Renewal. */
void pool_reload(struct pool *pool);
void pool_note_oldest(struct pool *pool); /* tells the workers which generation is the oldest that lives */
void pool_retire_old(struct pool *pool);  /* tells older generations to leave once the newest serves */
void pool_upgrade(struct pool *pool);
bool pool_inherit(struct pool *pool,
                  struct error *error); /* takes over what pool_upgrade left; places are made */

#endif
