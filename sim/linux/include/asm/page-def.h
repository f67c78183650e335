/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ASM_PAGE_DEF_H
#define ASM_PAGE_DEF_H

#include <linux/const.h>
#include <linux/kconfig.h>

#define PAGE_SHIFT CONFIG_ARM64_PAGE_SHIFT
#define PAGE_SIZE  (UL(1) << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#endif
