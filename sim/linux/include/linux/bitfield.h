/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields inside words. FIELD_PREP() cuts the value to the mask. The u*_get_bits() family takes
 * fields that are only known at run time too; an empty field gives 0.
 */
#ifndef LINUX_BITFIELD_H
#define LINUX_BITFIELD_H

#include <linux/bits.h>

#define __bf_shf(mask) (__builtin_ffsll((long long)(mask)) - 1)

#define FIELD_MAX(mask)       ((__typeof__(mask))((mask) >> __bf_shf(mask)))
#define FIELD_GET(mask, reg)  ((__typeof__(mask))(((reg) & (mask)) >> __bf_shf(mask)))
#define FIELD_PREP(mask, val) (((__typeof__(mask))(val) << __bf_shf(mask)) & (mask))
#define FIELD_PREP_CONST(mask, val) FIELD_PREP(mask, val)
#define FIELD_FIT(mask, val)  (!((((__typeof__(mask))(val)) << __bf_shf(mask)) & ~(mask)))
#define FIELD_MODIFY(mask, reg_p, val)                                                             \
	do {                                                                                       \
		*(reg_p) &= ~(mask);                                                               \
		*(reg_p) |= FIELD_PREP(mask, val);                                                 \
	} while (0)

#define __LINUX_FIELD_FUNCTIONS(type)                                                              \
	static inline type type##_get_bits(type v, type field)                                     \
	{                                                                                          \
		return field ? (type)((v & field) >> __bf_shf(field)) : 0;                         \
	}                                                                                          \
	static inline type type##_encode_bits(type v, type field)                                  \
	{                                                                                          \
		return field ? (type)((type)(v << __bf_shf(field)) & field) : 0;                   \
	}                                                                                          \
	static inline type type##_replace_bits(type old, type v, type field)                       \
	{                                                                                          \
		return (type)((old & (type)~field) | type##_encode_bits(v, field));                \
	}                                                                                          \
	static inline void type##p_replace_bits(type *p, type v, type field)                       \
	{                                                                                          \
		*p = type##_replace_bits(*p, v, field);                                            \
	}
__LINUX_FIELD_FUNCTIONS(u8)
__LINUX_FIELD_FUNCTIONS(u16)
__LINUX_FIELD_FUNCTIONS(u32)
__LINUX_FIELD_FUNCTIONS(u64)
#undef __LINUX_FIELD_FUNCTIONS

#endif
