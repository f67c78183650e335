/* SPDX-License-Identifier: BSD-3-Clause */
/* Rounding to powers of two; the result has the type of x. */
#ifndef LINUX_ALIGN_H
#define LINUX_ALIGN_H

#define __LINUX_ALIGN_MASK(x, a) ((__typeof__(x))(a) - 1)
#define ALIGN(x, a)       (((x) + __LINUX_ALIGN_MASK(x, a)) & ~__LINUX_ALIGN_MASK(x, a))
#define ALIGN_DOWN(x, a)  ((x) & ~__LINUX_ALIGN_MASK(x, a))
#define IS_ALIGNED(x, a)  (((x) & __LINUX_ALIGN_MASK(x, a)) == 0)
#define PTR_ALIGN(p, a)   ((__typeof__(p))ALIGN((unsigned long)(p), (a)))
#define PTR_ALIGN_DOWN(p, a) ((__typeof__(p))ALIGN_DOWN((unsigned long)(p), (a)))

#endif
