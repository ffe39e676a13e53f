/* Heap memory that is there or ends the process: the worker is replaced by the pool, a start-up fails at
 * once. */
#ifndef SESSION_FCGI_MEMORY_H
#define SESSION_FCGI_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* malloc, calloc and realloc that never return NULL; release with free(). */
void *memory_allocate(size_t size);
void *memory_allocate_zeroed(size_t count, size_t size);
void *memory_reallocate(void *memory, size_t size);

/* A copy of the NUL-terminated string. */
char *memory_copy_string(const char *string);

/* Lets the process keep up to `size` bytes of freed heap memory. Without it the heap shrinks and grows again
 * with every burst of requests: system calls, and page faults. False if the C library knows no such setting,
 * or if a sanitizer has taken its place: that costs speed, nothing else. */
bool memory_keep_freed(size_t size);

/* Logs that `size` bytes could not be had, and aborts. */
_Noreturn void memory_exhausted(size_t size);

#endif
