#include "pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "memory.h"
#include "pool_internal.h"
#include "process.h"
#include "status.h"
#include "worker.h"

enum { TICK_MILLISECONDS = 1000, BUSY_TICK_MILLISECONDS = 20 };

static bool block_signals(struct pool *pool, struct error *error)
{
    static const int waited_for[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

    signal(SIGCHLD, SIG_DFL); /* whoever started this may ignore it: then no child could be waited for */
    sigemptyset(&pool->signals);
    for (size_t i = 0; i < sizeof waited_for / sizeof *waited_for; i++)
        sigaddset(&pool->signals, waited_for[i]);
    if (sigprocmask(SIG_BLOCK, &pool->signals, &pool->worker_mask) != 0)
        return error_set(error, "signals cannot be blocked: %s", strerror(errno));
    /* After an upgrade the old program's mask is still there. */
    for (size_t i = 0; i < sizeof waited_for / sizeof *waited_for; i++)
        sigdelset(&pool->worker_mask, waited_for[i]);
    return true;
}

static bool open_pool(struct pool *pool, struct error *error)
{
    int slots = 2 * (int)pool->site->settings.workers;

    pool->pid = getpid();
    pool->scoreboard = NULL;
    if (!block_signals(pool, error))
        return false;
    pool->place_count = slots;
    pool->places = memory_allocate_zeroed((size_t)slots, sizeof *pool->places);
    if (!pool_inherit(pool, error))
        return false;
    /* Inherited workers write to the old program's scoreboard; they have slots here only so that there is one
     * a place. */
    pool->scoreboard = scoreboard_create(pool->place_count, error);
    if (pool->scoreboard == NULL)
        return false;
    atomic_store(&pool->scoreboard->workers, (int32_t)pool->site->settings.workers);
    atomic_store(&pool->scoreboard->started, clock_milliseconds());
    pool_note_oldest(pool); /* an upgrade has older ones */
    return true;
}

static void stop(struct pool *pool)
{
    if (pool->stopping) {
        log_notice("stopping at once");
        pool_signal_all(pool, SIGKILL);
        return;
    }
    log_notice("stopping, after running requests");
    pool->stopping = true;
    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid != 0)
            pool_tell_to_leave(pool, &pool->places[i], SIGTERM);
    }
}

static void heed(struct pool *pool, int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
        stop(pool);
        break;
    case SIGHUP:
        if (!pool->stopping)
            pool_reload(pool);
        break;
    case SIGUSR1:
        status_log(pool->scoreboard);
        break;
    case SIGUSR2:
        if (!pool->stopping)
            pool_upgrade(pool);
        break;
    default:
        break; /* SIGCHLD: pool_reap follows in any case */
    }
}

/* Until when the next wait may last: less while something is about to happen that no signal tells. */
static struct timespec wait_limit(const struct pool *pool)
{
    bool busy = !pool->generation_told || pool_count_due(pool) > 0 ||
                pool_count_staying(pool) < pool->site->settings.workers;
    long milliseconds = busy || pool->stopping ? BUSY_TICK_MILLISECONDS : TICK_MILLISECONDS;

    return (struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
}

static void supervise(struct pool *pool)
{
    while (!pool->stopping || !pool_is_empty(pool)) {
        pool_start_missing(pool);
        struct timespec limit = wait_limit(pool);
        int signal = sigtimedwait(&pool->signals, NULL, &limit);
        if (signal < 0 && errno != EAGAIN && errno != EINTR)
            log_error("waiting for signals failed: %s", strerror(errno));
        if (signal > 0)
            heed(pool, signal);
        pool_reap(pool);
        pool_note_oldest(pool);
        pool_retire_old(pool);
        pool_relieve_due(pool);
        pool_kill_overdue(pool);
    }
}

int pool_run(const struct start *start, struct site *site, int listener)
{
    struct pool pool = {.start = *start, .site = site, .listener = listener};
    struct error error;

    process_title("session-fcgi: master");
    if (!open_pool(&pool, &error)) {
        log_error("%s", error.message);
        return EXIT_FAILURE;
    }
    log_notice("session-fcgi %s: %ld workers", SESSION_FCGI_VERSION, site->settings.workers);
    supervise(&pool);
    log_notice("stopped");
    handover_close(&pool.handover);
    free(pool.places);
    site_destroy(pool.site);
    return EXIT_SUCCESS;
}

/* Reads everything anew; goes on with the old site if anything is wrong. */
static bool reload_alone(const struct start *start, struct worker *worker, struct site **site)
{
    struct settings settings;
    struct error error;
    struct site *fresh = NULL;

    if (settings_parse(start->argc, start->argv, environ, &settings, &error))
        fresh = site_load(&settings, &error);
    if (fresh == NULL || !worker_change_site(worker, fresh, &error)) {
        log_error("the reload failed, and the program goes on as before: %s", error.message);
        site_destroy(fresh);
        return false;
    }
    site_destroy(*site);
    *site = fresh;
    log_notice("reloaded");
    return true;
}

/* The process is its own worker, in slot 0. */
static struct worker *open_alone(const struct site *site, struct scoreboard *scoreboard, int listener,
                                 struct error *error)
{
    const struct worker_setup setup = {.site = site,
                                       .scoreboard = scoreboard,
                                       .slot = &scoreboard->slots[0],
                                       .listener = listener,
                                       .alone = true};

    atomic_store(&scoreboard->started, clock_milliseconds());
    atomic_store(&setup.slot->started, clock_milliseconds());
    atomic_store(&setup.slot->pid, (int32_t)getpid());
    return worker_open(&setup, error);
}

/* The one slot is the newest generation, and the oldest. */
static void count_reload(struct scoreboard *scoreboard)
{
    atomic_fetch_add(&scoreboard->generation, 1);
    atomic_fetch_add(&scoreboard->oldest, 1);
    atomic_fetch_add(&scoreboard->slots[0].generation, 1);
}

int pool_serve_alone(const struct start *start, struct site *site, int listener)
{
    struct error error;
    struct scoreboard *scoreboard = scoreboard_create(1, &error);

    process_title("session-fcgi: alone");
    /* An upgrade in place is the master's; by default the signal would end the program. */
    signal(SIGUSR2, SIG_IGN);
    struct worker *worker = scoreboard ? open_alone(site, scoreboard, listener, &error) : NULL;
    if (worker == NULL) {
        log_error("%s", error.message);
        site_destroy(site);
        return EXIT_FAILURE;
    }
    log_notice("session-fcgi %s: serving without workers", SESSION_FCGI_VERSION);
    while (worker_serve(worker) == LOOP_RELOAD) {
        if (reload_alone(start, worker, &site))
            count_reload(scoreboard);
    }
    worker_close(worker);
    site_destroy(site);
    return EXIT_SUCCESS;
}
