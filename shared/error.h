/* What went wrong, as one line for a person: the way start-up problems travel from where they are found to
 * main, which prints the line and ends with a non-zero status. Request-time results are enums, not errors. */
#ifndef SESSION_FCGI_ERROR_H
#define SESSION_FCGI_ERROR_H

#include <stdbool.h>

struct error {
    char message[512]; /* one line, no newline, cut at the end if too long; says what to do where it can */
};

/* Sets the message, printf-style, and returns false, so that a function can `return error_set(error, …)`.
 * `error` must not be NULL. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
