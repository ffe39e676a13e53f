/* The reply's header, in the form that CGI and FastCGI hand it to the web server. */
#include "http.h"

const char *http_status_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

bool http_reply_add_field(struct http_reply *reply, const char *name, struct slice value)
{
    if (reply->field_count == HTTP_REPLY_FIELDS || value.data == NULL || !http_field_value_is_safe(value))
        return false;
    reply->fields[reply->field_count++] = (struct http_parameter){slice_from_string(name), value};
    return true;
}

/* Every reply passes here, hence no printf. */
static void append_number(struct buffer *out, size_t number)
{
    char digits[sizeof(size_t) * 3];
    char *end = digits + sizeof digits, *start = end;

    do {
        *--start = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buffer_append(out, (struct slice){start, (size_t)(end - start)});
}

static void append_field(struct buffer *out, struct slice name, struct slice value)
{
    buffer_append(out, name);
    buffer_append_string(out, ": ");
    buffer_append(out, value);
    buffer_append_string(out, "\r\n");
}

void http_reply_write_header(const struct http_reply *reply, struct buffer *out)
{
    int status = reply->status > 0 ? reply->status : 200;

    buffer_append_string(out, "Status: ");
    append_number(out, (size_t)status);
    buffer_append_string(out, " ");
    buffer_append_string(out, http_status_reason(status));
    buffer_append_string(out, "\r\n");
    if (reply->content_type != NULL)
        append_field(out, (struct slice)SLICE_LITERAL("Content-Type"),
                     slice_from_string(reply->content_type));
    if (status != 204 && status != 304) {
        buffer_append_string(out, "Content-Length: ");
        append_number(out, reply->body ? reply->body->length : 0);
        buffer_append_string(out, "\r\n");
    }
    for (size_t i = 0; i < reply->field_count; i++)
        append_field(out, reply->fields[i].name, reply->fields[i].value);
    buffer_append_string(out, "\r\n");
}
