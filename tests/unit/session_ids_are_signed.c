/* Only a cookie value that this site signed, spelled as it was given out, leads to a session. */
#include "unit.h"

#include "base64url.h"
#include "session_id.h"

static const struct slice newer_secret = SLICE_LITERAL("the newer secret, long enough for use");
static const struct slice older_secret = SLICE_LITERAL("the older secret, long enough for use");

static struct keyring *only_older, *only_newer, *both;
static const time_t now = 1795343400;

static int prepare(void **state)
{
    const struct slice secrets[] = {newer_secret, older_secret};
    struct error error;

    (void)state;
    if (!crypto_prepare(&error))
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
    return 0;
}

/* A fresh ID's cookie value, signed with the ring's first key. */
static struct session_id fresh_cookie(const struct keyring *keyring, char value[SESSION_ID_COOKIE_LENGTH + 1])
{
    struct session_id id;

    assert_true(session_id_create(&id, now));
    assert_true(session_id_sign(&id, keyring, value));
    assert_int_equal(strlen(value), SESSION_ID_COOKIE_LENGTH);
    return id;
}

static enum session_id_verdict verdict(struct slice value, const struct keyring *keyring)
{
    struct session_id id;

    return session_id_verify(value, keyring, &id);
}

static void an_id_comes_back_from_its_cookie(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 1];
    struct session_id id = fresh_cookie(both, value), read;

    (void)state;
    assert_int_equal(session_id_verify(slice_from_string(value), both, &read), SESSION_ID_GOOD);
    assert_string_equal(read.text, id.text);
}

static void two_ids_differ(void **state)
{
    struct session_id one, other;

    (void)state;
    assert_true(session_id_create(&one, now));
    assert_true(session_id_create(&other, now));
    assert_string_not_equal(one.text, other.text);
}

static void an_id_tells_when_it_was_issued(void **state)
{
    const time_t times[] = {0, 1, now, 0x7fffffff, 0x80000000, 0xffffffff};
    struct session_id id;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_true(session_id_create(&id, times[i]));
        assert_int_equal(session_id_issued(&id), times[i]);
    }
}

static void a_time_that_does_not_fit_gives_no_id(void **state)
{
    struct session_id id;

    (void)state;
    assert_false(session_id_create(&id, -1));
    assert_false(session_id_create(&id, (time_t)0xffffffff + 1));
    assert_string_equal(id.text, "");
}

static void every_change_of_one_byte_is_refused(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 1];

    (void)state;
    fresh_cookie(both, value);
    for (size_t i = 0; i < SESSION_ID_COOKIE_LENGTH; i++) {
        char original = value[i];
        for (int byte = 0; byte < 256; byte++) {
            value[i] = (char)byte;
            enum session_id_verdict expected = value[i] == original ? SESSION_ID_GOOD : SESSION_ID_REFUSED;
            assert_int_equal(verdict((struct slice){value, SESSION_ID_COOKIE_LENGTH}, both), expected);
        }
        value[i] = original;
    }
}

/* The last character of a signature carries 4 bits of it and 2 that belong to nothing. */
static void a_second_spelling_of_a_signature_is_refused(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char value[SESSION_ID_COOKIE_LENGTH + 1];

    (void)state;
    fresh_cookie(both, value);
    char *last = &value[SESSION_ID_COOKIE_LENGTH - 1];
    ptrdiff_t place = strchr(alphabet, *last) - alphabet;
    assert_int_equal(place % 4, 0);
    for (ptrdiff_t spare_bits = 1; spare_bits < 4; spare_bits++) {
        *last = alphabet[place + spare_bits];
        assert_int_equal(verdict(slice_from_string(value), both), SESSION_ID_REFUSED);
    }
    *last = alphabet[place];
    assert_int_equal(verdict(slice_from_string(value), both), SESSION_ID_GOOD);
}

static void a_value_of_another_length_is_refused(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 2] = "";

    (void)state;
    fresh_cookie(both, value);
    for (size_t length = 0; length < SESSION_ID_COOKIE_LENGTH; length++)
        assert_int_equal(verdict((struct slice){value, length}, both), SESSION_ID_REFUSED);
    for (const char *extra = "A= \n"; *extra; extra++) {
        value[SESSION_ID_COOKIE_LENGTH] = *extra;
        assert_int_equal(verdict(slice_from_string(value), both), SESSION_ID_REFUSED);
    }
    assert_int_equal(verdict(slice_none(), both), SESSION_ID_REFUSED);
}

static void the_signature_of_another_id_is_refused(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 1], other[SESSION_ID_COOKIE_LENGTH + 1];

    (void)state;
    fresh_cookie(both, value);
    fresh_cookie(both, other);
    memcpy(value + SESSION_ID_LENGTH, other + SESSION_ID_LENGTH,
           SESSION_ID_COOKIE_LENGTH - SESSION_ID_LENGTH);
    assert_int_equal(verdict(slice_from_string(value), both), SESSION_ID_REFUSED);
}

static void an_older_secret_is_good_and_asks_for_a_fresh_cookie(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 1];
    struct session_id id = fresh_cookie(only_older, value), read;

    (void)state;
    assert_int_equal(session_id_verify(slice_from_string(value), both, &read), SESSION_ID_GOOD_OLDER);
    assert_string_equal(read.text, id.text);
}

static void a_removed_secret_is_refused(void **state)
{
    char value[SESSION_ID_COOKIE_LENGTH + 1];

    (void)state;
    fresh_cookie(only_older, value);
    assert_int_equal(verdict(slice_from_string(value), only_newer), SESSION_ID_REFUSED);
}

static void the_store_key_does_not_hold_the_id(void **state)
{
    char key[SESSION_ID_STORE_KEY_LENGTH + 1], again[SESSION_ID_STORE_KEY_LENGTH + 1];
    struct session_id id;

    (void)state;
    assert_true(session_id_create(&id, now));
    assert_true(session_id_store_key(&id, key));
    assert_true(session_id_store_key(&id, again));
    assert_string_equal(key, again);
    assert_int_equal(strlen(key), SESSION_ID_STORE_KEY_LENGTH);
    assert_memory_equal(key, "session:", 8);
    assert_null(strstr(key, (char[9]){id.text[0], id.text[1], id.text[2], id.text[3], id.text[4], id.text[5],
                                      id.text[6], id.text[7], '\0'}));
}

/* RFC 4648, section 10, without the padding; and lengths that no bytes have. */
static void base64url_has_one_spelling(void **state)
{
    const char *spellings[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    char text[BASE64URL_LENGTH(6)], bytes[6];

    (void)state;
    for (size_t size = 0; size <= 6; size++) {
        size_t length = BASE64URL_LENGTH(size);
        assert_int_equal(length, strlen(spellings[size]));
        base64url_encode("foobar", size, text);
        assert_memory_equal(text, spellings[size], length);
        assert_true(base64url_decode(slice_from_string(spellings[size]), bytes, size));
        assert_memory_equal(bytes, "foobar", size);
    }
    const char *refused[] = {"", "Z", "Zh", "Z=", "Zg==", "Z+", "Z/", "Z\xc3", "Z ", "ZgA"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_false(base64url_decode(slice_from_string(refused[i]), bytes, 1));
    base64url_encode("\xfb\xff", 2, text);
    assert_memory_equal(text, "-_8", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_comes_back_from_its_cookie),
        cmocka_unit_test(two_ids_differ),
        cmocka_unit_test(an_id_tells_when_it_was_issued),
        cmocka_unit_test(a_time_that_does_not_fit_gives_no_id),
        cmocka_unit_test(every_change_of_one_byte_is_refused),
        cmocka_unit_test(a_second_spelling_of_a_signature_is_refused),
        cmocka_unit_test(a_value_of_another_length_is_refused),
        cmocka_unit_test(the_signature_of_another_id_is_refused),
        cmocka_unit_test(an_older_secret_is_good_and_asks_for_a_fresh_cookie),
        cmocka_unit_test(a_removed_secret_is_refused),
        cmocka_unit_test(the_store_key_does_not_hold_the_id),
        cmocka_unit_test(base64url_has_one_spelling),
    };

    return RUN_TESTS(tests, prepare, release);
}
