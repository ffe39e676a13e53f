/* Pages about the site itself. */
#include "log.h"
#include "pages.h"
#include "routes.h"

void page_text(struct exchange *exchange, const char *html)
{
    exchange->reply.status = 200;
    exchange->reply.content_type = "text/html; charset=utf-8";
    buffer_append_string(exchange->reply.body, html);
}

void page_render(struct exchange *exchange, const struct template_value *data)
{
    const struct template *template = template_set_find(exchange->site->templates, exchange->route->template);

    if (!template_render(template, data, exchange->reply.body)) {
        log_error("templates/%s nests too deep to be rendered", exchange->route->template);
        exchange_fail(exchange, 500, "The page could not be rendered.");
        return;
    }
    page_text(exchange, "");
}

/* All entries of the session, as a list for the template. */
static struct template_value session_list(struct exchange *exchange)
{
    const struct record_entry *entries;
    struct arena *arena = exchange->request.arena;
    size_t count = session_entries(exchange->session, &entries);
    struct template_value *items = arena_allocate_array(arena, count, sizeof *items);

    for (size_t i = 0; i < count; i++) {
        struct template_field *fields = arena_allocate_array(arena, 2, sizeof *fields);
        fields[0] = (struct template_field){SLICE_LITERAL("key"), template_text(entries[i].key)};
        fields[1] = (struct template_field){SLICE_LITERAL("value"), template_text(entries[i].value)};
        items[i] = template_object(fields, 2);
    }
    return template_list(items, count);
}

void page_index_view(struct exchange *exchange)
{
    struct template_value entries = session_list(exchange);
    const struct template_field fields[] = {
        {SLICE_LITERAL("entries"), entries},
        {SLICE_LITERAL("has_entries"), {.kind = entries.list.count > 0 ? TEMPLATE_TRUE : TEMPLATE_FALSE}},
        {SLICE_LITERAL("mount"), template_text(slice_from_string(exchange->site->settings.mount))},
        {SLICE_LITERAL("version"), template_text(slice_from_string(SESSION_FCGI_VERSION))},
    };
    const struct template_value data = template_object(fields, sizeof fields / sizeof *fields);

    page_render(exchange, &data);
}

void page_ping_view(struct exchange *exchange)
{
    page_text(exchange, "pong");
}

void page_healthz_view(struct exchange *exchange)
{
    struct arena *arena = exchange->request.arena;
    struct slice unreachable;

    http_reply_add_field(&exchange->reply, "Cache-Control", slice_from_string("no-store"));
    if (store_check(sessions_store(exchange->sessions), arena, &unreachable)) {
        page_text(exchange, "ok");
        return;
    }
    struct slice reason =
        arena_format(arena, "memcached does not answer: %.*s", (int)unreachable.length, unreachable.data);
    exchange_fail(exchange, 503, reason.data);
}
