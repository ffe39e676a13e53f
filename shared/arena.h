/* An arena: memory for one request, taken in order and given back all at once.
 *
 * Nothing taken from an arena is freed by itself; arena_reset makes all of it invalid. The first block is
 * kept over resets, so a request of usual size costs no malloc. When memory is out, the process logs one line
 * and aborts (the pool replaces the worker): no caller has to check for NULL. */
#ifndef SESSION_FCGI_ARENA_H
#define SESSION_FCGI_ARENA_H

#include "slice.h"

struct arena;

/* A new arena whose first block holds `first_block` bytes. The caller destroys it. */
struct arena *arena_create(size_t first_block);

/* Gives back everything taken; blocks beyond the first go back to the system. */
void arena_reset(struct arena *arena);

/* NULL is allowed. */
void arena_destroy(struct arena *arena);

/* `size` bytes, aligned for any type, not zeroed. Never NULL; `size` 0 gives a valid pointer. */
void *arena_allocate(struct arena *arena, size_t size);

/* Room for `count` elements of `size` bytes; the product is checked. */
void *arena_allocate_array(struct arena *arena, size_t count, size_t size);

/* A copy of `bytes` that lives as long as the arena's content; "no value" stays "no value". */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* The formatted text, NUL-terminated beyond its length. */
struct slice arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
