#include "site.h"

#include <stdlib.h>

#include "memory.h"
#include "routes.h"

static bool load(struct site *site, struct error *error)
{
    const struct settings *settings = &site->settings;

    site->policy = (struct session_policy){
        .cookie_name = settings->cookie_name,
        .cookie_path = settings->mount[0] != '\0' ? settings->mount : "/",
        .secure = (enum session_secure)settings->cookie_secure,
        .idle_timeout = settings->idle_timeout,
        .lifetime = settings->lifetime,
        .max_size = (size_t)settings->max_session,
    };
    if (!gate_configure(&site->gate, settings->gate_require, settings->gate_expose, settings->gate_login,
                        error))
        return false;
    site->server_count = store_memcached_parse_list(settings->memcached, site->servers, error);
    if (site->server_count == 0)
        return false;
    site->keyring = keyring_load(settings->secret_file, error);
    if (site->keyring == NULL)
        return false;
    site->templates = template_set_load(settings->templates, error);
    if (site->templates == NULL)
        return false;
    return routes_check(site, error);
}

struct site *site_load(const struct settings *settings, struct error *error)
{
    struct site *site = memory_allocate_zeroed(1, sizeof *site);

    site->settings = *settings;
    if (!load(site, error)) {
        site_destroy(site);
        return NULL;
    }
    return site;
}

void site_destroy(struct site *site)
{
    if (site == NULL)
        return;
    keyring_destroy(site->keyring);
    template_set_destroy(site->templates);
    free(site);
}

struct sessions *site_open_sessions(const struct site *site, struct error *error)
{
    struct store *store =
        store_memcached_create(site->servers, site->server_count, (int)site->settings.store_timeout, error);

    return store ? sessions_create(&site->policy, site->keyring, store) : NULL;
}
