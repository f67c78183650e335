/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleepable RCU: read sections, counted in two halves as the kernel does, and waiting for them. */
#ifndef LINUX_SRCU_H
#define LINUX_SRCU_H

#include <linux/cleanup.h>
#include <linux/lockdep.h>

struct srcu_struct {
	struct linux_lock base; /* readers: of both halves */
	u32 index;              /* the half that new readers enter */
	u32 half[2];            /* readers in each */
};

int linux_init_srcu(struct srcu_struct *ssp, const struct linux_site *site);
int linux_srcu_read_lock(struct srcu_struct *ssp, const struct linux_site *site);
void linux_srcu_read_unlock(struct srcu_struct *ssp, int index, const struct linux_site *site);
void linux_synchronize_srcu(struct srcu_struct *ssp, const struct linux_site *site);
void linux_cleanup_srcu(struct srcu_struct *ssp, const struct linux_site *site);

#define init_srcu_struct(s)       linux_init_srcu(s, LINUX_SITE_TEXT(#s))
#define cleanup_srcu_struct(s)    linux_cleanup_srcu(s, LINUX_SITE())
/* srcu_read_lock - enter a read section; the value goes to srcu_read_unlock(). */
#define srcu_read_lock(s)         linux_srcu_read_lock(s, LINUX_SITE())
#define srcu_read_unlock(s, idx)  linux_srcu_read_unlock(s, idx, LINUX_SITE())
/* synchronize_srcu - wait for all read sections that began before. */
#define synchronize_srcu(s)           linux_synchronize_srcu(s, LINUX_SITE())
#define synchronize_srcu_expedited(s) synchronize_srcu(s)
#define srcu_read_lock_held(s)    linux_lock_held(&(s)->base, LINUX_LOCK_READ)
#define srcu_dereference(p, s)    READ_ONCE(p)
#define srcu_dereference_check(p, s, c) READ_ONCE(p)

#endif
