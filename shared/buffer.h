/* A buffer: bytes that grow at the end, kept over requests so that the usual request costs no malloc.
 *
 * Zero-initialise one (`struct buffer b = {0}`) and release it with buffer_free. Running out of memory ends
 * the process (memory.h), so appending cannot fail. */
#ifndef SESSION_FCGI_BUFFER_H
#define SESSION_FCGI_BUFFER_H

#include "slice.h"

struct buffer {
    char *data; /* owned by the buffer; moves when the buffer grows */
    size_t length;
    size_t capacity;
};

void buffer_append(struct buffer *buffer, struct slice bytes);
void buffer_append_string(struct buffer *buffer, const char *string);
void buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `extra` bytes beyond the length and returns where they begin; set length after writing. */
char *buffer_reserve(struct buffer *buffer, size_t extra);

/* The content, valid until the buffer changes; never "no value". */
struct slice buffer_slice(const struct buffer *buffer);

/* Empties the buffer and keeps its memory, unless that has grown past 256 KiB: then it is given back. */
void buffer_clear(struct buffer *buffer);

/* Gives the memory back; the buffer is empty and may be used again. */
void buffer_free(struct buffer *buffer);

#endif
