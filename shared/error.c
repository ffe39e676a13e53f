#include "error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(error->message, sizeof error->message, format, arguments) < 0)
        snprintf(error->message, sizeof error->message, "a problem that could not be described");
    va_end(arguments);
    return false;
}
