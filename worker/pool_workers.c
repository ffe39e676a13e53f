/* Starting workers, taking note of their ends, and replacing them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "pool_internal.h"
#include "process.h"
#include "routes.h"
#include "worker.h"

enum { FIRST_DELAY = 100, LONGEST_DELAY = 5000, HEALTHY_LIFE = 5000, KILL_GRACE = 1000 }; /* milliseconds */

/* The child's side of the fork; ends the process. */
static _Noreturn void be_worker(struct pool *pool, int place)
{
    static const int ignored[] = {SIGINT, SIGHUP, SIGUSR1, SIGUSR2}; /* they are for the master */
    struct error error;

    process_title("session-fcgi: worker %d", place + 1);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    if (!process_follow_parent((int)pool->pid, SIGTERM, &error)) {
        log_error("%s", error.message);
        _exit(EXIT_FAILURE);
    }
    const struct worker_setup setup = {
        .site = pool->site,
        .scoreboard = pool->scoreboard,
        .slot = &pool->scoreboard->slots[place],
        .listener = pool->listener,
        .handover = &pool->handover,
    };
    /* SIGTERM and SIGQUIT stay blocked until the loop waits: one that comes earlier is not lost. */
    struct worker *worker = worker_open(&setup, &error);
    if (worker == NULL) {
        log_error("%s", error.message);
        exit(EXIT_FAILURE);
    }
    (void)worker_serve(worker);
    worker_close(worker);
    site_destroy(pool->site);
    free(pool->places);
    exit(EXIT_SUCCESS);
}

static void prepare_slot(struct pool *pool, int place)
{
    struct scoreboard_slot *slot = &pool->scoreboard->slots[place];

    atomic_store(&slot->state, SCOREBOARD_STARTING);
    atomic_store(&slot->stage, STAGE_WAITING);
    atomic_store(&slot->route, -1);
    atomic_store(&slot->generation, pool->generation);
    atomic_store(&slot->connections, 0);
    atomic_store(&slot->busy_since, 0);
    atomic_store(&slot->started, clock_milliseconds());
}

static void lengthen_delay(struct pool *pool)
{
    pool->delay = pool->delay == 0 ? FIRST_DELAY : 2 * pool->delay;
    if (pool->delay > LONGEST_DELAY)
        pool->delay = LONGEST_DELAY;
    pool->start_again_at = clock_milliseconds() + pool->delay;
}

/* False if no process could be made: that is backed off from like an early death. */
static bool start_worker(struct pool *pool, int place)
{
    prepare_slot(pool, place);
    pid_t pid = fork();
    if (pid == 0)
        be_worker(pool, place);
    if (pid < 0) {
        lengthen_delay(pool);
        log_error("a worker could not be started, and is tried again in %lld ms: %s", (long long)pool->delay,
                  strerror(errno));
        atomic_store(&pool->scoreboard->slots[place].state, SCOREBOARD_FREE);
        return false;
    }
    pool->places[place] =
        (struct pool_place){.pid = pid, .generation = pool->generation, .started = clock_milliseconds()};
    atomic_store(&pool->scoreboard->slots[place].pid, (int32_t)pid);
    return true;
}

static int free_place(const struct pool *pool)
{
    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid == 0)
            return i;
    }
    return -1;
}

int pool_count(const struct pool *pool, int generation)
{
    int count = 0;

    for (int i = 0; i < pool->place_count; i++) {
        const struct pool_place *place = &pool->places[i];
        count += place->pid != 0 && place->generation == generation && !place->leaving &&
                 atomic_load(&pool->scoreboard->slots[i].state) != SCOREBOARD_LEAVING;
    }
    return count;
}

bool pool_is_empty(const struct pool *pool)
{
    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid != 0)
            return false;
    }
    return true;
}

void pool_start_missing(struct pool *pool)
{
    int place;

    while (!pool->stopping && clock_milliseconds() >= pool->start_again_at &&
           pool_count(pool, pool->generation) < pool->site->settings.workers &&
           (place = free_place(pool)) >= 0) {
        if (!start_worker(pool, place))
            return;
    }
}

static void log_end(const struct pool *pool, int place, pid_t pid, int status)
{
    const struct scoreboard_slot *slot = &pool->scoreboard->slots[place];
    const char *route = routes_name(atomic_load(&slot->route));
    const char *stage = scoreboard_stage_name((enum scoreboard_stage)atomic_load(&slot->stage));

    if (WIFSIGNALED(status))
        log_error("worker %d, process %ld, was ended by signal %d (%s) while %s, route %s", place + 1,
                  (long)pid, WTERMSIG(status), strsignal(WTERMSIG(status)), stage, route);
    else if (WEXITSTATUS(status) != 0)
        log_error("worker %d, process %ld, ended with status %d while %s, route %s", place + 1, (long)pid,
                  WEXITSTATUS(status), stage, route);
}

static void forget_worker(struct pool *pool, int index, int status)
{
    struct pool_place *place = &pool->places[index];
    struct scoreboard_slot *slot = &pool->scoreboard->slots[index];
    bool orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    int64_t life = clock_milliseconds() - place->started;

    if (!pool->stopping || !orderly)
        log_end(pool, index, place->pid, status);
    if (!place->leaving && !pool->stopping) {
        scoreboard_add(slot, COUNT_RESTARTS, 1);
        if (orderly || life >= HEALTHY_LIFE)
            pool->delay = 0;
        else
            lengthen_delay(pool);
    }
    atomic_store(&slot->pid, 0);
    atomic_store(&slot->connections, 0);
    atomic_store(&slot->busy_since, 0);
    atomic_store(&slot->state, SCOREBOARD_FREE);
    *place = (struct pool_place){0};
}

void pool_reap(struct pool *pool)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < pool->place_count; i++) {
            if (pool->places[i].pid == pid)
                forget_worker(pool, i, status);
        }
    }
    if (pid < 0 && errno != ECHILD)
        log_error("ended workers cannot be waited for: %s", strerror(errno));
}

static void send_signal(pid_t pid, int signal)
{
    if (kill(pid, signal) != 0 && errno != ESRCH)
        log_error("process %ld could not be sent signal %d: %s", (long)pid, signal, strerror(errno));
}

void pool_signal_all(struct pool *pool, int signal)
{
    for (int i = 0; i < pool->place_count; i++) {
        if (pool->places[i].pid != 0)
            send_signal(pool->places[i].pid, signal);
    }
}

void pool_tell_to_leave(struct pool *pool, struct pool_place *place, int signal)
{
    place->leaving = true;
    place->kill_at = clock_milliseconds() + pool->site->settings.stop_timeout * 1000 + KILL_GRACE;
    send_signal(place->pid, signal);
}

static bool is_stuck(const struct pool *pool, int place, int64_t now)
{
    int64_t since = atomic_load(&pool->scoreboard->slots[place].busy_since);

    return since != 0 && now - since > pool->site->settings.request_timeout * 1000;
}

void pool_kill_overdue(struct pool *pool)
{
    int64_t now = clock_milliseconds();

    for (int i = 0; i < pool->place_count; i++) {
        struct pool_place *place = &pool->places[i];
        if (place->pid == 0)
            continue;
        if (is_stuck(pool, i, now)) {
            log_error("worker %d, process %ld, has been with one request for more than %ld s and is replaced",
                      i + 1, (long)place->pid, pool->site->settings.request_timeout);
        } else if (place->kill_at != 0 && now >= place->kill_at) {
            log_warning("worker %d, process %ld, did not leave in time and is killed", i + 1,
                        (long)place->pid);
        } else {
            continue;
        }
        send_signal(place->pid, SIGKILL);
        place->kill_at = now + KILL_GRACE;
    }
}
