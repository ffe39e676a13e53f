/* The handlers: for each route a change (what it notes in the session) and a view (what it shows). One file a
 * theme. */
#ifndef SESSION_FCGI_PAGES_H
#define SESSION_FCGI_PAGES_H

#include "exchange.h"

/* pages_query.c: /set, /get, /del, /clear with query.html */
enum session_result page_set_change(struct exchange *exchange);
enum session_result page_del_change(struct exchange *exchange);
enum session_result page_clear_change(struct exchange *exchange);
void page_query_view(struct exchange *exchange);

/* pages_login.c: /setsession, /getsession, /popsession */
enum session_result page_setsession_change(struct exchange *exchange);
enum session_result page_popsession_change(struct exchange *exchange);
void page_setsession_view(struct exchange *exchange);
void page_getsession_view(struct exchange *exchange);
void page_popsession_view(struct exchange *exchange);

/* pages_gate.c: /auth, and the AUTHORIZER role */
void page_auth_view(struct exchange *exchange);
void page_authorizer_view(struct exchange *exchange);

/* pages_site.c: /, /ping, /healthz */
void page_index_view(struct exchange *exchange);
void page_ping_view(struct exchange *exchange);
void page_healthz_view(struct exchange *exchange);

/* pages_status.c: the status page and /metrics */
void page_status_view(struct exchange *exchange);
void page_metrics_view(struct exchange *exchange);

/* Renders the route's template with `data` as the reply. */
void page_render(struct exchange *exchange, const struct template_value *data);

/* Answers with a short text, which is HTML. */
void page_text(struct exchange *exchange, const char *html);

#endif
