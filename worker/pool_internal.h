/* What the files of the pool share. */
#ifndef SESSION_FCGI_POOL_INTERNAL_H
#define SESSION_FCGI_POOL_INTERNAL_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "handover.h"
#include "pool.h"
#include "scoreboard.h"

/* One place for a worker; place i writes to slot i of the scoreboard.
 *
 * An empty place that backs off after an early death stands for one missing worker: the others are none of
 * its business, and are replaced at once, or after a back-off of their own. */
struct pool_place {
    pid_t pid; /* 0: empty */
    int generation;
    int64_t started;        /* monotonic milliseconds */
    bool leaving;           /* it was told to leave, or may be recycled */
    int64_t kill_at;        /* milliseconds; 0: no limit for leaving yet */
    int64_t delay;          /* the last back-off's length; 0: the last worker here did not die early */
    int64_t start_again_at; /* milliseconds: the end of the back-off, while the place is empty */
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
};

/* What becomes of a worker's work when it has ended. */
enum pool_succession {
    POOL_NOT_MISSED, /* others have it already, or the pool stops */
    POOL_REPLACED_AT_ONCE,
    POOL_REPLACED_LATER, /* its place backs off for `delay` */
};

/* Places. The workers that are counted are those of the newest generation that were not told to leave. */
int pool_count_staying(const struct pool *pool); /* they are not about to leave, nor to be recycled */
int pool_count_serving(const struct pool *pool); /* they are in their loops */
int pool_count_due(const struct pool *pool);     /* they have served their time, and stay until replaced */
bool pool_is_empty(const struct pool *pool);     /* nobody is there, of whatever generation */

/* How many workers are to be started at `now`, not counting those for whom a place backs off. */
int pool_count_missing(const struct pool *pool, int64_t now);

/* Where to start one: an empty place that does not back off, first one that did, for its next back-off is to
 * be a longer one. -1 if there is none. */
int pool_free_place(const struct pool *pool, int64_t now);

/* Lets an empty place back off: 100 ms, twice as long as the last time, at most 5 s. */
void pool_back_off(struct pool_place *place, int64_t now);

/* Empties the place of a worker that has ended; it backs off if that was early, and leaves the pool short. */
enum pool_succession pool_vacate(struct pool *pool, int index, bool orderly, int64_t now);

/* Lets those be recycled for whom others serve. */
void pool_relieve_due(struct pool *pool);

/* Workers. */
void pool_start_missing(struct pool *pool); /* forks what the newest generation lacks */
void pool_reap(struct pool *pool);          /* takes note of workers that ended */
void pool_signal_all(struct pool *pool, int signal);
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
