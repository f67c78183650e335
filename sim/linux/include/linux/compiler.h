/* SPDX-License-Identifier: BSD-3-Clause */
/* Attributes, branch hints, and single accesses. */
#ifndef LINUX_COMPILER_H
#define LINUX_COMPILER_H

#include <linux/kconfig.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif
#define noinline          __attribute__((__noinline__))
#define noinstr           noinline
#define noinline_for_stack noinline
#define __must_check      __attribute__((__warn_unused_result__))
#define __printf(f, a)    __attribute__((__format__(__printf__, f, a)))
#define __maybe_unused    __attribute__((__unused__))
#define __always_unused   __attribute__((__unused__))
#define __used            __attribute__((__used__))
#define __packed          __attribute__((__packed__))
#define __aligned(n)      __attribute__((__aligned__(n)))
#define __cold            __attribute__((__cold__))
#define __pure            __attribute__((__pure__))
#define __noreturn        __attribute__((__noreturn__))
#define __weak            __attribute__((__weak__))
#define __section(name)   __attribute__((__section__(name)))
#define __cleanup(f)      __attribute__((__cleanup__(f)))
#define fallthrough       __attribute__((__fallthrough__))
#define unreachable()     __builtin_unreachable()
#define barrier()         __asm__ __volatile__("" : : : "memory")

/* What only sparse and other checkers of the kernel look at. */
#define __user
#define __iomem
#define __kernel
#define __percpu
#define __rcu
#define __force
#define __bitwise
#define __private
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __acquire(x)     (void)0
#define __release(x)     (void)0
#define __counted_by(x)
#define __read_mostly
#define __ro_after_init
#define __init
#define __exit
#define __initdata
#define __visible

#define READ_ONCE(x)      (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)  (*(volatile __typeof__(x) *)&(x) = (v))
#define data_race(x)      (x)

#define __LINUX_PASTE(a, b) a##b
#define __PASTE(a, b)       __LINUX_PASTE(a, b)
#define __UNIQUE_ID(prefix) __PASTE(__PASTE(__unique_id_, prefix), __COUNTER__)
#define __stringify_1(x...) #x
#define __stringify(x...)   __stringify_1(x)
#define __same_type(a, b)   __builtin_types_compatible_p(__typeof__(a), __typeof__(b))

#endif
