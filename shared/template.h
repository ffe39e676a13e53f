/* Templates: the Mustache language (mustache(5) and the specification at github.com/mustache/spec, its
 * required modules: comments, delimiters, interpolation, inverted, partials, sections), compiled once at
 * start, rendered per request without allocation but from the caller's buffer.
 *
 * {{name}} is escaped: & < > " become named entities, ' becomes &#39;. Raw output has to be asked for
 * ({{{name}}} or {{&name}}).
 *
 * Where the specification leaves a choice: a name is at most 255 bytes without white space, a delimiter at
 * most 16 bytes without white space and '=', sections nest at most 256 deep in one file, and a tag of the
 * optional modules ({{<parent}}, {{$block}}) is an error, since it would otherwise pass for a name that is
 * never found. */
#ifndef SESSION_FCGI_TEMPLATE_H
#define SESSION_FCGI_TEMPLATE_H

#include "buffer.h"
#include "error.h"
#include "slice.h"

/* The data a template is rendered with: built by the handler, only read here. */
enum template_kind {
    TEMPLATE_FALSE, /* also "no such thing": falsy, prints nothing */
    TEMPLATE_TRUE,  /* truthy, prints "true" */
    TEMPLATE_TEXT,  /* prints itself; truthy unless empty */
    TEMPLATE_LIST,  /* a section repeats for each item; empty is falsy */
    TEMPLATE_OBJECT /* named values */
};

struct template_field;

struct template_value {
    enum template_kind kind;
    union {
        struct slice text;
        struct {
            const struct template_value *items;
            size_t count;
        } list;
        struct {
            const struct template_field *fields;
            size_t count;
        } object;
    };
};

struct template_field {
    struct slice name;
    struct template_value value;
};

/* Values to render. They refer to what they are made of, which must live until the rendering is done. */
struct template_value template_text(struct slice text);
struct template_value template_list(const struct template_value *items, size_t count);
struct template_value template_object(const struct template_field *fields, size_t count);

struct template;
struct template_set;

/* Compiles every file *.html of a directory, in the order of their names; hidden files are left out.
 * {{> name}} is the file name.html of the same directory, and must exist. NULL with file, line and reason in
 * `error` ("templates/query.html:12: section 'user' is never closed") if the directory or a file cannot be
 * read, a file is not a regular one, not UTF-8 or over 1 MiB, or a template cannot be compiled. The caller
 * destroys the set. */
struct template_set *template_set_load(const char *directory, struct error *error);

/* Compiles templates from memory: `names` and `texts` in parallel, copied. Names are those of files
 * ("query.html"), each only once; {{> name}} is "name.html". A partial that is not among them renders as
 * nothing, as the specification says, if `missing_partials_are_empty`; else it is an error. */
struct template_set *template_set_compile(const struct slice *names, const struct slice *texts, size_t count,
                                          bool missing_partials_are_empty, struct error *error);

/* Releases the set and its templates; NULL is allowed. */
void template_set_destroy(struct template_set *set);

/* The template of this name ("query.html"), owned by the set, or NULL. */
const struct template *template_set_find(const struct template_set *set, const char *name);

/* Appends the rendered template to `out`; `data` is the outermost context. False if partials nest deeper than
 * 64 (a template that includes itself without end, for this data), or sections deeper than 256: `out` then
 * holds the beginning. */
bool template_render(const struct template *template, const struct template_value *data, struct buffer *out);

/* Appends `text` with & < > " ' escaped for HTML. */
void template_escape(struct slice text, struct buffer *out);

#endif
