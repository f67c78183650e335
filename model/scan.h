/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scan.h - what is done with a granule, or much of one, at once: by the widest vectors that the processor has.
 * Memory is granule aligned where nothing else is said.
 */
#ifndef MODEL_SCAN_H
#define MODEL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* scan_fill - write 512 words: `first`, `first + stride`, ... */
void scan_fill(uint64_t *words, uint64_t first, uint64_t stride);

/* scan_wipe - write zeros into each eighth of the granule whose bit is set. */
void scan_wipe(void *memory, uint8_t eighths);

/* scan_is_filled - whether scan_fill() with the same arguments would leave the words as they are. */
bool scan_is_filled(const uint64_t *words, uint64_t first, uint64_t stride);

/* scan_is_zero - whether all bytes are zero. */
bool scan_is_zero(const void *memory);

/* scan_is_same - whether `size` bytes, a multiple of 32, are the same; 8-byte alignment is enough. */
bool scan_is_same(const void *a, const void *b, unsigned int size);

/*
 * scan_is_replaced - whether each of `num` words is as it was in `old`, but for the bits of `mask`, which are those
 * of `value`. The bits that any of the old words had are added to *any; 8-byte alignment is enough.
 */
bool scan_is_replaced(const uint64_t *words, const uint64_t *old, unsigned int num, uint64_t mask,
		      uint64_t value, uint64_t *any);

/*
 * scan_other - the number of the first word from number `from` on whose bits of `mask` are not those of `value`; `num` if
 * there is none below it. 8-byte alignment is enough.
 */
unsigned int scan_other(const uint64_t *words, unsigned int from, unsigned int num, uint64_t mask,
			uint64_t value);

/* scan_digest - order-sensitive sums; 0 for zeros. No protection against intent. */
uint64_t scan_digest(const void *memory);

#endif
