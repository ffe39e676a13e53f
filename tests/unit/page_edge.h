/* Text that ends where readable memory ends: a parser that reads one byte too far crashes. */
#ifndef SESSION_FCGI_PAGE_EDGE_H
#define SESSION_FCGI_PAGE_EDGE_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

static inline size_t page_edge_readable(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (length / page + 1) * page;
}

/* A copy of `text` whose last byte is the last before a page that cannot be read. Writable, no NUL behind it;
 * give it back with page_edge_free, with data and length as they are here. */
static inline struct slice page_edge_copy(struct slice text)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = page_edge_readable(text.length);

    char *memory = mmap(NULL, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    assert_int_equal(mprotect(memory + readable, page, PROT_NONE), 0);
    char *copy = memory + readable - text.length;
    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    return (struct slice){copy, text.length};
}

static inline void page_edge_free(struct slice copy)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = page_edge_readable(copy.length);
    char *memory = (char *)(uintptr_t)copy.data + copy.length - readable;

    assert_int_equal(munmap(memory, readable + page), 0);
}

#endif
