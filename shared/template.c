#include "template_internal.h"

struct rendering {
    struct buffer *out;

    /* The context stack, the current context last. */
    const struct template_value *contexts[1 + TEMPLATE_SECTION_DEPTH];
    size_t context_count;

    /* What goes before each line of the current partial: the indentations from `indentation_first` on. */
    struct slice indentations[TEMPLATE_PARTIAL_DEPTH];
    size_t indentation_first;
    size_t indentation_count;

    size_t partial_depth;
};

static bool render_nodes(struct rendering *rendering, const struct template *template, size_t from,
                         size_t to);

struct template_value template_text(struct slice text)
{
    return (struct template_value){.kind = TEMPLATE_TEXT, .text = text};
}

struct template_value template_list(const struct template_value *items, size_t count)
{
    return (struct template_value){.kind = TEMPLATE_LIST, .list = {items, count}};
}

struct template_value template_object(const struct template_field *fields, size_t count)
{
    return (struct template_value){.kind = TEMPLATE_OBJECT, .object = {fields, count}};
}

static struct slice entity_of(unsigned char byte)
{
    switch (byte) {
    case '&':
        return (struct slice)SLICE_LITERAL("&amp;");
    case '<':
        return (struct slice)SLICE_LITERAL("&lt;");
    case '>':
        return (struct slice)SLICE_LITERAL("&gt;");
    case '"':
        return (struct slice)SLICE_LITERAL("&quot;");
    default:
        return (struct slice)SLICE_LITERAL("&#39;");
    }
}

void template_escape(struct slice text, struct buffer *out)
{
    static const bool is_special[256] = {
        ['&'] = true, ['<'] = true, ['>'] = true, ['"'] = true, ['\''] = true};
    size_t run = 0; /* where the bytes begin that are not yet appended */

    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (!is_special[byte])
            continue;
        buffer_append(out, (struct slice){text.data + run, i - run});
        buffer_append(out, entity_of(byte));
        run = i + 1;
    }
    buffer_append(out, slice_from(text, run));
}

/* The object's value of this name; NULL if it has none or is not an object. */
static const struct template_value *find_field(const struct template_value *value, struct slice name)
{
    if (value->kind != TEMPLATE_OBJECT)
        return NULL;
    for (size_t i = 0; i < value->object.count; i++)
        if (slice_equals(value->object.fields[i].name, name))
            return &value->object.fields[i].value;
    return NULL;
}

/* The first part is looked up through all contexts, the others only in what the part before them gave.
 * Never NULL: what is not there is false. */
static const struct template_value *resolve(const struct rendering *rendering, struct template_name name)
{
    static const struct template_value missing = {.kind = TEMPLATE_FALSE};
    const struct template_value *value = NULL;

    if (name.count == 0)
        return rendering->contexts[rendering->context_count - 1];
    for (size_t i = rendering->context_count; i > 0 && value == NULL; i--)
        value = find_field(rendering->contexts[i - 1], name.parts[0]);
    for (size_t i = 1; i < name.count && value != NULL; i++)
        value = find_field(value, name.parts[i]);
    return value != NULL ? value : &missing;
}

static bool is_truthy(const struct template_value *value)
{
    switch (value->kind) {
    case TEMPLATE_FALSE:
        return false;
    case TEMPLATE_TEXT:
        return value->text.length > 0;
    case TEMPLATE_LIST:
        return value->list.count > 0;
    case TEMPLATE_TRUE:
    case TEMPLATE_OBJECT:
        break;
    }
    return true;
}

/* What a value prints as; lists and objects print nothing. */
static struct slice text_of(const struct template_value *value)
{
    if (value->kind == TEMPLATE_TEXT)
        return value->text;
    if (value->kind == TEMPLATE_TRUE)
        return (struct slice)SLICE_LITERAL("true");
    return slice_none();
}

static void append_indentation(const struct rendering *rendering)
{
    for (size_t i = rendering->indentation_first; i < rendering->indentation_count; i++)
        buffer_append(rendering->out, rendering->indentations[i]);
}

static void append_text(const struct rendering *rendering, const struct template_node *node)
{
    struct slice rest = node->text.bytes;

    if (rendering->indentation_first == rendering->indentation_count) {
        buffer_append(rendering->out, rest);
        return;
    }
    if (node->text.starts_line)
        append_indentation(rendering);
    while (rest.length > 0) {
        const char *newline = memchr(rest.data, '\n', rest.length);
        size_t length = newline ? (size_t)(newline - rest.data) + 1 : rest.length;
        buffer_append(rendering->out, (struct slice){rest.data, length});
        rest = slice_from(rest, length);
        if (rest.length > 0)
            append_indentation(rendering);
    }
}

static bool render_in_context(struct rendering *rendering, const struct template *template, size_t section,
                              const struct template_value *context)
{
    if (rendering->context_count > TEMPLATE_SECTION_DEPTH)
        return false;
    rendering->contexts[rendering->context_count++] = context;
    bool complete = render_nodes(rendering, template, section + 1, template->nodes[section].end);
    rendering->context_count--;
    return complete;
}

static bool render_section(struct rendering *rendering, const struct template *template, size_t section)
{
    const struct template_value *value = resolve(rendering, template->nodes[section].name);

    if (value->kind != TEMPLATE_LIST)
        return !is_truthy(value) || render_in_context(rendering, template, section, value);
    for (size_t i = 0; i < value->list.count; i++)
        if (!render_in_context(rendering, template, section, &value->list.items[i]))
            return false;
    return true;
}

/* A partial on a line of its own takes over that line's indentation, below the one that the including
 * template itself has; a partial within a line takes over none. */
static bool render_partial(struct rendering *rendering, const struct template_node *node)
{
    const struct template *partial = node->partial.template;
    size_t first = rendering->indentation_first, count = rendering->indentation_count;

    if (rendering->partial_depth == TEMPLATE_PARTIAL_DEPTH)
        return false;
    if (node->partial.indentation.data == NULL)
        rendering->indentation_first = count;
    else if (node->partial.indentation.length > 0)
        rendering->indentations[rendering->indentation_count++] = node->partial.indentation;
    rendering->partial_depth++;
    bool complete = render_nodes(rendering, partial, 0, partial->node_count);
    rendering->partial_depth--;
    rendering->indentation_first = first;
    rendering->indentation_count = count;
    return complete;
}

/* Recursion is bounded by the limits on partials and contexts. */
static bool render_nodes(struct rendering *rendering, const struct template *template, size_t from, size_t to)
{
    size_t i = from;

    while (i < to) {
        const struct template_node *node = &template->nodes[i];
        size_t next = i + 1;
        switch (node->kind) {
        case TEMPLATE_NODE_TEXT:
            append_text(rendering, node);
            break;
        case TEMPLATE_NODE_ESCAPED:
            template_escape(text_of(resolve(rendering, node->name)), rendering->out);
            break;
        case TEMPLATE_NODE_RAW:
            buffer_append(rendering->out, text_of(resolve(rendering, node->name)));
            break;
        case TEMPLATE_NODE_SECTION:
            if (!render_section(rendering, template, i))
                return false;
            next = node->end;
            break;
        case TEMPLATE_NODE_INVERTED:
            if (is_truthy(resolve(rendering, node->name)))
                next = node->end;
            break;
        case TEMPLATE_NODE_PARTIAL:
            if (!render_partial(rendering, node))
                return false;
            break;
        }
        i = next;
    }
    return true;
}

bool template_render(const struct template *template, const struct template_value *data, struct buffer *out)
{
    struct rendering rendering; /* member by member: zeroing the stacks would cost more than a small page */

    rendering.out = out;
    rendering.contexts[0] = data;
    rendering.context_count = 1;
    rendering.indentation_first = 0;
    rendering.indentation_count = 0;
    rendering.partial_depth = 0;
    return render_nodes(&rendering, template, 0, template->node_count);
}
