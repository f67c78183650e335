/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_KREF_H
#define LINUX_KREF_H

#include <linux/refcount.h>

struct kref {
	refcount_t refcount;
};

static inline void kref_init(struct kref *kref)
{
	refcount_set(&kref->refcount, 1);
}

#define kref_get(kref) refcount_inc(&(kref)->refcount)
#define kref_put(kref, release)                                                                    \
	(refcount_dec_and_test(&(kref)->refcount) ? ((release)(kref), 1) : 0)

#endif
