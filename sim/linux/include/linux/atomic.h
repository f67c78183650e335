/* SPDX-License-Identifier: BSD-3-Clause */
/* Atomic counters: all actors share one OS thread, so plain accesses are whole ones. */
#ifndef LINUX_ATOMIC_H
#define LINUX_ATOMIC_H

#include <linux/types.h>

#define ATOMIC_INIT(i) {(i)}
#define ATOMIC64_INIT(i) {(i)}
#define ATOMIC_LONG_INIT(i) {(i)}

#define __LINUX_ATOMIC(prefix, type, value)                                                        \
	static inline value prefix##_read(const type *v)                                           \
	{                                                                                          \
		return v->counter;                                                                 \
	}                                                                                          \
	static inline void prefix##_set(type *v, value i)                                          \
	{                                                                                          \
		v->counter = i;                                                                    \
	}                                                                                          \
	static inline value prefix##_add_return(value i, type *v)                                  \
	{                                                                                          \
		return v->counter += i;                                                            \
	}                                                                                          \
	static inline void prefix##_add(value i, type *v)                                          \
	{                                                                                          \
		v->counter += i;                                                                   \
	}                                                                                          \
	static inline void prefix##_sub(value i, type *v)                                          \
	{                                                                                          \
		v->counter -= i;                                                                   \
	}                                                                                          \
	static inline void prefix##_inc(type *v)                                                   \
	{                                                                                          \
		v->counter++;                                                                      \
	}                                                                                          \
	static inline void prefix##_dec(type *v)                                                   \
	{                                                                                          \
		v->counter--;                                                                      \
	}                                                                                          \
	static inline value prefix##_inc_return(type *v)                                           \
	{                                                                                          \
		return ++v->counter;                                                               \
	}                                                                                          \
	static inline value prefix##_dec_return(type *v)                                           \
	{                                                                                          \
		return --v->counter;                                                               \
	}                                                                                          \
	static inline bool prefix##_dec_and_test(type *v)                                          \
	{                                                                                          \
		return --v->counter == 0;                                                          \
	}                                                                                          \
	static inline value prefix##_xchg(type *v, value i)                                        \
	{                                                                                          \
		value old = v->counter;                                                            \
		v->counter = i;                                                                    \
		return old;                                                                        \
	}                                                                                          \
	static inline value prefix##_cmpxchg(type *v, value old, value i)                          \
	{                                                                                          \
		value seen = v->counter;                                                           \
		if (seen == old)                                                                   \
			v->counter = i;                                                            \
		return seen;                                                                       \
	}
__LINUX_ATOMIC(atomic, atomic_t, int)
__LINUX_ATOMIC(atomic_long, atomic_long_t, long)
__LINUX_ATOMIC(atomic64, atomic64_t, s64)
#undef __LINUX_ATOMIC

#define xchg(p, v)                                                                                 \
	({                                                                                         \
		__typeof__(*(p)) __xchg_old = *(p);                                                \
		*(p) = (v);                                                                        \
		__xchg_old;                                                                        \
	})
#define cmpxchg(p, o, n)                                                                           \
	({                                                                                         \
		__typeof__(*(p)) __cmpxchg_seen = *(p);                                            \
		if (__cmpxchg_seen == (o))                                                         \
			*(p) = (n);                                                                \
		__cmpxchg_seen;                                                                    \
	})

#endif
