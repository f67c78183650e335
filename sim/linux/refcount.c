/* SPDX-License-Identifier: BSD-3-Clause */
/* refcount.c - reference counts of host objects. */
#include <linux/refcount.h>

#include "internal.h"

void linux_refcount_inc(refcount_t *r, const struct linux_site *site)
{
	if (r->refs.counter <= 0)
		linux_report("use-after-free", site, "%s: a reference to an object that has none",
			     site->text);
	r->refs.counter++;
}

bool linux_refcount_dec_and_test(refcount_t *r, const struct linux_site *site)
{
	if (r->refs.counter <= 0) {
		linux_report("refcount-underflow", site, "%s: dropped below zero", site->text);
		return false;
	}
	return --r->refs.counter == 0;
}
