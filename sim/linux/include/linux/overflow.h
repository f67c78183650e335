/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_OVERFLOW_H
#define LINUX_OVERFLOW_H

#include <linux/types.h>

#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d) __builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d) __builtin_mul_overflow(a, b, d)

/* Sizes that saturate at SIZE_MAX instead of wrapping. */
static inline size_t size_mul(size_t a, size_t b)
{
	size_t bytes;

	return __builtin_mul_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

static inline size_t size_add(size_t a, size_t b)
{
	size_t bytes;

	return __builtin_add_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

#define array_size(a, b)        size_mul(a, b)
#define flex_array_size(p, m, n) size_mul(sizeof(*(p)->m), n)
#define struct_size(p, m, n)    size_add(sizeof(*(p)), flex_array_size(p, m, n))

#endif
