/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WARN and BUG: reported to the machine with the source line. Each evaluates its condition exactly
 * once and has the value !!(condition). WARN_RATELIMIT always reports: there is no clock to limit a
 * rate with.
 */
#ifndef LINUX_BUG_H
#define LINUX_BUG_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/printk.h>
#include <sim/site.h>

void linux_warn(const struct linux_site *site, const char *fmt, ...) __printf(2, 3) __cold;
/* linux_bug - report, then end the process: the kernel would not go on either. */
void linux_bug(const struct linux_site *site) __noreturn __cold;

#define WARN_ON(condition)                                                                         \
	({                                                                                         \
		int __ret_warn_on = !!(condition);                                                 \
		if (unlikely(__ret_warn_on))                                                       \
			linux_warn(LINUX_SITE_TEXT(#condition), NULL);                             \
		unlikely(__ret_warn_on);                                                           \
	})
#define WARN(condition, fmt, ...)                                                                  \
	({                                                                                         \
		int __ret_warn_on = !!(condition);                                                 \
		if (unlikely(__ret_warn_on))                                                       \
			linux_warn(LINUX_SITE_TEXT(#condition), fmt, ##__VA_ARGS__);               \
		unlikely(__ret_warn_on);                                                           \
	})
#define WARN_ON_ONCE(condition)                                                                    \
	({                                                                                         \
		static bool __already_done;                                                        \
		int __ret_warn_once = !!(condition);                                               \
		if (unlikely(__ret_warn_once && !__already_done)) {                                \
			__already_done = true;                                                     \
			linux_warn(LINUX_SITE_TEXT(#condition), NULL);                             \
		}                                                                                  \
		unlikely(__ret_warn_once);                                                         \
	})
#define WARN_ONCE(condition, fmt, ...)                                                             \
	({                                                                                         \
		static bool __already_done;                                                        \
		int __ret_warn_once = !!(condition);                                               \
		if (unlikely(__ret_warn_once && !__already_done)) {                                \
			__already_done = true;                                                     \
			linux_warn(LINUX_SITE_TEXT(#condition), fmt, ##__VA_ARGS__);               \
		}                                                                                  \
		unlikely(__ret_warn_once);                                                         \
	})
#define WARN_RATELIMIT(condition, fmt, ...) WARN(condition, fmt, ##__VA_ARGS__)
#define WARN_ON_RATELIMIT(condition, state) WARN_ON(condition)

#define BUG() linux_bug(LINUX_SITE_TEXT("BUG"))
#define BUG_ON(condition)                                                                          \
	do {                                                                                       \
		if (unlikely(condition))                                                           \
			linux_bug(LINUX_SITE_TEXT(#condition));                                    \
	} while (0)
#define VM_BUG_ON(condition)             BUG_ON(condition)
#define VM_WARN_ON(condition)            ((void)WARN_ON(condition))
#define VM_WARN_ON_ONCE(condition)       ((void)WARN_ON_ONCE(condition))

#endif
