/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks of code that runs once while the kernel starts: here KVM calls its own initialisers. */
#ifndef LINUX_INIT_H
#define LINUX_INIT_H

#include <linux/compiler.h>

#define __LINUX_INITCALL(fn)                                                                       \
	static int (*const __initcall_##fn)(void) __attribute__((__unused__)) = (fn)
#define module_init(fn)      __LINUX_INITCALL(fn)
#define subsys_initcall(fn)  __LINUX_INITCALL(fn)

#endif
