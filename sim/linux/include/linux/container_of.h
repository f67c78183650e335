/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_CONTAINER_OF_H
#define LINUX_CONTAINER_OF_H

#include <linux/types.h>

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define typeof_member(T, m) __typeof__(((T *)0)->m)

#endif
