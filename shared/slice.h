/* A slice: bytes that somebody else owns, by pointer and length.
 *
 * Slices are passed and returned by value. They may hold any byte, NUL included, and are not terminated.
 * A slice lives as long as the memory it points into; the function that returns one says whose that is.
 * `data == NULL` means "no value", which differs from the empty value (data != NULL, length == 0). */
#ifndef SESSION_FCGI_SLICE_H
#define SESSION_FCGI_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *data;
    size_t length;
};

/* A slice of a string literal, usable in static initialisers. */
#define SLICE_LITERAL(text)                                                                                  \
    {                                                                                                        \
        (text), sizeof(text) - 1                                                                             \
    }

/* "No value". */
static inline struct slice slice_none(void)
{
    return (struct slice){NULL, 0};
}

/* The text up to the terminating NUL; NULL gives "no value". */
static inline struct slice slice_from_string(const char *string)
{
    return (struct slice){string, string ? strlen(string) : 0};
}

static inline bool slice_equals(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool slice_equals_string(struct slice a, const char *b)
{
    return slice_equals(a, slice_from_string(b));
}

/* ASCII letters compare without regard to case, as HTTP field names and media types do (RFC 9110, 5.1). */
static inline bool slice_equals_ignoring_case(struct slice a, const char *b)
{
    return a.length == strlen(b) && (a.length == 0 || strncasecmp(a.data, b, a.length) == 0);
}

static inline bool slice_starts_with(struct slice a, const char *prefix)
{
    size_t length = strlen(prefix);
    return a.length >= length && memcmp(a.data, prefix, length) == 0;
}

/* The bytes from `from` to the end; empty when `from` is past it. */
static inline struct slice slice_from(struct slice a, size_t from)
{
    return from >= a.length ? (struct slice){a.data ? a.data + a.length : NULL, 0}
                            : (struct slice){a.data + from, a.length - from};
}

/* Byte order, a shorter slice before its extensions: <0, 0 or >0 like memcmp. */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    if (order != 0)
        return order;
    return a.length < b.length ? -1 : a.length > b.length;
}

#endif
