/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_BITOPS_H
#define LINUX_BITOPS_H

#include <linux/bits.h>

#define BITS_PER_TYPE(type)    (sizeof(type) * BITS_PER_BYTE)
#define BITS_TO_LONGS(nr)      (((nr) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static inline bool test_bit(unsigned long nr, const volatile unsigned long *addr)
{
	return (addr[BIT_WORD(nr)] >> (nr % BITS_PER_LONG)) & 1;
}

static inline void set_bit(unsigned long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	set_bit(nr, addr);
	return old;
}

static inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	clear_bit(nr, addr);
	return old;
}

#define __set_bit(nr, addr)            set_bit(nr, addr)
#define __clear_bit(nr, addr)          clear_bit(nr, addr)
#define __test_and_set_bit(nr, addr)   test_and_set_bit(nr, addr)
#define __test_and_clear_bit(nr, addr) test_and_clear_bit(nr, addr)

/* The first such bit at or above `offset`; `size` if there is none. */
unsigned long find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset);
unsigned long find_next_zero_bit(const unsigned long *addr, unsigned long size,
				 unsigned long offset);
#define find_first_bit(addr, size)      find_next_bit(addr, size, 0)
#define find_first_zero_bit(addr, size) find_next_zero_bit(addr, size, 0)
#define for_each_set_bit(bit, addr, size)                                                          \
	for ((bit) = find_first_bit(addr, size); (bit) < (size);                                   \
	     (bit) = find_next_bit(addr, size, (bit) + 1))

#define hweight64(w)  ((unsigned int)__builtin_popcountll(w))
#define hweight_long(w) ((unsigned int)__builtin_popcountl(w))
#define __ffs(word)   ((unsigned long)__builtin_ctzl(word))
#define __fls(word)   ((unsigned long)(63 - __builtin_clzl(word)))
#define fls64(x)      ((x) ? 64 - __builtin_clzll(x) : 0)
#define fls(x)        ((x) ? 32 - __builtin_clz(x) : 0)
#define ffs64(x)      __builtin_ffsll(x)

static inline s64 sign_extend64(u64 value, int index)
{
	u8 shift = 63 - index;

	return (s64)(value << shift) >> shift;
}

static inline u32 lower_32(u64 n)
{
	return (u32)n;
}
#define lower_32_bits(n) lower_32(n)
#define upper_32_bits(n) ((u32)((u64)(n) >> 32))

#endif
