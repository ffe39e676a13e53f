#include "seal.h"

enum {
    FINGERPRINT_AT = 1,
    NONCE_AT = FINGERPRINT_AT + KEYRING_FINGERPRINT_SIZE,
    CIPHERTEXT_AT = NONCE_AT + CRYPTO_NONCE_SIZE,
};

/* The key of one session's record. The caller wipes it. */
static bool session_key(const struct keyring_key *key, const struct session_id *id,
                        unsigned char derived[CRYPTO_KEY_SIZE])
{
    _Static_assert((int)CRYPTO_KEY_SIZE == (int)CRYPTO_HASH_SIZE, "a code serves as a key");
    return crypto_mac_compute(key->seal, session_id_slice(id), derived);
}

/* Version and fingerprint, which stand before the nonce, and the store's key. */
static struct slice associated_data(const char *header, const char *store_key, struct arena *arena)
{
    size_t key_length = strlen(store_key);
    char *data = arena_allocate(arena, NONCE_AT + key_length);

    memcpy(data, header, NONCE_AT);
    memcpy(data + NONCE_AT, store_key, key_length);
    return (struct slice){data, NONCE_AT + key_length};
}

struct slice seal_close(struct slice record, const struct session_id *id, const char *store_key,
                        const struct keyring *keyring, struct arena *arena)
{
    unsigned char nonce[CRYPTO_NONCE_SIZE];

    if (!crypto_random(nonce, sizeof nonce))
        return slice_none();
    return seal_close_with_nonce(record, id, store_key, keyring, nonce, arena);
}

struct slice seal_close_with_nonce(struct slice record, const struct session_id *id, const char *store_key,
                                   const struct keyring *keyring,
                                   const unsigned char nonce[CRYPTO_NONCE_SIZE], struct arena *arena)
{
    const struct keyring_key *key = &keyring->keys[keyring->signer];
    char *sealed = arena_allocate(arena, SEAL_OVERHEAD + record.length);
    unsigned char derived[CRYPTO_KEY_SIZE];

    sealed[0] = SEAL_VERSION;
    memcpy(sealed + FINGERPRINT_AT, key->fingerprint, KEYRING_FINGERPRINT_SIZE);
    memcpy(sealed + NONCE_AT, nonce, CRYPTO_NONCE_SIZE);
    bool closed =
        session_key(key, id, derived) &&
        crypto_seal(derived, nonce, associated_data(sealed, store_key, arena), record, sealed + CIPHERTEXT_AT,
                    (unsigned char *)sealed + CIPHERTEXT_AT + record.length);
    crypto_wipe(derived, sizeof derived);
    return closed ? (struct slice){sealed, SEAL_OVERHEAD + record.length} : slice_none();
}

static struct slice open_with_key(const struct keyring_key *key, struct slice sealed,
                                  const struct session_id *id, struct slice associated, struct arena *arena)
{
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    struct slice ciphertext = {sealed.data + CIPHERTEXT_AT, sealed.length - SEAL_OVERHEAD};
    char *plain = arena_allocate(arena, ciphertext.length);
    unsigned char derived[CRYPTO_KEY_SIZE];

    bool opened =
        session_key(key, id, derived) && crypto_open(derived, bytes + NONCE_AT, associated, ciphertext,
                                                     bytes + CIPHERTEXT_AT + ciphertext.length, plain);
    crypto_wipe(derived, sizeof derived);
    return opened ? (struct slice){plain, ciphertext.length} : slice_none();
}

struct slice seal_open(struct slice sealed, const struct session_id *id, const char *store_key,
                       const struct keyring *keyring, struct arena *arena)
{
    if (sealed.length < SEAL_OVERHEAD || sealed.data[0] != SEAL_VERSION)
        return slice_none();
    struct slice associated = associated_data(sealed.data, store_key, arena);
    /* Fingerprints are short: two secrets may share one, so a key that does not open is not yet the end. */
    for (size_t i = 0; i < keyring->count; i++) {
        const struct keyring_key *key = &keyring->keys[i];
        if (memcmp(sealed.data + FINGERPRINT_AT, key->fingerprint, KEYRING_FINGERPRINT_SIZE) != 0)
            continue;
        struct slice record = open_with_key(key, sealed, id, associated, arena);
        if (record.data != NULL)
            return record;
    }
    return slice_none();
}
