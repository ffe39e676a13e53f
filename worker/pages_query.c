/* The tutorial's first half: a user and a password in the session, shown by query.html. */
#include "pages.h"
#include "routes.h"

static const struct slice user_key = SLICE_LITERAL("user");
static const struct slice password_key = SLICE_LITERAL("pwd");

enum session_result page_set_change(struct exchange *exchange)
{
    struct session *session = exchange->session;
    enum session_result result = SESSION_OK;

    if (http_parameter_find(&exchange->parameters, "user").data == NULL)
        result = session_set(session, user_key, slice_from_string("poloyy"));
    if (result == SESSION_OK && http_parameter_find(&exchange->parameters, "pwd").data == NULL)
        result = session_set(session, password_key, slice_from_string("password"));
    for (size_t i = 0; result == SESSION_OK && i < exchange->parameters.count; i++) {
        const struct http_parameter *parameter = &exchange->parameters.items[i];
        result = session_set(session, parameter->name, parameter->value);
    }
    return result;
}

enum session_result page_del_change(struct exchange *exchange)
{
    bool named = false;

    for (size_t i = 0; i < exchange->parameters.count; i++) {
        const struct http_parameter *parameter = &exchange->parameters.items[i];
        if (slice_equals_string(parameter->name, "key")) {
            session_pop(exchange->session, parameter->value);
            named = true;
        }
    }
    if (!named)
        session_pop(exchange->session, user_key);
    return SESSION_OK;
}

enum session_result page_clear_change(struct exchange *exchange)
{
    session_clear(exchange->session);
    return SESSION_OK;
}

/* A value that is not there prints as Python's None, as in the tutorial. */
static struct template_value value_or_none(const struct session *session, struct slice key)
{
    struct slice value = session_get(session, key);

    return template_text(value.data ? value : slice_from_string("None"));
}

void page_query_view(struct exchange *exchange)
{
    const struct template_field fields[] = {
        {user_key, value_or_none(exchange->session, user_key)},
        {password_key, value_or_none(exchange->session, password_key)},
    };
    const struct template_value data = template_object(fields, sizeof fields / sizeof *fields);

    page_render(exchange, &data);
}
