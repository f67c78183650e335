/* SPDX-License-Identifier: BSD-3-Clause */
/* Bit maps: bits of arrays of unsigned long, bit 0 of word 0 first. */
#ifndef LINUX_BITMAP_H
#define LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/types.h>

unsigned long *linux_bitmap_alloc(unsigned int nbits, gfp_t gfp, const struct linux_site *site);
void linux_bitmap_free(const unsigned long *bitmap, const struct linux_site *site);
/* bitmap_alloc, bitmap_zalloc - NULL if there is no memory; bitmap_free gives it back. */
#define bitmap_alloc(nbits, gfp)  linux_bitmap_alloc(nbits, gfp, LINUX_SITE())
#define bitmap_zalloc(nbits, gfp) linux_bitmap_alloc(nbits, (gfp) | __GFP_ZERO, LINUX_SITE())
#define bitmap_free(bitmap)       linux_bitmap_free(bitmap, LINUX_SITE())

void bitmap_zero(unsigned long *dst, unsigned int nbits);
void bitmap_fill(unsigned long *dst, unsigned int nbits);
void bitmap_copy(unsigned long *dst, const unsigned long *src, unsigned int nbits);
void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits);
void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits);
bool bitmap_empty(const unsigned long *src, unsigned int nbits);
bool bitmap_full(const unsigned long *src, unsigned int nbits);
bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int nbits);
unsigned int bitmap_weight(const unsigned long *src, unsigned int nbits);

/*
 * bitmap_find_free_region - take the first free run of 2^order bits that is aligned to its length.
 * Returns its first bit, or -ENOMEM.
 */
int bitmap_find_free_region(unsigned long *bitmap, unsigned int bits, int order);
void bitmap_release_region(unsigned long *bitmap, unsigned int pos, int order);
/* bitmap_allocate_region - 0, or -EBUSY if not all of the bits were free. */
int bitmap_allocate_region(unsigned long *bitmap, unsigned int pos, int order);

#endif
