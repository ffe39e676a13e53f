#include "arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

struct block {
    struct block *next; /* the block that was current before this one */
    size_t size;
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *current;
    size_t first_block;
};

static struct block *block_create(size_t size, struct block *next)
{
    struct block *block = memory_allocate(sizeof *block + size);

    block->next = next;
    block->size = size;
    block->used = 0;
    return block;
}

struct arena *arena_create(size_t first_block)
{
    struct arena *arena = memory_allocate(sizeof *arena);

    arena->first_block = first_block;
    arena->current = block_create(first_block, NULL);
    return arena;
}

void arena_reset(struct arena *arena)
{
    while (arena->current->next != NULL) {
        struct block *next = arena->current->next;
        free(arena->current);
        arena->current = next;
    }
    arena->current->used = 0;
}

void arena_destroy(struct arena *arena)
{
    if (arena == NULL)
        return;
    arena_reset(arena);
    free(arena->current);
    free(arena);
}

void *arena_allocate(struct arena *arena, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);

    if (size > SIZE_MAX / 2)
        memory_exhausted(size);
    size = (size + alignment - 1) / alignment * alignment;
    if (arena->current->size - arena->current->used < size) {
        size_t block_size = size > arena->first_block ? size : arena->first_block;
        arena->current = block_create(block_size, arena->current);
    }
    void *taken = arena->current->bytes + arena->current->used;
    arena->current->used += size;
    return taken;
}

void *arena_allocate_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size)
        memory_exhausted(SIZE_MAX);
    return arena_allocate(arena, count * size);
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    if (bytes.data == NULL)
        return bytes;
    char *copy = arena_allocate(arena, bytes.length);
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    return (struct slice){copy, bytes.length};
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        memory_exhausted(0);
    char *text = arena_allocate(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return (struct slice){text, (size_t)length};
}
