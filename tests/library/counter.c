/* A visit counter: a FastCGI program with sessions, built against the installed library alone. */
#include <session-fcgi/crypto.h>
#include <session-fcgi/fcgi_serve.h>
#include <session-fcgi/session.h>
#include <session-fcgi/store_memcached.h>

#include <stdio.h>
#include <stdlib.h>

static void count_visit(const struct http_request *request, struct http_reply *reply, void *sessions)
{
    struct session *session =
        session_begin(sessions, request->cookies, request->https, time(NULL), request->arena);
    struct slice key = slice_from_string("visits");
    size_t visits = 0;

    session_load(sessions, &session, 1);
    http_parse_length(session_get(session, key), &visits); /* at the first visit there is nothing to parse */
    session_set(session, key, arena_format(request->arena, "%zu", ++visits));
    if (session_commit(session) == SESSION_OK)
        buffer_append_format(reply->body, "Visit %zu\n", visits);
    else
        reply->status = 503;
    reply->content_type = "text/plain; charset=utf-8";
    http_reply_add_field(reply, "Cache-Control", slice_from_string("no-store"));
    http_reply_add_field(reply, "Set-Cookie", session_cookie(session)); /* adds nothing if none is due */
}

/* spawn-fcgi -s SOCKET -- counter MEMCACHED SECRET-FILE */
int main(int argc, char *argv[])
{
    static const struct session_policy policy = {"counter", "/", SESSION_SECURE_AUTO, 3600, 604800, 65536};
    struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS];
    struct error error = {"usage: counter MEMCACHED SECRET-FILE"};
    bool prepared = argc == 3 && crypto_prepare(&error);
    size_t count = prepared ? store_memcached_parse_list(argv[1], servers, &error) : 0;
    struct keyring *keyring = count > 0 ? keyring_load(argv[2], &error) : NULL;
    struct store *store = keyring ? store_memcached_create(servers, count, 250, &error) : NULL;
    struct sessions *sessions = store ? sessions_create(&policy, keyring, store) : NULL;
    bool served = sessions && fcgi_serve(0, count_visit, sessions, &error);

    if (!served)
        fprintf(stderr, "counter: %s\n", error.message);
    sessions_destroy(sessions);
    keyring_destroy(keyring);
    crypto_release();
    return served ? EXIT_SUCCESS : EXIT_FAILURE;
}
