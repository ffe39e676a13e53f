#include "buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

enum { SMALLEST_CAPACITY = 1024, KEPT_CAPACITY = 256 * 1024 };

char *buffer_reserve(struct buffer *buffer, size_t extra)
{
    if (extra > SIZE_MAX / 4 - buffer->length)
        memory_exhausted(extra);
    size_t needed = buffer->length + extra;
    if (needed > buffer->capacity || buffer->data == NULL) {
        size_t capacity = buffer->capacity ? buffer->capacity : SMALLEST_CAPACITY;
        while (capacity < needed)
            capacity *= 2;
        buffer->data = memory_reallocate(buffer->data, capacity);
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

void buffer_append(struct buffer *buffer, struct slice bytes)
{
    if (bytes.length == 0)
        return;
    memcpy(buffer_reserve(buffer, bytes.length), bytes.data, bytes.length);
    buffer->length += bytes.length;
}

void buffer_append_string(struct buffer *buffer, const char *string)
{
    buffer_append(buffer, slice_from_string(string));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        memory_exhausted(0);
    char *end = buffer_reserve(buffer, (size_t)length + 1);
    vsnprintf(end, (size_t)length + 1, format, again);
    va_end(again);
    buffer->length += (size_t)length;
}

struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){buffer->data ? buffer->data : "", buffer->length};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    if (buffer->capacity > KEPT_CAPACITY)
        buffer_free(buffer);
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
