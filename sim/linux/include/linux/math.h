/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_MATH_H
#define LINUX_MATH_H

#include <linux/types.h>

/* y is a power of two */
#define __LINUX_ROUND_MASK(x, y) ((__typeof__(x))((y) - 1))
#define round_up(x, y)   ((((x) - 1) | __LINUX_ROUND_MASK(x, y)) + 1)
#define round_down(x, y) ((x) & ~__LINUX_ROUND_MASK(x, y))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d) DIV_ROUND_UP((unsigned long long)(n), (unsigned long long)(d))
/* y is any number */
#define roundup(x, y)                                                                              \
	({                                                                                         \
		const __typeof__(y) __roundup_y = (y);                                             \
		(((x) + (__roundup_y - 1)) / __roundup_y) * __roundup_y;                           \
	})
#define rounddown(x, y)                                                                            \
	({                                                                                         \
		__typeof__(x) __rounddown_x = (x);                                                 \
		__rounddown_x - (__rounddown_x % (y));                                             \
	})

#endif
