#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64url.h"
#include "memory.h"
#include "utf8.h"

enum { MAX_FILE_SIZE = 64 * 1024 };

static bool key_prepare(struct keyring_key *key, struct slice secret)
{
    unsigned char derived[CRYPTO_KEY_SIZE];

    if (crypto_derive(secret, "session-fcgi cookie signature v1", derived, sizeof derived))
        key->signature = crypto_mac_create(derived, sizeof derived);
    if (crypto_derive(secret, "session-fcgi record seal v1", derived, sizeof derived))
        key->seal = crypto_mac_create(derived, sizeof derived);
    crypto_wipe(derived, sizeof derived);
    return key->signature != NULL && key->seal != NULL &&
           crypto_derive(secret, "session-fcgi secret fingerprint v1", key->fingerprint,
                         KEYRING_FINGERPRINT_SIZE);
}

/* Secrets are named by their number in messages, never by their content. */
static bool secrets_are_usable(const struct slice *secrets, size_t count, struct error *error)
{
    if (count == 0)
        return error_set(error, "no secret in it; `session-fcgi --new-secret` writes one");
    if (count > KEYRING_MAX_SECRETS)
        return error_set(error, "more than %d secrets; remove the oldest ones at the end",
                         KEYRING_MAX_SECRETS);
    for (size_t i = 0; i < count; i++) {
        if (secrets[i].length < KEYRING_MIN_SECRET_LENGTH)
            return error_set(error,
                             "secret %zu is shorter than %d characters; `session-fcgi --new-secret` writes a "
                             "good one",
                             i + 1, KEYRING_MIN_SECRET_LENGTH);
        if (utf8_has_control(secrets[i]))
            return error_set(error,
                             "secret %zu holds a control character (a tab, a carriage return?); write one "
                             "secret a line, lines ending in a newline only",
                             i + 1);
        for (size_t j = 0; j < i; j++)
            if (slice_equals(secrets[i], secrets[j]))
                return error_set(error, "secret %zu is the same as secret %zu; remove one of them", i + 1,
                                 j + 1);
    }
    return true;
}

struct keyring *keyring_create(const struct slice *secrets, size_t count, struct error *error)
{
    if (!secrets_are_usable(secrets, count, error))
        return NULL;
    struct keyring *keyring = memory_allocate_zeroed(1, sizeof *keyring);
    while (keyring->count < count) {
        size_t i = keyring->count++;
        if (!key_prepare(&keyring->keys[i], secrets[i])) {
            error_set(error, "OpenSSL could not derive the keys of secret %zu", i + 1);
            keyring_destroy(keyring);
            return NULL;
        }
    }
    return keyring;
}

void keyring_sign_with(struct keyring *keyring, const unsigned char fingerprint[KEYRING_FINGERPRINT_SIZE])
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (memcmp(keyring->keys[i].fingerprint, fingerprint, KEYRING_FINGERPRINT_SIZE) == 0)
            keyring->signer = i;
    }
}

void keyring_sign_with_first(struct keyring *keyring)
{
    keyring->signer = 0;
}

void keyring_destroy(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    for (size_t i = 0; i < keyring->count; i++) {
        crypto_mac_destroy(keyring->keys[i].signature);
        crypto_mac_destroy(keyring->keys[i].seal);
    }
    crypto_wipe(keyring, sizeof *keyring);
    free(keyring);
}

static bool file_is_private(int file, const char *path, struct error *error)
{
    struct stat status;

    if (fstat(file, &status) != 0)
        return error_set(error, "secret file %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error,
                         "secret file %s is not a regular file; `session-fcgi --new-secret` writes a secret "
                         "for one",
                         path);
    if (status.st_mode & (S_IRWXO | S_IWGRP))
        return error_set(error, "secret file %s may be used by others (mode %04o): chmod 600 %s", path,
                         (unsigned)status.st_mode & 07777, path);
    return true;
}

/* Reads until the end of the file or of `text`, which holds `size` bytes. */
static bool read_all(int file, char *text, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t got = read(file, text + *length, size - *length);
        if (got == 0)
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        *length += (size_t)got;
    }
    return true;
}

/* Puts the file's content into `text`, which holds MAX_FILE_SIZE + 1 bytes. */
static bool read_secret_file(const char *path, char *text, size_t *length, struct error *error)
{
    /* Opening a FIFO would wait for a writer; O_NONBLOCK does not, and means nothing for regular files. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        return error_set(error,
                         "secret file %s does not exist; make it, as the user of session-fcgi: umask 077; "
                         "session-fcgi --new-secret > %s",
                         path, path);
    if (file < 0)
        return error_set(error,
                         "secret file %s: %s; give it to the user of session-fcgi and chmod 600 it, or make "
                         "one with `session-fcgi --new-secret`",
                         path, strerror(errno));
    bool usable = file_is_private(file, path, error);
    if (usable && !read_all(file, text, MAX_FILE_SIZE + 1, length))
        usable = error_set(error, "secret file %s cannot be read: %s", path, strerror(errno));
    else if (usable && *length > MAX_FILE_SIZE)
        usable = error_set(error,
                           "secret file %s is over %d bytes, so hardly a secret file; "
                           "`session-fcgi --new-secret` writes a secret",
                           path, MAX_FILE_SIZE);
    close(file); /* was only read: nothing can be lost */
    return usable;
}

static bool line_counts(struct slice line)
{
    size_t spaces = 0;

    while (spaces < line.length && line.data[spaces] == ' ')
        spaces++;
    return spaces < line.length && line.data[0] != '#';
}

/* Collects the secrets, and at most one more than are allowed: enough to see that they are too many. */
static size_t split_secrets(struct slice text, struct slice secrets[KEYRING_MAX_SECRETS + 1])
{
    size_t count = 0;

    while (text.length > 0 && count <= KEYRING_MAX_SECRETS) {
        const char *newline = memchr(text.data, '\n', text.length);
        struct slice line = {text.data, newline ? (size_t)(newline - text.data) : text.length};
        if (line_counts(line))
            secrets[count++] = line;
        text = slice_from(text, line.length + 1);
    }
    return count;
}

struct keyring *keyring_load(const char *path, struct error *error)
{
    char *text = memory_allocate(MAX_FILE_SIZE + 1);
    size_t length = 0;
    struct keyring *keyring = NULL;

    if (read_secret_file(path, text, &length, error)) {
        struct slice secrets[KEYRING_MAX_SECRETS + 1];
        size_t count = split_secrets((struct slice){text, length}, secrets);
        struct error reason;
        keyring = keyring_create(secrets, count, &reason);
        if (keyring == NULL)
            error_set(error, "secret file %s: %s", path, reason.message);
    }
    crypto_wipe(text, MAX_FILE_SIZE + 1);
    free(text);
    return keyring;
}

bool keyring_new_secret(char secret[44])
{
    unsigned char bytes[32];
    bool random = crypto_random(bytes, sizeof bytes);

    _Static_assert(BASE64URL_LENGTH(sizeof bytes) == 43, "a secret is 43 characters");
    if (random)
        base64url_encode(bytes, sizeof bytes, secret);
    secret[random ? 43 : 0] = '\0';
    crypto_wipe(bytes, sizeof bytes);
    return random;
}
