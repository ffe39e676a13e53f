/* FastCGI requests, by way of libfcgi: the one file that includes its header.
 *
 * The program accepts connections by itself and keeps them; libfcgi is lent a connection for the time of one
 * request, when fcgi_scan says that it will not have to wait for the parameters, and never closes it (its own
 * closing can last two seconds). All of a request's body is read or its connection is not used again: libfcgi
 * would take the unread rest for the next request. */
#ifndef SESSION_FCGI_FCGI_H
#define SESSION_FCGI_FCGI_H

#include "error.h"
#include "fcgi_scan.h"
#include "http.h"

struct fcgi_request;

/* Prepares libfcgi; once, before anything else here. */
bool fcgi_prepare(struct error *error);

/* An empty request, to be used again and again. */
struct fcgi_request *fcgi_request_create(void);
void fcgi_request_destroy(struct fcgi_request *request); /* NULL is allowed */

/* Reads the parameters from a connection on which they wait whole. The connection stays the caller's. False
 * if libfcgi finds them wanting: the connection is out of step and is to be closed, or *connection is -1, and
 * it has been. */
bool fcgi_request_begin(struct fcgi_request *request, int *connection);

/* The value of a parameter (CGI variable), valid until the request finishes, or "no value". */
struct slice fcgi_request_parameter(const struct fcgi_request *request, const char *name);

/* Fills in `http` from the parameters; `http->arena` is set by the caller before, the body after. */
void fcgi_request_describe(const struct fcgi_request *request, struct http_request *http);

/* Reads exactly `size` bytes of the body, which must have arrived (fcgi_scan), and appends them to `body`.
 * False if they could not be read: close the connection. */
bool fcgi_request_read(struct fcgi_request *request, size_t size, struct buffer *body);

/* Reads the end of the body, which must have arrived. False if there is more, or no end. */
bool fcgi_request_read_end(struct fcgi_request *request);

/* The reply goes to this connection, when the request was read from somewhere else (a spool file). */
void fcgi_request_reply_to(struct fcgi_request *request, int connection);

/* Sends header and body of the reply and ends the request, in one write(2) up to about 8 KiB together. False
 * if the web server did not take all of it: close the connection. */
bool fcgi_request_reply(struct fcgi_request *request, struct slice header, struct slice body);

/* Ends a request without a reply, because its connection is to be closed. */
void fcgi_request_abandon(struct fcgi_request *request);

#endif
