#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"

/* What getopt_long returns for option i by its long name: i + FIRST_LONG, which no letter is. */
enum { FIRST_LONG = UCHAR_MAX + 1 };

/* How much of an option's name an error line shows, and more than any option has. */
enum { LONGEST_GIVEN = 128 };

/* One table at work. */
struct parser {
    const struct config_option *options;
    size_t count;
    const char *prefix;
    void *settings;
    struct error *error;
};

/* --- values ------------------------------------------------------------------------------------------- */

static void *target(const struct parser *parser, const struct config_option *option)
{
    return (char *)parser->settings + option->offset;
}

/* `given` is what the user called the option, here and below. */
static bool set_flag(const struct parser *parser, const struct config_option *option, const char *given,
                     const char *value)
{
    bool is_set = strcmp(value, "1") == 0;

    if (!is_set && strcmp(value, "0") != 0)
        return error_set(parser->error, "%s: '%.100s' is neither 1 nor 0", given, value);
    *(bool *)target(parser, option) = is_set;
    return true;
}

static bool parse_decimal(const char *text, long *number)
{
    char *end;

    /* strtol by itself would take leading blanks, '+' and nothing at all. */
    if (!isdigit((unsigned char)text[text[0] == '-']))
        return false;
    errno = 0;
    *number = strtol(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool set_integer(const struct parser *parser, const struct config_option *option, const char *given,
                        const char *value)
{
    long number;

    if (!parse_decimal(value, &number) || number < option->minimum || number > option->maximum)
        return error_set(parser->error, "%s: '%.100s' is not a number from %ld to %ld", given, value,
                         option->minimum, option->maximum);
    *(long *)target(parser, option) = number;
    return true;
}

static bool set_string(const struct parser *parser, const struct config_option *option, const char *given,
                       const char *value)
{
    bool may_be_empty = option->initial != NULL && option->initial[0] == '\0';

    if (value[0] == '\0' && !may_be_empty)
        return error_set(parser->error, "%s: must not be empty", given);
    struct error reason;
    if (option->check != NULL && !option->check(value, &reason))
        return error_set(parser->error, "%s: %s", given, reason.message);
    *(const char **)target(parser, option) = value;
    return true;
}

static bool set_choice(const struct parser *parser, const struct config_option *option, const char *given,
                       const char *value)
{
    struct buffer list = {0};

    for (int i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(option->choices[i], value) == 0) {
            *(int *)target(parser, option) = i;
            buffer_free(&list);
            return true;
        }
        buffer_append_string(&list, i > 0 ? ", " : "");
        buffer_append_string(&list, option->choices[i]);
    }
    error_set(parser->error, "%s: '%.100s' is not one of %.*s", given, value, (int)list.length,
              buffer_slice(&list).data);
    buffer_free(&list);
    return false;
}

static bool set_value(const struct parser *parser, const struct config_option *option, const char *given,
                      const char *value)
{
    switch (option->type) {
    case CONFIG_FLAG:
        return set_flag(parser, option, given, value);
    case CONFIG_INTEGER:
        return set_integer(parser, option, given, value);
    case CONFIG_STRING:
        return set_string(parser, option, given, value);
    case CONFIG_CHOICE:
        return set_choice(parser, option, given, value);
    }
    return error_set(parser->error, "%s: has no type", given);
}

/* --- defaults, then the environment, then the command line -------------------------------------------- */

static bool apply_defaults(const struct parser *parser)
{
    for (size_t i = 0; i < parser->count; i++) {
        const struct config_option *option = &parser->options[i];
        if (option->initial == NULL && option->type == CONFIG_FLAG)
            *(bool *)target(parser, option) = false;
        else if (option->initial == NULL && option->type == CONFIG_STRING)
            *(const char **)target(parser, option) = NULL;
        else if (!set_value(parser, option, option->name, option->initial ? option->initial : ""))
            return false;
    }
    return true;
}

/* True if `text` is the option's name in capitals, with '_' for '-'. */
static bool is_variable_of(struct slice text, const struct config_option *option)
{
    if (text.length != strlen(option->name))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int expected = option->name[i] == '-' ? '_' : toupper((unsigned char)option->name[i]);
        if (text.data[i] != expected)
            return false;
    }
    return true;
}

/* `variable` is "NAME=value"; `length` is the name's. */
static bool apply_variable(const struct parser *parser, const char *variable, size_t length)
{
    char given[LONGEST_GIVEN];
    struct slice name = slice_from((struct slice){variable, length}, strlen(parser->prefix));

    snprintf(given, sizeof given, "%.*s", (int)length, variable);
    for (size_t i = 0; i < parser->count; i++) {
        if (is_variable_of(name, &parser->options[i]))
            return set_value(parser, &parser->options[i], given, variable + length + 1);
    }
    return error_set(parser->error, "%s: unknown variable", given);
}

static bool apply_environment(const struct parser *parser, char *const variables[])
{
    for (; *variables != NULL; variables++) {
        size_t length = strcspn(*variables, "=");
        bool is_ours = strncmp(*variables, parser->prefix, strlen(parser->prefix)) == 0;
        if (is_ours && (*variables)[length] == '=' && !apply_variable(parser, *variables, length))
            return false;
    }
    return true;
}

/* The table in getopt_long's terms. '+' stops at the first operand: all operands are refused, so that costs
 * nothing, and argv is not reordered. ':' has a missing value reported as such. */
static void describe(const struct parser *parser, struct option *longs, struct buffer *letters)
{
    buffer_append_string(letters, "+:");
    for (size_t i = 0; i < parser->count; i++) {
        const struct config_option *option = &parser->options[i];
        bool takes_value = option->type != CONFIG_FLAG;
        longs[i] = (struct option){option->name, takes_value ? required_argument : no_argument, NULL,
                                   FIRST_LONG + (int)i};
        if (option->letter != 0)
            buffer_append(letters, (struct slice){&option->letter, 1});
        if (option->letter != 0 && takes_value)
            buffer_append_string(letters, ":");
    }
    buffer_append(letters, (struct slice){"", 1});
}

/* The option that getopt_long's `code` stands for, and in `given` what it was called. NULL if there is none:
 * `given` is then empty for a long option, as getopt_long does not say which. */
static const struct config_option *identify(const struct parser *parser, int code, char given[LONGEST_GIVEN])
{
    given[0] = '\0';
    if (code >= FIRST_LONG) {
        const struct config_option *option = &parser->options[code - FIRST_LONG];
        snprintf(given, LONGEST_GIVEN, "--%s", option->name);
        return option;
    }
    if (code == 0)
        return NULL;
    snprintf(given, LONGEST_GIVEN, "-%c", code);
    for (size_t i = 0; i < parser->count; i++) {
        if (parser->options[i].letter == code)
            return &parser->options[i];
    }
    return NULL;
}

/* `argument` is "--name" or "--name=value". getopt_long takes a name cut short, but not if several fit. */
static bool refuse_long_option(const struct parser *parser, const char *argument)
{
    size_t length = strcspn(argument, "=");
    const char *problem = "unknown";

    for (size_t i = 0; i < parser->count; i++) {
        if (strncmp(parser->options[i].name, argument + 2, length - 2) == 0)
            problem = "ambiguous";
    }
    return error_set(parser->error, "%s option %.*s (see --help)", problem,
                     (int)(length < LONGEST_GIVEN ? length : LONGEST_GIVEN), argument);
}

/* Applies one answer of getopt_long. `argument` is the one it looked at last. */
static bool apply_answer(const struct parser *parser, int answer, const char *argument)
{
    char given[LONGEST_GIVEN];
    bool refused = answer == '?' || answer == ':';
    const struct config_option *option = identify(parser, refused ? optopt : answer, given);

    if (option == NULL && given[0] == '\0')
        return refuse_long_option(parser, argument);
    if (option == NULL)
        return error_set(parser->error, "unknown option %s (see --help)", given);
    if (answer == ':')
        return error_set(parser->error, "%s: a value is missing", given);
    if (answer == '?')
        return error_set(parser->error, "%s: takes no value", given);
    return set_value(parser, option, given, option->type == CONFIG_FLAG ? "1" : optarg);
}

static bool apply_command_line(const struct parser *parser, int argc, char *const argv[])
{
    struct option *longs = memory_allocate_zeroed(parser->count + 1, sizeof *longs);
    struct buffer letters = {0};
    bool applied = true;
    int answer;

    describe(parser, longs, &letters);
    optind = 0; /* begin anew, whoever used getopt before */
    opterr = 0;
    while (applied && (answer = getopt_long(argc, argv, letters.data, longs, NULL)) != -1)
        applied = apply_answer(parser, answer, argv[optind - 1]);
    if (applied && optind < argc)
        applied = error_set(parser->error, "operand '%.100s' is not understood", argv[optind]);
    buffer_free(&letters);
    free(longs);
    return applied;
}

/* What the user typed may hold anything, but an error is one line. */
static void keep_to_one_line(struct error *error)
{
    for (char *byte = error->message; *byte != '\0'; byte++) {
        if (iscntrl((unsigned char)*byte))
            *byte = '?';
    }
}

bool config_parse(const struct config_option *options, size_t count, const char *prefix, int argc,
                  char *const argv[], char *const variables[], void *settings, struct error *error)
{
    struct parser parser = {options, count, prefix, settings, error};

    bool applied = apply_defaults(&parser);
    if (applied) {
        bool environment_applied = apply_environment(&parser, variables);
        applied = apply_command_line(&parser, argc, argv) && environment_applied;
    }
    if (!applied)
        keep_to_one_line(error);
    return applied;
}

/* --- help --------------------------------------------------------------------------------------------- */

/* "-w, --workers N", or with room for the letter "    --workers N". */
static void describe_option(const struct config_option *option, struct buffer *text)
{
    buffer_clear(text);
    if (option->letter != 0)
        buffer_append_format(text, "-%c, --%s", option->letter, option->name);
    else
        buffer_append_format(text, "    --%s", option->name);
    if (option->type != CONFIG_FLAG)
        buffer_append_format(text, " %s", option->argument);
}

static bool print_option(const struct config_option *option, const struct buffer *text, size_t width,
                         FILE *out)
{
    bool has_default = option->type != CONFIG_FLAG && option->initial != NULL && option->initial[0] != '\0';
    int padding = (int)(width - text->length);

    if (fprintf(out, "  %.*s%*s   %s", (int)text->length, text->data, padding, "", option->help) < 0)
        return false;
    if (has_default && fprintf(out, " (%s)", option->initial) < 0)
        return false;
    return fputc('\n', out) != EOF;
}

bool config_print_options(const struct config_option *options, size_t count, FILE *out)
{
    struct buffer text = {0};
    size_t width = 0;
    bool printed = true;

    for (size_t i = 0; i < count; i++) {
        describe_option(&options[i], &text);
        if (text.length > width)
            width = text.length;
    }
    for (size_t i = 0; i < count && printed; i++) {
        describe_option(&options[i], &text);
        printed = print_option(&options[i], &text, width, out);
    }
    buffer_free(&text);
    return printed && fflush(out) == 0;
}
