/* A secret file that others can read, or that holds no good secret, stops the start with a line that says
 * what to do. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64url.h"
#include "buffer.h"
#include "keyring.h"
#include "session_id.h"

#define GOOD  "a good secret, 32 characters long"
#define OTHER "another good secret, as long again"

static char folder[] = "/tmp/secret-files-XXXXXX";
static char path[64];

static int prepare(void **state)
{
    struct error error;

    (void)state;
    if (!crypto_prepare(&error) || mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/secret", folder);
    return 0;
}

static int release(void **state)
{
    (void)state;
    crypto_release();
    return rmdir(folder);
}

static void write_file(struct slice content, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.length, file), content.length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static size_t count_loaded(struct slice content, mode_t mode)
{
    struct error error = {""};

    write_file(content, mode);
    struct keyring *keyring = keyring_load(path, &error);
    assert_int_equal(unlink(path), 0);
    if (keyring == NULL)
        fail_msg("refused: %s", error.message);
    size_t count = keyring->count;
    keyring_destroy(keyring);
    return count;
}

/* The message of a load that must fail; it always names the file. */
static const char *refusal(void)
{
    static struct error error;
    struct keyring *keyring = keyring_load(path, &error);

    assert_null(keyring);
    assert_non_null(strstr(error.message, path));
    assert_null(strchr(error.message, '\n'));
    return error.message;
}

static void assert_refused(struct slice content, mode_t mode, const char *reason, const char *advice)
{
    write_file(content, mode);
    const char *message = refusal();
    assert_int_equal(unlink(path), 0);
    if (strstr(message, reason) == NULL || strstr(message, advice) == NULL)
        fail_msg("\"%s\" lacks \"%s\" or \"%s\"", message, reason, advice);
    assert_null(strstr(message, "good secret,"));
}

#define TEXT(literal) ((struct slice)SLICE_LITERAL(literal))

static void a_private_file_is_read(void **state)
{
    (void)state;
    assert_int_equal(count_loaded(TEXT(GOOD "\n"), 0600), 1);
    assert_int_equal(count_loaded(TEXT(GOOD), 0400), 1);
    assert_int_equal(count_loaded(TEXT(GOOD "\n" OTHER "\n"), 0640), 2);
}

static void comments_and_blank_lines_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(count_loaded(TEXT("# made today\n\n   \n" GOOD "\n#" OTHER "\n\n"), 0600), 1);
}

static void the_first_line_signs_and_all_verify(void **state)
{
    struct error error;
    struct session_id id;
    char value[SESSION_ID_COOKIE_LENGTH + 1];
    const struct slice older[] = {SLICE_LITERAL(OTHER)}, newer[] = {SLICE_LITERAL(GOOD)};
    struct keyring *of_older = keyring_create(older, 1, &error), *of_newer = keyring_create(newer, 1, &error);

    (void)state;
    write_file(TEXT(GOOD "\n" OTHER "\n"), 0600);
    struct keyring *loaded = keyring_load(path, &error);
    assert_int_equal(unlink(path), 0);
    assert_non_null(loaded);
    assert_true(session_id_create(&id, 1));
    assert_true(session_id_sign(&id, of_newer, value));
    assert_int_equal(session_id_verify(slice_from_string(value), loaded, &id), SESSION_ID_GOOD);
    assert_true(session_id_sign(&id, of_older, value));
    assert_int_equal(session_id_verify(slice_from_string(value), loaded, &id), SESSION_ID_GOOD_OLDER);
    keyring_destroy(loaded);
    keyring_destroy(of_older);
    keyring_destroy(of_newer);
}

static void a_file_that_others_may_use_is_refused(void **state)
{
    const mode_t modes[] = {0604, 0602, 0601, 0644, 0620, 0660, 0666, 0777};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        assert_refused(TEXT(GOOD "\n"), modes[i], "may be used by others", "chmod 600");
}

static void a_missing_file_is_refused(void **state)
{
    const char *message = refusal();

    (void)state;
    assert_non_null(strstr(message, "does not exist"));
    assert_non_null(strstr(message, "session-fcgi --new-secret"));
}

static void what_is_not_a_regular_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_non_null(strstr(refusal(), "is not a regular file"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_non_null(strstr(refusal(), "is not a regular file"));
    assert_int_equal(unlink(path), 0);
}

/* Root may open any file, so only what root cannot open either stands for "no permission" here. */
static void a_file_that_cannot_be_opened_is_refused(void **state)
{
    (void)state;
    assert_int_equal(symlink(path, path), 0);
    const char *message = refusal();
    assert_int_equal(unlink(path), 0);
    assert_non_null(strstr(message, "symbolic links"));
    assert_non_null(strstr(message, "chmod 600"));
    assert_non_null(strstr(message, "session-fcgi --new-secret"));
}

static void a_large_file_is_refused(void **state)
{
    struct buffer content = {0};

    (void)state;
    buffer_append_string(&content, GOOD "\n#");
    while (content.length < 64 * 1024)
        buffer_append_string(&content, "x");
    assert_int_equal(count_loaded(buffer_slice(&content), 0600), 1);
    buffer_append_string(&content, "x");
    assert_refused(buffer_slice(&content), 0600, "over 65536 bytes", "session-fcgi --new-secret");
    buffer_free(&content);
}

static void a_file_without_a_secret_is_refused(void **state)
{
    (void)state;
    assert_refused(TEXT(""), 0600, "no secret", "session-fcgi --new-secret");
    assert_refused(TEXT("# nothing\n\n  \n"), 0600, "no secret", "session-fcgi --new-secret");
}

static void a_short_secret_is_refused(void **state)
{
    (void)state;
    assert_int_equal(count_loaded(TEXT("12345678901234567890123456789012\n"), 0600), 1);
    assert_refused(TEXT("1234567890123456789012345678901\n"), 0600, "secret 1 is shorter than 32",
                   "session-fcgi --new-secret");
    assert_refused(TEXT(GOOD "\nshort\n"), 0600, "secret 2 is shorter than 32", "session-fcgi --new-secret");
}

static void a_secret_with_a_control_character_is_refused(void **state)
{
    (void)state;
    assert_refused(TEXT(GOOD "\r\n"), 0600, "secret 1 holds a control character", "newline");
    assert_refused(TEXT(GOOD "\tx\n"), 0600, "control character", "newline");
    assert_refused(TEXT(GOOD "\0x\n"), 0600, "control character", "newline");
}

static void a_secret_that_stands_there_twice_is_refused(void **state)
{
    (void)state;
    assert_refused(TEXT(GOOD "\n" OTHER "\n" GOOD "\n"), 0600, "secret 3 is the same as secret 1", "remove");
}

static void too_many_secrets_are_refused(void **state)
{
    struct buffer content = {0};

    (void)state;
    for (int i = 0; i < KEYRING_MAX_SECRETS; i++)
        buffer_append_format(&content, "%02d " OTHER "\n", i);
    assert_int_equal(count_loaded(buffer_slice(&content), 0600), KEYRING_MAX_SECRETS);
    buffer_append_string(&content, GOOD "\n");
    assert_refused(buffer_slice(&content), 0600, "more than 16 secrets", "remove");
    buffer_free(&content);
}

static void a_new_secret_is_good_for_a_file(void **state)
{
    char secret[44], other[44], bytes[32];

    (void)state;
    assert_true(keyring_new_secret(secret));
    assert_true(keyring_new_secret(other));
    assert_true(base64url_decode(slice_from_string(secret), bytes, sizeof bytes));
    assert_string_not_equal(secret, other);
    assert_int_equal(count_loaded(slice_from_string(secret), 0600), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_file_is_read),
        cmocka_unit_test(comments_and_blank_lines_do_not_count),
        cmocka_unit_test(the_first_line_signs_and_all_verify),
        cmocka_unit_test(a_file_that_others_may_use_is_refused),
        cmocka_unit_test(a_missing_file_is_refused),
        cmocka_unit_test(what_is_not_a_regular_file_is_refused),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_refused),
        cmocka_unit_test(a_large_file_is_refused),
        cmocka_unit_test(a_file_without_a_secret_is_refused),
        cmocka_unit_test(a_short_secret_is_refused),
        cmocka_unit_test(a_secret_with_a_control_character_is_refused),
        cmocka_unit_test(a_secret_that_stands_there_twice_is_refused),
        cmocka_unit_test(too_many_secrets_are_refused),
        cmocka_unit_test(a_new_secret_is_good_for_a_file),
    };

    return RUN_TESTS(tests, prepare, release);
}
