/* The gate's answers; see gate.h. */
#include "log.h"
#include "pages.h"
#include "site.h"

static void expose(struct exchange *exchange, bool as_variables)
{
    const struct gate *gate = &exchange->site->gate;

    for (size_t i = 0; i < gate->exposed_count; i++) {
        const struct gate_exposed *exposed = &gate->exposed[i];
        struct slice value = session_get(exchange->session, exposed->key);
        if (value.data == NULL)
            continue;
        struct slice encoded = gate_encode(value, exchange->request.arena);
        if (!http_reply_add_field(&exchange->reply, as_variables ? exposed->variable : exposed->field,
                                  encoded))
            log_error("a value of the session could not be exposed");
    }
}

void page_auth_view(struct exchange *exchange)
{
    if (!gate_opens(&exchange->site->gate, exchange->session)) {
        exchange_fail(exchange, 401, "Please log in.");
        return;
    }
    exchange->reply.status = 204;
    expose(exchange, false);
}

void page_authorizer_view(struct exchange *exchange)
{
    const struct gate *gate = &exchange->site->gate;

    if (gate_opens(gate, exchange->session)) {
        page_text(exchange, "");
        expose(exchange, true);
    } else if (gate->login[0] != '\0' && gate_is_navigation(&exchange->request)) {
        exchange_fail(exchange, 303, "Please log in.");
        http_reply_add_field(&exchange->reply, "Location", slice_from_string(gate->login));
    } else {
        exchange_fail(exchange, 401, "Please log in.");
    }
}
