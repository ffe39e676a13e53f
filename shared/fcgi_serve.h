/* Serving FastCGI requests one after another, for a small program that needs no pool.
 *
 * Connections are kept as long as the web server wants, and wait beside each other: an idle or slow one holds
 * nobody up. For several processors, start several processes on one socket (spawn-fcgi -F). */
#ifndef SESSION_FCGI_FCGI_SERVE_H
#define SESSION_FCGI_FCGI_SERVE_H

#include "error.h"
#include "http.h"

/* Bytes of one request, its headers and body as they come over the connection: one with more is answered with
 * status 413. */
enum { FCGI_SERVE_MAX_REQUEST = 1024 * 1024 };

/* Answers one request: fills in `reply`, whose body begins empty. Whatever is taken from request->arena is
 * given back afterwards. It is not called for a request whose body is not what was announced: that is
 * answered with status 400. */
typedef void fcgi_handler(const struct http_request *request, struct http_reply *reply, void *context);

/* Serves what comes on a listening socket (descriptor 0, as spawn-fcgi and systemd leave it) until SIGTERM or
 * SIGINT, which take effect between two requests: then true. False, with the reason, if it cannot begin or go
 * on. */
bool fcgi_serve(int listener, fcgi_handler *handler, void *context, struct error *error);

#endif
