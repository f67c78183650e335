/* SPDX-License-Identifier: BSD-3-Clause */
/* min(), max() and their like: each argument is evaluated once. */
#ifndef LINUX_MINMAX_H
#define LINUX_MINMAX_H

#include <linux/compiler.h>

#define __LINUX_CMP(op, a, b, ua, ub)                                                              \
	({                                                                                         \
		__typeof__(a) ua = (a);                                                            \
		__typeof__(b) ub = (b);                                                            \
		ua op ub ? ua : ub;                                                                \
	})
#define min(a, b) __LINUX_CMP(<, a, b, __UNIQUE_ID(min_), __UNIQUE_ID(min_))
#define max(a, b) __LINUX_CMP(>, a, b, __UNIQUE_ID(max_), __UNIQUE_ID(max_))
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define min3(a, b, c) min(min(a, b), c)
#define max3(a, b, c) max(max(a, b), c)
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define umin(a, b) min((unsigned long long)(a), (unsigned long long)(b))
#define umax(a, b) max((unsigned long long)(a), (unsigned long long)(b))
#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) __swap_tmp = (a);                                                    \
		(a) = (b);                                                                         \
		(b) = __swap_tmp;                                                                  \
	} while (0)

#endif
