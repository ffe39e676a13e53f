#include "session_id.h"

#include <stdint.h>

#include "base64url.h"

enum { RANDOM_SIZE = 32, TIME_SIZE = 4, ID_SIZE = RANDOM_SIZE + TIME_SIZE };

_Static_assert(BASE64URL_LENGTH(ID_SIZE) == SESSION_ID_LENGTH, "an ID's length follows from its content");
_Static_assert(BASE64URL_LENGTH(CRYPTO_HASH_SIZE) == 43, "so does that of signatures and store keys");

bool session_id_create(struct session_id *id, time_t now)
{
    unsigned char bytes[ID_SIZE];
    bool created = now >= 0 && now <= UINT32_MAX && crypto_random(bytes, RANDOM_SIZE);

    if (created) {
        for (int i = 0; i < TIME_SIZE; i++)
            bytes[RANDOM_SIZE + i] = (unsigned char)(now >> (24 - 8 * i) & 0xff);
        base64url_encode(bytes, sizeof bytes, id->text);
    }
    id->text[created ? SESSION_ID_LENGTH : 0] = '\0';
    crypto_wipe(bytes, sizeof bytes);
    return created;
}

time_t session_id_issued(const struct session_id *id)
{
    unsigned char bytes[ID_SIZE];
    time_t issued = 0;

    if (base64url_decode(session_id_slice(id), bytes, sizeof bytes))
        for (int i = 0; i < TIME_SIZE; i++)
            issued = issued << 8 | bytes[RANDOM_SIZE + i];
    crypto_wipe(bytes, sizeof bytes);
    return issued;
}

struct slice session_id_slice(const struct session_id *id)
{
    return (struct slice){id->text, SESSION_ID_LENGTH};
}

bool session_id_sign(const struct session_id *id, const struct keyring *keyring,
                     char value[SESSION_ID_COOKIE_LENGTH + 1])
{
    unsigned char signature[CRYPTO_HASH_SIZE];

    if (!crypto_mac_compute(keyring->keys[keyring->signer].signature, session_id_slice(id), signature)) {
        value[0] = '\0';
        return false;
    }
    memcpy(value, id->text, SESSION_ID_LENGTH);
    value[SESSION_ID_LENGTH] = '.';
    base64url_encode(signature, sizeof signature, value + SESSION_ID_LENGTH + 1);
    value[SESSION_ID_COOKIE_LENGTH] = '\0';
    return true;
}

/* Which key signs `text` so? keyring->count: none. Keys are no secret by number, so the search may end early;
 * only the comparison with each expected signature takes constant time. */
static size_t find_signing_key(const struct keyring *keyring, struct slice text,
                               const unsigned char signature[CRYPTO_HASH_SIZE])
{
    unsigned char expected[CRYPTO_HASH_SIZE];
    size_t i = 0;

    while (i < keyring->count && !(crypto_mac_compute(keyring->keys[i].signature, text, expected) &&
                                   crypto_equal(expected, signature, sizeof expected)))
        i++;
    crypto_wipe(expected, sizeof expected);
    return i;
}

enum session_id_verdict session_id_verify(struct slice value, const struct keyring *keyring,
                                          struct session_id *id)
{
    unsigned char signature[CRYPTO_HASH_SIZE], bytes[ID_SIZE];

    if (value.length != SESSION_ID_COOKIE_LENGTH || value.data[SESSION_ID_LENGTH] != '.')
        return SESSION_ID_REFUSED;
    struct slice text = {value.data, SESSION_ID_LENGTH};
    if (!base64url_decode(slice_from(value, SESSION_ID_LENGTH + 1), signature, sizeof signature) ||
        !base64url_decode(text, bytes, sizeof bytes))
        return SESSION_ID_REFUSED;
    size_t key = find_signing_key(keyring, text, signature);
    if (key == keyring->count)
        return SESSION_ID_REFUSED;
    memcpy(id->text, text.data, SESSION_ID_LENGTH);
    id->text[SESSION_ID_LENGTH] = '\0';
    return key <= keyring->signer ? SESSION_ID_GOOD : SESSION_ID_GOOD_OLDER;
}

bool session_id_store_key(const struct session_id *id, char key[SESSION_ID_STORE_KEY_LENGTH + 1])
{
    static const char prefix[] = "session:";
    unsigned char hash[CRYPTO_HASH_SIZE];

    _Static_assert(sizeof prefix - 1 + BASE64URL_LENGTH(sizeof hash) == SESSION_ID_STORE_KEY_LENGTH,
                   "a store key's length follows from its parts");
    if (!crypto_sha256(session_id_slice(id), hash)) {
        key[0] = '\0';
        return false;
    }
    memcpy(key, prefix, sizeof prefix - 1);
    base64url_encode(hash, sizeof hash, key + sizeof prefix - 1);
    key[SESSION_ID_STORE_KEY_LENGTH] = '\0';
    return true;
}
