/* What the three files of the templates share: template_set.c finds and reads them, template_compile.c turns
 * their text into nodes, template.c renders the nodes. Nobody else includes this. */
#ifndef SESSION_FCGI_TEMPLATE_INTERNAL_H
#define SESSION_FCGI_TEMPLATE_INTERNAL_H

#include <stdint.h>

#include "arena.h"
#include "template.h"

enum {
    TEMPLATE_SIZE_LIMIT = 1024 * 1024, /* bytes of one file; keeps node numbers within 32 bits */
    TEMPLATE_NAME_LIMIT = 255,         /* bytes of a name in a tag; keeps error messages readable */
    TEMPLATE_SECTION_DEPTH = 256,
    TEMPLATE_PARTIAL_DEPTH = 64
};

enum template_node_kind {
    TEMPLATE_NODE_TEXT,
    TEMPLATE_NODE_ESCAPED,  /* {{name}} */
    TEMPLATE_NODE_RAW,      /* {{{name}}} and {{&name}} */
    TEMPLATE_NODE_SECTION,  /* the body is the nodes from the next one to `end` */
    TEMPLATE_NODE_INVERTED, /* likewise */
    TEMPLATE_NODE_PARTIAL
};

/* "a.b" is two parts; "." is none: the value on top of the context stack. */
struct template_name {
    const struct slice *parts;
    size_t count;
};

struct template_node {
    enum template_node_kind kind;
    uint32_t end; /* of a section: the number of the first node behind it */
    union {
        struct {
            struct slice bytes; /* points into the template's text; may be empty if it starts a line */
            bool starts_line;   /* an indented partial is indented here */
        } text;
        struct template_name name;
        struct {
            const struct template *template;
            struct slice indentation; /* "no value": the tag does not stand alone on its line */
        } partial;
    };
};

struct template
{
    struct slice name; /* "query.html" */
    struct slice path; /* what error messages call it */
    struct slice text;
    const struct template_node *nodes;
    size_t node_count;
};

struct template_set {
    struct arena *arena;        /* owns all that follows */
    struct template *templates; /* sorted by name */
    size_t count;
    bool missing_partials_are_empty;
};

/* Fills in the nodes of one template of the set; the names of all templates must be known already. False
 * with path, line and reason in `error`. */
bool template_compile(const struct template_set *set, struct template *template, struct error *error);

/* The template that {{> name}} stands for, or NULL. `name` is at most TEMPLATE_NAME_LIMIT bytes. */
const struct template *template_set_find_partial(const struct template_set *set, struct slice name);

#endif
