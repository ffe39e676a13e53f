/* The table of routes: which path, by which methods, what it needs of the session, and who answers.
 *
 * To add a route: one line in the table in routes.c, one change or view function in a pages_*.c file, one
 * test. */
#ifndef SESSION_FCGI_ROUTES_H
#define SESSION_FCGI_ROUTES_H

#include "exchange.h"

enum route_session {
    ROUTE_SESSION_NONE,    /* the store is not asked, no cookie is looked at */
    ROUTE_SESSION_READ,    /* the page depends on the session */
    ROUTE_SESSION_GATE,    /* like READ, for somebody else's page: the request's parameters are not for this
                              program */
    ROUTE_SESSION_CHANGED, /* the request changes it: refused when it comes from another site */
};

struct route {
    const char *path;
    unsigned int methods; /* of enum http_method */
    enum route_session session;
    const char *template; /* file in the templates folder that the view renders, or NULL */
    /* Notes changes in the session's journal; NULL if there are none. Anything but SESSION_OK ends the
     * request. */
    enum session_result (*change)(struct exchange *exchange);
    /* Fills in the reply from the session as the commit left it. */
    void (*view)(struct exchange *exchange);
};

/* The route that the site has at this path, which is without trailing slash, or NULL. */
const struct route *routes_find(const struct site *site, struct slice path);

/* What answers a request in the AUTHORIZER role, whatever its path. */
const struct route *routes_authorizer(void);

/* "GET, HEAD, POST": for the Allow field; static text. */
const char *routes_allowed_methods(const struct route *route);

/* Numbers for the scoreboard, and back; "-" for a number that is none. */
int routes_index(const struct route *route);
const char *routes_name(int index);

/* True if the site has every template that its routes name, and --status-path is not the path of another
 * route; else false with the reason. */
bool routes_check(const struct site *site, struct error *error);

#endif
