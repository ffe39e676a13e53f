#include "fcgi_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fcgi.h"
#include "log.h"

enum { PEERS = 64, ARENA_SIZE = 16 * 1024, SEND_SECONDS = 10 };

/* One connection from the web server. */
struct peer {
    int descriptor;
    struct fcgi_scan scan;
    struct buffer records; /* all of the request so far */
    bool surplus;          /* bytes beyond the request came with it */
};

struct server {
    int listener;
    int signals; /* readable when it is time to leave */
    fcgi_handler *handler;
    void *context;
    struct peer peers[PEERS]; /* in the order in which they came */
    size_t peer_count;

    struct fcgi_request *request; /* these are used for one request after another */
    struct arena *arena;
    struct buffer body, page, header;
};

static void peer_begin(struct peer *peer)
{
    peer->scan = (struct fcgi_scan){0};
    peer->surplus = false;
    buffer_clear(&peer->records);
}

/* Takes what has come. False if the connection is to be closed. */
static bool peer_receive(struct peer *peer)
{
    char bytes[16 * 1024];
    ssize_t got = recv(peer->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (got == 0)
        return false;
    struct slice fresh = {bytes, (size_t)got};
    peer->surplus = fcgi_scan(&peer->scan, fresh) < fresh.length;
    if (peer->scan.state == FCGI_SCAN_REFUSED)
        log_warning("a connection was dropped: it sent %s", peer->scan.refusal);
    /* A body that is too large is read to its end all the same: only then will the web server take the answer
     * and go on using the connection. */
    if (peer->scan.length <= FCGI_SERVE_MAX_REQUEST)
        buffer_append(&peer->records, fresh);
    else if (peer->scan.state == FCGI_SCAN_PARAMETERS)
        return false;
    return peer->scan.state != FCGI_SCAN_REFUSED;
}

/* libfcgi reads from a descriptor: the request becomes a file in memory. -1 with errno. */
static int peer_open_records(const struct peer *peer)
{
    struct slice rest = buffer_slice(&peer->records);
    int file = memfd_create("fcgi-request", MFD_CLOEXEC);

    while (file >= 0 && rest.length > 0) {
        ssize_t written = write(file, rest.data, rest.length);
        if (written > 0) {
            rest = slice_from(rest, (size_t)written);
        } else if (errno != EINTR) {
            close(file);
            return -1;
        }
    }
    if (file >= 0 && lseek(file, 0, SEEK_SET) != 0) {
        close(file);
        return -1;
    }
    return file;
}

/* False if the connection is out of step. */
static bool read_body(struct server *server, const struct peer *peer, struct http_request *http)
{
    size_t announced = 0;
    size_t arrived = peer->scan.body_length;

    if (peer->scan.role == FCGI_ROLE_AUTHORIZER)
        return true; /* this role has no body */
    if (peer->scan.length > FCGI_SERVE_MAX_REQUEST)
        http->body_problem = 413;
    else if (http->content_length.length > 0 && !http_parse_length(http->content_length, &announced))
        http->body_problem = 400;
    else if (announced != arrived)
        http->body_problem = 400;
    if (http->body_problem != 0)
        return true;
    if (!fcgi_request_read(server->request, arrived, &server->body) ||
        !fcgi_request_read_end(server->request))
        return false;
    http->body = buffer_slice(&server->body);
    return true;
}

static bool read_request(struct server *server, struct peer *peer, struct http_request *http)
{
    int file = peer_open_records(peer);

    if (file < 0) {
        log_error("a request could not be collected: %s", strerror(errno));
        return false;
    }
    bool whole = fcgi_request_begin(server->request, &file);
    if (whole) {
        fcgi_request_describe(server->request, http);
        whole = read_body(server, peer, http);
        fcgi_request_reply_to(server->request, peer->descriptor);
    }
    if (file >= 0)
        close(file);
    if (!whole)
        fcgi_request_abandon(server->request);
    return whole;
}

/* Answers a request that is whole. False if the connection is to be closed. */
static bool answer(struct server *server, struct peer *peer)
{
    struct http_request http = {.arena = server->arena};
    struct http_reply reply = {.body = &server->page};

    arena_reset(server->arena);
    buffer_clear(&server->body);
    buffer_clear(&server->page);
    buffer_clear(&server->header);
    if (!read_request(server, peer, &http))
        return false;
    if (http.body_problem != 0)
        reply.status = http.body_problem;
    else
        server->handler(&http, &reply, server->context);
    http_reply_write_header(&reply, &server->header);
    struct slice page = http.method == HTTP_HEAD ? slice_none() : buffer_slice(&server->page);
    bool written = fcgi_request_reply(server->request, buffer_slice(&server->header), page);
    bool keep = peer->scan.keep_connection && peer->scan.role == FCGI_ROLE_RESPONDER && !peer->surplus;
    peer_begin(peer);
    return written && keep;
}

static void drop_peer(struct server *server, size_t index)
{
    struct peer *peer = &server->peers[index];

    close(peer->descriptor);
    buffer_free(&peer->records);
    server->peer_count--;
    memmove(peer, peer + 1, (server->peer_count - index) * sizeof *peer);
}

/* Lets a connection go: the oldest that is idle, or else the oldest. */
static void make_room(struct server *server)
{
    size_t index = 0;

    while (index < server->peer_count && server->peers[index].scan.length > 0)
        index++;
    drop_peer(server, index < server->peer_count ? index : 0);
}

/* Accepts one connection. False if that cannot work any more. */
static bool accept_peer(struct server *server, struct error *error)
{
    const struct timeval limit = {.tv_sec = SEND_SECONDS};

    if (server->peer_count == PEERS)
        make_room(server);
    int descriptor = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (descriptor < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
            return true;
        if (server->peer_count == 0)
            return error_set(error, "no connection can be accepted: %s", strerror(errno));
        log_warning("a connection is closed to make room: %s", strerror(errno));
        make_room(server);
        return true;
    }
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) {
        log_error("a connection could not be served: %s", strerror(errno));
        close(descriptor);
        return true;
    }
    server->peers[server->peer_count++] = (struct peer){.descriptor = descriptor};
    return true;
}

enum step { STEP_GO_ON, STEP_LEAVE, STEP_FAIL };

/* A signal said so. It is taken out of the queue, or it would end the process when it is let in again. */
static enum step leave(const struct server *server, struct error *error)
{
    struct signalfd_siginfo taken;

    if (read(server->signals, &taken, sizeof taken) == (ssize_t)sizeof taken)
        return STEP_LEAVE;
    error_set(error, "the signal to leave could not be read: %s", strerror(errno));
    return STEP_FAIL;
}

/* Waits, and serves what has come. */
static enum step wait_and_serve(struct server *server, struct error *error)
{
    struct pollfd waits[2 + PEERS] = {{.fd = server->signals, .events = POLLIN},
                                      {.fd = server->listener, .events = POLLIN}};

    for (size_t i = 0; i < server->peer_count; i++)
        waits[2 + i] = (struct pollfd){.fd = server->peers[i].descriptor, .events = POLLIN};
    if (poll(waits, 2 + server->peer_count, -1) < 0) {
        if (errno == EINTR)
            return STEP_GO_ON;
        error_set(error, "waiting for requests failed: %s", strerror(errno));
        return STEP_FAIL;
    }
    if (waits[0].revents != 0)
        return leave(server, error);
    for (size_t i = server->peer_count; i-- > 0;) { /* backwards: dropping one moves those behind it */
        struct peer *peer = &server->peers[i];
        if (waits[2 + i].revents == 0)
            continue;
        if (!peer_receive(peer) || (peer->scan.state == FCGI_SCAN_WHOLE && !answer(server, peer)))
            drop_peer(server, i);
    }
    return waits[1].revents == 0 || accept_peer(server, error) ? STEP_GO_ON : STEP_FAIL;
}

static bool prepare_listener(int listener, struct error *error)
{
    const int on = 1;
    int listening = 0;
    socklen_t size = sizeof listening;

    if (getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
        return error_set(error, "descriptor %d is not a listening socket; start the program with spawn-fcgi",
                         listener);
    int flags = fcntl(listener, F_GETFL);
    if (flags < 0 || fcntl(listener, F_SETFL, flags | O_NONBLOCK) != 0)
        return error_set(error, "descriptor %d cannot be made non-blocking: %s", listener, strerror(errno));
    /* The connections of a TCP socket inherit this; a unix socket has no need of it, and says so. */
    (void)setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return true;
}

/* Serves until one of the signals in `leaving`, which are blocked, has come. */
static bool serve(struct server *server, const sigset_t *leaving, struct error *error)
{
    enum step step = STEP_GO_ON;

    server->signals = signalfd(-1, leaving, SFD_CLOEXEC);
    if (server->signals < 0)
        return error_set(error, "signals cannot be waited for: %s", strerror(errno));
    server->request = fcgi_request_create();
    server->arena = arena_create(ARENA_SIZE);
    while (step == STEP_GO_ON)
        step = wait_and_serve(server, error);
    while (server->peer_count > 0)
        drop_peer(server, server->peer_count - 1);
    fcgi_request_destroy(server->request);
    arena_destroy(server->arena);
    buffer_free(&server->body);
    buffer_free(&server->page);
    buffer_free(&server->header);
    close(server->signals);
    return step == STEP_LEAVE;
}

bool fcgi_serve(int listener, fcgi_handler *handler, void *context, struct error *error)
{
    struct server server = {.listener = listener, .handler = handler, .context = context};
    sigset_t leaving, before;

    if (!fcgi_prepare(error) || !prepare_listener(listener, error))
        return false;
    sigemptyset(&leaving);
    sigaddset(&leaving, SIGTERM);
    sigaddset(&leaving, SIGINT);
    if (sigprocmask(SIG_BLOCK, &leaving, &before) != 0)
        return error_set(error, "signals cannot be blocked: %s", strerror(errno));
    bool served = serve(&server, &leaving, error);
    if (sigprocmask(SIG_SETMASK, &before, NULL) != 0)
        return error_set(error, "signals cannot be let in again: %s", strerror(errno));
    return served;
}
