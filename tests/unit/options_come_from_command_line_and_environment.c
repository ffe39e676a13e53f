#include "unit.h"

#include <stdlib.h>

#include "config.h"

struct settings {
    long workers;
    const char *memcached;
    const char *socket;
    const char *welcome;
    int level;
    bool check;
    bool help;
};

static const char *const levels[] = {"error", "warning", "notice", NULL};

static const struct config_option options[] = {
    {.name = "workers",
     .letter = 'w',
     .type = CONFIG_INTEGER,
     .offset = offsetof(struct settings, workers),
     .initial = "4",
     .minimum = 0,
     .maximum = 1024,
     .argument = "N",
     .help = "how many workers to run"},
    {.name = "memcached-servers",
     .type = CONFIG_STRING,
     .offset = offsetof(struct settings, memcached),
     .initial = "localhost",
     .argument = "LIST",
     .help = "where the sessions are"},
    {.name = "socket",
     .letter = 's',
     .type = CONFIG_STRING,
     .offset = offsetof(struct settings, socket),
     .argument = "PATH",
     .help = "where to listen"},
    {.name = "welcome",
     .type = CONFIG_STRING,
     .offset = offsetof(struct settings, welcome),
     .initial = "",
     .argument = "TEXT",
     .help = "shown as it is"},
    {.name = "log-level",
     .letter = 'l',
     .type = CONFIG_CHOICE,
     .offset = offsetof(struct settings, level),
     .initial = "notice",
     .choices = levels,
     .argument = "LEVEL",
     .help = "what is logged"},
    {.name = "check",
     .letter = 'n',
     .type = CONFIG_FLAG,
     .offset = offsetof(struct settings, check),
     .help = "check and leave"},
    {.name = "help",
     .letter = 'h',
     .type = CONFIG_FLAG,
     .offset = offsetof(struct settings, help),
     .help = "show this"},
};

enum { OPTIONS = sizeof options / sizeof options[0], MOST_WORDS = 8 };

/* Lists of words, ended by NULL, as argv without the program's name and as environ. */
#define WORDS(...)                                                                                           \
    (const char *const[MOST_WORDS])                                                                          \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NOTHING WORDS(NULL)

static bool parse(const char *const arguments[], const char *const variables[], struct settings *settings,
                  struct error *error)
{
    char *argv[MOST_WORDS + 2] = {(char *)(uintptr_t) "session-fcgi"}, *kept[MOST_WORDS + 2];
    int argc = 1;

    for (; *arguments != NULL; arguments++)
        argv[argc++] = (char *)(uintptr_t)*arguments;
    memcpy(kept, argv, sizeof kept);
    memset(settings, 0xa5, sizeof *settings); /* nothing may be left as it was */
    bool parsed = config_parse(options, OPTIONS, "SESSION_FCGI_", argc, argv,
                               (char *const *)(uintptr_t)variables, settings, error);
    assert_memory_equal(kept, argv, sizeof kept);
    return parsed;
}

static struct settings parse_good(const char *const arguments[], const char *const variables[])
{
    struct settings settings;
    struct error error;

    if (!parse(arguments, variables, &settings, &error))
        fail_msg("%s", error.message);
    return settings;
}

static void assert_refused(const char *const arguments[], const char *const variables[], const char *expected)
{
    struct settings settings;
    struct error error;

    assert_false(parse(arguments, variables, &settings, &error));
    assert_string_equal(error.message, expected);
}

static void without_words_the_defaults_hold(void **state)
{
    (void)state;
    struct settings settings = parse_good(NOTHING, NOTHING);

    assert_int_equal(settings.workers, 4);
    assert_string_equal(settings.memcached, "localhost");
    assert_null(settings.socket);
    assert_string_equal(settings.welcome, "");
    assert_int_equal(settings.level, 2);
    assert_false(settings.check);
}

static void the_command_line_is_understood(void **state)
{
    (void)state;
    struct settings settings = parse_good(
        WORDS("--workers", "8", "--memcached-servers=a,b", "-s/run/x", "-l", "error", "-nh"), NOTHING);

    assert_int_equal(settings.workers, 8);
    assert_string_equal(settings.memcached, "a,b");
    assert_string_equal(settings.socket, "/run/x");
    assert_int_equal(settings.level, 0);
    assert_true(settings.check);
    assert_true(settings.help);
    assert_int_equal(parse_good(WORDS("-w", "1", "--work=2", "--"), NOTHING).workers, 2);
}

static void the_environment_is_understood(void **state)
{
    (void)state;
    struct settings settings =
        parse_good(NOTHING, WORDS("PATH=/bin", "SESSION_FCGI_WORKERS=0", "SESSION_FCGI_MEMCACHED_SERVERS=a=b",
                                  "SESSION_FCGI_WELCOME=", "SESSION_FCGI_LOG_LEVEL=warning",
                                  "SESSION_FCGI_CHECK=1", "SESSION_FCGI_HELP=0"));

    assert_int_equal(settings.workers, 0);
    assert_string_equal(settings.memcached, "a=b");
    assert_string_equal(settings.welcome, "");
    assert_int_equal(settings.level, 1);
    assert_true(settings.check);
    assert_false(settings.help);
}

static void the_command_line_wins_over_the_environment(void **state)
{
    (void)state;
    struct settings settings =
        parse_good(WORDS("-w7"), WORDS("SESSION_FCGI_WORKERS=5", "SESSION_FCGI_SOCKET=/run/y"));

    assert_int_equal(settings.workers, 7);
    assert_string_equal(settings.socket, "/run/y");
}

static void a_value_must_fit_its_type(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "many", "", "-1", "1025", "+1", " 1", "1 ", "0x1", "1e3", "99999999999999999999", "-"};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "--workers: '%s' is not a number from 0 to 1024", numbers[i]);
        assert_refused(WORDS("--workers", numbers[i]), NOTHING, expected);
    }
    assert_int_equal(parse_good(WORDS("--workers", "1024"), NOTHING).workers, 1024);
    assert_refused(WORDS("-l", "loud"), NOTHING, "-l: 'loud' is not one of error, warning, notice");
    assert_refused(WORDS("--socket="), NOTHING, "--socket: must not be empty");
    assert_refused(WORDS("--memcached-servers", ""), NOTHING, "--memcached-servers: must not be empty");
    assert_refused(NOTHING, WORDS("SESSION_FCGI_CHECK=yes"), "SESSION_FCGI_CHECK: 'yes' is neither 1 nor 0");
    assert_refused(NOTHING, WORDS("SESSION_FCGI_HELP="), "SESSION_FCGI_HELP: '' is neither 1 nor 0");
}

static void the_error_names_the_option_as_it_was_given(void **state)
{
    (void)state;
    assert_refused(WORDS("--workers=x"), NOTHING, "--workers: 'x' is not a number from 0 to 1024");
    assert_refused(WORDS("-wx"), NOTHING, "-w: 'x' is not a number from 0 to 1024");
    assert_refused(NOTHING, WORDS("SESSION_FCGI_WORKERS=x"),
                   "SESSION_FCGI_WORKERS: 'x' is not a number from 0 to 1024");
}

static void what_is_unknown_is_refused(void **state)
{
    (void)state;
    assert_refused(WORDS("--wrokers", "4"), NOTHING, "unknown option --wrokers (see --help)");
    assert_refused(WORDS("--wrokers=4"), NOTHING, "unknown option --wrokers (see --help)");
    assert_refused(WORDS("-n", "-x"), NOTHING, "unknown option -x (see --help)");
    assert_refused(WORDS("-nx"), NOTHING, "unknown option -x (see --help)");
    assert_refused(WORDS("--w=4"), NOTHING, "ambiguous option --w (see --help)");
    assert_refused(NOTHING, WORDS("SESSION_FCGI_WROKERS=4"), "SESSION_FCGI_WROKERS: unknown variable");
    assert_refused(NOTHING, WORDS("SESSION_FCGI_workers=4"), "SESSION_FCGI_workers: unknown variable");
    assert_refused(NOTHING, WORDS("SESSION_FCGI_=4"), "SESSION_FCGI_: unknown variable");
}

static void values_stand_where_they_belong(void **state)
{
    (void)state;
    assert_refused(WORDS("x"), NOTHING, "operand 'x' is not understood");
    assert_refused(WORDS("-n", "x", "-w4"), NOTHING, "operand 'x' is not understood");
    assert_refused(WORDS("-n", "--", "-w4"), NOTHING, "operand '-w4' is not understood");
    assert_refused(WORDS("--workers"), NOTHING, "--workers: a value is missing");
    assert_refused(WORDS("-nw"), NOTHING, "-w: a value is missing");
    assert_refused(WORDS("--check=1"), NOTHING, "--check: takes no value");
    assert_refused(WORDS("x\ny"), NOTHING, "operand 'x?y' is not understood");
}

/* "-xn" stops in the middle of a word; what is left of it must not reach the next parse. */
static void each_parse_begins_anew(void **state)
{
    (void)state;
    assert_refused(WORDS("-xn"), NOTHING, "unknown option -x (see --help)");
    assert_false(parse_good(NOTHING, NOTHING).check);
    assert_int_equal(parse_good(WORDS("-w5"), NOTHING).workers, 5);
}

static void help_can_be_heeded_in_spite_of_a_bad_environment(void **state)
{
    (void)state;
    struct settings settings;
    struct error error;

    assert_false(parse(WORDS("--help"), WORDS("SESSION_FCGI_WROKERS=4"), &settings, &error));
    assert_string_equal(error.message, "SESSION_FCGI_WROKERS: unknown variable");
    assert_true(settings.help);
}

static void the_help_stands_in_columns(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    assert_true(config_print_options(options, OPTIONS, out));
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "  -w, --workers N                how many workers to run (4)\n"
                              "      --memcached-servers LIST   where the sessions are (localhost)\n"
                              "  -s, --socket PATH              where to listen\n"
                              "      --welcome TEXT             shown as it is\n"
                              "  -l, --log-level LEVEL          what is logged (notice)\n"
                              "  -n, --check                    check and leave\n"
                              "  -h, --help                     show this\n");
    free(text);
}

static void help_that_cannot_be_written_is_noticed(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");

    assert_non_null(full);
    assert_false(config_print_options(options, OPTIONS, full));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_words_the_defaults_hold),
        cmocka_unit_test(the_command_line_is_understood),
        cmocka_unit_test(the_environment_is_understood),
        cmocka_unit_test(the_command_line_wins_over_the_environment),
        cmocka_unit_test(a_value_must_fit_its_type),
        cmocka_unit_test(the_error_names_the_option_as_it_was_given),
        cmocka_unit_test(what_is_unknown_is_refused),
        cmocka_unit_test(values_stand_where_they_belong),
        cmocka_unit_test(each_parse_begins_anew),
        cmocka_unit_test(help_can_be_heeded_in_spite_of_a_bad_environment),
        cmocka_unit_test(the_help_stands_in_columns),
        cmocka_unit_test(help_that_cannot_be_written_is_noticed),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
