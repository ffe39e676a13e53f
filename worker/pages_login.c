/* The tutorial's second half: logging in, being welcomed, logging out. */
#include "pages.h"

static const struct slice username_key = SLICE_LITERAL("Username");

enum session_result page_setsession_change(struct exchange *exchange)
{
    struct slice name = http_parameter_find(&exchange->parameters, "Username");

    /* A log-in: whoever knew the visitor's ID before must not know it afterwards (session fixation). */
    session_renew(exchange->session, SESSION_RENEW_AT_LOGIN);
    return session_set(exchange->session, username_key, name.data ? name : slice_from_string("Admin"));
}

enum session_result page_popsession_change(struct exchange *exchange)
{
    session_pop(exchange->session, username_key);
    return SESSION_OK;
}

void page_setsession_view(struct exchange *exchange)
{
    page_text(exchange, "The session has been Set");
}

void page_getsession_view(struct exchange *exchange)
{
    struct slice name = session_get(exchange->session, username_key);

    page_text(exchange, "Welcome ");
    template_escape(name.data ? name : slice_from_string("Anonymous"), exchange->reply.body);
}

void page_popsession_view(struct exchange *exchange)
{
    page_text(exchange, "Session Deleted");
}
