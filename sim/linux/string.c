/* SPDX-License-Identifier: BSD-3-Clause */
/* string.c - what the C library's <string.h> does not have. */
#include <linux/string.h>

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = (const u8 *)start;
	const u8 *end = p + bytes;
	u64 pattern = (u8)c * 0x0101010101010101ull;
	u64 word;

	for (; end - p >= 32; p += 32) {
		u64 words[4];

		memcpy(words, p, sizeof(words));
		if ((words[0] ^ pattern) | (words[1] ^ pattern) | (words[2] ^ pattern) |
		    (words[3] ^ pattern))
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
