/* The gate: sessions for programs that are not in C. A web server asks whether this visitor may pass, and who
 * it is, before it serves a file or another program's page.
 *
 * Two ways to ask: the AUTHORIZER role (FastCGI 1.0, section 6.3), and a subrequest to /auth (nginx's
 * auth_request). In both the visitor may pass if the session has the key --gate-require, and the values of
 * the keys --gate-expose go to the application, encoded so that no stored byte can end a header field. */
#ifndef SESSION_FCGI_GATE_H
#define SESSION_FCGI_GATE_H

#include "error.h"
#include "http.h"
#include "session.h"

/* All values together must fit into the 16 KiB that web servers give to the header of an answer. */
enum { GATE_MAX_EXPOSED = 10, GATE_MAX_VALUE = 1024 };

struct gate {
    const char *require;
    const char *login; /* where the AUTHORIZER role sends a browser that may not pass; "" for nowhere */
    struct gate_exposed {
        struct slice key;
        char variable[80]; /* "Variable-SESSION_USERNAME" */
        char field[80];    /* "X-Session-Username" */
    } exposed[GATE_MAX_EXPOSED];
    size_t exposed_count;
};

/* Fills in the gate from the settings; the texts are referred to. `expose` is a comma-separated list of keys,
 * each of letters, digits, '-' and '_': their names become parts of header fields and of variables, in which
 * capitals and small letters, '-' and '_' are the same, so no two keys may differ in that alone. False with
 * the reason. */
bool gate_configure(struct gate *gate, const char *require, const char *expose, const char *login,
                    struct error *error);

/* False, with the reason, if gate_configure would not take this list of keys, or this URL. */
bool gate_check_expose(const char *expose, struct error *error);
bool gate_check_login(const char *login, struct error *error);

/* May this visitor pass? */
bool gate_opens(const struct gate *gate, const struct session *session);

/* `value` with '%', and every byte but visible ASCII, as %XX (RFC 3986): safe in any header field, and turned
 * back by what any language has for URLs (where '+' is not a space: PHP's rawurldecode, JavaScript's
 * decodeURIComponent). */
struct slice gate_encode(struct slice value, struct arena *arena);

/* True if the request is a browser's navigation, for which a redirect makes sense. */
bool gate_is_navigation(const struct http_request *request);

#endif
