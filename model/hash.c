/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hash.c - SHA-256 and SHA-512 by libcrypto, which uses the processor's SHA instructions. By its functions for
 * one algorithm: the general ones take longer to start than a measurement descriptor takes to hash. They
 * touch only what they are given and cannot fail.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <string.h>
#include <openssl/sha.h>
#include <rmm/rmi.h>
#include "hash.h"

size_t hash_size(uint8_t algo)
{
	return algo == RMI_HASH_SHA_512 ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
}

static void sha256(uint8_t *digest, const void *first, size_t first_size, const void *second,
		   size_t second_size)
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Update(&ctx, first, first_size);
	if (second_size)
		SHA256_Update(&ctx, second, second_size);
	SHA256_Final(digest, &ctx);
	memset(digest + SHA256_DIGEST_LENGTH, 0, HASH_MAX_SIZE - SHA256_DIGEST_LENGTH);
}

static void sha512(uint8_t *digest, const void *first, size_t first_size, const void *second,
		   size_t second_size)
{
	SHA512_CTX ctx;

	SHA512_Init(&ctx);
	SHA512_Update(&ctx, first, first_size);
	if (second_size)
		SHA512_Update(&ctx, second, second_size);
	SHA512_Final(digest, &ctx);
}

void hash_digest(uint8_t algo, uint8_t *digest, const void *first, size_t first_size,
		 const void *second, size_t second_size)
{
	if (algo == RMI_HASH_SHA_512)
		sha512(digest, first, first_size, second, second_size);
	else
		sha256(digest, first, first_size, second, second_size);
}
