/* Cookies and records of a running site outlive the program that wrote them, so their bytes are fixed here.
 *
 * The expected bytes were not made with this program but with Python: hmac and hashlib for HMAC and SHA-256,
 * HKDF from RFC 5869 as PRK = HMAC(32 zero bytes, secret), key = HMAC(PRK, info + 0x01), AES-256-GCM written
 * out from FIPS 197 and SP 800-38D (and compared with the package `cryptography`), MessagePack by hand:
 *
 *   signature = base64url(HMAC(HKDF("session-fcgi cookie signature v1", 32), id))
 *   store key = "session:" + base64url(SHA256(id))
 *   sealed    = 0x01 + fingerprint + nonce + AES-256-GCM(
 *                   key = HMAC(HKDF("session-fcgi record seal v1", 32), id), nonce,
 *                   associated data = 0x01 + fingerprint + store key, record)
 *   where fingerprint = HKDF("session-fcgi secret fingerprint v1", 4) */
#include "unit.h"

#include "record.h"
#include "seal.h"

/* The bytes 0 to 31, then 1795343400 seconds. */
static const struct session_id id = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"};
static const time_t issued = 1795343400;

static const char cookie[] =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo._Ey1eaQdbzeWWr-uZSdLXvZdvpIewnlPoHbQ3AA4iEQ";
static const char store_key[] = "session:ULITwjhEfMQg1AU3y92KTzWOjbnL0rYbGskaJQ0p6Wk";

/* [1795343400, 1795343999, {"language": "Zürich", "name": ""}] */
static const unsigned char encoded[] = {
    0x93, 0xce, 0x6b, 0x02, 0xc4, 0x28, 0xce, 0x6b, 0x02, 0xc6, 0x7f, 0x82, 0xa8, 'l', 'a', 'n', 'g',  'u',
    'a',  'g',  'e',  0xa7, 'Z',  0xc3, 0xbc, 'r',  'i',  'c',  'h',  0xa4, 'n',  'a', 'm', 'e', 0xa0,
};
static const unsigned char forward_header[] = {
    0x93, 0xce, 0x6b, 0x02, 0xc4, 0x28, 0xce, 0x6b, 0x02, 0xc6, 0x7f, 0xd9, 0x30,
};
/* The same with its ID in an array of one. */
static const unsigned char tombstone_header[] = {
    0x93, 0xce, 0x6b, 0x02, 0xc4, 0x28, 0xce, 0x6b, 0x02, 0xc6, 0x7f, 0x91, 0xd9, 0x30,
};
static const unsigned char nonce[CRYPTO_NONCE_SIZE] = "@ABCDEFGHIJK";
static const unsigned char sealed[] = {
    0x01, 0x2e, 0xcb, 0xa4, 0x12, '@',  'A',  'B',  'C',  'D',  'E',  'F',  'G',  'H',  'I',  'J',  'K',
    0x6d, 0x45, 0x54, 0x99, 0xbc, 0xf0, 0xbb, 0x61, 0xc6, 0x8b, 0xe8, 0x6b, 0xed, 0x0b, 0x65, 0x09, 0x39,
    0xf6, 0xa3, 0xab, 0x47, 0xba, 0x5e, 0x16, 0x6c, 0xf4, 0x8e, 0x03, 0x69, 0xe1, 0x7d, 0xf6, 0xe5, 0x94,
    0x6b, 0x55, 0xdb, 0x10, 0xd6, 0x52, 0xc4, 0x7c, 0xfa, 0xfd, 0x93, 0xef, 0x4e, 0xd8, 0x64, 0x9c, 0x65,
};

static struct keyring *keyring;
static struct arena *arena;

static int prepare(void **state)
{
    const struct slice secrets[] = {SLICE_LITERAL("a secret of the known answer tests, 2026")};
    struct error error;

    (void)state;
    arena = arena_create(4096);
    if (!crypto_prepare(&error))
        return -1;
    keyring = keyring_create(secrets, 1, &error);
    return keyring ? 0 : -1;
}

static int release(void **state)
{
    (void)state;
    keyring_destroy(keyring);
    crypto_release();
    arena_destroy(arena);
    return 0;
}

static struct slice slice_of(const unsigned char *bytes, size_t size)
{
    return (struct slice){(const char *)bytes, size};
}

static struct record example_record(struct record_entry entries[2])
{
    entries[0] = (struct record_entry){SLICE_LITERAL("language"), SLICE_LITERAL("Z\xc3\xbcrich")};
    entries[1] = (struct record_entry){SLICE_LITERAL("name"), SLICE_LITERAL("")};
    return (struct record){.created = issued, .refreshed = issued + 599, .entries = entries, .count = 2};
}

static void the_cookie_value_of_an_id_does_not_change(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 1];

    (void)state;
    assert_true(session_id_sign(&id, keyring, value));
    assert_string_equal(value, cookie);
}

static void a_cookie_from_earlier_is_still_good(void **state)
{
    struct session_id read;

    (void)state;
    assert_int_equal(session_id_verify(slice_from_string(cookie), keyring, &read), SESSION_ID_GOOD);
    assert_string_equal(read.text, id.text);
    assert_int_equal(session_id_issued(&read), issued);
}

static void the_store_key_of_an_id_does_not_change(void **state)
{
    char key[SESSION_ID_STORE_KEY_LENGTH + 1];

    (void)state;
    assert_true(session_id_store_key(&id, key));
    assert_string_equal(key, store_key);
}

static void the_encoding_of_a_record_does_not_change(void **state)
{
    struct record_entry entries[2];
    struct record record = example_record(entries);
    struct buffer out = {0};

    (void)state;
    record_encode(&record, &out);
    assert_int_equal(out.length, sizeof encoded);
    assert_memory_equal(out.data, encoded, sizeof encoded);
    buffer_free(&out);
}

/* A record of the ID's successor begins with this header and ends with the ID. */
static void assert_header_and_id(enum record_kind kind, const unsigned char *header, size_t size)
{
    struct record record = {.kind = kind, .created = issued, .refreshed = issued + 599, .successor = id};
    struct buffer out = {0};

    record_encode(&record, &out);
    assert_int_equal(out.length, size + SESSION_ID_LENGTH);
    assert_memory_equal(out.data, header, size);
    assert_memory_equal(out.data + size, id.text, SESSION_ID_LENGTH);
    buffer_free(&out);
}

static void the_encoding_of_a_forward_pointer_does_not_change(void **state)
{
    (void)state;
    assert_header_and_id(RECORD_FORWARD, forward_header, sizeof forward_header);
}

static void the_encoding_of_a_tombstone_does_not_change(void **state)
{
    (void)state;
    assert_header_and_id(RECORD_TOMBSTONE, tombstone_header, sizeof tombstone_header);
}

static void the_seal_of_a_record_does_not_change(void **state)
{
    struct slice result =
        seal_close_with_nonce(slice_of(encoded, sizeof encoded), &id, store_key, keyring, nonce, arena);

    (void)state;
    assert_int_equal(result.length, sizeof sealed);
    assert_memory_equal(result.data, sealed, sizeof sealed);
}

static void a_record_from_earlier_still_opens(void **state)
{
    struct slice opened = seal_open(slice_of(sealed, sizeof sealed), &id, store_key, keyring, arena);
    struct record record;

    (void)state;
    assert_true(slice_equals(opened, slice_of(encoded, sizeof encoded)));
    assert_true(record_decode(opened, arena, &record));
    assert_slice_equals(record_find(&record, slice_from_string("language")), "Z\xc3\xbcrich");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cookie_value_of_an_id_does_not_change),
        cmocka_unit_test(a_cookie_from_earlier_is_still_good),
        cmocka_unit_test(the_store_key_of_an_id_does_not_change),
        cmocka_unit_test(the_encoding_of_a_record_does_not_change),
        cmocka_unit_test(the_encoding_of_a_forward_pointer_does_not_change),
        cmocka_unit_test(the_encoding_of_a_tombstone_does_not_change),
        cmocka_unit_test(the_seal_of_a_record_does_not_change),
        cmocka_unit_test(a_record_from_earlier_still_opens),
    };

    return RUN_TESTS(tests, prepare, release);
}
