/* Starting workers, taking note of their ends, and replacing them. */
#include <errno.h>
#include <stdio.h>
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

enum { KILL_GRACE = 1000 }; /* milliseconds */

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
    atomic_store(&slot->recycling, RECYCLING_NOT_DUE);
    atomic_store(&slot->stage, STAGE_WAITING);
    atomic_store(&slot->route, -1);
    atomic_store(&slot->generation, pool->generation);
    atomic_store(&slot->connections, 0);
    atomic_store(&slot->busy_since, 0);
    atomic_store(&slot->started, clock_milliseconds());
}

/* False if no process could be made: that is backed off from like an early death. */
static bool start_worker(struct pool *pool, int index)
{
    struct pool_place *place = &pool->places[index];

    prepare_slot(pool, index);
    pid_t pid = fork();
    if (pid == 0)
        be_worker(pool, index);
    if (pid < 0) {
        int cause = errno;
        pool_back_off(place, clock_milliseconds());
        log_error("worker %d could not be started, and is tried again in %lld ms: %s", index + 1,
                  (long long)place->delay, strerror(cause));
        atomic_store(&pool->scoreboard->slots[index].state, SCOREBOARD_FREE);
        return false;
    }
    *place = (struct pool_place){
        .pid = pid, .generation = pool->generation, .started = clock_milliseconds(), .delay = place->delay};
    atomic_store(&pool->scoreboard->slots[index].pid, (int32_t)pid);
    return true;
}

void pool_start_missing(struct pool *pool)
{
    int64_t now = clock_milliseconds();
    int place;

    while (!pool->stopping && pool_count_missing(pool, now) > 0 &&
           (place = pool_free_place(pool, now)) >= 0) {
        if (!start_worker(pool, place))
            return;
    }
}

/* `replaced` says what becomes of its work. An orderly end needs no line. */
static void log_end(const struct pool *pool, int index, pid_t pid, int status, const char *replaced)
{
    const struct scoreboard_slot *slot = &pool->scoreboard->slots[index];
    const char *route = routes_name(atomic_load(&slot->route));
    const char *stage = scoreboard_stage_name((enum scoreboard_stage)atomic_load(&slot->stage));

    if (WIFSIGNALED(status))
        log_error("worker %d, process %ld, was ended by signal %d (%s) while %s, route %s%s", index + 1,
                  (long)pid, WTERMSIG(status), strsignal(WTERMSIG(status)), stage, route, replaced);
    else if (WEXITSTATUS(status) != 0)
        log_error("worker %d, process %ld, ended with status %d while %s, route %s%s", index + 1, (long)pid,
                  WEXITSTATUS(status), stage, route, replaced);
}

static void forget_worker(struct pool *pool, int index, int status)
{
    const struct pool_place before = pool->places[index];
    struct scoreboard_slot *slot = &pool->scoreboard->slots[index];
    char replaced[48] = "";

    if (!pool->stopping && (!before.leaving || atomic_load(&slot->recycling) == RECYCLING_GRANTED))
        scoreboard_add(slot, COUNT_RESTARTS, 1);
    atomic_store(&slot->pid, 0);
    atomic_store(&slot->connections, 0);
    atomic_store(&slot->busy_since, 0);
    atomic_store(&slot->state, SCOREBOARD_FREE);
    switch (pool_vacate(pool, index, WIFEXITED(status) && WEXITSTATUS(status) == 0, clock_milliseconds())) {
    case POOL_NOT_MISSED:
        break;
    case POOL_REPLACED_AT_ONCE:
        (void)snprintf(replaced, sizeof replaced, "; replaced at once");
        break;
    case POOL_REPLACED_LATER:
        (void)snprintf(replaced, sizeof replaced, "; replaced in %lld ms",
                       (long long)pool->places[index].delay);
        break;
    }
    log_end(pool, index, before.pid, status, replaced);
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
