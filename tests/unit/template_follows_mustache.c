/* What the required modules of the Mustache specification promise, a table per module; partials have a file
 * of their own. */
#include "template_rows.h"

static void comments_leave_nothing_behind(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("hidden", TEXT("shown!")), FIELD("! hidden", TEXT("shown!")),
               FIELD("!hidden", TEXT("shown!")), FIELD("!", TEXT("shown!")));
    static const struct row rows[] = {
        {"within a line", "salt{{! and pepper }}water", "saltwater"},
        {"over several lines", "a{{!\n one\n two\n}}b\n", "ab\n"},
        {"alone on a line", "one\n{{! two }}\nthree\n", "one\nthree\n"},
        {"alone and indented", "one\n \t{{! two }}\nthree\n", "one\nthree\n"},
        {"alone with blanks behind", "one\n{{! two }} \t\nthree\n", "one\nthree\n"},
        {"alone on a CRLF line", "one\r\n{{! two }}\r\nthree", "one\r\nthree"},
        {"alone on the first line", " {{! first }}\nthen", "then"},
        {"alone on a last line without newline", "then\n {{! last }}", "then\n"},
        {"several lines alone", "one\n{{!\ntwo\n}}\nthree\n", "one\nthree\n"},
        {"several lines alone and indented", "one\n  {{!\n  two\n  }}\nthree\n", "one\nthree\n"},
        {"within an indented line", "  one {{! two }}\n", "  one \n"},
        {"blanks around stay", "one {{! two }} three", "one  three"},
        {"are not names", "<{{! hidden }}|{{!hidden}}|{{!}}>", "<||>"},
        {"may hold other tags' signs", "<{{! {{#a {{/b = }}>", "<>"},
        {"two on a line do not stand alone", "{{! a }} {{! b }}\n", " \n"},
        {"a CR alone is no line's end", "a\n{{! b }}\rc", "a\n\rc"},
        {"the end of one is no line's start", "{{!\n}} {{! b }}\nc", " \nc"},
    };

    (void)state;
    CHECK_ROWS(rows, &data);
}

static void delimiters_can_be_changed(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("word", TEXT("<yes>")), FIELD("on", YES), FIELD("off", NO));
    static const struct row rows[] = {
        {"a pair", "{{=<% %>=}}[<%&word%>]{{word}}", "[<yes>]{{word}}"},
        {"signs special elsewhere", "({{=[ ]=}}[&word])", "(<yes>)"},
        {"both the same", "{{=| |=}}|&word| {{|&word|}}", "<yes> {{<yes>}}"},
        {"and changed back", "{{=<% %>=}}<%={{ }}=%>{{&word}}<%word%>", "<yes><%word%>"},
        {"raw output by braces", "{{=<% %>=}}<%{word}%> <%{ word }%>", "<yes> <yes>"},
        {"a section keeps them",
         "[\n{{#on}}\n {{&word}} |&word|\n{{/on}}\n{{= | | =}}\n|#on|\n {{&word}} |&word|\n|/on|\n]\n",
         "[\n <yes> |&word|\n {{&word}} <yes>\n]\n"},
        {"an inverted section keeps them",
         "[\n{{^off}}\n {{&word}} |&word|\n{{/off}}\n{{= | | =}}\n|^off|\n {{&word}} |&word|\n|/off|\n]\n",
         "[\n <yes> |&word|\n {{&word}} <yes>\n]\n"},
        {"changed within a section, kept behind it", "{{#on}}{{=<% %>=}}<%/on%><%&word%>", "<yes>"},
        {"blanks around stay", "| {{=@ @=}} |", "|  |"},
        {"blanks stay at a line's end", " | {{=@ @=}}\n", " | \n"},
        {"alone on a line", "one\n{{=@ @=}}\ntwo\n", "one\ntwo\n"},
        {"alone and indented", "one\n  {{=@ @=}}\ntwo\n", "one\ntwo\n"},
        {"alone on a CRLF line", "one\r\n{{= @ @ =}}\r\ntwo", "one\r\ntwo"},
        {"alone on the first line", "  {{=@ @=}}\n=", "="},
        {"alone on a last line without newline", "=\n  {{=@ @=}}", "=\n"},
        {"padding within the tag", "|{{=   @\t  @  =}}|", "||"},
    };

    (void)state;
    CHECK_ROWS(rows, &data);
}

static void variables_print_their_value_escaped(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("who", TEXT("Ada")), FIELD("signs", TEXT("& \" < > '")), FIELD("number", TEXT("-1.5")),
               FIELD("on", YES), FIELD("off", NO), FIELD("empty", TEXT("")), FIELD("items", LIST(TEXT("x"))),
               FIELD("thing", OBJECT(FIELD("a", TEXT("b")))), FIELD("accent", TEXT("\xc3\xa9<")));
    static const struct row rows[] = {
        {"no tags at all", "Only {one} { brace }}\n", "Only {one} { brace }}\n"},
        {"an empty template", "", ""},
        {"a name", "Hello, {{who}}!", "Hello, Ada!"},
        {"twice in a row", "{{who}}{{who}}", "AdaAda"},
        {"escaped", "{{signs}}", "&amp; &quot; &lt; &gt; &#39;"},
        {"raw by three braces", "{{{signs}}}", "& \" < > '"},
        {"raw by an ampersand", "{{&signs}}", "& \" < > '"},
        {"numbers", "{{number}} {{{number}}} {{&number}}", "-1.5 -1.5 -1.5"},
        {"true", "{{on}}", "true"},
        {"what is false or empty prints nothing", "({{off}}{{{off}}}{{&off}}{{empty}})", "()"},
        {"what is missing prints nothing", "({{gone}}{{{gone}}}{{&gone}})", "()"},
        {"lists and objects print nothing", "({{items}}{{thing}})", "()"},
        {"bytes beyond ASCII pass", "\xe2\x82\xac {{accent}}", "\xe2\x82\xac \xc3\xa9&lt;"},
        {"blanks around stay", "| {{who}} | {{{who}}} | {{&who}} |", "| Ada | Ada | Ada |"},
        {"never stand alone", "  {{who}}\n  {{{who}}}\n  {{&who}}\n", "  Ada\n  Ada\n  Ada\n"},
        {"padding within the tag", "{{ who }}{{{ who }}}{{& who }}{{ & who }}", "AdaAdaAdaAda"},
        {"newlines within the tag", "{{\n  who\r\n}}", "Ada"},
        {"a brace behind three", "{{{who}}}}", "Ada}"},
    };

    (void)state;
    CHECK_ROWS(rows, &data);
}

static void dotted_names_resolve_from_part_to_part(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("p", OBJECT(FIELD("name", TEXT("<Joan>")))),
               FIELD("a", OBJECT(FIELD("b", OBJECT(FIELD("c", OBJECT(FIELD("d", TEXT("deep")))))))),
               FIELD("b", OBJECT(FIELD("c", OBJECT(FIELD("d", TEXT("wrong")))))),
               FIELD("hollow", EMPTY_OBJECT), FIELD("c", OBJECT(FIELD("name", TEXT("wrong")))),
               FIELD("name", TEXT("outermost")), FIELD("mask", OBJECT(FIELD("b", EMPTY_OBJECT))),
               FIELD("x.y", TEXT("a key with a dot")), FIELD("x", OBJECT(FIELD("y", TEXT("z")))),
               FIELD("only.dotted", TEXT("wrong")), FIELD("text", TEXT("t")), FIELD("null", NO));
    static const struct row rows[] = {
        {"shorthand for sections", "{{p.name}}={{#p}}{{name}}{{/p}}", "&lt;Joan&gt;=&lt;Joan&gt;"},
        {"raw by three braces", "{{{p.name}}}={{#p}}{{{name}}}{{/p}}", "<Joan>=<Joan>"},
        {"raw by an ampersand", "{{&p.name}}={{#p}}{{&name}}{{/p}}", "<Joan>=<Joan>"},
        {"any depth", "{{a.b.c.d}}", "deep"},
        {"a broken chain prints nothing", "({{hollow.b.c}}{{text.b}}{{null.b}}{{gone.b}})", "()"},
        {"later parts do not look outside", "({{p.c.name}}{{hollow.name}})", "()"},
        {"the first part resolves as any name", "{{#a}}{{b.c.d}}{{/a}}", "deep"},
        {"the nearest first part wins, even if it leads nowhere", "({{#mask}}{{b.c.d}}{{/mask}})", "()"},
        {"the first part may come from outside", "{{#p}}{{x.y}}{{/p}}", "z"},
        {"a key with a dot is not found", "({{only.dotted}})", "()"},
        {"a key with a dot hides nothing", "{{x.y}}", "z"},
        {"padding", "{{ a.b.c.d }}", "deep"},
    };

    (void)state;
    CHECK_ROWS(rows, &data);
}

static void a_single_dot_is_the_current_value(void **state)
{
    const struct template_value text = TEXT("a<b");
    static const struct row of_text[] = {
        {"at the top", "{{.}} {{{.}}} {{&.}} {{ . }}", "a&lt;b a<b a<b a&lt;b"},
        {"a text has no fields", "({{name}})", "()"},
    };
    const struct template_value list = LIST(TEXT("1"), TEXT("2"));
    static const struct row of_list[] = {
        {"a list at the top", "{{#.}}({{.}}){{/.}}", "(1)(2)"},
        {"a list at the top is not empty", "{{^.}}empty{{/.}}", ""},
    };
    const struct template_value data =
        OBJECT(FIELD("signs", LIST(TEXT("<"), TEXT("&"))),
               FIELD("rows", LIST(LIST(TEXT("1"), TEXT("2")), LIST(TEXT("a")))),
               FIELD("people", LIST(OBJECT(FIELD("n", TEXT("A"))), OBJECT(FIELD("n", TEXT("B"))))),
               FIELD("on", YES));
    static const struct row of_object[] = {
        {"each item, escaped", "{{#signs}}({{.}}){{/signs}}", "(&lt;)(&amp;)"},
        {"each item, raw", "{{#signs}}({{{.}}}{{&.}}){{/signs}}", "(<<)(&&)"},
        {"lists of lists", "{{#rows}}[{{#.}}{{.}},{{/.}}]{{/rows}}", "[1,2,][a,]"},
        {"an item's section is the item", "{{#people}}{{#.}}{{n}}{{/.}}{{/people}}", "AB"},
        {"true", "{{#on}}{{.}}{{/on}}", "true"},
    };

    (void)state;
    CHECK_ROWS(of_text, &text);
    CHECK_ROWS(of_list, &list);
    CHECK_ROWS(of_object, &data);
}

/* How sections and inverted sections treat lines: the same but for the sign. */
static void check_lines_of_sections(char sign, const struct template_value *data)
{
    static const struct row rows[] = {
        {"blanks around stay", " | {{#s}}\t|\t{{/s}} | \n", " | \t|\t | \n"},
        {"blanks and newlines within stay", " | {{#s}} {{! }}\n {{/s}} | \n", " |  \n  | \n"},
        {"two within indented lines", " {{#s}}A{{/s}}\n {{#s}}B{{/s}}\n", " A\n B\n"},
        {"alone on their lines", "one\n{{#s}}\ntwo\n{{/s}}\nthree\n", "one\ntwo\nthree\n"},
        {"alone and indented", "one\n  {{#s}}\ntwo\n\t{{/s}}\nthree\n", "one\ntwo\nthree\n"},
        {"an empty line within", "one\n{{#s}}\n\n{{/s}}\ntwo\n", "one\n\ntwo\n"},
        {"alone on CRLF lines", "|\r\n{{#s}}\r\n{{/s}}\r\n|", "|\r\n|"},
        {"alone on the first line", "  {{#s}}\n#{{/s}}\n/", "#\n/"},
        {"alone on a last line without newline", "#{{#s}}\n/\n  {{/s}}", "#\n/\n"},
        {"two tags on a line do not stand alone", "{{#s}}{{#s}}\n{{/s}}{{/s}}\n", "\n\n"},
        {"padding within the tag", "|{{# s }}={{/ s }}|", "|=|"},
        {"one behind the other", "{{#s}}\n1\n{{/s}}\n2\n{{#s}}\n3\n{{/s}}\n", "1\n2\n3\n"},
        {"one within the other", "A {{#s}}B {{#s}}C{{/s}} D{{/s}} E", "A B C D E"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char template[64];
        struct row row = rows[i];
        assert_true(strlen(row.template) < sizeof template);
        strcpy(template, row.template);
        for (char *c = template; *c != '\0'; c++)
            if (*c == '#' && c > template && c[-1] == '{')
                *c = sign;
        row.template = template;
        check_rows(&row, 1, data);
    }
}

static void lines_with_nothing_but_a_section_tag_disappear(void **state)
{
    const struct template_value on = OBJECT(FIELD("s", YES));

    (void)state;
    check_lines_of_sections('#', &on);
}

static void lines_with_nothing_but_an_inverted_tag_disappear(void **state)
{
    const struct template_value off = OBJECT(FIELD("s", NO));

    (void)state;
    check_lines_of_sections('^', &off);
}

static void sections_repeat_show_or_hide_their_body(void **state)
{
    const struct template_value ends = LIST(OBJECT(FIELD("e", TEXT("x"))), OBJECT(FIELD("e", TEXT("y"))));
    const struct template_value letters = OBJECT(FIELD("big", TEXT("A")), FIELD("low", TEXT("a")));
    const struct template_value mids = LIST(OBJECT(FIELD("m", TEXT("1")), FIELD("ends", ends)));
    const struct template_value tops = LIST(OBJECT(FIELD("t", letters), FIELD("mids", mids)));
    const struct template_value data = OBJECT(
        FIELD("on", YES), FIELD("off", NO), FIELD("empty", EMPTY_LIST), FIELD("blank", TEXT("")),
        FIELD("word", TEXT("123")), FIELD("who", TEXT("outer")), FIELD("hollow", EMPTY_OBJECT),
        FIELD("person", OBJECT(FIELD("who", TEXT("Ada")), FIELD("job", TEXT("count")), FIELD("gone", NO))),
        FIELD("gone", TEXT("outer")), FIELD("a", OBJECT(FIELD("b", OBJECT(FIELD("c", YES), FIELD("d", NO))))),
        FIELD("list",
              LIST(OBJECT(FIELD("n", TEXT("1"))), OBJECT(FIELD("n", TEXT("2"))), OBJECT(FIELD("m", NO)))),
        FIELD("tops", tops), FIELD("falses", LIST(NO, NO)));
    static const struct row rows[] = {
        {"true shows", "<{{#on}}x{{/on}}>", "<x>"},
        {"false hides", "<{{#off}}x{{/off}}>", "<>"},
        {"missing hides", "<{{#nowhere}}x{{/nowhere}}>", "<>"},
        {"an empty list hides", "<{{#empty}}x{{/empty}}>", "<>"},
        {"an empty text hides", "<{{#blank}}x{{/blank}}>", "<>"},
        {"an empty object shows", "<{{#hollow}}x{{/hollow}}>", "<x>"},
        {"a text shows once and is the context", "<{{#word}}{{.}}={{word}};{{/word}}>", "<123=123;>"},
        {"an object is the context", "{{#person}}{{who}} can {{job}}{{/person}}", "Ada can count"},
        {"and is left behind it", "{{#person}}{{who}}{{/person}} {{who}}{{job}}", "Ada outer"},
        {"missing names come from outside", "{{#person}}{{word}}{{/person}}", "123"},
        {"a false value hides one outside", "<{{#person}}{{gone}}{{/person}}>", "<>"},
        {"true is no obstacle to names", "{{#on}}{{who}}{{/on}}", "outer"},
        {"a list repeats", "{{#list}}{{n}},{{/list}}", "1,2,,"},
        {"whatever its items are", "{{#falses}}x{{.}}{{/falses}}", "xx"},
        {"a body without anything", "<{{#list}}{{/list}}>", "<>"},
        {"lists within lists see all contexts",
         "{{#tops}}{{#mids}}{{t.low}}{{m}}.{{#ends}}{{t.big}}{{m}}{{e}}.{{/ends}}{{/mids}}{{/tops}}",
         "a1.A1x.A1y."},
        {"hidden with all that is within", "<{{#off}}a{{#on}}b{{/on}}c{{/off}}>", "<>"},
        {"dotted", "<{{#a.b.c}}x{{/a.b.c}}{{#a.b.d}}y{{/a.b.d}}{{#a.z.c}}z{{/a.z.c}}>", "<x>"},
        {"a dotted section pushes one context", "<{{#a.b}}{{#c}}x{{/c}}{{b.c}}{{/a.b}}>", "<x>"},
    };

    (void)state;
    CHECK_ROWS(rows, &data);
}

static void inverted_sections_show_what_sections_hide(void **state)
{
    const struct template_value data =
        OBJECT(FIELD("on", YES), FIELD("off", NO), FIELD("empty", EMPTY_LIST), FIELD("blank", TEXT("")),
               FIELD("word", TEXT("w")), FIELD("hollow", EMPTY_OBJECT), FIELD("list", LIST(NO)),
               FIELD("a", OBJECT(FIELD("b", OBJECT(FIELD("c", YES), FIELD("d", NO))))));
    static const struct row rows[] = {
        {"false shows", "<{{^off}}x{{/off}}>", "<x>"},
        {"missing shows", "<{{^nowhere}}x{{/nowhere}}>", "<x>"},
        {"an empty list shows", "<{{^empty}}x{{/empty}}>", "<x>"},
        {"an empty text shows", "<{{^blank}}x{{/blank}}>", "<x>"},
        {"true hides", "<{{^on}}x{{/on}}>", "<>"},
        {"a text hides", "<{{^word}}x{{/word}}>", "<>"},
        {"an object hides", "<{{^a}}x{{/a}}{{^hollow}}x{{/hollow}}>", "<>"},
        {"a list hides", "<{{^list}}x{{/list}}>", "<>"},
        {"the context stays", "{{#a.b}}{{^d}}{{c}}{{/d}}{{/a.b}}", "true"},
        {"hidden with all that is within", "<{{^on}}a{{^off}}b{{/off}}c{{/on}}>", "<>"},
        {"dotted", "<{{^a.b.c}}x{{/a.b.c}}{{^a.b.d}}y{{/a.b.d}}{{^a.z.c}}z{{/a.z.c}}>", "<yz>"},
    };

    (void)state;
    CHECK_ROWS(rows, &data);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_leave_nothing_behind),
        cmocka_unit_test(delimiters_can_be_changed),
        cmocka_unit_test(variables_print_their_value_escaped),
        cmocka_unit_test(dotted_names_resolve_from_part_to_part),
        cmocka_unit_test(a_single_dot_is_the_current_value),
        cmocka_unit_test(lines_with_nothing_but_a_section_tag_disappear),
        cmocka_unit_test(lines_with_nothing_but_an_inverted_tag_disappear),
        cmocka_unit_test(sections_repeat_show_or_hide_their_body),
        cmocka_unit_test(inverted_sections_show_what_sections_hide),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
