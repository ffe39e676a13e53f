#include "exchange.h"

#include "log.h"
#include "pages.h"
#include "routes.h"

/* How each way in which a session can fail is told to the visitor. */
static const struct {
    int status;
    const char *reason;
} session_failures[] = {
    [SESSION_UNAVAILABLE] =
        {503, "The session store does not answer. Your session is safe; please try again soon."},
    [SESSION_ENDED] = {409, "The session was ended by another request meanwhile, and nothing was stored."},
    [SESSION_BUSY] = {503,
                      "Too many requests change this session at once; nothing was stored. Please try again."},
    [SESSION_TOO_LARGE] = {413, "The session would grow over its limit; it stays as it was."},
    [SESSION_STORE_FULL] = {507, "The session store is out of memory; the session stays as it was."},
    [SESSION_INVALID] = {400, "A key must have 1 to 255 bytes."},
    [SESSION_FAILED] = {500, "The session could not be kept."},
};

void exchange_fail(struct exchange *exchange, int status, const char *reason)
{
    struct buffer *body = exchange->reply.body;

    buffer_clear(body);
    exchange->reply.status = status;
    exchange->reply.content_type = "text/html; charset=utf-8";
    buffer_append_format(body,
                         "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"UTF-8\">\n"
                         "<title>%d %s</title>\n</head>\n<body>\n<h1>%d %s</h1>\n<p>",
                         status, http_status_reason(status), status, http_status_reason(status));
    template_escape(slice_from_string(reason), body);
    buffer_append_string(body, "</p>\n</body>\n</html>\n");
    if (status == 503)
        http_reply_add_field(&exchange->reply, "Retry-After", slice_from_string("2"));
}

static void fail_session(struct exchange *exchange, enum session_result result)
{
    exchange_fail(exchange, session_failures[result].status, session_failures[result].reason);
}

/* Browsers say where a request comes from. One that changes the session and comes from another site was not
 * meant by the visitor (Fetch Metadata; before browsers had it, the Origin field). Other clients send
 * neither. */
static bool comes_from_another_site(const struct http_request *request)
{
    if (request->sec_fetch_site.data != NULL)
        return slice_equals_ignoring_case(request->sec_fetch_site, "cross-site");
    return request->origin.data != NULL && !http_origin_is_host(request->origin, request->host);
}

static void fail_body(struct exchange *exchange)
{
    static const struct {
        int status;
        const char *reason;
    } problems[] = {
        {411, "The request has a body and does not say how long it is."},
        {413, "The body is larger than this site takes."},
        {415, "The body must be application/x-www-form-urlencoded."},
    };

    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        if (exchange->request.body_problem == problems[i].status) {
            exchange_fail(exchange, problems[i].status, problems[i].reason);
            return;
        }
    }
    exchange_fail(exchange, 400, "The body is not as long as the request says.");
}

/* Parses one source of parameters; false if the reply is the error page. */
static bool parse_parameters(struct exchange *exchange, struct slice text, const char *where)
{
    struct arena *arena = exchange->request.arena;
    enum http_parse_result result = http_parse_form(text, arena, &exchange->parameters);

    if (result == HTTP_PARSE_OK)
        return true;
    exchange_fail(exchange, 400, arena_format(arena, "%s.", http_parse_reason(result, where, arena)).data);
    return false;
}

static bool parse_request(struct exchange *exchange)
{
    struct http_request *request = &exchange->request;

    if (exchange->route->session == ROUTE_SESSION_GATE)
        return true;
    if (request->body_problem == 0 && request->body.length > 0 &&
        !http_media_type_is(request->content_type, "application/x-www-form-urlencoded"))
        request->body_problem = 415;
    if (request->body_problem != 0) {
        fail_body(exchange);
        return false;
    }
    /* The body comes last, so it wins over the query. */
    return parse_parameters(exchange, request->query, "The query string") &&
           (request->method != HTTP_POST || parse_parameters(exchange, request->body, "The body"));
}

/* Finds the route; false if the reply is the error page. */
static bool find_route(struct exchange *exchange)
{
    struct http_request *request = &exchange->request;

    if (exchange->is_authorizer) {
        exchange->route = routes_authorizer();
        return true;
    }
    if (request->path.data == NULL) {
        exchange_fail(exchange, 400, "The path is not valid.");
        return false;
    }
    exchange->route = routes_find(exchange->site, request->path);
    if (exchange->route == NULL) {
        exchange_fail(exchange, 404, "There is no such page.");
        return false;
    }
    if ((exchange->route->methods & request->method) == 0) {
        const char *allowed = routes_allowed_methods(exchange->route);
        exchange_fail(exchange, 405, "This page does not answer to this method.");
        http_reply_add_field(&exchange->reply, "Allow", slice_from_string(allowed));
        return false;
    }
    return true;
}

void exchange_begin(struct exchange *exchange)
{
    struct http_request *request = &exchange->request;

    if (!find_route(exchange) || !parse_request(exchange))
        return;
    if (exchange->route->session == ROUTE_SESSION_CHANGED && comes_from_another_site(request)) {
        exchange_fail(exchange, 403, "This request comes from another site and would change your session.");
        return;
    }
    if (exchange->route->session != ROUTE_SESSION_NONE)
        exchange->session = session_begin(exchange->sessions, request->cookies, request->https, exchange->now,
                                          request->arena);
}

bool exchange_needs_session(const struct exchange *exchange)
{
    return exchange->reply.status == 0 && exchange->session != NULL;
}

/* The session's part: changes, commit. SESSION_OK if the view may be shown. */
static enum session_result change_session(struct exchange *exchange)
{
    enum session_result result = session_status(exchange->session);

    scoreboard_enter(exchange->slot, STAGE_HANDLING);
    if (result == SESSION_OK && exchange->route->change != NULL)
        result = exchange->route->change(exchange);
    if (result != SESSION_OK)
        return result;
    scoreboard_enter(exchange->slot, STAGE_COMMITTING);
    return session_commit(exchange->session);
}

static void add_field(struct exchange *exchange, const char *name, struct slice value)
{
    if (!http_reply_add_field(&exchange->reply, name, value))
        log_error("the header field %s of a reply could not be added", name);
}

void exchange_answer(struct exchange *exchange)
{
    if (exchange->reply.status != 0)
        return;
    enum session_result result = SESSION_OK;
    if (exchange->session != NULL) {
        result = change_session(exchange);
        add_field(exchange, "Cache-Control", slice_from_string("no-store"));
        add_field(exchange, "Vary", slice_from_string("Cookie"));
    }
    scoreboard_enter(exchange->slot, STAGE_HANDLING);
    if (result == SESSION_OK)
        exchange->route->view(exchange);
    else
        fail_session(exchange, result);
    if (exchange->session != NULL && result == SESSION_OK) {
        struct slice cookie = session_cookie(exchange->session);
        if (cookie.data != NULL)
            add_field(exchange, "Set-Cookie", cookie);
    }
}
