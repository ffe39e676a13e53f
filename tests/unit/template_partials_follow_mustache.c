/* What the specification promises about partials. */
#include "template_rows.h"

static void check(const struct row_with_partials *rows, size_t count, const struct template_value *data)
{
    for (size_t i = 0; i < count; i++)
        check_row_with_partials(&rows[i], data);
}

#define CHECK(rows, data) check((rows), sizeof(rows) / sizeof *(rows), (data))

static void partials_are_rendered_in_place(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("word", TEXT("<w>")), FIELD("lines", TEXT("<\n->")), FIELD("on", YES), FIELD("off", NO),
               FIELD("who", TEXT("outer")), FIELD("person", OBJECT(FIELD("who", TEXT("Ada")))),
               FIELD("v", TEXT("X")),
               FIELD("nodes", LIST(OBJECT(FIELD("v", TEXT("Y")), FIELD("nodes", EMPTY_LIST)))));
    static const struct row_with_partials rows[] = {
        {{"in the middle of a line", "<{{>p}}>", "<from p>"}, "from p", NULL},
        {{"an empty one", "<{{>p}}>", "<>"}, "", NULL},
        {{"one that is missing is empty", "<{{>p}}>", "<>"}, NULL, NULL},
        {{"one that is missing, alone on a line", "a\n  {{>p}}\nb", "a\nb"}, NULL, NULL},
        {{"the current context", "{{>p}} {{#person}}{{>p}}{{/person}}", "*outer* *Ada*"}, "*{{who}}*", NULL},
        {{"within each other", "{{>p}}", "[outer (true!)]"}, "[{{who}} {{>q}}]", "({{on}}!)"},
        {{"within themselves", "{{>p}}", "X<Y<>>"}, "{{v}}<{{#nodes}}{{>p}}{{/nodes}}>", NULL},
        {{"the page within itself", "{{v}}<{{#nodes}}{{>page}}{{/nodes}}>", "X<Y<>>"}, NULL, NULL},
        {{"blanks around stay", "| {{>p}} |", "| \t|\t |"}, "\t|\t", NULL},
        {{"padding within the tag", "|{{> p }}|", "|[]|"}, "[]", NULL},
        {{"its last newline stays", "<{{>p}}>", "<x\n>"}, "x\n", NULL},
        {{"within sections", "{{#off}}{{>p}}{{/off}}{{^off}}{{>p}}{{/off}}", "x"}, "x", NULL},
    };

    (void)state;
    CHECK(rows, &data);
}

static void partials_alone_on_a_line_are_indented(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("word", TEXT("|")), FIELD("lines", TEXT("<\n->")), FIELD("on", YES), FIELD("off", NO),
               FIELD("list", LIST(TEXT("1"), TEXT("2"))));
    static const struct row_with_partials rows[] = {
        {{"not within a line", "  {{word}}  {{> p}}\n", "  |  >\n>\n"}, ">\n>", NULL},
        {{"on a CRLF line", "|\r\n{{>p}}\r\n|", "|\r\n>|"}, ">", NULL},
        {{"on the first line", "  {{>p}}\n>", "  >\n  >>"}, ">\n>", NULL},
        {{"on a last line without newline", ">\n  {{>p}}", ">\n  >\n  >"}, ">\n>", NULL},
        {{"its text, not its values", "\\\n {{>p}}\n/\n", "\\\n |\n <\n->a b<\n->c\n |\n/\n"},
         "|\n{{{lines}}}a b{{{lines}}}c\n|\n",
         NULL},
        {{"by tabs as well", "\t{{>p}}\n", "\tx\n\ty\n"}, "x\ny\n", NULL},
        {{"CRLF lines", "  {{>p}}\n", "  x\r\n  y\r\n"}, "x\r\ny\r\n", NULL},
        {{"empty lines", "  {{>p}}\n", "  x\n  \n  y\n"}, "x\n\ny\n", NULL},
        {{"one within the other", "  {{>p}}\n<", "  a\n    b\n    c\n  d\n<"}, "a\n  {{>q}}\nd\n", "b\nc\n"},
        {{"one within the other, of which one is not", "  {{>p}}\n", "  b\n  c\n"}, "{{>q}}\n", "b\nc\n"},
        {{"not the one within a line of it", "  {{>p}}\n", "  a b\nc;\n  d\n"}, "a {{>q}};\nd\n", "b\nc"},
        {{"no longer behind it", "  {{>p}}\nx\ny\n", "  a\nx\ny\n"}, "a\n", NULL},
        {{"lines of section tags", "  {{>p}}\n", "  1\n  2\n"}, "{{#list}}\n{{.}}\n{{/list}}\n", NULL},
        {{"a line of several repetitions", "  {{>p}}\n", "  1,2,\n"}, "{{#list}}{{.}},{{/list}}\n", NULL},
        {{"a line that begins with a hidden section", "  {{>p}}\n", "  x\n"}, "{{#off}}y{{/off}}x\n", NULL},
        {{"a line that begins with the end of a section", "  {{>p}}\n", "  1\n  2\n  !\n"},
         "{{#list}}{{.}}\n{{/list}}!\n",
         NULL},
        {{"a line that begins with a comment", "  {{>p}}\n", "  x\n"}, "{{! }}x\n", NULL},
        {{"a line that begins with a partial", "  {{>p}}\n", "  bx\n"}, "{{>q}}x\n", "b"},
    };

    (void)state;
    CHECK(rows, &data);
}

static void partials_and_pages_keep_their_delimiters_apart(void **state)
{
    const struct template_value data = OBJECT(FIELD("word", TEXT("<yes>")));
    static const struct row_with_partials rows[] = {
        {{"not inherited", "<{{>p}}>\n{{=| |=}}\n<|>p|>", "<-<yes>->\n<-<yes>->"}, "-{{&word}}-", NULL},
        {{"not passed on", "<{{>p}}>\n<{{&word}}|&word|>", "<-<yes>->\n<<yes>|&word|>"},
         "-{{=| |=}}|&word|-",
         NULL},
        {{"nor to the next partial", "{{>p}}{{>q}}", "<yes>|&word|"}, "{{=| |=}}|&word|", "|&word|"},
    };

    (void)state;
    CHECK(rows, &data);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(partials_are_rendered_in_place),
        cmocka_unit_test(partials_alone_on_a_line_are_indented),
        cmocka_unit_test(partials_and_pages_keep_their_delimiters_apart),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
