/* Settings of a program from its command line and its environment, described by one table.
 *
 * The command line follows POSIX and GNU conventions (getopt_long). Each option is also an environment
 * variable: the prefix, then the name in capitals with '-' as '_'. The command line wins over the
 * environment, the environment over the default. An unknown option, an unknown variable with the prefix, or a
 * value that does not fit its type stops with one line that says which and why. */
#ifndef SESSION_FCGI_CONFIG_H
#define SESSION_FCGI_CONFIG_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"

enum config_type {
    CONFIG_FLAG,    /* target: bool; in the environment "1"/"0" */
    CONFIG_INTEGER, /* target: long; decimal, minimum <= value <= maximum */
    CONFIG_STRING,  /* target: const char *, pointing into argv, the environment or the table; empty only if
                       the  default is ("") */
    CONFIG_CHOICE,  /* target: int, the index in `choices` */
};

struct config_option {
    const char *name; /* long option without "--" */
    char letter;      /* short option, or 0 */
    enum config_type type;
    size_t offset;       /* of the target in the settings struct: offsetof(...) */
    const char *initial; /* the default as text, parsed like any other value; NULL: FLAG false, STRING NULL */
    long minimum, maximum;      /* CONFIG_INTEGER */
    const char *const *choices; /* CONFIG_CHOICE: NULL-terminated */
    const char *argument;       /* what the help calls the value: "N", "FILE" */
    const char *help;           /* one line, starts in lower case, no full stop */
    /* CONFIG_STRING: false, with the reason, if the value will not do. NULL: every one does. The option's
     * name is put before the reason. */
    bool (*check)(const char *value, struct error *error);
};

/* Fills `settings`. `variables` is environ. Operands (arguments that are no options) are refused. False with
 * the reason in `error`, which names the option the way it was given: "--workers", "-w" or the variable.
 * `settings` then holds what was understood: the environment up to its first mistake, and the command line up
 * to its first, so a flag that asks for help can be heeded all the same. argv is not changed. May be called
 * more than once, but by one thread at a time. */
bool config_parse(const struct config_option *options, size_t count, const char *prefix, int argc,
                  char *const argv[], char *const variables[], void *settings, struct error *error);

/* Prints one line an option: `  -w, --workers N   text (default)`, in columns. A flag, a string without a
 * default and an empty default show none. Flushes `out`; false if writing failed. */
bool config_print_options(const struct config_option *options, size_t count, FILE *out);

#endif
