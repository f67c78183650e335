/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * leak.h - marks pages that are kept for ever on purpose, so that an audit can tell them from forgotten
 * ones. The mark decides nothing: whoever sets it makes sure that a reference stays.
 */
#ifndef KVM_LEAK_H
#define KVM_LEAK_H

#include <linux/mm.h>

static inline void page_mark_leaked(struct page *page)
{
	page->frame.flags |= PORT_FRAME_LEAKED;
}

#endif
