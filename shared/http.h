/* What a FastCGI program needs of HTTP: the request as it arrived, the reply as it will leave, and the
 * parsers in between. No FastCGI types, no allocation but from the caller's arena; results point into the
 * input or the arena.
 *
 * Follows RFC 9110 (methods, status, fields), RFC 6265bis (cookies) and the WHATWG URL standard's
 * application/x-www-form-urlencoded parser, with one difference: what that parser repairs is refused here. */
#ifndef SESSION_FCGI_HTTP_H
#define SESSION_FCGI_HTTP_H

#include "arena.h"
#include "buffer.h"
#include "slice.h"

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_OTHER = 8
}; /* bits: a route allows a set */

struct http_parameter {
    struct slice name;
    struct slice value;
};

struct http_parameters {
    struct http_parameter *items; /* in the order of the input; a name may occur more than once */
    size_t count;
};

enum http_parse_result {
    HTTP_PARSE_OK,
    HTTP_PARSE_BAD_PERCENT,  /* '%' that two hexadecimal digits do not follow */
    HTTP_PARSE_NOT_UTF8,     /* a name or value that is not UTF-8 once decoded */
    HTTP_PARSE_CONTROL_BYTE, /* a name or value with U+0000–U+001F or U+007F */
    HTTP_PARSE_EMPTY_NAME,   /* "=value": nothing could be stored under it */
};

/* One sentence for the visitor, without a full stop: "the query string has a broken percent-encoding" begins
 * with `where`. Points into `arena`. HTTP_PARSE_OK is not a valid argument. */
const char *http_parse_reason(enum http_parse_result result, const char *where, struct arena *arena);

/* The method of this name, which is case-sensitive (RFC 9110, 9.1); HTTP_OTHER for one that is none of ours.
 */
enum http_method http_method_from(struct slice name);

/* Parses "a=1&b=2", from a query string (without '?') or a form's body, and appends to `parameters`, which
 * begins zeroed. '+' is a space; empty pairs ("a&&b") are skipped; "a" alone is a with an empty value. Names
 * and values are decoded into the arena. On any result but OK, `parameters` is as it was. Work is linear in
 * the input. */
enum http_parse_result http_parse_form(struct slice text, struct arena *arena,
                                       struct http_parameters *parameters);

/* The value of the last parameter with this name, or "no value". */
struct slice http_parameter_find(const struct http_parameters *parameters, const char *name);

/* Steps through a Cookie header field (RFC 6265bis, 4.2.1): returns the value of the next cookie called
 * `name`, and moves *header behind it; "no value" when there is none left. Values are returned as they stand,
 * quotes included. Names compare by case. What has no '=', or a control byte, is skipped. */
struct slice http_next_cookie(struct slice *header, const char *name);

/* Takes the path out of a request target ("/a/b?c" or "http://host/a/b?c"): before '?' or '#',
 * percent-decoded, one trailing slash removed (the root stays "/", and "http://host" is the root). '+' is
 * itself, dots and doubled slashes are left alone. Returns "no value" if the path does not begin with '/',
 * has a broken percent-encoding, is not UTF-8, or has a control byte. Points into `target` if nothing was
 * decoded. */
struct slice http_path(struct slice target, struct arena *arena);

/* True for the media type `type` with any parameters: "text/html; charset=utf-8" is "text/html". */
bool http_media_type_is(struct slice content_type, const char *type);

/* How welcome a media type ("text/html") is by an Accept field (RFC 9110, 12.5.1): 0 (not at all) to 1000.
 * The most specific range that covers the type decides; without a field, all are as welcome. A malformed
 * range is as if it were not there. */
int http_accept_quality(struct slice accept, const char *type);

/* A decimal length without sign; false if `text` is empty, has another byte or is over SIZE_MAX / 2. */
bool http_parse_length(struct slice text, size_t *length);

/* True if `origin` (an Origin field: "https://host:port") names this host (a Host field: "host:port"), http
 * or https aside; the ports 80 and 443 are the same as none. Absent fields, "null", other schemes and
 * anything malformed are not this host. */
bool http_origin_is_host(struct slice origin, struct slice host);

/* "Not Found" for 404; "Unknown" for a status this program never sends. */
const char *http_status_reason(int status);

/* True if `value` may stand in a header field: no CR, LF or NUL, no other control byte but tab. */
bool http_field_value_is_safe(struct slice value);

/* One request as the web server handed it over. Slices live until the request ends. */
struct http_request {
    struct slice method_name; /* REQUEST_METHOD; these are CGI variables (RFC 3875), "no value" when absent */
    struct slice target;      /* REQUEST_URI: path and query as the client sent them */
    struct slice query;       /* QUERY_STRING, without '?' */
    struct slice cookies;     /* HTTP_COOKIE and so on */
    struct slice content_type;
    struct slice content_length;
    struct slice https_variable; /* HTTPS */
    struct slice host;
    struct slice origin;
    struct slice sec_fetch_site;
    struct slice sec_fetch_mode;
    struct slice accept;

    enum http_method method; /* from here on: set by http_request_complete */
    struct slice path;       /* http_path of the target; "no value" when that failed */
    bool https;              /* HTTPS is "on" or "1" */

    struct slice body;   /* whole, or empty if body_problem says why not */
    int body_problem;    /* 0, or the status that says it: 400, 411 or 413 */
    struct arena *arena; /* what the request may allocate from; emptied when it ends */
};

enum { HTTP_REPLY_FIELDS = 16 };

/* Derives method, path and https from the CGI variables. The query is that of the target, if the target has
 * one: it is what the client sent, and servers differ in what they make of QUERY_STRING. */
void http_request_complete(struct http_request *request);

/* One reply, built up by the handler and the session, then written in one go. */
struct http_reply {
    int status;                                      /* 0 stands for 200 */
    const char *content_type;                        /* static text; NULL with an empty body */
    struct http_parameter fields[HTTP_REPLY_FIELDS]; /* further header fields, in order */
    size_t field_count;
    struct buffer *body;
};

/* Adds a header field. `name` is static text; `value` lives until the reply is written. "No value",
 * a value that is not safe (http_field_value_is_safe) or one that does not fit is not added: false, for the
 * caller to log. */
bool http_reply_add_field(struct http_reply *reply, const char *name, struct slice value);

/* Appends the CGI response header (RFC 3875, 6.3) to `out`: Status, Content-Type unless NULL,
 * Content-Length (but for 204 and 304), the fields, and the empty line. */
void http_reply_write_header(const struct http_reply *reply, struct buffer *out);

#endif
