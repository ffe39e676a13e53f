#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "loop_internal.h"
#include "memory.h"
#include "status.h"

enum {
    EVENTS = 64,
    ARRIVAL_MILLISECONDS = 20000, /* for all of a request to come */
    CLOSING_MILLISECONDS = 2000,
    TICK_MILLISECONDS = 1000,
    STORE_TICK_MILLISECONDS = 100, /* while a server of the store does not answer */
    LEAVING_TICK_MILLISECONDS = 10,
};

static volatile sig_atomic_t signal_stop, signal_hand_over, signal_reload, signal_status;

static void on_signal(int number)
{
    if (number == SIGQUIT)
        signal_hand_over = signal_hand_over + 1;
    else if (number == SIGHUP)
        signal_reload = signal_reload + 1;
    else if (number == SIGUSR1)
        signal_status = 1;
    else
        signal_stop = signal_stop + 1;
}

/* Lets a connection take note of what came. True if its request is ready: it is in no list then. */
static bool arrive(struct loop *loop, struct connection *connection)
{
    enum connection_state before = connection->state;

    enum connection_state state =
        connection_arrive(connection, loop->look, (size_t)loop->setup.site->settings.max_body);
    if (state == before)
        return false; /* it keeps its place: the time limit is for the whole request */
    connection_list_remove(&loop->lists[before], connection);
    if (state == CONNECTION_READY)
        return true;
    if (connection->scan.state == FCGI_SCAN_REFUSED)
        scoreboard_add(loop->setup.slot, COUNT_REJECTED_REQUESTS, 1);
    loop_settle(loop, connection);
    return false;
}

static void serve_connections(struct loop *loop, const struct epoll_event *events, int count)
{
    struct connection *ready[LOOP_ROUND_SIZE];
    size_t ready_count = 0;
    int64_t now = clock_microseconds();

    for (int i = 0; i < count; i++) {
        void *mark = events[i].data.ptr;
        if (mark == &loop_listener_mark || mark == &loop_handover_mark || !arrive(loop, mark))
            continue;
        ready[ready_count] = mark;
        ready[ready_count++]->ready_at = now;
        if (ready_count == LOOP_ROUND_SIZE) {
            loop_serve_round(loop, ready, ready_count);
            ready_count = 0;
        }
    }
    if (ready_count > 0)
        loop_serve_round(loop, ready, ready_count);
}

/* Connections first: a new one may take the place of an idle one, which must not have an event outstanding.
 */
static void serve_events(struct loop *loop, const struct epoll_event *events, int count)
{
    serve_connections(loop, events, count);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &loop_listener_mark && loop->leaving == LOOP_STAYS)
            loop_accept_connections(loop);
        else if (events[i].data.ptr == &loop_handover_mark && loop->leaving == LOOP_STAYS)
            loop_take_over_connections(loop);
    }
}

/* Closes what has waited too long in one state; the lists are in order of age. */
static void expire(struct loop *loop, enum connection_state state, int64_t milliseconds)
{
    struct connection *oldest;

    while ((oldest = loop->lists[state].first) != NULL && loop->now - oldest->since >= milliseconds &&
           (state != CONNECTION_IDLE || connection_is_quiet(oldest)))
        loop_drop(loop, oldest);
}

static void look_at_clock(struct loop *loop)
{
    expire(loop, CONNECTION_IDLE, loop->setup.site->settings.keep_timeout * 1000);
    expire(loop, CONNECTION_ARRIVING, ARRIVAL_MILLISECONDS);
    expire(loop, CONNECTION_CLOSING, CLOSING_MILLISECONDS);
    if (loop->leaving == LOOP_STAYS)
        loop_resume_accepting(loop);
    loop->store_waits = store_tick(sessions_store(loop->setup.sessions));
}

/* Hands over (or closes) the connections that are between requests. */
static void part_with_idle(struct loop *loop)
{
    struct connection *next;

    for (struct connection *idle = loop->lists[CONNECTION_IDLE].first; idle != NULL; idle = next) {
        next = idle->next;
        if (loop->leaving == LOOP_LEAVES && !connection_is_quiet(idle))
            continue; /* a request has just come: it is served here */
        if (loop->leaving == LOOP_LEAVES_HANDING_OVER &&
            !handover_give(loop->setup.handover, idle->descriptor)) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETOOMANYREFS)
                return; /* too many are waiting to be taken: again at the next round */
            log_warning("a connection could not be handed over: %s", strerror(errno));
        }
        /* Another process has the socket now, so closing it does not take it out of this epoll set. */
        if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, idle->descriptor, NULL) != 0)
            log_error("a connection could not be left alone: %s", strerror(errno));
        loop_drop(loop, idle);
    }
}

static void take_connections(struct loop *loop)
{
    if (loop->accept_again_at == 0)
        loop_accept_connections(loop);
    if (loop->accept_again_at == 0 && loop->setup.handover != NULL)
        loop_take_over_connections(loop);
}

/* A connection wakes one worker (EPOLLEXCLUSIVE). If that one was killed before it took it, nobody else
 * knows: so each looks by itself now and then. */
static void look_for_the_forgotten(struct loop *loop)
{
    if (loop->leaving != LOOP_STAYS || loop->accept_again_at != 0 || loop->now < loop->look_at)
        return;
    loop->look_at = loop->now + TICK_MILLISECONDS;
    take_connections(loop);
}

/* It starts another worker at once; without this it would do so within a second. */
static void wake_master(const struct loop *loop)
{
    if (!loop->setup.alone)
        (void)kill(getppid(), SIGCHLD);
}

/* `milliseconds`: the longest that the connections may take which cannot be handed over. */
static void begin_leaving(struct loop *loop, enum loop_leaving how, int64_t milliseconds)
{
    if (how == LOOP_LEAVES_HANDING_OVER && loop->setup.handover == NULL)
        how = LOOP_LEAVES;
    if (loop->leaving == LOOP_STAYS || loop->leave_by > loop->now + milliseconds)
        loop->leave_by = loop->now + milliseconds;
    if (how <= loop->leaving)
        return;
    if (loop->leaving == LOOP_STAYS) {
        atomic_store(&loop->setup.slot->state, SCOREBOARD_LEAVING);
        wake_master(loop);
        if (loop->accept_again_at == 0)
            loop_ignore_sources(loop);
        /* The kernel may have woken this worker, and no other, for a connection that it has not taken yet. */
        if (how == LOOP_LEAVES_HANDING_OVER)
            take_connections(loop);
    }
    loop->leaving = how;
}

static void heed_signals(struct loop *loop)
{
    int64_t limit = loop->setup.site->settings.stop_timeout * 1000;

    /* In a pool it is the master that stops at once; a signal to the whole group comes to a worker twice. */
    if (signal_stop > 1 && loop->setup.alone)
        begin_leaving(loop, LOOP_LEAVES_AT_ONCE, 0);
    else if (signal_stop > 0)
        begin_leaving(loop, LOOP_LEAVES, limit);
    else if (signal_hand_over > 0)
        begin_leaving(loop, LOOP_LEAVES_HANDING_OVER, limit);
    if (signal_status > 0) {
        signal_status = 0;
        status_log(loop->setup.scoreboard);
    }
}

static bool may_return(struct loop *loop)
{
    if (loop->leaving == LOOP_STAYS)
        return false;
    if (loop->leaving == LOOP_LEAVES_AT_ONCE)
        return true;
    part_with_idle(loop); /* also when time is up: what can be handed over is not dropped */
    return loop->connection_count == 0 || loop->now >= loop->leave_by;
}

/* In the wait, events come before signals: a worker that is never out of work would never notice one. */
static void let_signals_in(const struct loop *loop)
{
    sigset_t blocked;

    if (sigprocmask(SIG_SETMASK, &loop->waiting_mask, &blocked) != 0 ||
        sigprocmask(SIG_SETMASK, &blocked, NULL) != 0)
        log_error("signals cannot be let in: %s", strerror(errno));
}

/* Has it served its time? Not in the middle of a request that is slow to arrive, if that can be waited for: a
 * worker that leaves with one keeps its place in the pool. */
static bool is_worn_out(const struct loop *loop)
{
    uint64_t most = (uint64_t)loop->setup.max_requests;

    return most > 0 && loop->served >= most &&
           (loop->lists[CONNECTION_ARRIVING].count == 0 || loop->served >= 2 * most);
}

/* Asks the master for another worker, serves on until there is one, and then leaves. What arrives slowly may
 * take the time that it would have had without this. */
static void look_at_recycling(struct loop *loop)
{
    _Atomic int32_t *recycling = &loop->setup.slot->recycling;

    if (loop->leaving != LOOP_STAYS)
        return;
    if (atomic_load(recycling) == RECYCLING_GRANTED) {
        begin_leaving(loop, LOOP_LEAVES_HANDING_OVER, ARRIVAL_MILLISECONDS + CLOSING_MILLISECONDS);
    } else if (atomic_load(recycling) == RECYCLING_NOT_DUE && is_worn_out(loop)) {
        atomic_store(recycling, RECYCLING_DUE);
        wake_master(loop);
    }
}

/* How long the loop may wait for events before it looks at the clock. */
static int until_next_look(const struct loop *loop)
{
    if (loop->leaving != LOOP_STAYS)
        return LEAVING_TICK_MILLISECONDS;
    return loop->store_waits ? STORE_TICK_MILLISECONDS : TICK_MILLISECONDS;
}

static bool wait_and_serve(struct loop *loop)
{
    struct epoll_event events[EVENTS];

    int count = epoll_pwait(loop->epoll, events, EVENTS, until_next_look(loop), &loop->waiting_mask);
    if (count < 0 && errno != EINTR) {
        log_error("waiting for connections failed: %s", strerror(errno));
        return false;
    }
    loop->now = clock_milliseconds();
    if (count > 0)
        serve_events(loop, events, count);
    let_signals_in(loop); /* after the events: leaving takes connections in, and others may go for them */
    heed_signals(loop);
    look_at_clock(loop);
    look_for_the_forgotten(loop);
    look_at_recycling(loop);
    return !may_return(loop);
}

static bool catch_signals(struct loop *loop, struct error *error)
{
    static const int caught[] = {SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1};
    const size_t count = loop->setup.alone ? 5 : 2; /* in a pool, the others are the master's */
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < count; i++) {
        sigaddset(&blocked, caught[i]);
        if (sigaction(caught[i], &action, NULL) != 0)
            return error_set(error, "signal %d cannot be caught: %s", caught[i], strerror(errno));
    }
    if (sigprocmask(SIG_BLOCK, &blocked, &loop->waiting_mask) != 0)
        return error_set(error, "signals cannot be blocked: %s", strerror(errno));
    for (size_t i = 0; i < count; i++)
        sigdelset(&loop->waiting_mask, caught[i]);
    return true;
}

static bool begin_waiting(struct loop *loop, struct error *error)
{
    if (!catch_signals(loop, error))
        return false;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return error_set(error, "no epoll instance: %s", strerror(errno));
    return loop_watch_sources(loop) ||
           error_set(error, "descriptor 0 and the handover socket cannot be waited on: %s", strerror(errno));
}

struct loop *loop_open(const struct loop_setup *setup, struct error *error)
{
    struct loop *loop = memory_allocate_zeroed(1, sizeof *loop);

    loop->setup = *setup;
    loop->epoll = -1;
    loop->look = memory_allocate(CONNECTION_LOOK_SIZE);
    loop->now = clock_milliseconds();
    loop->most_connections = loop_most_connections(loop);
    loop_prepare_places(loop);
    if (!begin_waiting(loop, error)) {
        loop_close(loop);
        return NULL;
    }
    return loop;
}

enum loop_end loop_run(struct loop *loop)
{
    atomic_store(&loop->setup.slot->state, SCOREBOARD_SERVING);
    while (wait_and_serve(loop)) {
        if (signal_reload > 0 && loop->leaving == LOOP_STAYS) {
            signal_reload = 0;
            return LOOP_RELOAD;
        }
    }
    return LOOP_STOPPED;
}

/* Between two rounds nothing else points into the site: connections hold only bytes, and each request finds
 * its place made anew. */
void loop_change_site(struct loop *loop, const struct site *site, struct sessions *sessions)
{
    loop->setup.site = site;
    loop->setup.sessions = sessions;
    loop->stored = sessions_store(sessions)->counters;
    loop->sessions = *sessions_counters(sessions);
    loop->most_connections = loop_most_connections(loop);
}

void loop_close(struct loop *loop)
{
    for (int state = 0; state < CONNECTION_STATES; state++) {
        while (loop->lists[state].first != NULL)
            loop_drop(loop, loop->lists[state].first);
    }
    loop_release_places(loop);
    free(loop->look);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop);
}
