/* session-fcgi: options, what they name, the pool. Everything that can be wrong is found out here, before a
 * worker is. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto.h"
#include "fcgi.h"
#include "keyring.h"
#include "pool.h"
#include "process.h"
#include "settings.h"

enum { LISTENER = 0, EXIT_BAD_OPTIONS = 2 };

extern char **environ;

static int complain(int status, const char *message)
{
    fprintf(stderr, "session-fcgi: %s\n", message);
    return status;
}

/* Flushes stdout: a full disk or a closed pipe is an error, too. */
static int finish_output(bool printed)
{
    if (!printed || fflush(stdout) != 0)
        return complain(EXIT_FAILURE, "the output could not be written");
    return EXIT_SUCCESS;
}

static int print_secret(void)
{
    char secret[44];

    if (!keyring_new_secret(secret))
        return complain(EXIT_FAILURE, "there is no randomness to make a secret of");
    bool printed = printf("%s\n", secret) >= 0;
    int status = finish_output(printed);
    crypto_wipe(secret, sizeof secret);
    return status;
}

/* A closed stdout or stderr would give its number to a socket, and replies would be mixed with the log. */
static bool keep_standard_descriptors(struct error *error)
{
    for (int descriptor = STDOUT_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF)
            continue;
        int null = open("/dev/null", O_RDWR);
        if (null != descriptor)
            return error_set(error, "descriptor %d is closed and /dev/null could not take its place",
                             descriptor);
    }
    return true;
}

/* Descriptor 0 must be a listening stream socket. `program` is for the advice: spawn-fcgi needs its path. */
static bool prepare_listener(const char *program, struct error *error)
{
    int listening = 0;
    socklen_t size = sizeof listening;

    if (getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
        return error_set(
            error,
            "descriptor 0 is not a listening socket; start it through a process that makes one:\n"
            "  spawn-fcgi -s /run/session-fcgi.sock -M 0660 -n -- %.150s -k SECRET-FILE\n"
            "  systemd-socket-activate -l /run/session-fcgi.sock --inetd %.150s -k SECRET-FILE",
            program, program);
    int flags = fcntl(LISTENER, F_GETFL);
    if (flags < 0 || fcntl(LISTENER, F_SETFL, flags | O_NONBLOCK) != 0)
        return error_set(error, "descriptor 0 cannot be made non-blocking: %s", strerror(errno));
    return true;
}

static bool find_program(struct start *start, struct error *error)
{
    ssize_t length = readlink("/proc/self/exe", start->program, sizeof start->program - 1);

    if (length < 0)
        return error_set(error, "the path of the program is not known: %s", strerror(errno));
    start->program[length] = '\0';
    return true;
}

static int serve(const struct settings *settings, int argc, char *const argv[])
{
    struct start start = {.argc = argc, .argv = argv};
    struct error error;

    if (!find_program(&start, &error) || (!settings->check && !prepare_listener(start.program, &error)))
        return complain(EXIT_FAILURE, error.message);
    if (!keep_standard_descriptors(&error) || !fcgi_prepare(&error))
        return complain(EXIT_FAILURE, error.message);
    struct site *site = site_load(settings, &error);
    if (site == NULL)
        return complain(EXIT_FAILURE, error.message);
    if (settings->check) {
        site_destroy(site);
        return EXIT_SUCCESS;
    }
    signal(SIGPIPE, SIG_IGN); /* a web server that left shows as EPIPE */
    return settings->workers == 0 ? pool_serve_alone(&start, site, LISTENER)
                                  : pool_run(&start, site, LISTENER);
}

static int run(int argc, char *const argv[])
{
    struct settings settings;
    struct error error;

    if (!crypto_prepare(&error))
        return complain(EXIT_FAILURE, error.message);
    bool parsed = settings_parse(argc, argv, environ, &settings, &error);
    if (settings.help)
        return finish_output(settings_print_help(stdout));
    if (!parsed)
        return complain(EXIT_BAD_OPTIONS, error.message);
    if (settings.version)
        return finish_output(printf("session-fcgi %s\n", SESSION_FCGI_VERSION) >= 0);
    if (settings.new_secret)
        return print_secret();
    return serve(&settings, argc, argv);
}

int main(int argc, char *argv[])
{
    process_prepare_title(argc, argv);
    int status = run(argc, argv);
    crypto_release();
    return status;
}
