#include "crypto.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "memory.h"

/* What OpenSSL looks up by name, which costs more than the operations themselves, and the contexts that would
 * else be allocated for each call. The program has one of each, fetched before the fork and read by all
 * workers. The cipher contexts hold the last record's key until the next one; that tells nothing which the
 * signing and sealing keys in the same memory would not. */
static struct {
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
    EVP_CIPHER *aes_gcm;
    EVP_MD_CTX *hashing;
    EVP_CIPHER_CTX *sealing;
    EVP_CIPHER_CTX *opening;
} library;

static char sha256_name[] = "SHA256";

bool crypto_prepare(struct error *error)
{
    library.sha256 = EVP_MD_fetch(NULL, sha256_name, NULL);
    library.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    library.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    library.aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    library.hashing = EVP_MD_CTX_new();
    library.sealing = EVP_CIPHER_CTX_new();
    library.opening = EVP_CIPHER_CTX_new();
    if (library.sha256 != NULL && library.hmac != NULL && library.hkdf != NULL && library.aes_gcm != NULL &&
        library.hashing != NULL && library.sealing != NULL && library.opening != NULL &&
        EVP_EncryptInit_ex2(library.sealing, library.aes_gcm, NULL, NULL, NULL) == 1 &&
        EVP_DecryptInit_ex2(library.opening, library.aes_gcm, NULL, NULL, NULL) == 1)
        return true;
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    crypto_release();
    return error_set(error, "OpenSSL does not offer SHA-256, HMAC, HKDF and AES-256-GCM: %s",
                     reason ? reason : "no reason given");
}

void crypto_release(void)
{
    EVP_CIPHER_CTX_free(library.opening);
    EVP_CIPHER_CTX_free(library.sealing);
    EVP_MD_CTX_free(library.hashing);
    EVP_CIPHER_free(library.aes_gcm);
    EVP_KDF_free(library.hkdf);
    EVP_MAC_free(library.hmac);
    EVP_MD_free(library.sha256);
    memset(&library, 0, sizeof library);
}

bool crypto_random(void *bytes, size_t size)
{
    if (size <= INT_MAX && RAND_bytes(bytes, (int)size) == 1)
        return true;
    crypto_wipe(bytes, size);
    return false;
}

void crypto_wipe(void *bytes, size_t size)
{
    OPENSSL_cleanse(bytes, size);
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

bool crypto_sha256(struct slice bytes, unsigned char hash[CRYPTO_HASH_SIZE])
{
    if (EVP_DigestInit_ex2(library.hashing, library.sha256, NULL) == 1 &&
        EVP_DigestUpdate(library.hashing, bytes.data, bytes.length) == 1 &&
        EVP_DigestFinal_ex(library.hashing, hash, NULL) == 1)
        return true;
    crypto_wipe(hash, CRYPTO_HASH_SIZE);
    return false;
}

bool crypto_derive(struct slice secret, const char *info, unsigned char *key, size_t size)
{
    /* OSSL_PARAM takes no const pointers, though these are only read. */
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256_name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret.data, secret.length),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(library.hkdf);
    bool derived = context != NULL && EVP_KDF_derive(context, key, size, parameters) == 1;

    EVP_KDF_CTX_free(context); /* wipes its copy of the secret */
    if (!derived)
        crypto_wipe(key, size);
    return derived;
}

struct crypto_mac {
    EVP_MAC_CTX *context; /* keyed: restarted for each message without the key being set up again */
};

struct crypto_mac *crypto_mac_create(const unsigned char *key, size_t size)
{
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256_name, 0),
        OSSL_PARAM_construct_end(),
    };
    struct crypto_mac *mac = memory_allocate(sizeof *mac);

    mac->context = EVP_MAC_CTX_new(library.hmac);
    if (mac->context != NULL && EVP_MAC_init(mac->context, key, size, parameters) == 1)
        return mac;
    crypto_mac_destroy(mac);
    return NULL;
}

bool crypto_mac_compute(struct crypto_mac *mac, struct slice bytes, unsigned char code[CRYPTO_HASH_SIZE])
{
    size_t written = 0;

    if (EVP_MAC_init(mac->context, NULL, 0, NULL) == 1 &&
        EVP_MAC_update(mac->context, (const unsigned char *)bytes.data, bytes.length) == 1 &&
        EVP_MAC_final(mac->context, code, &written, CRYPTO_HASH_SIZE) == 1 && written == CRYPTO_HASH_SIZE)
        return true;
    crypto_wipe(code, CRYPTO_HASH_SIZE);
    return false;
}

void crypto_mac_destroy(struct crypto_mac *mac)
{
    if (mac == NULL)
        return;
    EVP_MAC_CTX_free(mac->context);
    free(mac);
}

bool crypto_seal(const unsigned char key[CRYPTO_KEY_SIZE], const unsigned char nonce[CRYPTO_NONCE_SIZE],
                 struct slice associated, struct slice plain, char *sealed,
                 unsigned char tag[CRYPTO_TAG_SIZE])
{
    EVP_CIPHER_CTX *context = library.sealing;
    unsigned char *out = (unsigned char *)sealed;
    int written = 0, rest = 0;

    if (associated.length <= INT_MAX && plain.length <= INT_MAX &&
        EVP_EncryptInit_ex2(context, NULL, key, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(context, NULL, &written, (const unsigned char *)associated.data,
                          (int)associated.length) == 1 &&
        EVP_EncryptUpdate(context, out, &written, (const unsigned char *)plain.data, (int)plain.length) ==
            1 &&
        EVP_EncryptFinal_ex(context, out + written, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_SIZE, tag) == 1)
        return true;
    crypto_wipe(sealed, plain.length);
    crypto_wipe(tag, CRYPTO_TAG_SIZE);
    return false;
}

bool crypto_open(const unsigned char key[CRYPTO_KEY_SIZE], const unsigned char nonce[CRYPTO_NONCE_SIZE],
                 struct slice associated, struct slice sealed, const unsigned char tag[CRYPTO_TAG_SIZE],
                 char *plain)
{
    EVP_CIPHER_CTX *context = library.opening;
    unsigned char *out = (unsigned char *)plain;
    int written = 0, rest = 0;

    /* EVP_CIPHER_CTX_ctrl takes no const pointer, though the tag is only read. */
    if (associated.length <= INT_MAX && sealed.length <= INT_MAX &&
        EVP_DecryptInit_ex2(context, NULL, key, nonce, NULL) == 1 &&
        EVP_DecryptUpdate(context, NULL, &written, (const unsigned char *)associated.data,
                          (int)associated.length) == 1 &&
        EVP_DecryptUpdate(context, out, &written, (const unsigned char *)sealed.data, (int)sealed.length) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_SIZE, (void *)tag) == 1 &&
        EVP_DecryptFinal_ex(context, out + written, &rest) == 1)
        return true;
    crypto_wipe(plain, sealed.length);
    return false;
}
