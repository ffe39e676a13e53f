/* What a browser sends as the session's cookie: a value that is accepted must be the one that was given out.
 */
#include <stdint.h>
#include <stdlib.h>

#include "session_id.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keyring *keyring;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct slice secret = SLICE_LITERAL("a secret of the known answer tests, 2026");
    struct error error;

    (void)argc;
    (void)argv;
    if (!crypto_prepare(&error))
        abort();
    keyring = keyring_create(&secret, 1, &error);
    if (keyring == NULL)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice value = {(const char *)data, size};
    struct session_id id;
    char signed_again[SESSION_ID_COOKIE_LENGTH + 1];

    if (session_id_verify(value, keyring, &id) == SESSION_ID_REFUSED)
        return 0;
    if (!session_id_sign(&id, keyring, signed_again) || !slice_equals_string(value, signed_again))
        abort();
    return 0;
}
