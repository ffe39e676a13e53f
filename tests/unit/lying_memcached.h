/* A small memcached for tests that lies on its first connections and is honest on all others.
 *
 * Honest, it keeps nothing: every key K has the value "value of K", every write succeeds. */
#ifndef SESSION_FCGI_LYING_MEMCACHED_H
#define SESSION_FCGI_LYING_MEMCACHED_H

#include "memcached_server.h"

struct lie {
    const char *answer;   /* to every line of a request, instead of the honest answer */
    int delay;            /* milliseconds before the first answer */
    int pause;            /* milliseconds after each line of an answer, which comes whole if this is 0 */
    bool closes;          /* closes the connection after the first answer */
    size_t connections;   /* how many connections are lied on */
    bool honest_at_first; /* the first request of each connection has the honest answer */
};

static inline void lying_send(int connection, const char *text)
{
    size_t length = strlen(text);

    /* The other side may have gone: that is its right. */
    if (length > 0 && send(connection, text, length, MSG_NOSIGNAL) < 0)
        return;
}

/* Sends a text line by line. */
static inline void lying_drip(int connection, const char *text, int pause)
{
    char line[2048];

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        length += text[length] == '\n';
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        lying_send(connection, line);
        poll(NULL, 0, pause);
        text += length;
    }
}

static inline void lying_answer_gets(int connection, char *keys)
{
    char *rest = keys, answer[512];

    for (char *key = strtok_r(keys, " \r\n", &rest); key != NULL; key = strtok_r(NULL, " \r\n", &rest)) {
        snprintf(answer, sizeof answer, "VALUE %s 0 %zu 7\r\nvalue of %s\r\n", key,
                 strlen("value of ") + strlen(key), key);
        lying_send(connection, answer);
    }
    lying_send(connection, "END\r\n");
}

/* Answers one request honestly. False at the end of the connection. */
static inline bool lying_serve_honestly(int connection, FILE *requests)
{
    char line[2048];
    size_t size;

    if (fgets(line, sizeof line, requests) == NULL)
        return false;
    if (strncmp(line, "gets ", 5) == 0)
        lying_answer_gets(connection, line + 5);
    else if (strncmp(line, "version", 7) == 0)
        lying_send(connection, "VERSION 1.6.18\r\n");
    else if (strncmp(line, "delete ", 7) == 0)
        lying_send(connection, "DELETED\r\n");
    else if (sscanf(line, "%*s %*s %*u %*u %zu", &size) == 1) {
        for (size_t i = 0; i < size + 2; i++) {
            if (fgetc(requests) == EOF)
                return false;
        }
        lying_send(connection, "STORED\r\n");
    } else
        return false;
    return true;
}

static inline void lying_serve(int connection, const struct lie *lie)
{
    FILE *requests = fdopen(connection, "r");
    char line[2048];

    if (requests == NULL)
        _exit(1);
    int delay = lie != NULL ? lie->delay : 0;
    bool open = lie == NULL || !lie->honest_at_first || lying_serve_honestly(connection, requests);
    while (open && lie != NULL && fgets(line, sizeof line, requests) != NULL) {
        poll(NULL, 0, delay);
        delay = 0;
        if (lie->pause > 0)
            lying_drip(connection, lie->answer, lie->pause);
        else
            lying_send(connection, lie->answer);
        open = !lie->closes;
    }
    while (open && lie == NULL && lying_serve_honestly(connection, requests))
        continue;
    fclose(requests);
}

/* Starts it at the socket of `server`, which was prepared. */
static inline void lying_start(struct memcached_server *server, const struct lie *lie)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(listener >= 0);
    unlink(server->path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 64), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (size_t number = 0;; number++) {
            int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            if (connection < 0)
                _exit(1);
            lying_serve(connection, number < lie->connections ? lie : NULL);
        }
    }
    close(listener);
}

#endif
