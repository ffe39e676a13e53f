/* Every *.html of a directory becomes a template; whatever stands in the way is said with the file's path. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "template.h"

struct folder {
    char path[32];
    char file[128]; /* the last path that was asked for */
};

static const char *in_folder(struct folder *folder, const char *name)
{
    assert_true(snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name) <
                (int)sizeof folder->file);
    return folder->file;
}

static void write_file(struct folder *folder, const char *name, const char *text)
{
    FILE *file = fopen(in_folder(folder, name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    static struct folder folder;

    strcpy(folder.path, "/tmp/templates-XXXXXX");
    *state = &folder;
    return mkdtemp(folder.path) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.html", "b.html", ".hidden.html", "notes.txt", ".html", "target"};
    struct folder *folder = *state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(in_folder(folder, names[i]));
    return rmdir(folder->path);
}

/* Loads the folder, which must fail with "folder" + `message`. */
static void check_message(const struct folder *folder, const char *message)
{
    struct error error = {""};

    assert_null(template_set_load(folder->path, &error));
    assert_memory_equal(error.message, folder->path, strlen(folder->path));
    assert_string_equal(error.message + strlen(folder->path), message);
}

static void its_html_files_become_templates(void **state)
{
    const struct template_value data = {.kind = TEMPLATE_TRUE};
    struct folder *folder = *state;
    struct error error;
    struct buffer out = {0};

    write_file(folder, "b.html", "({{> a}})\n");
    write_file(folder, "a.html", "{{.}}");
    write_file(folder, ".hidden.html", "{{#broken");
    write_file(folder, "notes.txt", "{{#broken");
    write_file(folder, ".html", "{{#broken");
    struct template_set *set = template_set_load(folder->path, &error);
    assert_non_null(set);
    assert_true(template_render(template_set_find(set, "b.html"), &data, &out));
    assert_slice_equals(buffer_slice(&out), "(true)\n");
    assert_non_null(template_set_find(set, "a.html"));
    assert_null(template_set_find(set, "a"));
    assert_null(template_set_find(set, "c.html"));
    assert_null(template_set_find(set, ".hidden.html"));
    assert_null(template_set_find(set, "notes.txt"));
    buffer_free(&out);
    template_set_destroy(set);
}

static void an_empty_directory_is_an_empty_set(void **state)
{
    const struct folder *folder = *state;
    struct error error;
    struct template_set *set = template_set_load(folder->path, &error);

    assert_non_null(set);
    assert_null(template_set_find(set, "a.html"));
    template_set_destroy(set);
}

static void a_link_to_a_file_is_a_file(void **state)
{
    struct folder *folder = *state;
    struct error error;

    write_file(folder, "target", "text");
    assert_int_equal(symlink("target", in_folder(folder, "a.html")), 0);
    struct template_set *set = template_set_load(folder->path, &error);
    assert_non_null(set);
    assert_non_null(template_set_find(set, "a.html"));
    template_set_destroy(set);
}

static void a_mistake_is_told_with_path_and_line(void **state)
{
    struct folder *folder = *state;

    write_file(folder, "a.html", "fine");
    write_file(folder, "b.html", "one\n{{#user}}\n");
    check_message(folder, "/b.html:2: section 'user' is never closed");
    write_file(folder, "a.html", "{{#first}}");
    check_message(folder, "/a.html:1: section 'first' is never closed");
}

static void a_partial_that_is_missing_is_told(void **state)
{
    struct folder *folder = *state;

    write_file(folder, "a.html", "one\ntwo {{> foot}}\n");
    check_message(folder, "/a.html:2: there is no partial 'foot.html'");
}

static void what_is_not_a_regular_file_is_refused(void **state)
{
    struct folder *folder = *state;

    assert_int_equal(mkdir(in_folder(folder, "a.html"), 0700), 0);
    check_message(folder, "/a.html: not a regular file");
    assert_int_equal(rmdir(folder->file), 0);
    assert_int_equal(mkfifo(in_folder(folder, "a.html"), 0600), 0);
    check_message(folder, "/a.html: not a regular file");
}

static void what_cannot_be_opened_is_told(void **state)
{
    struct folder *folder = *state;
    struct error error;

    assert_int_equal(symlink("nowhere", in_folder(folder, "a.html")), 0);
    check_message(folder, "/a.html: cannot open: No such file or directory");
    assert_null(template_set_load("/nowhere", &error));
    assert_string_equal(error.message,
                        "/nowhere: cannot open the directory of templates: No such file or directory");
}

static void one_mebibyte_is_the_limit(void **state)
{
    struct folder *folder = *state;
    struct error error;
    int file = open(in_folder(folder, "a.html"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, 1024 * 1024), 0);
    struct template_set *set = template_set_load(folder->path, &error);
    assert_non_null(set);
    template_set_destroy(set);
    assert_int_equal(ftruncate(file, 1024 * 1024 + 1), 0);
    assert_int_equal(close(file), 0);
    check_message(folder, "/a.html: larger than 1 MiB");
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_A_FOLDER(its_html_files_become_templates),   IN_A_FOLDER(an_empty_directory_is_an_empty_set),
        IN_A_FOLDER(a_link_to_a_file_is_a_file),        IN_A_FOLDER(a_mistake_is_told_with_path_and_line),
        IN_A_FOLDER(a_partial_that_is_missing_is_told), IN_A_FOLDER(what_is_not_a_regular_file_is_refused),
        IN_A_FOLDER(what_cannot_be_opened_is_told),     IN_A_FOLDER(one_mebibyte_is_the_limit),
    };

    return RUN_TESTS(tests, NULL, NULL);
}
