#include "connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "log.h"

bool connection_prepare(int descriptor, long write_seconds)
{
    const struct timeval limit = {.tv_sec = write_seconds};
    const int on = 1;
    int domain;
    socklen_t size = sizeof domain;

    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
        return false;
    return domain == AF_UNIX || setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

static enum connection_state enter(struct connection *connection, enum connection_state state)
{
    connection->state = state;
    return state;
}

static enum connection_state break_off(struct connection *connection)
{
    if (connection->scan.state == FCGI_SCAN_REFUSED)
        log_warning("a connection was dropped: it sent %s", connection->scan.refusal);
    return enter(connection, CONNECTION_BROKEN);
}

/* Has the body grown past what is read, so that nothing more needs to be waited for? */
static bool is_over(const struct connection *connection, size_t max_body)
{
    return connection->scan.body_length > max_body;
}

/* Takes out of the socket what was scanned, and from then on everything that comes. */
static enum connection_state spool_more(struct connection *connection, size_t max_body)
{
    for (;;) {
        size_t room = connection->scanned > 0 ? connection->scanned : 16384;
        ssize_t got =
            recv(connection->descriptor, buffer_reserve(&connection->spool, room), room, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return enter(connection, CONNECTION_ARRIVING);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return enter(connection, CONNECTION_BROKEN);
        struct slice bytes = {connection->spool.data + connection->spool.length, (size_t)got};
        connection->spool.length += (size_t)got;
        if (connection->scanned > 0) {
            connection->scanned -= (size_t)got;
            continue;
        }
        if (fcgi_scan(&connection->scan, bytes) < bytes.length)
            connection->pipelined = true;
        if (connection->scan.state == FCGI_SCAN_REFUSED)
            return break_off(connection);
        if (connection->scan.state == FCGI_SCAN_WHOLE || is_over(connection, max_body))
            return enter(connection, CONNECTION_READY);
    }
}

/* Looks at the first bytes of a request, and takes them out of the socket only if it is not whole. */
static enum connection_state look_first(struct connection *connection, char *look, size_t max_body)
{
    ssize_t waiting = recv(connection->descriptor, look, CONNECTION_LOOK_SIZE, MSG_PEEK | MSG_DONTWAIT);

    if (waiting < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return connection->state;
    if (waiting <= 0)
        return enter(connection, CONNECTION_BROKEN);
    connection->scanned = fcgi_scan(&connection->scan, (struct slice){look, (size_t)waiting});
    if (connection->scan.state == FCGI_SCAN_REFUSED)
        return break_off(connection);
    if (connection->scan.state != FCGI_SCAN_WHOLE)
        return spool_more(connection, max_body);
    connection->pipelined = connection->scanned < (size_t)waiting;
    return enter(connection, CONNECTION_READY);
}

/* The peer was answered and has not stopped: what it still sends is of no interest. Only so much at a time,
 * for it may send faster than this; its next bytes wake the worker again. */
static enum connection_state throw_away(struct connection *connection, char *look)
{
    for (int times = 0; times < 8; times++) {
        ssize_t got = recv(connection->descriptor, look, CONNECTION_LOOK_SIZE, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return connection->state;
        if (got <= 0)
            return enter(connection, CONNECTION_BROKEN);
    }
    return connection->state;
}

enum connection_state connection_arrive(struct connection *connection, char look[CONNECTION_LOOK_SIZE],
                                        size_t max_body)
{
    switch (connection->state) {
    case CONNECTION_IDLE:
        return look_first(connection, look, max_body);
    case CONNECTION_ARRIVING:
        return spool_more(connection, max_body);
    case CONNECTION_CLOSING:
        return throw_away(connection, look);
    case CONNECTION_READY:
    case CONNECTION_BROKEN:
    case CONNECTION_STATES:
        break;
    }
    return connection->state;
}

bool connection_is_quiet(const struct connection *connection)
{
    char byte;

    return recv(connection->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

/* libfcgi reads from a descriptor: the spool becomes a file in memory. -1 with errno. */
static int open_spool(const struct connection *connection)
{
    struct slice rest = buffer_slice(&connection->spool);
    int file = memfd_create("session-fcgi-spool", MFD_CLOEXEC);

    if (file < 0)
        return -1;
    while (rest.length > 0) {
        ssize_t written = write(file, rest.data, rest.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(file);
            return -1;
        }
        rest = slice_from(rest, (size_t)written);
    }
    if (lseek(file, 0, SEEK_SET) != 0) {
        close(file);
        return -1;
    }
    return file;
}

static bool read_body(struct connection *connection, struct fcgi_request *request, struct http_request *http,
                      struct buffer *body, size_t max_body)
{
    size_t announced = 0;
    size_t arrived = connection->scan.body_length;

    if (connection->scan.role == FCGI_ROLE_AUTHORIZER)
        return true; /* this role has no body: reading it would wait for ever */
    bool has_length = http->content_length.length > 0;
    if (has_length && !http_parse_length(http->content_length, &announced))
        http->body_problem = 400;
    else if (announced > max_body || arrived > max_body)
        http->body_problem = 413;
    else if (!has_length && arrived > 0)
        http->body_problem = 411;
    else if (announced != arrived)
        http->body_problem = 400;
    /* What is in the socket has to be read in any case, or it would be taken for the next request. */
    if (connection->scan.state != FCGI_SCAN_WHOLE)
        return true;
    if (!fcgi_request_read(request, arrived, body) || !fcgi_request_read_end(request))
        return false;
    if (http->body_problem == 0)
        http->body = buffer_slice(body);
    return true;
}

bool connection_read(struct connection *connection, struct fcgi_request *request, struct http_request *http,
                     struct buffer *body, size_t max_body)
{
    bool spooled = connection->spool.length > 0;
    int *source = &connection->descriptor;
    int spool = -1;

    if (spooled) {
        spool = open_spool(connection);
        if (spool < 0) {
            log_error("a request's body could not be collected: %s", strerror(errno));
            enter(connection, CONNECTION_BROKEN);
            return false;
        }
        source = &spool;
    }
    bool whole = fcgi_request_begin(request, source);
    if (whole) {
        fcgi_request_describe(request, http);
        whole = read_body(connection, request, http, body, max_body);
        fcgi_request_reply_to(request, connection->descriptor);
    }
    if (spool >= 0)
        close(spool);
    if (!whole) {
        fcgi_request_abandon(request);
        enter(connection, CONNECTION_BROKEN);
    }
    return whole;
}

enum connection_state connection_replied(struct connection *connection, bool written)
{
    bool whole = connection->scan.state == FCGI_SCAN_WHOLE;
    bool keep = written && whole && connection->scan.keep_connection && !connection->pipelined &&
                !connection->scan.ends_in_padding && connection->scan.role == FCGI_ROLE_RESPONDER;

    connection->scan = (struct fcgi_scan){0};
    connection->scanned = 0;
    buffer_free(&connection->spool);
    if (keep)
        return enter(connection, CONNECTION_IDLE);
    if (!written || (whole && !connection->pipelined))
        return enter(connection, CONNECTION_BROKEN); /* everything was read: closing loses nothing */
    /* Closing now, with bytes unread, could take the reply back from the peer (RFC 9112, 9.6). */
    if (shutdown(connection->descriptor, SHUT_WR) != 0)
        return enter(connection, CONNECTION_BROKEN);
    return enter(connection, CONNECTION_CLOSING);
}

void connection_close(struct connection *connection)
{
    if (connection->descriptor >= 0)
        close(connection->descriptor);
    connection->descriptor = -1;
    buffer_free(&connection->spool);
}
