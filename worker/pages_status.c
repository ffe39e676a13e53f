/* Pages about the pool: the status for people and programs, and the same for Prometheus. */
#include "clock.h"
#include "log.h"
#include "pages.h"
#include "status.h"

enum format { FORMAT_TEXT, FORMAT_HTML, FORMAT_JSON, FORMATS };

/* In the order in which they are chosen when a client has no preference. */
static const struct {
    const char *name, *media_type, *content_type;
} formats[FORMATS] = {
    [FORMAT_TEXT] = {"text", "text/plain", "text/plain; charset=utf-8"},
    [FORMAT_HTML] = {"html", "text/html", "text/html; charset=utf-8"},
    [FORMAT_JSON] = {"json", "application/json", "application/json"},
};

/* What ?format= asks for, else what the Accept field likes best; FORMATS if the name is none. */
static enum format choose_format(const struct exchange *exchange)
{
    struct slice name = http_parameter_find(&exchange->parameters, "format");
    enum format chosen = name.data != NULL ? FORMATS : FORMAT_TEXT;
    int best = 0;

    for (int i = 0; i < FORMATS; i++) {
        if (name.data != NULL && slice_equals_string(name, formats[i].name))
            return (enum format)i;
        int quality = http_accept_quality(exchange->request.accept, formats[i].media_type);
        if (name.data == NULL && quality > best) {
            chosen = (enum format)i;
            best = quality;
        }
    }
    return chosen;
}

static void add_field(struct exchange *exchange, const char *name, const char *value)
{
    if (!http_reply_add_field(&exchange->reply, name, slice_from_string(value)))
        log_error("the header field %s of a reply could not be added", name);
}

static const struct status *take_status(struct exchange *exchange)
{
    return status_take(exchange->scoreboard, clock_milliseconds(), exchange->request.arena);
}

void page_status_view(struct exchange *exchange)
{
    struct arena *arena = exchange->request.arena;
    struct buffer *body = exchange->reply.body;
    enum format format = choose_format(exchange);

    add_field(exchange, "Cache-Control", "no-store");
    add_field(exchange, "Vary", "Accept");
    if (format == FORMATS) {
        exchange_fail(exchange, 400, "The format must be html, text or json.");
        return;
    }
    const struct status *status = take_status(exchange);
    exchange->reply.status = 200;
    exchange->reply.content_type = formats[format].content_type;
    if (format == FORMAT_HTML) {
        const struct template_value data = status_describe(status, arena);
        page_render(exchange, &data);
    } else if (format == FORMAT_JSON) {
        status_write_json(status, body);
    } else {
        status_write_text(status, arena, body);
    }
}

void page_metrics_view(struct exchange *exchange)
{
    add_field(exchange, "Cache-Control", "no-store");
    exchange->reply.status = 200;
    exchange->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    status_write_metrics(take_status(exchange), exchange->reply.body);
}
