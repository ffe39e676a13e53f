/* What lies in the store opens for the session that it was written for, unchanged, or not at all. */
#include "unit.h"

#include <stdlib.h>

#include "memory.h"
#include "seal.h"

static const struct slice secrets[] = {
    SLICE_LITERAL("the newer secret, long enough for use"),
    SLICE_LITERAL("the older secret, long enough for use"),
};
static const struct slice record = SLICE_LITERAL("a record, as if it were one, longer than a block");

static struct keyring *both, *only_newer, *only_older;
static struct session_id id;
static char store_key[SESSION_ID_STORE_KEY_LENGTH + 1];
static struct arena *arena;

static int prepare(void **state)
{
    struct error error;

    (void)state;
    arena = arena_create(16384);
    if (!crypto_prepare(&error) || !session_id_create(&id, 1795343400) ||
        !session_id_store_key(&id, store_key))
        return -1;
    both = keyring_create(secrets, 2, &error);
    only_newer = keyring_create(secrets, 1, &error);
    only_older = keyring_create(secrets + 1, 1, &error);
    return both && only_newer && only_older ? 0 : -1;
}

static int release(void **state)
{
    (void)state;
    keyring_destroy(both);
    keyring_destroy(only_newer);
    keyring_destroy(only_older);
    crypto_release();
    arena_destroy(arena);
    return 0;
}

static struct slice close_record(const struct keyring *keyring)
{
    struct slice sealed = seal_close(record, &id, store_key, keyring, arena);

    assert_non_null(sealed.data);
    assert_int_equal(sealed.length, record.length + SEAL_OVERHEAD);
    return sealed;
}

/* Opens a copy that ends where its memory ends, so that a sanitizer sees a read too far. */
static bool opens(struct slice sealed, const struct session_id *for_id, const char *key,
                  const struct keyring *keyring)
{
    char *copy = memory_allocate(sealed.length);

    memcpy(copy, sealed.data, sealed.length);
    struct slice opened = seal_open((struct slice){copy, sealed.length}, for_id, key, keyring, arena);
    free(copy);
    return opened.data != NULL;
}

static void a_record_opens_for_its_session(void **state)
{
    struct slice opened = seal_open(close_record(both), &id, store_key, both, arena);

    (void)state;
    assert_true(slice_equals(opened, record));
}

static void an_empty_record_opens_as_empty(void **state)
{
    struct slice sealed = seal_close((struct slice){"", 0}, &id, store_key, both, arena);
    struct slice opened = seal_open(sealed, &id, store_key, both, arena);

    (void)state;
    assert_int_equal(sealed.length, SEAL_OVERHEAD);
    assert_slice_equals(opened, "");
}

static void sealing_twice_gives_different_bytes(void **state)
{
    struct slice one = close_record(both), other = close_record(both);

    (void)state;
    assert_false(slice_equals(one, other));
    assert_memory_not_equal(one.data + 5, other.data + 5, CRYPTO_NONCE_SIZE);
}

static void the_record_is_not_readable(void **state)
{
    struct slice sealed = close_record(both);

    (void)state;
    assert_null(memmem(sealed.data, sealed.length, record.data, 8));
}

static void another_session_does_not_open_it(void **state)
{
    struct session_id other;

    (void)state;
    assert_true(session_id_create(&other, 1795343400));
    assert_false(opens(close_record(both), &other, store_key, both));
}

static void another_store_key_does_not_open_it(void **state)
{
    char other[SESSION_ID_STORE_KEY_LENGTH + 1];

    (void)state;
    memcpy(other, store_key, sizeof other);
    other[sizeof other - 2] ^= 1;
    assert_false(opens(close_record(both), &id, other, both));
    other[sizeof other - 2] = '\0';
    assert_false(opens(close_record(both), &id, other, both));
}

static void every_flipped_byte_is_noticed(void **state)
{
    struct slice sealed = close_record(both);
    char *bytes = (char *)sealed.data; /* the arena's, which is ours */

    (void)state;
    for (size_t i = 0; i < sealed.length; i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
            assert_false(opens(sealed, &id, store_key, both));
            bytes[i] = (char)(bytes[i] ^ (1 << bit));
        }
    }
    assert_true(opens(sealed, &id, store_key, both));
}

static void every_truncation_is_noticed(void **state)
{
    struct slice sealed = close_record(both);

    (void)state;
    for (size_t length = 0; length < sealed.length; length++)
        assert_false(opens((struct slice){sealed.data, length}, &id, store_key, both));
    assert_null(seal_open(slice_none(), &id, store_key, both, arena).data);
}

static void added_bytes_are_noticed(void **state)
{
    struct slice sealed = close_record(both);
    char *longer = arena_allocate(arena, sealed.length + 1);

    (void)state;
    memcpy(longer, sealed.data, sealed.length);
    longer[sealed.length] = 0;
    assert_false(opens((struct slice){longer, sealed.length + 1}, &id, store_key, both));
}

/* Sealed with the right key and tag as this version would, but saying that it is of another. */
static void an_unknown_version_does_not_open(void **state)
{
    const size_t nonce_at = 1 + KEYRING_FINGERPRINT_SIZE, text_at = nonce_at + CRYPTO_NONCE_SIZE;
    unsigned char key[CRYPTO_KEY_SIZE];

    (void)state;
    for (int version = 0; version < 256; version++) {
        char *bytes = (char *)close_record(both).data;
        bytes[0] = (char)version;
        struct slice associated =
            arena_format(arena, "%c%.*s%s", 'v', KEYRING_FINGERPRINT_SIZE, "....", store_key);
        memcpy((char *)associated.data, bytes, nonce_at);
        assert_true(crypto_mac_compute(both->keys[0].seal, session_id_slice(&id), key));
        assert_true(crypto_seal(key, (unsigned char *)bytes + nonce_at, associated, record, bytes + text_at,
                                (unsigned char *)bytes + text_at + record.length));
        struct slice sealed = {bytes, record.length + SEAL_OVERHEAD};
        assert_int_equal(opens(sealed, &id, store_key, both), version == SEAL_VERSION);
    }
}

static void an_older_secret_still_opens(void **state)
{
    (void)state;
    assert_true(opens(close_record(only_older), &id, store_key, both));
}

static void a_removed_secret_does_not_open(void **state)
{
    (void)state;
    assert_false(opens(close_record(only_older), &id, store_key, only_newer));
}

static void new_records_are_sealed_with_the_first_secret(void **state)
{
    (void)state;
    assert_true(opens(close_record(both), &id, store_key, only_newer));
}

/* Two secrets may share their short fingerprint: then the second must still be tried. */
static void secrets_with_the_same_fingerprint_open_both(void **state)
{
    struct slice by_newer, by_older;
    unsigned char kept[KEYRING_FINGERPRINT_SIZE];
    unsigned char *newer = both->keys[0].fingerprint, *older = both->keys[1].fingerprint;

    (void)state;
    memcpy(kept, newer, sizeof kept);
    memcpy(newer, older, sizeof kept);
    by_newer = close_record(both);
    by_older = close_record(only_older);
    bool both_open = opens(by_newer, &id, store_key, both) && opens(by_older, &id, store_key, both);
    memcpy(newer, kept, sizeof kept);
    assert_true(both_open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_opens_for_its_session),
        cmocka_unit_test(an_empty_record_opens_as_empty),
        cmocka_unit_test(sealing_twice_gives_different_bytes),
        cmocka_unit_test(the_record_is_not_readable),
        cmocka_unit_test(another_session_does_not_open_it),
        cmocka_unit_test(another_store_key_does_not_open_it),
        cmocka_unit_test(every_flipped_byte_is_noticed),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(added_bytes_are_noticed),
        cmocka_unit_test(an_unknown_version_does_not_open),
        cmocka_unit_test(an_older_secret_still_opens),
        cmocka_unit_test(a_removed_secret_does_not_open),
        cmocka_unit_test(new_records_are_sealed_with_the_first_secret),
        cmocka_unit_test(secrets_with_the_same_fingerprint_open_both),
    };

    return RUN_TESTS(tests, prepare, release);
}
