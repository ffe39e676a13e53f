#include "template_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

enum { ARENA_BLOCK = 64 * 1024 };

static const char suffix[] = ".html";

static struct template_set *set_create(bool missing_partials_are_empty)
{
    struct template_set *set = memory_allocate_zeroed(1, sizeof *set);

    set->arena = arena_create(ARENA_BLOCK);
    set->missing_partials_are_empty = missing_partials_are_empty;
    return set;
}

void template_set_destroy(struct template_set *set)
{
    if (set == NULL)
        return;
    arena_destroy(set->arena);
    free(set);
}

static int compare_names(const void *a, const void *b)
{
    return slice_compare(((const struct template *)a)->name, ((const struct template *)b)->name);
}

static void sort_templates(struct template_set *set)
{
    if (set->count > 0)
        qsort(set->templates, set->count, sizeof *set->templates, compare_names);
}

static const struct template *find(const struct template_set *set, struct slice name)
{
    struct template wanted = {.name = name};

    if (set->count == 0)
        return NULL;
    return bsearch(&wanted, set->templates, set->count, sizeof *set->templates, compare_names);
}

const struct template *template_set_find(const struct template_set *set, const char *name)
{
    return find(set, slice_from_string(name));
}

const struct template *template_set_find_partial(const struct template_set *set, struct slice name)
{
    char file[TEMPLATE_NAME_LIMIT + sizeof suffix];

    memcpy(file, name.data, name.length);
    memcpy(file + name.length, suffix, sizeof suffix);
    return find(set, (struct slice){file, name.length + sizeof suffix - 1});
}

/* Compiles the templates, which are sorted and have their texts. */
static bool compile_templates(struct template_set *set, struct error *error)
{
    for (size_t i = 1; i < set->count; i++)
        if (slice_equals(set->templates[i - 1].name, set->templates[i].name))
            return error_set(error, "%s: there are two templates of this name", set->templates[i].path.data);
    for (size_t i = 0; i < set->count; i++)
        if (!template_compile(set, &set->templates[i], error))
            return false;
    return true;
}

struct template_set *template_set_compile(const struct slice *names, const struct slice *texts, size_t count,
                                          bool missing_partials_are_empty, struct error *error)
{
    struct template_set *set = set_create(missing_partials_are_empty);

    set->templates = arena_allocate_array(set->arena, count, sizeof *set->templates);
    set->count = count;
    for (size_t i = 0; i < count; i++) {
        struct slice text = texts[i].length > 0 ? texts[i] : (struct slice)SLICE_LITERAL("");
        set->templates[i] = (struct template){
            .name = arena_copy(set->arena, names[i]),
            .path = arena_format(set->arena, "%.*s", (int)names[i].length, names[i].data),
            .text = arena_copy(set->arena, text),
        };
    }
    sort_templates(set);
    if (compile_templates(set, error))
        return set;
    template_set_destroy(set);
    return NULL;
}

static bool is_template_name(const char *name)
{
    size_t length = strlen(name), end = sizeof suffix - 1;

    return name[0] != '.' && length > end && strcmp(name + length - end, suffix) == 0;
}

/* Collects the names and paths of the directory's templates, sorted. */
static bool list_directory(struct template_set *set, const char *directory, struct error *error)
{
    struct template *found = NULL;
    size_t capacity = 0;
    DIR *stream = opendir(directory);

    if (stream == NULL)
        return error_set(error, "%s: cannot open the directory of templates: %s", directory, strerror(errno));
    for (;;) {
        errno = 0; /* readdir tells its end from an error only by errno */
        const struct dirent *entry = readdir(stream);
        if (entry == NULL)
            break;
        if (!is_template_name(entry->d_name))
            continue;
        if (set->count == capacity) {
            capacity = capacity ? 2 * capacity : 16;
            found = memory_reallocate(found, capacity * sizeof *found);
        }
        found[set->count++] = (struct template){
            .name = arena_format(set->arena, "%s", entry->d_name),
            .path = arena_format(set->arena, "%s/%s", directory, entry->d_name),
        };
    }
    int problem = errno;
    closedir(stream);
    set->templates = arena_allocate_array(set->arena, set->count, sizeof *found);
    if (set->count > 0)
        memcpy(set->templates, found, set->count * sizeof *found);
    free(found);
    sort_templates(set);
    return problem == 0 ||
           error_set(error, "%s: cannot read the directory of templates: %s", directory, strerror(problem));
}

/* Reads all of an open file whose size was `size` a moment ago. */
static bool read_text(int file, size_t size, struct arena *arena, struct template *template,
                      struct error *error)
{
    char *bytes = arena_allocate(arena, size + 1); /* one more, to see that it ends where it should */
    size_t length = 0;

    while (length <= size) {
        ssize_t got = read(file, bytes + length, size + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set(error, "%s: cannot read: %s", template->path.data, strerror(errno));
        if (got == 0)
            break;
        length += (size_t)got;
    }
    if (length != size)
        return error_set(error, "%s: changed while it was read; try again", template->path.data);
    template->text = (struct slice){bytes, length};
    return true;
}

static bool read_template(struct arena *arena, struct template *template, struct error *error)
{
    const char *path = template->path.data;
    /* Not blocking, so that a FIFO is refused below and not waited for here. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    bool done;

    if (file < 0)
        return error_set(error, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(file, &status) != 0)
        done = error_set(error, "%s: cannot examine: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        done = error_set(error, "%s: not a regular file", path);
    else if (status.st_size > TEMPLATE_SIZE_LIMIT)
        done = error_set(error, "%s: larger than 1 MiB", path);
    else
        done = read_text(file, (size_t)status.st_size, arena, template, error);
    close(file);
    return done;
}

struct template_set *template_set_load(const char *directory, struct error *error)
{
    struct template_set *set = set_create(false);
    bool loaded = list_directory(set, directory, error);

    for (size_t i = 0; loaded && i < set->count; i++)
        loaded = read_template(set->arena, &set->templates[i], error);
    if (loaded && compile_templates(set, error))
        return set;
    template_set_destroy(set);
    return NULL;
}
