/* SPDX-License-Identifier: BSD-3-Clause */
/* Reference counts that report "refcount-underflow" and use after the last reference. */
#ifndef LINUX_REFCOUNT_H
#define LINUX_REFCOUNT_H

#include <linux/atomic.h>
#include <sim/site.h>

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n) {.refs = ATOMIC_INIT(n)}

static inline void refcount_set(refcount_t *r, int n)
{
	r->refs.counter = n;
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return (unsigned int)r->refs.counter;
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	if (!r->refs.counter)
		return false;
	r->refs.counter++;
	return true;
}

void linux_refcount_inc(refcount_t *r, const struct linux_site *site);
bool linux_refcount_dec_and_test(refcount_t *r, const struct linux_site *site);
#define refcount_inc(r)          linux_refcount_inc(r, LINUX_SITE_TEXT(#r))
/* refcount_dec_and_test - true if this was the last reference. */
#define refcount_dec_and_test(r) linux_refcount_dec_and_test(r, LINUX_SITE_TEXT(#r))

#endif
