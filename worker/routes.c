#include "routes.h"

#include "pages.h"

#define ROUTE_COUNT (sizeof routes / sizeof *routes)

enum { ANY = HTTP_GET | HTTP_HEAD | HTTP_POST | HTTP_OTHER };
enum { READ = HTTP_GET | HTTP_HEAD, READ_POST = HTTP_GET | HTTP_HEAD | HTTP_POST };

static const struct route routes[] = {
    {"/", READ_POST, ROUTE_SESSION_READ, "index.html", NULL, page_index_view},
    {"/set", READ_POST, ROUTE_SESSION_CHANGED, "query.html", page_set_change, page_query_view},
    {"/get", READ_POST, ROUTE_SESSION_READ, "query.html", NULL, page_query_view},
    {"/del", READ_POST, ROUTE_SESSION_CHANGED, "query.html", page_del_change, page_query_view},
    {"/clear", READ_POST, ROUTE_SESSION_CHANGED, "query.html", page_clear_change, page_query_view},
    {"/setsession", READ_POST, ROUTE_SESSION_CHANGED, NULL, page_setsession_change, page_setsession_view},
    {"/getsession", READ_POST, ROUTE_SESSION_READ, NULL, NULL, page_getsession_view},
    {"/popsession", READ_POST, ROUTE_SESSION_CHANGED, NULL, page_popsession_change, page_popsession_view},
    {"/auth", ANY, ROUTE_SESSION_GATE, NULL, NULL, page_auth_view},
    {"/ping", READ_POST, ROUTE_SESSION_NONE, NULL, NULL, page_ping_view},
    {"/healthz", READ_POST, ROUTE_SESSION_NONE, NULL, NULL, page_healthz_view},
    /* Only with --status-path, which says where the second one is: see is_on and is_at. */
    {"/metrics", READ, ROUTE_SESSION_NONE, NULL, NULL, page_metrics_view},
    {"/status", READ, ROUTE_SESSION_NONE, "status.html", NULL, page_status_view},
};

/* A role, not a path: routes_find never comes to it. */
static const struct route authorizer = {"(authorizer)", ANY,  ROUTE_SESSION_GATE,
                                        NULL,           NULL, page_authorizer_view};

const struct route *routes_authorizer(void)
{
    return &authorizer;
}

/* The part of the path below the mount; "no value" if it is not below. */
static struct slice below_mount(const char *mount, struct slice path)
{
    size_t length = strlen(mount);

    if (!slice_starts_with(path, mount) || (path.length > length && path.data[length] != '/'))
        return slice_none();
    return path.length == length ? slice_from_string("/") : slice_from(path, length);
}

/* The pages about the pool are there with --status-path only, which is the path of one of them, whatever its
 * line in the table says. They are not below the mount: that is for visitors. */
static bool is_about_pool(const struct route *route)
{
    return route->view == page_status_view || route->view == page_metrics_view;
}

static bool is_on(const struct site *site, const struct route *route)
{
    return !is_about_pool(route) || site->settings.status_path[0] != '\0';
}

static bool is_at(const struct site *site, const struct route *route, struct slice path)
{
    if (route->view == page_status_view)
        return slice_equals_string(path, site->settings.status_path);
    if (!is_about_pool(route) && site->settings.mount[0] != '\0')
        path = below_mount(site->settings.mount, path);
    return slice_equals_string(path, route->path);
}

const struct route *routes_find(const struct site *site, struct slice path)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (is_on(site, &routes[i]) && is_at(site, &routes[i], path))
            return &routes[i];
    }
    return NULL;
}

const char *routes_allowed_methods(const struct route *route)
{
    return route->methods & HTTP_POST ? "GET, HEAD, POST" : "GET, HEAD";
}

int routes_index(const struct route *route)
{
    if (route == &authorizer)
        return (int)ROUTE_COUNT;
    return route ? (int)(route - routes) : -1;
}

const char *routes_name(int index)
{
    if (index == (int)ROUTE_COUNT)
        return authorizer.path;
    return index >= 0 && (size_t)index < ROUTE_COUNT ? routes[index].path : "-";
}

static bool check_template(const struct site *site, const struct route *route, struct error *error)
{
    return route->template == NULL || template_set_find(site->templates, route->template) != NULL ||
           error_set(error, "%s/%s: there is no such template, and %s needs it", site->settings.templates,
                     route->template, route->path);
}

/* No other page may be where the status page and the metrics are to be. */
static bool check_status_path(const struct site *site, const struct route *route, struct error *error)
{
    const char *path = route->view == page_status_view ? site->settings.status_path : route->path;

    return !is_about_pool(route) || routes_find(site, slice_from_string(path)) == route ||
           error_set(error, "--status-path: %s is the path of another page", path);
}

bool routes_check(const struct site *site, struct error *error)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (is_on(site, &routes[i]) &&
            !(check_template(site, &routes[i], error) && check_status_path(site, &routes[i], error)))
            return false;
    }
    return true;
}
