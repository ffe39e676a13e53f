#include "fcgi_scan.h"

/* Record types and sizes of FastCGI 1.0, section 8. */
enum { TYPE_BEGIN_REQUEST = 1, TYPE_PARAMS = 4, TYPE_STDIN = 5 };
enum { VERSION_1 = 1, HEADER_SIZE = 8, BEGIN_SIZE = 8, KEEP_CONNECTION_FLAG = 1 };

static void refuse(struct fcgi_scan *scan, const char *reason)
{
    scan->state = FCGI_SCAN_REFUSED;
    scan->refusal = reason;
}

/* The size in bytes of a name's or value's length: four if the top bit of the first is set (section 3.4). */
static size_t length_size(unsigned char first)
{
    return first & 0x80 ? 4 : 1;
}

static uint32_t read_length(const unsigned char *bytes)
{
    if (length_size(bytes[0]) == 1)
        return bytes[0];
    return (uint32_t)(bytes[0] & 0x7f) << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Adds a byte to the two lengths that begin a pair; once they are whole, `pair_left` is what follows. */
static void scan_pair_lengths(struct fcgi_scan *scan, unsigned char byte)
{
    scan->pair[scan->pair_length++] = byte;

    size_t name_size = length_size(scan->pair[0]);
    if (scan->pair_length <= name_size)
        return;
    if (scan->pair_length < name_size + length_size(scan->pair[name_size]))
        return;
    scan->pair_left = (size_t)read_length(scan->pair) + read_length(scan->pair + name_size);
    scan->pair_length = 0;
    if (scan->pair_left > FCGI_SCAN_MAX_PARAMETERS)
        refuse(scan, "a parameter with an impossible length");
}

static void scan_parameters(struct fcgi_scan *scan, struct slice content)
{
    for (size_t i = 0; i < content.length && scan->state != FCGI_SCAN_REFUSED;) {
        if (scan->pair_left == 0) {
            scan_pair_lengths(scan, (unsigned char)content.data[i++]);
            continue;
        }
        size_t step = content.length - i < scan->pair_left ? content.length - i : scan->pair_left;
        scan->pair_left -= step;
        i += step;
    }
}

static void scan_begin(struct fcgi_scan *scan, struct slice content)
{
    memcpy(scan->begin + scan->begin_length, content.data, content.length);
    scan->begin_length += content.length;
    if (scan->begin_length < BEGIN_SIZE)
        return;
    unsigned int role = (unsigned int)scan->begin[0] << 8 | scan->begin[1];
    if (role != FCGI_ROLE_RESPONDER && role != FCGI_ROLE_AUTHORIZER) {
        refuse(scan, "a role that is neither responder nor authorizer");
        return;
    }
    scan->role = (enum fcgi_role)role;
    scan->keep_connection = (scan->begin[2] & KEEP_CONNECTION_FLAG) != 0;
}

static void scan_content(struct fcgi_scan *scan, struct slice content)
{
    if (scan->type == TYPE_BEGIN_REQUEST)
        scan_begin(scan, content);
    else if (scan->type == TYPE_PARAMS)
        scan_parameters(scan, content);
    else
        scan->body_length += content.length;
}

/* Why a record with this header may not come now; NULL if it may. */
static const char *header_refusal(const struct fcgi_scan *scan, unsigned int request_id)
{
    if (scan->header[0] != VERSION_1)
        return "not FastCGI version 1";
    if (request_id == 0)
        return "a management record";
    if (scan->request_id == 0) {
        if (scan->type != TYPE_BEGIN_REQUEST)
            return "a record before the beginning of a request";
        return scan->content_left == BEGIN_SIZE ? NULL : "a first record of the wrong size";
    }
    if (request_id != scan->request_id)
        return "a second request on a connection that has one";
    if (scan->type == TYPE_PARAMS && scan->state != FCGI_SCAN_PARAMETERS)
        return "parameters after their end";
    if (scan->type == TYPE_PARAMS)
        return scan->content_left <= FCGI_SCAN_MAX_PARAMETERS - scan->parameters_length
                   ? NULL
                   : "more than 64 KiB of parameters";
    if (scan->type == TYPE_STDIN)
        return scan->state == FCGI_SCAN_BODY ? NULL : "a body before the end of the parameters";
    return "a record that has no place in a request";
}

/* An empty record ends its stream (section 3.3). */
static void end_stream(struct fcgi_scan *scan)
{
    if (scan->type == TYPE_PARAMS) {
        if (scan->pair_left != 0 || scan->pair_length != 0)
            refuse(scan, "parameters that end within a pair");
        else if (scan->role == FCGI_ROLE_AUTHORIZER)
            scan->state = FCGI_SCAN_WHOLE; /* no body in this role, not even its end (section 6.3) */
        else
            scan->state = FCGI_SCAN_BODY;
    } else if (scan->type == TYPE_STDIN) {
        scan->state = FCGI_SCAN_WHOLE;
    }
    scan->ends_in_padding = scan->padding_left > 0;
}

static void scan_header(struct fcgi_scan *scan)
{
    unsigned int request_id = (unsigned int)scan->header[2] << 8 | scan->header[3];

    scan->type = scan->header[1];
    scan->content_left = (size_t)scan->header[4] << 8 | scan->header[5];
    scan->padding_left = scan->header[6];
    scan->header_length = 0;
    const char *reason = header_refusal(scan, request_id);
    if (reason != NULL) {
        refuse(scan, reason);
        return;
    }
    scan->request_id = request_id;
    if (scan->type == TYPE_PARAMS)
        scan->parameters_length += scan->content_left;
    if (scan->content_left == 0)
        end_stream(scan);
}

size_t fcgi_scan(struct fcgi_scan *scan, struct slice bytes)
{
    size_t i = 0;

    while (i < bytes.length && scan->state != FCGI_SCAN_REFUSED) {
        size_t left = bytes.length - i;
        if (scan->content_left > 0) {
            size_t step = left < scan->content_left ? left : scan->content_left;
            scan->content_left -= step;
            scan_content(scan, (struct slice){bytes.data + i, step});
            i += step;
        } else if (scan->padding_left > 0) {
            size_t step = left < scan->padding_left ? left : scan->padding_left;
            scan->padding_left -= step;
            i += step;
        } else if (scan->state == FCGI_SCAN_WHOLE) {
            break;
        } else {
            scan->header[scan->header_length++] = (unsigned char)bytes.data[i++];
            if (scan->header_length == HEADER_SIZE)
                scan_header(scan);
        }
    }
    scan->length += i;
    return i;
}
