/* FastCGI requests, record by record, and scanning them cut in every way. */
#ifndef SESSION_FCGI_FASTCGI_RECORDS_H
#define SESSION_FCGI_FASTCGI_RECORDS_H

#include "buffer.h"
#include "fcgi_scan.h"
#include "page_edge.h"

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, STDOUT = 6, DATA = 8, GET_VALUES = 9 };
enum { RESPONDER = 1, AUTHORIZER = 2, FILTER = 3, KEEP = 1 };

/* Building requests -------------------------------------------------------------------------------------- */

static inline void append_byte(struct buffer *out, size_t byte)
{
    const char text = (char)(byte & 0xff);

    buffer_append(out, (struct slice){&text, 1});
}

static inline void append_header(struct buffer *out, unsigned int type, unsigned int id, size_t length,
                                 size_t padding)
{
    append_byte(out, 1);
    append_byte(out, type);
    append_byte(out, id >> 8);
    append_byte(out, id);
    append_byte(out, length >> 8);
    append_byte(out, length);
    append_byte(out, padding);
    append_byte(out, 0);
}

static inline void append_record(struct buffer *out, unsigned int type, struct slice content, size_t padding)
{
    append_header(out, type, 1, content.length, padding);
    buffer_append(out, content);
    for (size_t i = 0; i < padding; i++)
        append_byte(out, 0xee);
}

static inline void append_end(struct buffer *out, unsigned int type)
{
    append_record(out, type, slice_none(), 0);
}

static inline void append_begin(struct buffer *out, unsigned int role, unsigned int flags)
{
    const char content[8] = {(char)(role >> 8), (char)role, (char)flags};

    append_record(out, BEGIN, (struct slice){content, sizeof content}, 0);
}

/* One length of a name-value pair, in four bytes. */
static inline void append_long_length(struct buffer *out, uint32_t length)
{
    append_byte(out, length >> 24 | 0x80);
    append_byte(out, length >> 16);
    append_byte(out, length >> 8);
    append_byte(out, length);
}

static inline void append_pair(struct buffer *out, const char *name, const char *value)
{
    append_byte(out, strlen(name));
    append_byte(out, strlen(value));
    buffer_append_string(out, name);
    buffer_append_string(out, value);
}

/* A pair of `size` bytes in all, at least 8 and at most one record's worth. */
static inline void append_pair_of(struct buffer *out, size_t size)
{
    append_long_length(out, 0);
    append_long_length(out, (uint32_t)(size - 8));
    for (size_t i = 8; i < size; i++)
        append_byte(out, 'x');
}

static inline void append_parameters(struct buffer *out, size_t padding)
{
    struct buffer pairs = {0};

    append_pair(&pairs, "REQUEST_METHOD", "POST");
    append_pair(&pairs, "EMPTY", "");
    append_long_length(&pairs, 5);
    append_byte(&pairs, 3);
    buffer_append_string(&pairs, "HTTPSoff");
    append_record(out, PARAMS, buffer_slice(&pairs), padding);
    append_record(out, PARAMS, (struct slice)SLICE_LITERAL("\1\1a="), padding);
    buffer_free(&pairs);
}

/* A whole request with a body of eleven bytes in two records; each record with content is padded. */
static inline void append_request(struct buffer *out, unsigned int flags, size_t padding)
{
    append_begin(out, RESPONDER, flags);
    append_parameters(out, padding);
    append_end(out, PARAMS);
    append_record(out, STDIN, (struct slice)SLICE_LITERAL("user="), padding);
    append_record(out, STDIN, (struct slice)SLICE_LITERAL("Poloyy"), padding);
    append_end(out, STDIN);
}

/* Scanning ----------------------------------------------------------------------------------------------- */

/* Scans bytes of which the last is the last before a page that cannot be read. */
static inline size_t scan_at_edge(struct fcgi_scan *scan, struct slice bytes)
{
    struct slice copy = page_edge_copy(bytes);

    size_t used = fcgi_scan(scan, copy);
    page_edge_free(copy);
    assert_true(used <= bytes.length);
    return used;
}

static inline struct fcgi_scan scan_whole(struct slice bytes)
{
    struct fcgi_scan scan = {0};

    scan_at_edge(&scan, bytes);
    return scan;
}

static inline void assert_same(const struct fcgi_scan *actual, const struct fcgi_scan *expected)
{
    assert_int_equal(actual->state, expected->state);
    assert_ptr_equal(actual->refusal, expected->refusal);
    assert_int_equal(actual->body_length, expected->body_length);
    assert_int_equal(actual->role, expected->role);
    assert_int_equal(actual->keep_connection, expected->keep_connection);
    assert_int_equal(actual->ends_in_padding, expected->ends_in_padding);
    if (expected->state != FCGI_SCAN_REFUSED)
        assert_int_equal(actual->length, expected->length);
}

/* Whole, byte by byte, and in two pieces however they are cut: the result is the same. */
static inline void assert_splits_agree(struct slice bytes)
{
    const struct fcgi_scan expected = scan_whole(bytes);
    struct fcgi_scan slow = {0};

    for (size_t i = 0; i < bytes.length; i++)
        fcgi_scan(&slow, (struct slice){bytes.data + i, 1});
    assert_same(&slow, &expected);
    for (size_t cut = 0; cut <= bytes.length; cut++) {
        struct fcgi_scan scan = {0};
        if (scan_at_edge(&scan, (struct slice){bytes.data, cut}) == cut)
            scan_at_edge(&scan, slice_from(bytes, cut));
        assert_same(&scan, &expected);
    }
}

#endif
