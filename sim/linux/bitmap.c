/* SPDX-License-Identifier: BSD-3-Clause */
/* bitmap.c - arrays of bits. */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Bits of regions that were taken, less those that were released, whatever they were. */
static s64 region_bits;

s64 linux_region_bits(void)
{
	return region_bits;
}

unsigned long *linux_bitmap_alloc(unsigned int nbits, gfp_t gfp, const struct linux_site *site)
{
	return (unsigned long *)linux_kmalloc(BITS_TO_LONGS((size_t)nbits) * sizeof(unsigned long),
					      gfp, PORT_FAULT_BITMAP_ALLOC, site);
}

void linux_bitmap_free(const unsigned long *bitmap, const struct linux_site *site)
{
	linux_kfree(bitmap, site);
}

void bitmap_zero(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0, BITS_TO_LONGS((size_t)nbits) * sizeof(*dst));
}

void bitmap_fill(unsigned long *dst, unsigned int nbits)
{
	memset(dst, 0xff, BITS_TO_LONGS((size_t)nbits) * sizeof(*dst));
}

void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned int nbits)
{
	memcpy(dst, src, BITS_TO_LONGS((size_t)nbits) * sizeof(*dst));
}

void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits)
{
	for (unsigned int i = 0; i < nbits; i++)
		set_bit(start + i, map);
}

void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits)
{
	for (unsigned int i = 0; i < nbits; i++)
		clear_bit(start + i, map);
}

/* The first bit at or above `offset` that is set in map ^ invert. */
static unsigned long find_bit(const unsigned long *addr, unsigned long size, unsigned long offset,
			      unsigned long invert)
{
	while (offset < size) {
		unsigned long word = (addr[BIT_WORD(offset)] ^ invert) >> (offset % BITS_PER_LONG);

		if (word) {
			offset += __ffs(word);
			return offset < size ? offset : size;
		}
		offset = (BIT_WORD(offset) + 1) * BITS_PER_LONG;
	}
	return size;
}

unsigned long find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset)
{
	return find_bit(addr, size, offset, 0);
}

unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
				 unsigned long offset)
{
	return find_bit(addr, size, offset, ~0UL);
}

bool bitmap_empty(const unsigned long *src, unsigned int nbits)
{
	return find_first_bit(src, nbits) == nbits;
}

bool bitmap_full(const unsigned long *src, unsigned int nbits)
{
	return find_first_zero_bit(src, nbits) == nbits;
}

bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int nbits)
{
	for (unsigned int i = 0; i < nbits; i++)
		if (test_bit(i, a) != test_bit(i, b))
			return false;
	return true;
}

unsigned int bitmap_weight(const unsigned long *src, unsigned int nbits)
{
	unsigned int weight = 0;

	for (unsigned long bit = find_first_bit(src, nbits); bit < nbits;
	     bit = find_next_bit(src, nbits, bit + 1))
		weight++;
	return weight;
}

static bool region_is_free(const unsigned long *bitmap, unsigned int pos, unsigned int length)
{
	return find_next_bit(bitmap, (unsigned long)pos + length, pos) ==
	       (unsigned long)pos + length;
}

int bitmap_allocate_region(unsigned long *bitmap, unsigned int pos, int order)
{
	unsigned int length = 1u << order;

	if (!region_is_free(bitmap, pos, length))
		return -EBUSY;
	bitmap_set(bitmap, pos, length);
	region_bits += length;
	return 0;
}

int bitmap_find_free_region(unsigned long *bitmap, unsigned int bits, int order)
{
	unsigned int length = 1u << order;

	for (unsigned long pos = 0; pos + length <= bits; pos += length) {
		/* Straight to the next candidate: whole words are taken in the usual case. */
		pos = find_next_zero_bit(bitmap, bits, pos);
		pos = (pos + length - 1) & ~((unsigned long)length - 1);
		if (pos + length > bits)
			break;
		if (!bitmap_allocate_region(bitmap, (unsigned int)pos, order))
			return (int)pos;
	}
	return -ENOMEM;
}

void bitmap_release_region(unsigned long *bitmap, unsigned int pos, int order)
{
	bitmap_clear(bitmap, pos, 1u << order);
	region_bits -= 1ll << order;
}
