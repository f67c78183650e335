/* SPDX-License-Identifier: BSD-3-Clause */
/* Static keys are plain flags here. */
#ifndef LINUX_JUMP_LABEL_H
#define LINUX_JUMP_LABEL_H

#include <linux/compiler.h>
#include <linux/types.h>

struct static_key {
	bool enabled;
};
struct static_key_true {
	struct static_key key;
};
struct static_key_false {
	struct static_key key;
};

#define STATIC_KEY_TRUE_INIT  {.key = {.enabled = true}}
#define STATIC_KEY_FALSE_INIT {.key = {.enabled = false}}
#define DEFINE_STATIC_KEY_TRUE(name)   struct static_key_true name = STATIC_KEY_TRUE_INIT
#define DEFINE_STATIC_KEY_FALSE(name)  struct static_key_false name = STATIC_KEY_FALSE_INIT
#define DECLARE_STATIC_KEY_TRUE(name)  extern struct static_key_true name
#define DECLARE_STATIC_KEY_FALSE(name) extern struct static_key_false name
#define static_key_enabled(x)      ((x)->key.enabled)
#define static_branch_likely(x)    likely((x)->key.enabled)
#define static_branch_unlikely(x)  unlikely((x)->key.enabled)
#define static_branch_enable(x)    ((void)((x)->key.enabled = true))
#define static_branch_disable(x)   ((void)((x)->key.enabled = false))

#endif
