/* SPDX-License-Identifier: BSD-3-Clause */
/* RCU in one OS thread: pointers are published and read as they are; read sections do nothing. */
#ifndef LINUX_RCUPDATE_H
#define LINUX_RCUPDATE_H

#include <linux/compiler.h>

#define rcu_assign_pointer(p, v)            WRITE_ONCE(p, v)
#define RCU_INIT_POINTER(p, v)              ((p) = (v))
#define rcu_dereference(p)                  READ_ONCE(p)
#define rcu_dereference_check(p, c)         READ_ONCE(p)
#define rcu_dereference_protected(p, c)     (p)
#define rcu_access_pointer(p)               READ_ONCE(p)
#define rcu_read_lock()                     ((void)0)
#define rcu_read_unlock()                   ((void)0)

#endif
