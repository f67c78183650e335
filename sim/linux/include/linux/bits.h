/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bit masks. BIT() and BIT_ULL() take the number modulo 64: some series compute BIT(ia_bits - 1)
 * while ia_bits is 0, and the hardware's shift wraps to bit 63.
 */
#ifndef LINUX_BITS_H
#define LINUX_BITS_H

#include <linux/const.h>
#include <linux/types.h>

#define BITS_PER_BYTE      8
#define BITS_PER_LONG      64
#define BITS_PER_LONG_LONG 64

#define BIT(nr)            (UL(1) << ((nr) & 63))
#define BIT_ULL(nr)        (ULL(1) << ((nr) & 63))
#define BIT_MASK(nr)       (UL(1) << ((nr) % BITS_PER_LONG))
#define BIT_WORD(nr)       ((nr) / BITS_PER_LONG)
#define GENMASK(h, l)      ((~UL(0) << (l)) & (~UL(0) >> (BITS_PER_LONG - 1 - (h))))
#define GENMASK_ULL(h, l)  ((~ULL(0) << (l)) & (~ULL(0) >> (BITS_PER_LONG_LONG - 1 - (h))))
#define GENMASK_U32(h, l)  ((u32)GENMASK(h, l))
#define GENMASK_U64(h, l)  ((u64)GENMASK_ULL(h, l))
#define BIT_U32(nr)        ((u32)BIT(nr))
#define BIT_U64(nr)        ((u64)BIT_ULL(nr))

#endif
