/* The log: one line an event on stderr, written with one write(2), so lines of several processes never mix.
 *
 * A line reads `2026-11-22T10:00:00Z LEVEL [pid] text`. Bytes of the text outside printable ASCII and valid
 * UTF-8 beyond it are written as \xHH, so no input can forge a line or control a terminal. Callers never pass
 * session IDs, cookies, secrets or session values. */
#ifndef SESSION_FCGI_LOG_H
#define SESSION_FCGI_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE };

/* Writes one line, printf-style; longer than about 1,000 bytes is cut. Keeps errno. A log that cannot be
 * written is the one failure that is not reported: there is nowhere left to report it. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
