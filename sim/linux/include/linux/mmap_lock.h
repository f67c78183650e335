/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_MMAP_LOCK_H
#define LINUX_MMAP_LOCK_H

#include <linux/mm_types.h>

#endif
