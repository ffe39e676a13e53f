/* The program's settings: one struct, filled from the command line and the environment by one table. */
#ifndef SESSION_FCGI_SETTINGS_H
#define SESSION_FCGI_SETTINGS_H

#include <stdio.h>

#include "error.h"

struct settings {
    long workers;
    const char *memcached;
    const char *secret_file;
    const char *templates;
    const char *cookie_name;
    int cookie_secure; /* enum session_secure */
    long idle_timeout, lifetime;
    long max_session, max_body;
    long store_timeout; /* milliseconds */
    long stop_timeout, request_timeout, keep_timeout;
    long max_requests, max_connections;
    const char *status_path; /* "" for none */
    const char *mount;       /* "" for the root; else begins with '/' and does not end with one */
    const char *gate_require, *gate_expose, *gate_login;
    bool check, new_secret, help, version;
};

/* The texts point into argv and the environment. False with the reason. */
bool settings_parse(int argc, char *const argv[], char *const variables[], struct settings *settings,
                    struct error *error);

/* Prints what --help prints. False if writing failed. */
bool settings_print_help(FILE *out);

#endif
