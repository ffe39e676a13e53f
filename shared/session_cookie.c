/* The cookie of a session: RFC 6265bis. It holds the signed ID and nothing else. */
#include "http.h"
#include "log.h"
#include "session_internal.h"

/* A prefix makes browsers hold the cookie to its attributes: no other host, and no page fetched in the clear,
 * can plant it. */
static const char *prefix(const struct session *session)
{
    if (!session->secure)
        return "";
    return strcmp(session->sessions->policy->cookie_path, "/") == 0 ? "__Host-" : "__Secure-";
}

static struct slice cookie_name(const struct session *session)
{
    return arena_format(session->arena, "%s%s", prefix(session), session->sessions->policy->cookie_name);
}

bool session_adopt_id(struct session *session, const struct session_id *id)
{
    session->id = *id;
    session->has_id = session_id_store_key(id, session->store_key);
    return session->has_id;
}

static bool is_past_lifetime(const struct session *session, const struct session_id *id)
{
    return session->now - session_id_issued(id) >= session->sessions->policy->lifetime;
}

void session_cookie_read(struct session *session, struct slice cookies)
{
    struct session_counters *counters = &session->sessions->counters;
    struct slice name = cookie_name(session);
    struct slice value;

    while (!session->has_id && (value = http_next_cookie(&cookies, name.data)).data != NULL) {
        struct session_id id;
        enum session_id_verdict verdict = session_id_verify(value, session->sessions->keyring, &id);
        if (verdict == SESSION_ID_REFUSED) {
            counters->refused_cookies++;
        } else if (is_past_lifetime(session, &id)) {
            counters->expired_cookies++;
        } else if (session_adopt_id(session, &id)) {
            session->presented = true;
            session->signed_with_older = verdict == SESSION_ID_GOOD_OLDER;
        } else {
            session->status = SESSION_FAILED;
            return;
        }
    }
}

struct slice session_cookie(const struct session *session)
{
    const struct session_policy *policy = session->sessions->policy;
    const char *secure = session->secure ? "; Secure" : "";
    char value[SESSION_ID_COOKIE_LENGTH + 1] = "";

    if (session->cookie_due == SESSION_COOKIE_NONE)
        return slice_none();
    if (session->cookie_due == SESSION_COOKIE_SET &&
        !session_id_sign(&session->id, session->sessions->keyring, value)) {
        log_error("a session's cookie could not be signed; the visitor does not get it");
        return slice_none();
    }
    /* Expiring must repeat the attributes: browsers keep a __Host- cookie that is expired without them. */
    const char *expiry = session->cookie_due == SESSION_COOKIE_EXPIRE
                             ? "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
                             : "";
    return arena_format(session->arena, "%s=%s; Path=%s; HttpOnly; SameSite=Lax%s%s",
                        cookie_name(session).data, value, policy->cookie_path, secure, expiry);
}
