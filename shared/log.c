#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "utf8.h"

enum { TEXT_SIZE = 1024, LINE_SIZE = 4 * TEXT_SIZE + 64 };

static const char *const level_names[] = {"error", "warning", "notice"};

/* Copies `text` with every byte escaped that could end the line or steer a terminal. `line` has room for four
 * bytes for each of `text`. Returns the bytes written. */
static size_t escape(char *line, struct slice text)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;

    for (size_t i = 0; i < text.length;) {
        unsigned char byte = (unsigned char)text.data[i];
        size_t width = utf8_sequence_length(slice_from(text, i));
        if (width == 0 || byte < 0x20 || byte == 0x7f ||
            (byte == 0xc2 && width == 2 && (unsigned char)text.data[i + 1] < 0xa0)) {
            line[used++] = '\\';
            line[used++] = 'x';
            line[used++] = digits[byte >> 4];
            line[used++] = digits[byte & 15];
            i++;
            continue;
        }
        memcpy(line + used, text.data + i, width);
        used += width;
        i += width;
    }
    return used;
}

__attribute__((format(printf, 2, 0))) static void write_line(enum log_level level, const char *format,
                                                             va_list arguments)
{
    int saved_errno = errno;
    char text[TEXT_SIZE];
    char line[LINE_SIZE];
    struct tm now;
    time_t seconds = time(NULL);

    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length < 0)
        length = snprintf(text, sizeof text, "a log line that could not be formatted: %s", format);
    if ((size_t)length >= sizeof text)
        length = (int)sizeof text - 1;

    size_t used = 0;
    if (gmtime_r(&seconds, &now) != NULL)
        used = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ", &now);
    used += (size_t)snprintf(line + used, 40, "%s [%ld] ", level_names[level], (long)getpid());
    used += escape(line + used, (struct slice){text, (size_t)length});
    line[used++] = '\n';

    ssize_t written;
    do {
        written = write(STDERR_FILENO, line, used);
    } while (written < 0 && errno == EINTR);
    errno = saved_errno;
}

#define DEFINE_LOG(name, level)                                                                              \
    void name(const char *format, ...)                                                                       \
    {                                                                                                        \
        va_list arguments;                                                                                   \
        va_start(arguments, format);                                                                         \
        write_line(level, format, arguments);                                                                \
        va_end(arguments);                                                                                   \
    }

DEFINE_LOG(log_error, LOG_LEVEL_ERROR)
DEFINE_LOG(log_warning, LOG_LEVEL_WARNING)
DEFINE_LOG(log_notice, LOG_LEVEL_NOTICE)
