/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_LOG2_H
#define LINUX_LOG2_H

#include <linux/types.h>

/* ilog2 - the number of the highest bit that is set; -1 for 0. */
#define ilog2(n) ((n) ? 63 - __builtin_clzll((unsigned long long)(n) | !(n)) : -1)
#define is_power_of_2(n) ((n) != 0 && (((n) & ((n) - 1)) == 0))
#define roundup_pow_of_two(n)                                                                      \
	((n) <= 1 ? 1UL : 1UL << (64 - __builtin_clzl((unsigned long)(n) - 1)))
#define rounddown_pow_of_two(n) (1UL << ilog2(n))
#define order_base_2(n) ((n) > 1 ? ilog2((n) - 1) + 1 : 0)

#endif
