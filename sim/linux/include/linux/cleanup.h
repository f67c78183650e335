/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cleanup.h - clean-up at the end of a scope. `_T` is the object in the expressions given to
 * DEFINE_*().
 */
#ifndef LINUX_CLEANUP_H
#define LINUX_CLEANUP_H

#include <linux/compiler.h>
#include <linux/err.h>

#define DEFINE_FREE(name, type, free)                                                              \
	static inline void __free_##name(void *p)                                                  \
	{                                                                                          \
		type _T = *(type *)p;                                                              \
		free;                                                                              \
	}
#define __free(name) __cleanup(__free_##name)
#define no_free_ptr(p)                                                                             \
	({                                                                                         \
		__typeof__(p) __taken = (p);                                                       \
		(p) = NULL;                                                                        \
		__taken;                                                                           \
	})
#define return_ptr(p) return no_free_ptr(p)
#define retain_and_null_ptr(p) ((void)no_free_ptr(p))

#define DEFINE_CLASS(name, type, exit, init, init_args...)                                         \
	typedef type class_##name##_t;                                                             \
	static inline void class_##name##_destructor(type *p)                                      \
	{                                                                                          \
		type _T = *p;                                                                      \
		exit;                                                                              \
	}                                                                                          \
	static inline type class_##name##_constructor(init_args)                                   \
	{                                                                                          \
		type __object = init;                                                              \
		return __object;                                                                   \
	}
#define CLASS(name, var)                                                                           \
	class_##name##_t var __cleanup(class_##name##_destructor) = class_##name##_constructor

#define DEFINE_GUARD(name, type, lock, unlock)                                                     \
	DEFINE_CLASS(name, type, if (_T) { unlock; }, ({ lock; _T; }), type _T)
#define guard(name) CLASS(name, __maybe_unused __UNIQUE_ID(guard))
#define scoped_guard(name, args...)                                                                \
	for (CLASS(name, __maybe_unused __scope)(args), *__scope_once = (void *)1;              \
	     __scope_once; __scope_once = NULL)

#endif
