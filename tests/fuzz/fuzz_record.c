/* What the store gives back: sealed bytes, and records as if a seal had been broken. Whatever record_decode
 * accepts must be exactly what record_encode writes. */
#include <stdint.h>
#include <stdlib.h>

#include "record.h"
#include "seal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct session_id id = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9rAsQo"};

static struct keyring *keyring;
static struct arena *arena;
static char store_key[SESSION_ID_STORE_KEY_LENGTH + 1];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct slice secret = SLICE_LITERAL("a secret of the known answer tests, 2026");
    struct error error;

    (void)argc;
    (void)argv;
    if (!crypto_prepare(&error) || !session_id_store_key(&id, store_key))
        abort();
    keyring = keyring_create(&secret, 1, &error);
    if (keyring == NULL)
        abort();
    arena = arena_create(65536);
    return 0;
}

static void decode_and_encode_again(struct slice bytes)
{
    struct record record;
    struct buffer again = {0};

    if (!record_decode(bytes, arena, &record))
        return;
    record_encode(&record, &again);
    if (!slice_equals(bytes, buffer_slice(&again)))
        abort();
    buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};

    decode_and_encode_again(input);
    struct slice opened = seal_open(input, &id, store_key, keyring, arena);
    if (opened.data != NULL)
        decode_and_encode_again(opened);
    arena_reset(arena);
    return 0;
}
