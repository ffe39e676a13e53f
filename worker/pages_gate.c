/* The gate's answers; see gate.h. */
#include "pages.h"
#include "site.h"

/* Adds the values to the reply. If one is too long for a header field the gate stays closed: the application
 * would take the visitor for somebody without that value. */
static bool expose(struct exchange *exchange, bool as_variables)
{
    const struct gate *gate = &exchange->site->gate;
    struct http_reply *reply = &exchange->reply;
    const size_t fields_before = reply->field_count;

    for (size_t i = 0; i < gate->exposed_count; i++) {
        const struct gate_exposed *exposed = &gate->exposed[i];
        struct slice value = session_get(exchange->session, exposed->key);
        if (value.data == NULL)
            continue;
        struct slice encoded = gate_encode(value, exchange->request.arena);
        const char *name = as_variables ? exposed->variable : exposed->field;
        if (encoded.length > GATE_MAX_VALUE || !http_reply_add_field(reply, name, encoded)) {
            reply->field_count = fields_before;
            exchange_fail(exchange, 403, "Your session has a value that is too long to be passed on.");
            return false;
        }
    }
    return true;
}

void page_auth_view(struct exchange *exchange)
{
    if (!gate_opens(&exchange->site->gate, exchange->session))
        exchange_fail(exchange, 401, "Please log in.");
    else if (expose(exchange, false))
        exchange->reply.status = 204;
}

void page_authorizer_view(struct exchange *exchange)
{
    const struct gate *gate = &exchange->site->gate;

    if (gate_opens(gate, exchange->session)) {
        if (expose(exchange, true))
            page_text(exchange, "");
    } else if (gate->login[0] != '\0' && gate_is_navigation(&exchange->request)) {
        exchange_fail(exchange, 303, "Please log in.");
        http_reply_add_field(&exchange->reply, "Location", slice_from_string(gate->login));
    } else {
        exchange_fail(exchange, 401, "Please log in.");
    }
}
