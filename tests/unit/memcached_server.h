/* A real memcached for a test: on a unix socket in a folder of its own, ended by its process ID. */
#ifndef SESSION_FCGI_MEMCACHED_SERVER_H
#define SESSION_FCGI_MEMCACHED_SERVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store_memcached.h"
#include "unit.h"

struct memcached_server {
    char folder[64];
    char path[96];
    int port;  /* on 127.0.0.1; 0: it listens on the unix socket */
    pid_t pid; /* 0 while it does not run */
};

static inline int64_t milliseconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline bool server_accepts(const struct memcached_server *server)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in network = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(server->port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    network.sin_port = htons((uint16_t)server->port);
    snprintf(local.sun_path, sizeof local.sun_path, "%s", server->path);
    bool accepts = server->port ? connect(fd, (struct sockaddr *)&network, sizeof network) == 0
                                : connect(fd, (struct sockaddr *)&local, sizeof local) == 0;
    close(fd);
    return accepts;
}

/* Waits until the server listens; fails the test after half a minute. */
static inline void server_wait(const struct memcached_server *server)
{
    int64_t deadline = milliseconds() + 30000;

    while (!server_accepts(server)) {
        assert_true(milliseconds() < deadline);
        poll(NULL, 0, 5);
    }
}

static inline void server_prepare(struct memcached_server *server)
{
    *server = (struct memcached_server){.folder = "/tmp/session-fcgi-test-XXXXXX"};
    assert_non_null(mkdtemp(server->folder));
    int length = snprintf(server->path, sizeof server->path, "%s/socket", server->folder);
    assert_in_range(length, 1, sizeof server->path - 1);
}

/* Makes the server listen on a free port of 127.0.0.1 instead. It is below those that the kernel gives to
 * outgoing connections: such a one could take it while the server does not run, or find itself at its other
 * end. */
static inline void server_use_port(struct memcached_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    do {
        server->port = 10000 + ((server->port == 0 ? (int)getpid() : server->port) + 1) % 10000;
        address.sin_port = htons((uint16_t)server->port);
    } while (bind(fd, (struct sockaddr *)&address, sizeof address) != 0);
    close(fd);
}

/* Starts memcached with `memory` megabytes and, if `full_is_error`, without eviction. */
static inline void server_start(struct memcached_server *server, const char *memory, bool full_is_error)
{
    const char *arguments[16] = {"memcached", "-t", "1", "-m", memory};
    size_t count = 5;
    char port[16];

    snprintf(port, sizeof port, "%d", server->port);
    arguments[count++] = server->port ? "-l" : "-s";
    arguments[count++] = server->port ? "127.0.0.1" : server->path;
    arguments[count++] = "-p";
    arguments[count++] = port;
    if (full_is_error)
        arguments[count++] = "-M";
    if (geteuid() == 0) {
        arguments[count++] = "-u";
        arguments[count++] = "root";
    }
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp("memcached", (char *const *)arguments);
        _exit(127);
    }
    server_wait(server);
}

static inline void server_kill(struct memcached_server *server)
{
    if (server->pid == 0)
        return;
    assert_int_equal(kill(server->pid, SIGKILL), 0);
    assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
    server->pid = 0;
}

/* Stops the process (SIGSTOP) and waits until it stands still. */
static inline void server_stop(struct memcached_server *server)
{
    int status;

    assert_int_equal(kill(server->pid, SIGSTOP), 0);
    assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
    assert_true(WIFSTOPPED(status));
}

static inline void server_continue(struct memcached_server *server)
{
    assert_int_equal(kill(server->pid, SIGCONT), 0);
}

static inline void server_remove(struct memcached_server *server)
{
    server_kill(server);
    unlink(server->path);
    assert_int_equal(rmdir(server->folder), 0);
}

/* A store on `count` sockets. */
static inline struct store *store_on_sockets(const char *const paths[], size_t count, int time_limit)
{
    struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS] = {0};
    struct error error = {{0}};

    for (size_t i = 0; i < count; i++)
        snprintf(servers[i].path, sizeof servers[i].path, "%s", paths[i]);
    struct store *store = store_memcached_create(servers, count, time_limit, &error);
    assert_non_null(store);
    return store;
}

/* Reads one record. */
static inline struct store_read read_one(struct store *store, struct arena *arena, const char *key)
{
    struct store_read read = {.key = key};
    struct store_read *reads[] = {&read};

    store_read(store, reads, 1, arena);
    return read;
}

/* Reads until the result is `result` or ten seconds are over; returns the last result. */
static inline enum store_result read_until(struct store *store, struct arena *arena, const char *key,
                                           enum store_result result)
{
    int64_t deadline = milliseconds() + 10000;
    enum store_result last;

    while ((last = read_one(store, arena, key).result) != result && milliseconds() < deadline)
        poll(NULL, 0, 5);
    return last;
}

/* What is written to stderr between these two: the log. The text is cut at `size`, NUL-terminated. */
struct log_capture {
    int saved, file;
};

static inline void log_capture_begin(struct log_capture *capture)
{
    capture->file = memfd_create("log", MFD_CLOEXEC);
    capture->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(capture->file >= 0 && capture->saved >= 0);
    assert_int_equal(dup2(capture->file, STDERR_FILENO), STDERR_FILENO);
}

static inline void log_capture_end(struct log_capture *capture, char *text, size_t size)
{
    assert_int_equal(dup2(capture->saved, STDERR_FILENO), STDERR_FILENO);
    close(capture->saved);
    ssize_t length = pread(capture->file, text, size - 1, 0);
    assert_true(length >= 0);
    text[length] = '\0';
    close(capture->file);
}

/* How often `word` is in `text`. */
static inline size_t occurrences(const char *text, const char *word)
{
    size_t count = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        count++;
    }
    return count;
}

#endif
