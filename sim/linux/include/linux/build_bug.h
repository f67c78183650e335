/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_BUILD_BUG_H
#define LINUX_BUILD_BUG_H

#include <linux/compiler.h>

#define BUILD_BUG_ON_MSG(cond, msg) _Static_assert(!(cond), msg)
#define BUILD_BUG_ON(cond)          BUILD_BUG_ON_MSG(cond, "BUILD_BUG_ON failed: " #cond)
#define BUILD_BUG_ON_ZERO(cond)     ((int)(sizeof(struct { int : (-!!(cond)); })))
#ifndef static_assert
#define static_assert(expr, ...) __LINUX_STATIC_ASSERT(expr, ##__VA_ARGS__, #expr)
#define __LINUX_STATIC_ASSERT(expr, msg, ...) _Static_assert(expr, msg)
#endif

#endif
