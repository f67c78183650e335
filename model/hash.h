/* SPDX-License-Identifier: BSD-3-Clause */
/* hash.h - the one place that knows which library hashes. */
#ifndef MODEL_HASH_H
#define MODEL_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_MAX_SIZE 64

/* hash_size - bytes of a digest by `algo` (RMI_HASH_*): 32 or 64. */
size_t hash_size(uint8_t algo);

/*
 * hash_digest - the digest by `algo` of `first` followed by `second`. `digest` is HASH_MAX_SIZE bytes;
 * those beyond hash_size() become zero. It may overlap the input.
 */
void hash_digest(uint8_t algo, uint8_t *digest, const void *first, size_t first_size,
		 const void *second, size_t second_size);

#endif
