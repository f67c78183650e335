/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_STRING_H
#define LINUX_STRING_H

#include <string.h>
#include <linux/types.h>

/* memchr_inv - the first byte of [start, start + bytes) that is not c; NULL if all are. */
void *memchr_inv(const void *start, int c, size_t bytes);

#endif
