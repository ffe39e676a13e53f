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

static char *end_of_stretch(char *end, char *const strings[])
{
    for (size_t i = 0; strings[i] != NULL; i++) {
        if (strings[i] == end)
            end = strings[i] + strlen(strings[i]) + 1;
    }
    return end;
}

void process_prepare_title(int argc, char *argv[])
{
    size_t count = 0;

    if (argc < 1)
        return;
    char *end = end_of_stretch(argv[0], argv);
    end = end_of_stretch(end, environ);
    while (environ[count] != NULL)
        count++;
    char **copy = memory_allocate_zeroed(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = memory_copy_string(environ[i]);
    environ = copy;
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
