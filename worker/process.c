#include "process.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "memory.h"

extern char **environ;

/* The kernel shows the bytes where the arguments were: one stretch of memory, which the environment follows.
 */
static char *title_begin;
static size_t title_size;

/* The copied variables; `environ` may lose some of them. */
static char *variables;

static char *end_of_stretch(char *end, char *const strings[])
{
    for (size_t i = 0; strings[i] != NULL; i++) {
        if (strings[i] == end)
            end = strings[i] + strlen(strings[i]) + 1;
    }
    return end;
}

static void copy_environment(void)
{
    size_t count = 0, size = 1;

    for (; environ[count] != NULL; count++)
        size += strlen(environ[count]) + 1;
    char **copy = memory_allocate_zeroed(count + 1, sizeof *copy);
    char *next = variables = memory_allocate(size);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(environ[i]) + 1;
        copy[i] = memcpy(next, environ[i], length);
        next += length;
    }
    environ = copy;
}

void process_prepare_title(int argc, char *argv[])
{
    if (argc < 1)
        return;
    char *end = end_of_stretch(argv[0], argv);
    end = end_of_stretch(end, environ);
    copy_environment();
    title_begin = argv[0];
    title_size = (size_t)(end - argv[0]);
    for (int i = 0; i < argc; i++)
        argv[i] = memory_copy_string(argv[i]);
}

void process_title(const char *format, ...)
{
    char title[128];
    va_list arguments;

    if (title_size < 2)
        return;
    va_start(arguments, format);
    int length = vsnprintf(title, sizeof title, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    memset(title_begin, 0, title_size);
    snprintf(title_begin, title_size, "%s", title);
}

bool process_follow_parent(int parent, int signal, struct error *error)
{
    if (prctl(PR_SET_PDEATHSIG, signal) != 0)
        return error_set(error, "a worker cannot be told of its master's end: %s", strerror(errno));
    if (getppid() != parent)
        _exit(EXIT_SUCCESS);
    return true;
}
