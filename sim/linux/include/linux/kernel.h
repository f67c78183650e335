/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_KERNEL_H
#define LINUX_KERNEL_H

#include <asm/barrier.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/const.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define u64_to_user_ptr(x) ((void __user *)(uintptr_t)(u64)(x))

#endif
