/* The parser: one pass over the text, from tag to tag. */
#include "template_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
#include "utf8.h"

enum { DELIMITER_LIMIT = 16 };

struct open_section {
    size_t node;
    size_t line;
    struct slice name;
};

struct compiler {
    const struct template_set *set;
    struct template *template;
    struct error *error;
    struct slice opening, closing; /* the delimiters */
    size_t position;               /* the first byte that is not compiled yet … */
    size_t line;                   /* … and its line, from 1 */
    struct template_node *nodes;   /* grows here, then moves to the set's arena */
    size_t node_count, node_capacity;
    struct open_section sections[TEMPLATE_SECTION_DEPTH];
    size_t depth;
};

struct tag {
    char sigil;               /* # ^ / > & { = ! < $, or 0 for a plain name */
    struct slice content;     /* without sigil, delimiters and surrounding white space */
    size_t line;              /* where the tag begins */
    size_t start, end;        /* the tag, or, if it stands alone, its whole line */
    struct slice indentation; /* the line's, if the tag stands alone; else "no value" */
};

/* Sets "path:line: reason" and returns false. */
__attribute__((format(printf, 3, 4))) static bool fail(const struct compiler *compiler, size_t line,
                                                       const char *format, ...)
{
    struct error reason;
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(reason.message, sizeof reason.message, format, arguments) < 0)
        reason.message[0] = '\0';
    va_end(arguments);
    return error_set(compiler->error, "%s:%zu: %s", compiler->template->path.data, line, reason.message);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_space(char byte)
{
    return is_blank(byte) || (byte >= '\n' && byte <= '\r');
}

static struct slice trim(struct slice text)
{
    while (text.length > 0 && is_space(text.data[0]))
        text = slice_from(text, 1);
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

static size_t count_newlines(struct slice text, size_t from, size_t to)
{
    size_t count = 0;

    for (size_t i = from; i < to; i++)
        count += text.data[i] == '\n';
    return count;
}

static bool is_line_start(struct slice text, size_t position)
{
    return position == 0 || text.data[position - 1] == '\n';
}

static struct template_node *add_node(struct compiler *compiler, enum template_node_kind kind)
{
    if (compiler->node_count == compiler->node_capacity) {
        compiler->node_capacity = compiler->node_capacity ? 2 * compiler->node_capacity : 64;
        compiler->nodes =
            memory_reallocate(compiler->nodes, compiler->node_capacity * sizeof *compiler->nodes);
    }
    struct template_node *node = &compiler->nodes[compiler->node_count++];
    *node = (struct template_node){.kind = kind};
    return node;
}

static void add_text(struct compiler *compiler, size_t from, size_t to)
{
    struct slice text = compiler->template->text;
    struct template_node *node = add_node(compiler, TEMPLATE_NODE_TEXT);

    node->text.bytes = (struct slice){text.data + from, to - from};
    node->text.starts_line = is_line_start(text, from);
}

/* The literal text before a tag. Where an inline tag begins a line there is an empty text, to carry the
 * indentation if the template is an indented partial. */
static void add_text_before(struct compiler *compiler, const struct tag *tag)
{
    bool is_inline = tag->indentation.data == NULL;

    if (tag->start > compiler->position)
        add_text(compiler, compiler->position, tag->start);
    if (is_inline && is_line_start(compiler->template->text, tag->start))
        add_text(compiler, tag->start, tag->start);
}

/* Checks what sections, partials and variables are called. */
static bool check_name(const struct compiler *compiler, const struct tag *tag)
{
    struct slice name = tag->content;

    if (name.length == 0)
        return fail(compiler, tag->line, "tag without a name");
    if (name.length > TEMPLATE_NAME_LIMIT)
        return fail(compiler, tag->line, "name longer than %d bytes", TEMPLATE_NAME_LIMIT);
    for (size_t i = 0; i < name.length; i++)
        if (is_space(name.data[i]))
            return fail(compiler, tag->line, "white space in a name");
    return true;
}

/* Splits "a.b.c" at its dots; "." has no parts. */
static bool parse_name(const struct compiler *compiler, const struct tag *tag, struct template_name *name)
{
    struct slice rest = tag->content;
    size_t count = 1;

    *name = (struct template_name){NULL, 0};
    if (!check_name(compiler, tag))
        return false;
    if (slice_equals_string(rest, "."))
        return true;
    for (size_t i = 0; i < rest.length; i++)
        count += rest.data[i] == '.';
    struct slice *parts = arena_allocate_array(compiler->set->arena, count, sizeof *parts);
    for (size_t i = 0; i < count; i++) {
        const char *dot = memchr(rest.data, '.', rest.length);
        parts[i] = (struct slice){rest.data, dot ? (size_t)(dot - rest.data) : rest.length};
        if (parts[i].length == 0)
            return fail(compiler, tag->line, "nothing beside a dot in the name '%.*s'",
                        (int)tag->content.length, tag->content.data);
        rest = slice_from(rest, parts[i].length + 1);
    }
    *name = (struct template_name){parts, count};
    return true;
}

static bool add_variable(struct compiler *compiler, const struct tag *tag)
{
    struct template_name name;

    if (!parse_name(compiler, tag, &name))
        return false;
    add_node(compiler, tag->sigil == 0 ? TEMPLATE_NODE_ESCAPED : TEMPLATE_NODE_RAW)->name = name;
    return true;
}

static bool add_partial(struct compiler *compiler, const struct tag *tag)
{
    if (!check_name(compiler, tag))
        return false;
    const struct template *partial = template_set_find_partial(compiler->set, tag->content);
    if (partial == NULL)
        return compiler->set->missing_partials_are_empty ||
               fail(compiler, tag->line, "there is no partial '%.*s.html'", (int)tag->content.length,
                    tag->content.data);
    struct template_node *node = add_node(compiler, TEMPLATE_NODE_PARTIAL);
    node->partial.template = partial;
    node->partial.indentation = tag->indentation;
    return true;
}

static bool open_section(struct compiler *compiler, const struct tag *tag)
{
    struct template_name name;

    if (!parse_name(compiler, tag, &name))
        return false;
    if (compiler->depth == TEMPLATE_SECTION_DEPTH)
        return fail(compiler, tag->line, "sections nest deeper than %d", TEMPLATE_SECTION_DEPTH);
    compiler->sections[compiler->depth++] =
        (struct open_section){compiler->node_count, tag->line, tag->content};
    add_node(compiler, tag->sigil == '#' ? TEMPLATE_NODE_SECTION : TEMPLATE_NODE_INVERTED)->name = name;
    return true;
}

static bool close_section(struct compiler *compiler, const struct tag *tag)
{
    struct slice name = tag->content;

    if (!check_name(compiler, tag))
        return false;
    if (compiler->depth == 0)
        return fail(compiler, tag->line, "end of section '%.*s', but no section is open", (int)name.length,
                    name.data);
    const struct open_section *section = &compiler->sections[--compiler->depth];
    if (!slice_equals(section->name, name))
        return fail(compiler, tag->line, "end of section '%.*s', but '%.*s' of line %zu is open",
                    (int)name.length, name.data, (int)section->name.length, section->name.data,
                    section->line);
    compiler->nodes[section->node].end = (uint32_t)compiler->node_count;
    return true;
}

static bool set_delimiters(struct compiler *compiler, const struct tag *tag)
{
    struct slice opening = tag->content;

    opening.length = 0;
    while (opening.length < tag->content.length && !is_space(tag->content.data[opening.length]))
        opening.length++;
    struct slice closing = trim(slice_from(tag->content, opening.length));
    if (opening.length == 0 || closing.length == 0)
        return fail(compiler, tag->line, "two delimiters, with a space between them, are needed");
    if (opening.length > DELIMITER_LIMIT || closing.length > DELIMITER_LIMIT)
        return fail(compiler, tag->line, "delimiter longer than %d bytes", DELIMITER_LIMIT);
    for (size_t i = 0; i < closing.length; i++)
        if (is_space(closing.data[i]))
            return fail(compiler, tag->line, "more than two delimiters");
    if (memchr(tag->content.data, '=', tag->content.length) != NULL)
        return fail(compiler, tag->line, "'=' in a delimiter");
    compiler->opening = opening;
    compiler->closing = closing;
    return true;
}

/* Reads the tag at `start`: sigil, content and end. */
static bool read_tag(const struct compiler *compiler, size_t start, struct tag *tag)
{
    static const char sigils[] = {'#', '^', '/', '>', '&', '{', '=', '!', '<', '$'};
    struct slice text = compiler->template->text;
    size_t at = start + compiler->opening.length;
    char wanted[1 + DELIMITER_LIMIT]; /* what ends the tag: "}}", "}}}" or "=}}" */
    size_t wanted_length = 0;

    tag->start = start;
    tag->line = compiler->line + count_newlines(text, compiler->position, start);
    tag->indentation = slice_none();
    tag->sigil = 0;
    while (at < text.length && is_space(text.data[at]))
        at++;
    if (at < text.length && memchr(sigils, text.data[at], sizeof sigils) != NULL)
        tag->sigil = text.data[at++];
    if (tag->sigil == '{')
        wanted[wanted_length++] = '}';
    else if (tag->sigil == '=')
        wanted[wanted_length++] = '=';
    memcpy(wanted + wanted_length, compiler->closing.data, compiler->closing.length);
    wanted_length += compiler->closing.length;

    const char *end = memmem(text.data + at, text.length - at, wanted, wanted_length);
    if (end == NULL)
        return fail(compiler, tag->line, "tag is never closed: no '%.*s' follows", (int)wanted_length,
                    wanted);
    tag->content = trim((struct slice){text.data + at, (size_t)(end - text.data) - at});
    tag->end = (size_t)(end - text.data) + wanted_length;
    return true;
}

/* If nothing but blanks shares the tag's line, widens the tag to the whole line and notes the indentation.
 * Variables never stand alone. */
static void widen_to_line(struct slice text, struct tag *tag)
{
    size_t start = tag->start, end = tag->end;

    if (tag->sigil == 0 || tag->sigil == '&' || tag->sigil == '{')
        return;
    while (start > 0 && is_blank(text.data[start - 1]))
        start--;
    while (end < text.length && is_blank(text.data[end]))
        end++;
    if (end < text.length && text.data[end] == '\r' && end + 1 < text.length && text.data[end + 1] == '\n')
        end++;
    if (!is_line_start(text, start) || (end < text.length && text.data[end] != '\n'))
        return;
    tag->indentation = (struct slice){text.data + start, tag->start - start};
    tag->start = start;
    tag->end = end < text.length ? end + 1 : end;
}

static bool add_tag(struct compiler *compiler, const struct tag *tag)
{
    switch (tag->sigil) {
    case '!':
        return true;
    case '=':
        return set_delimiters(compiler, tag);
    case '#':
    case '^':
        return open_section(compiler, tag);
    case '/':
        return close_section(compiler, tag);
    case '>':
        return add_partial(compiler, tag);
    case '<':
    case '$':
        return fail(compiler, tag->line, "parents and blocks ('<', '$') are not supported");
    default:
        return add_variable(compiler, tag);
    }
}

static bool compile_text(struct compiler *compiler)
{
    struct slice text = compiler->template->text;
    struct tag tag;

    for (;;) {
        struct slice rest = slice_from(text, compiler->position);
        const char *start = memmem(rest.data, rest.length, compiler->opening.data, compiler->opening.length);
        if (start == NULL)
            break;
        if (!read_tag(compiler, (size_t)(start - text.data), &tag))
            return false;
        widen_to_line(text, &tag);
        add_text_before(compiler, &tag);
        if (!add_tag(compiler, &tag))
            return false;
        compiler->line += count_newlines(text, compiler->position, tag.end);
        compiler->position = tag.end;
    }
    if (compiler->position < text.length)
        add_text(compiler, compiler->position, text.length);
    if (compiler->depth == 0)
        return true;
    const struct open_section *section = &compiler->sections[compiler->depth - 1];
    return fail(compiler, section->line, "section '%.*s' is never closed", (int)section->name.length,
                section->name.data);
}

static bool check_text(const struct compiler *compiler)
{
    struct slice text = compiler->template->text;

    if (text.length > TEMPLATE_SIZE_LIMIT)
        return error_set(compiler->error, "%s: larger than 1 MiB", compiler->template->path.data);
    for (size_t i = 0; i < text.length;) {
        size_t width = utf8_sequence_length(slice_from(text, i));
        if (width == 0)
            return fail(compiler, 1 + count_newlines(text, 0, i), "not UTF-8");
        i += width;
    }
    return true;
}

bool template_compile(const struct template_set *set, struct template *template, struct error *error)
{
    struct compiler compiler = {
        .set = set,
        .template = template,
        .error = error,
        .opening = SLICE_LITERAL("{{"),
        .closing = SLICE_LITERAL("}}"),
        .line = 1,
    };
    bool compiled = check_text(&compiler) && compile_text(&compiler);

    if (compiled && compiler.node_count > 0) {
        size_t size = compiler.node_count * sizeof *compiler.nodes;
        template->nodes = memcpy(arena_allocate(set->arena, size), compiler.nodes, size);
        template->node_count = compiler.node_count;
    }
    free(compiler.nodes);
    return compiled;
}
