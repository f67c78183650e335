/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_STDDEF_H
#define LINUX_STDDEF_H

#include <linux/types.h>

#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define offsetofend(type, member)  (offsetof(type, member) + sizeof_field(type, member))

#endif
