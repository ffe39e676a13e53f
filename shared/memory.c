#include "memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

void memory_exhausted(size_t size)
{
    log_error("out of memory: %zu bytes could not be had", size);
    abort();
}

void *memory_allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);

    if (memory == NULL)
        memory_exhausted(size);
    return memory;
}

void *memory_allocate_zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (memory == NULL)
        memory_exhausted(count * size);
    return memory;
}

void *memory_reallocate(void *memory, size_t size)
{
    void *grown = realloc(memory, size ? size : 1);

    if (grown == NULL)
        memory_exhausted(size);
    return grown;
}

char *memory_copy_string(const char *string)
{
    size_t size = strlen(string) + 1;

    return memcpy(memory_allocate(size), string, size);
}

bool memory_keep_freed(size_t size)
{
#ifdef M_TRIM_THRESHOLD
    return mallopt(M_TRIM_THRESHOLD, (int)size) != 0;
#else
    return size == 0;
#endif
}
