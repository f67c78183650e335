/* SPDX-License-Identifier: BSD-3-Clause */
/* hash.c - SHA-256 and SHA-512 by nettle, which uses the processor's SHA instructions. */
#include <string.h>
#include <nettle/sha2.h>
#include <rmm/rmi.h>
#include "hash.h"

size_t hash_size(uint8_t algo)
{
	return algo == RMI_HASH_SHA_512 ? SHA512_DIGEST_SIZE : SHA256_DIGEST_SIZE;
}

static void sha256(uint8_t *digest, const void *first, size_t first_size, const void *second,
		   size_t second_size)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, first_size, first);
	sha256_update(&ctx, second_size, second);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, digest);
	memset(digest + SHA256_DIGEST_SIZE, 0, HASH_MAX_SIZE - SHA256_DIGEST_SIZE);
}

static void sha512(uint8_t *digest, const void *first, size_t first_size, const void *second,
		   size_t second_size)
{
	struct sha512_ctx ctx;

	sha512_init(&ctx);
	sha512_update(&ctx, first_size, first);
	sha512_update(&ctx, second_size, second);
	sha512_digest(&ctx, SHA512_DIGEST_SIZE, digest);
}

void hash_digest(uint8_t algo, uint8_t *digest, const void *first, size_t first_size,
		 const void *second, size_t second_size)
{
	if (algo == RMI_HASH_SHA_512)
		sha512(digest, first, first_size, second, second_size);
	else
		sha256(digest, first, first_size, second, second_size);
}
