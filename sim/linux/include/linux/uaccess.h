/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uaccess.h - copies between the kernel and the current thread's address space. All may sleep,
 * which is checked here; the copies themselves are raw_copy_*_user(), with the address spaces.
 */
#ifndef LINUX_UACCESS_H
#define LINUX_UACCESS_H

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>

/* raw_copy_*_user - copy up to the first bad page: bytes that were not copied. */
unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long raw_clear_user(void __user *to, unsigned long n);

static inline unsigned long linux_copy_from_user(void *to, const void __user *from, unsigned long n,
						 const struct linux_site *site)
{
	unsigned long left;

	linux_might_sleep("copy_from_user", site);
	left = raw_copy_from_user(to, from, n);
	if (left)
		memset((char *)to + (n - left), 0, left);
	return left;
}

static inline unsigned long linux_copy_to_user(void __user *to, const void *from, unsigned long n,
					       const struct linux_site *site)
{
	linux_might_sleep("copy_to_user", site);
	return raw_copy_to_user(to, from, n);
}

static inline unsigned long linux_clear_user(void __user *to, unsigned long n,
					     const struct linux_site *site)
{
	linux_might_sleep("clear_user", site);
	return raw_clear_user(to, n);
}

/* Bytes not copied, 0: all. What could not be read is zeroed in `to`. */
#define copy_from_user(to, from, n) linux_copy_from_user(to, from, n, LINUX_SITE())
#define copy_to_user(to, from, n)   linux_copy_to_user(to, from, n, LINUX_SITE())
#define clear_user(to, n)           linux_clear_user(to, n, LINUX_SITE())

/* 0, or -EFAULT and (get_user) x is 0. */
#define get_user(x, ptr)                                                                           \
	({                                                                                         \
		__typeof__(*(ptr)) __user_value;                                                   \
		unsigned long __user_left =                                                        \
			copy_from_user(&__user_value, ptr, sizeof(__user_value));                  \
		(x) = (__typeof__(x))__user_value;                                                 \
		__user_left ? -EFAULT : 0;                                                         \
	})
#define put_user(x, ptr)                                                                           \
	({                                                                                         \
		__typeof__(*(ptr)) __user_value = (x);                                             \
		copy_to_user(ptr, &__user_value, sizeof(__user_value)) ? -EFAULT : 0;              \
	})

#endif
