/* The site: all that is prepared before the fork and only read afterwards - settings, keys, templates.
 *
 * A reload makes a new site beside the old one; if that fails, the old one goes on. */
#ifndef SESSION_FCGI_SITE_H
#define SESSION_FCGI_SITE_H

#include "error.h"
#include "gate.h"
#include "keyring.h"
#include "session.h"
#include "settings.h"
#include "store_memcached.h"
#include "template.h"

struct site {
    struct settings settings;
    struct session_policy policy;
    struct gate gate;
    struct keyring *keyring;
    struct template_set *templates;
    struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS];
    size_t server_count;
};

/* Loads and checks everything that the settings name. NULL with the reason in `error`. */
struct site *site_load(const struct settings *settings, struct error *error);

/* Wipes the keys and releases; NULL is allowed. */
void site_destroy(struct site *site);

/* The sessions of this process, with a store of its own: call it after the fork. NULL with the reason. */
struct sessions *site_open_sessions(const struct site *site, struct error *error);

#endif
