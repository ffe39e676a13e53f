/* How connections come to a worker, and which of them go to make room for others. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "loop_internal.h"
#include "memory.h"

enum {
    ACCEPTS_AT_ONCE = 8,             /* leaves some for the other workers */
    ACCEPT_PAUSE_MILLISECONDS = 500, /* after running out of descriptors */
    FRESH_MILLISECONDS = 100,
    WRITE_SECONDS = 2,
    OTHER_DESCRIPTORS = 48, /* what a worker needs besides its connections: log, memcached servers, spools */
};

char loop_listener_mark, loop_handover_mark;

/* Connections that were let in must not take the descriptors that serving them needs. */
size_t loop_most_connections(const struct loop *loop)
{
    size_t most = (size_t)loop->setup.site->settings.max_connections;
    struct rlimit descriptors;

    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur >= most + OTHER_DESCRIPTORS)
        return most;
    return descriptors.rlim_cur > OTHER_DESCRIPTORS ? (size_t)descriptors.rlim_cur - OTHER_DESCRIPTORS : 1;
}

bool loop_watch(struct loop *loop, int descriptor, uint32_t events, void *mark)
{
    struct epoll_event event = {.events = events, .data.ptr = mark};

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void loop_drop(struct loop *loop, struct connection *connection)
{
    connection_list_remove(&loop->lists[connection->state], connection);
    connection->state = CONNECTION_BROKEN;
    loop_settle(loop, connection);
}

void loop_settle(struct loop *loop, struct connection *connection)
{
    if (connection->state == CONNECTION_BROKEN) {
        connection_close(connection);
        free(connection);
        loop->connection_count--;
        atomic_store_explicit(&loop->setup.slot->connections, (int32_t)loop->connection_count,
                              memory_order_relaxed);
        return;
    }
    connection->since = loop->now;
    connection_list_append(&loop->lists[connection->state], connection);
}

/* Makes room for one more connection: those that have been idle longest go. Not one whose next request is
 * just there, or may be on its way because the connection is new: rather there are a few too many for a
 * moment. */
static void make_room(struct loop *loop)
{
    struct connection *oldest;

    while (loop->connection_count >= loop->most_connections &&
           (oldest = loop->lists[CONNECTION_IDLE].first) != NULL &&
           loop->now - oldest->since >= FRESH_MILLISECONDS && connection_is_quiet(oldest))
        loop_drop(loop, oldest);
}

static void add_connection(struct loop *loop, int descriptor)
{
    struct connection *connection = memory_allocate_zeroed(1, sizeof *connection);

    make_room(loop);
    connection->descriptor = descriptor;
    connection->state = CONNECTION_IDLE;
    loop->connection_count++;
    atomic_store_explicit(&loop->setup.slot->connections, (int32_t)loop->connection_count,
                          memory_order_relaxed);
    loop_settle(loop, connection);
    /* Edge-triggered: bytes that are left waiting in the socket do not wake the worker again. */
    if (!connection_prepare(descriptor, WRITE_SECONDS) ||
        !loop_watch(loop, descriptor, EPOLLIN | EPOLLRDHUP | EPOLLET, connection)) {
        log_error("a connection could not be served: %s", strerror(errno));
        loop_drop(loop, connection);
    }
}

void loop_ignore_sources(struct loop *loop)
{
    if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->setup.listener, NULL) != 0)
        log_error("the listening socket could not be left alone: %s", strerror(errno));
    if (loop->setup.handover != NULL &&
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->setup.handover->take, NULL) != 0)
        log_error("the handover socket could not be left alone: %s", strerror(errno));
}

static void pause_accepting(struct loop *loop, int cause)
{
    log_warning("no connections are accepted for %d ms: %s", ACCEPT_PAUSE_MILLISECONDS, strerror(cause));
    loop_ignore_sources(loop);
    loop->accept_again_at = loop->now + ACCEPT_PAUSE_MILLISECONDS;
}

bool loop_watch_sources(struct loop *loop)
{
    return loop_watch(loop, loop->setup.listener, EPOLLIN | EPOLLEXCLUSIVE, &loop_listener_mark) &&
           (loop->setup.handover == NULL ||
            loop_watch(loop, loop->setup.handover->take, EPOLLIN | EPOLLEXCLUSIVE, &loop_handover_mark));
}

void loop_accept_connections(struct loop *loop)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        int descriptor = accept4(loop->setup.listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor >= 0) {
            scoreboard_add(loop->setup.slot, COUNT_CONNECTIONS, 1);
            add_connection(loop, descriptor);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            pause_accepting(loop, errno);
        return;
    }
}

/* A descriptor that does not fit is lost with its message: is there room for one? */
static bool has_room_for_descriptor(const struct loop *loop)
{
    int probe = fcntl(loop->epoll, F_DUPFD_CLOEXEC, 0);

    return probe >= 0 && close(probe) == 0;
}

void loop_take_over_connections(struct loop *loop)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        if (!has_room_for_descriptor(loop)) {
            pause_accepting(loop, errno);
            return;
        }
        int descriptor = handover_take(loop->setup.handover);
        if (descriptor < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                log_error("a connection could not be taken over: %s", strerror(errno));
            return;
        }
        scoreboard_add(loop->setup.slot, COUNT_HANDED_OVER, 1);
        add_connection(loop, descriptor);
    }
}

void loop_resume_accepting(struct loop *loop)
{
    if (loop->accept_again_at == 0 || loop->now < loop->accept_again_at)
        return;
    loop->accept_again_at = 0;
    make_room(loop);
    if (!loop_watch_sources(loop))
        pause_accepting(loop, errno);
}
