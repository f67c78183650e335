/* SPDX-License-Identifier: BSD-3-Clause */
/* string.c - what the C library's <string.h> does not have. */
#include <linux/string.h>

/* Every page that is handed out again is searched, so this works with vectors. */
typedef u64 word_pair __attribute__((__vector_size__(16)));

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = (const u8 *)start;
	const u8 *end = p + bytes;
	u64 pattern = (u8)c * 0x0101010101010101ull;
	word_pair patterns = {pattern, pattern}, difference, block[8];
	u64 word;

	for (; end - p >= (long)sizeof(block); p += sizeof(block)) {
		memcpy(block, p, sizeof(block));
		difference = (block[0] ^ patterns) | (block[1] ^ patterns) | (block[2] ^ patterns) |
			     (block[3] ^ patterns) | (block[4] ^ patterns) | (block[5] ^ patterns) |
			     (block[6] ^ patterns) | (block[7] ^ patterns);
		if (difference[0] | difference[1])
			break;
	}
	for (; end - p >= 8; p += 8) {
		memcpy(&word, p, sizeof(word));
		if (word != pattern)
			break;
	}
	for (; p < end; p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}
