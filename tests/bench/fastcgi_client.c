/* A FastCGI client that speaks to a program directly, without a web server:
 *
 *     fastcgi_client first SOCKET COMMAND...   starts the command, prints the milliseconds until the program
 * that it makes first answers GET /ping, and ends it fastcgi_client hold SOCKET COUNT         opens COUNT
 * kept connections, has one request answered on each, prints "held", and keeps them idle until its stdin
 * ends; then prints how many are still open
 *
 * The status is 0 if that went as it should. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_BEGIN = 1, RECORD_END = 3, RECORD_PARAMS = 4, RECORD_STDIN = 5, HEADER_SIZE = 8 };
enum { PATIENCE_MILLISECONDS = 10000, RETRY_MICROSECONDS = 200, MOST_CONNECTIONS = 100000 };

static double milliseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Appends one record of request 1; `content` has at most 255 bytes. Returns where the next one goes. */
static unsigned char *put_record(unsigned char *to, int type, const void *content, size_t length)
{
    const unsigned char header[HEADER_SIZE] = {1, (unsigned char)type, 0, 1, 0, (unsigned char)length, 0, 0};

    memcpy(to, header, sizeof header);
    if (length > 0)
        memcpy(to + sizeof header, content, length);
    return to + sizeof header + length;
}

static bool send_request(int connection)
{
    static const unsigned char responder_kept[8] = {0, 1, 1};
    static const char parameters[] = "\x0e\x03REQUEST_METHODGET"
                                     "\x0b\x05REQUEST_URI/ping";
    unsigned char request[256];
    unsigned char *end = put_record(request, RECORD_BEGIN, responder_kept, sizeof responder_kept);

    end = put_record(end, RECORD_PARAMS, parameters, sizeof parameters - 1);
    end = put_record(end, RECORD_PARAMS, NULL, 0);
    end = put_record(end, RECORD_STDIN, NULL, 0);
    return send(connection, request, (size_t)(end - request), MSG_NOSIGNAL) == end - request;
}

static bool receive_all(int connection, void *to, size_t size)
{
    return size == 0 || recv(connection, to, size, MSG_WAITALL) == (ssize_t)size;
}

/* True once the record that ends the request has come. */
static bool receive_answer(int connection)
{
    unsigned char header[HEADER_SIZE];
    unsigned char content[65536 + 256];

    do {
        if (!receive_all(connection, header, sizeof header) ||
            !receive_all(connection, content, (size_t)(header[4] << 8 | header[5]) + header[6]))
            return false;
    } while (header[1] != RECORD_END);
    return true;
}

/* A connection on which one request was answered, or -1. */
static int open_and_ask(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_MILLISECONDS / 1000};
    int connection;

    if (strlen(path) >= sizeof address.sun_path ||
        (connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
        return -1;
    strcpy(address.sun_path, path);
    if (setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        connect(connection, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send_request(connection) && receive_answer(connection))
        return connection;
    close(connection);
    return -1;
}

static pid_t start_command(char *const command[])
{
    pid_t pid = fork();

    if (pid == 0) {
        execvp(command[0], command);
        fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
        _exit(EXIT_FAILURE);
    }
    return pid;
}

static int measure_first_answer(const char *path, char *const command[])
{
    double started = milliseconds_now();
    bool running = true;
    int connection = -1;
    pid_t pid = start_command(command);

    if (pid < 0)
        return EXIT_FAILURE;
    while (running && (connection = open_and_ask(path)) < 0 &&
           milliseconds_now() - started < PATIENCE_MILLISECONDS) {
        usleep(RETRY_MICROSECONDS);
        running = waitpid(pid, NULL, WNOHANG) == 0;
    }
    double elapsed = milliseconds_now() - started;
    if (running) {
        kill(pid, connection < 0 ? SIGKILL : SIGTERM);
        waitpid(pid, NULL, 0);
    }
    if (connection < 0) {
        fprintf(stderr, "%s did not answer\n", command[0]);
        return EXIT_FAILURE;
    }
    close(connection);
    return printf("%.1f\n", elapsed) > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool is_open(int connection)
{
    char byte;

    return recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

static bool open_connections(const char *path, int connections[], long count)
{
    for (long i = 0; i < count; i++) {
        connections[i] = open_and_ask(path);
        if (connections[i] < 0) {
            fprintf(stderr, "connection %ld was not answered: %s\n", i + 1, strerror(errno));
            return false;
        }
    }
    return true;
}

static int hold_connections(const char *path, long count)
{
    int *connections = calloc((size_t)count, sizeof *connections);
    long open = 0;

    if (connections == NULL)
        return EXIT_FAILURE;
    if (open_connections(path, connections, count) && puts("held") >= 0 && fflush(stdout) == 0) {
        while (getchar() != EOF) {
        }
        for (long i = 0; i < count; i++)
            open += is_open(connections[i]);
        printf("%ld\n", open);
    }
    free(connections);
    return open == count ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    if (argc >= 4 && strcmp(argv[1], "first") == 0)
        return measure_first_answer(argv[2], argv + 3);
    if (argc == 4 && strcmp(argv[1], "hold") == 0) {
        char *end;
        long count = strtol(argv[3], &end, 10);
        if (*end == '\0' && count > 0 && count <= MOST_CONNECTIONS)
            return hold_connections(argv[2], count);
    }
    fputs("usage: fastcgi_client first SOCKET COMMAND... | hold SOCKET COUNT\n", stderr);
    return 2;
}
