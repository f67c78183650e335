/* SPDX-License-Identifier: BSD-3-Clause */
/* uaccess.h - copies between the kernel and the memory of `current`. They may sleep. */
#ifndef LINUX_UACCESS_H
#define LINUX_UACCESS_H

#include <linux/compiler.h>
#include <linux/mm_struct.h>
#include <linux/types.h>

/* Both return the number of bytes that were *not* copied. */
unsigned long copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long copy_to_user(void __user *to, const void *from, unsigned long n);
/* clear_user - zeros instead. */
unsigned long clear_user(void __user *to, unsigned long n);

/* access_ok - whether [addr, addr + size) lies below the end of user addresses; what is mapped does not matter. */
static inline bool access_ok(const void __user *addr, unsigned long size)
{
	unsigned long start = (unsigned long)addr;

	return size <= TASK_SIZE && start <= TASK_SIZE - size;
}

#define get_user(x, ptr) (copy_from_user(&(x), (ptr), sizeof(*(ptr))) ? -EFAULT : 0)
#define put_user(x, ptr)                                                                           \
	({                                                                                         \
		__typeof__(*(ptr)) __pu_value = (x);                                               \
                                                                                                   \
		copy_to_user((ptr), &__pu_value, sizeof(__pu_value)) ? -EFAULT : 0;                \
	})

#endif
