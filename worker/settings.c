#include "settings.h"

#include <stddef.h>
#include <unistd.h>

#include "config.h"
#include "gate.h"
#include "store_memcached.h"

#define OPTION_COUNT (sizeof options / sizeof *options)

static const char *const secure_choices[] = {"auto", "always", "never", NULL};

/* One processor, one worker: a worker waits for nothing but its store. */
static char default_workers[16];

/* A cookie's name is a token (RFC 9110, 5.6.2); its prefix depends on the request. */
static bool is_cookie_name(const char *name, struct error *error)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";

    if (name[strspn(name, allowed)] != '\0' || strlen(name) > 64)
        return error_set(error, "'%.100s' is not a cookie name (letters, digits, '-' and '_')", name);
    if (strncasecmp(name, "__host-", 7) == 0 || strncasecmp(name, "__secure-", 9) == 0)
        return error_set(error, "give the name without the prefix of '%.100s', which is added with HTTPS",
                         name);
    return true;
}

/* None, or one that is absolute, of characters that need no encoding in a path and none in a cookie's Path
 * attribute, without "//" and without '/' at the end. */
static bool is_path(const char *path, struct error *error)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    size_t length = strlen(path);

    return length == 0 ||
           (path[0] == '/' && path[strspn(path, allowed)] == '\0' && path[length - 1] != '/' &&
            strstr(path, "//") == NULL && length <= 255) ||
           error_set(error, "'%.100s' is not a path such as /name, without '/' at the end", path);
}

static bool is_server_list(const char *list, struct error *error)
{
    struct store_memcached_server servers[STORE_MEMCACHED_MAX_SERVERS];

    return store_memcached_parse_list(list, servers, error) > 0;
}

static const struct config_option options[] = {
    {"workers", 'w', CONFIG_INTEGER, offsetof(struct settings, workers), default_workers, 0, 512, NULL, "N",
     "worker processes; 0 serves in this very process", NULL},
    {"memcached", 'm', CONFIG_STRING, offsetof(struct settings, memcached), "127.0.0.1:11211", 0, 0, NULL,
     "LIST", "comma-separated: host, host:port, [v6]:port or /path/of/socket", is_server_list},
    {"secret-file", 'k', CONFIG_STRING, offsetof(struct settings, secret_file), "/etc/session-fcgi/secret", 0,
     0, NULL, "FILE", "one secret a line; the first signs, all verify", NULL},
    {"templates", 't', CONFIG_STRING, offsetof(struct settings, templates), SESSION_FCGI_TEMPLATES, 0, 0,
     NULL, "DIR", "folder of the page templates", NULL},
    {"cookie-name", 0, CONFIG_STRING, offsetof(struct settings, cookie_name), "session", 0, 0, NULL, "NAME",
     "name of the session cookie, without prefix", is_cookie_name},
    {"cookie-secure", 0, CONFIG_CHOICE, offsetof(struct settings, cookie_secure), "auto", 0, 0,
     secure_choices, "auto|always|never", "when the cookie is for HTTPS only", NULL},
    {"idle-timeout", 0, CONFIG_INTEGER, offsetof(struct settings, idle_timeout), "3600", 1, 315360000, NULL,
     "SECONDS", "a session ends after this time without a request", NULL},
    {"lifetime", 0, CONFIG_INTEGER, offsetof(struct settings, lifetime), "604800", 1, 315360000, NULL,
     "SECONDS", "a session ends this long after it began", NULL},
    {"max-session", 0, CONFIG_INTEGER, offsetof(struct settings, max_session), "65536", 64, 1000000, NULL,
     "BYTES", "largest session that is stored", NULL},
    {"max-body", 0, CONFIG_INTEGER, offsetof(struct settings, max_body), "65536", 0, 67108864, NULL, "BYTES",
     "largest request body that is read", NULL},
    {"store-timeout", 0, CONFIG_INTEGER, offsetof(struct settings, store_timeout), "250", 1, 60000, NULL,
     "MILLISECONDS", "longest a store operation may take", NULL},
    {"stop-timeout", 0, CONFIG_INTEGER, offsetof(struct settings, stop_timeout), "10", 0, 3600, NULL,
     "SECONDS", "longest wait for running requests at a stop", NULL},
    {"request-timeout", 0, CONFIG_INTEGER, offsetof(struct settings, request_timeout), "30", 1, 3600, NULL,
     "SECONDS", "a worker whose request runs longer is replaced", NULL},
    {"keep-timeout", 0, CONFIG_INTEGER, offsetof(struct settings, keep_timeout), "120", 1, 86400, NULL,
     "SECONDS", "idle kept connections are closed after this time", NULL},
    {"max-requests", 0, CONFIG_INTEGER, offsetof(struct settings, max_requests), "0", 0, 1000000000, NULL,
     "N", "a worker is replaced after about N requests; 0: never", NULL},
    {"max-connections", 0, CONFIG_INTEGER, offsetof(struct settings, max_connections), "1000", 1, 100000,
     NULL, "N", "open connections of one worker", NULL},
    {"status-path", 0, CONFIG_STRING, offsetof(struct settings, status_path), "", 0, 0, NULL, "PATH",
     "path of the status page, which brings /metrics along; empty: neither", is_path},
    {"mount", 0, CONFIG_STRING, offsetof(struct settings, mount), "", 0, 0, NULL, "PATH",
     "path below which all routes are, such as /app", is_path},
    {"gate-require", 0, CONFIG_STRING, offsetof(struct settings, gate_require), "Username", 0, 0, NULL, "KEY",
     "the gate lets a visitor pass whose session has this key", NULL},
    {"gate-expose", 0, CONFIG_STRING, offsetof(struct settings, gate_expose), "", 0, 0, NULL, "KEY,...",
     "keys whose values the gate tells the application", gate_check_expose},
    {"gate-login", 0, CONFIG_STRING, offsetof(struct settings, gate_login), "", 0, 0, NULL, "URL",
     "where the authorizer sends browsers that may not pass", gate_check_login},
    {"check", 'n', CONFIG_FLAG, offsetof(struct settings, check), NULL, 0, 0, NULL, NULL,
     "check options, secrets and templates, say what is wrong, and leave", NULL},
    {"new-secret", 0, CONFIG_FLAG, offsetof(struct settings, new_secret), NULL, 0, 0, NULL, NULL,
     "print a fresh secret", NULL},
    {"help", 'h', CONFIG_FLAG, offsetof(struct settings, help), NULL, 0, 0, NULL, NULL, "print this help",
     NULL},
    {"version", 'V', CONFIG_FLAG, offsetof(struct settings, version), NULL, 0, 0, NULL, NULL,
     "print the version", NULL},
};

static void set_default_workers(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1)
        processors = 1;
    if (processors > 512)
        processors = 512;
    snprintf(default_workers, sizeof default_workers, "%ld", processors);
}

bool settings_parse(int argc, char *const argv[], char *const variables[], struct settings *settings,
                    struct error *error)
{
    set_default_workers();
    *settings = (struct settings){0};
    return config_parse(options, OPTION_COUNT, "SESSION_FCGI_", argc, argv, variables, settings, error);
}

bool settings_print_help(FILE *out)
{
    set_default_workers();
    if (fprintf(out,
                "Usage: session-fcgi [OPTION]...\n"
                "A pool of FastCGI workers that gives every visitor of a site a session kept in memcached.\n"
                "The listening socket is descriptor 0, as spawn-fcgi and systemd leave it.\n\n") < 0)
        return false;
    if (!config_print_options(options, OPTION_COUNT, out))
        return false;
    return fprintf(
               out,
               "\nEach option is also an environment variable: --idle-timeout is SESSION_FCGI_IDLE_TIMEOUT.\n"
               "The command line wins.\n\n"
               "Signals: TERM stops after running requests, a second TERM at once; HUP reads secrets and\n"
               "templates anew; USR1 logs the status; USR2 starts the program file anew, in place.\n"
               "Exit status: 0 after a stop that was asked for, 1 for a start that failed, 2 for bad "
               "options.\n") >= 0;
}
