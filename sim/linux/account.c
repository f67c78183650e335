/* SPDX-License-Identifier: BSD-3-Clause */
/* account.c - how many pages serve as secondary page tables: the kernel's statistics of them. */
#include <linux/mm.h>

#include "internal.h"

/* Declared in linux/kvm_host.h, which needs the tree's own headers. */
void linux_account_pgtable(void *virt, int nr, const struct linux_site *site);

static s64 pgtable_pages;

void linux_account_boot(void)
{
	pgtable_pages = 0;
}

s64 linux_account_sum(void)
{
	return pgtable_pages;
}

void linux_account_pgtable(void *virt, int nr, const struct linux_site *site)
{
	u64 offset = (unsigned long)virt - linux_memory.host_view;
	const struct port_frame *frame;
	u64 pa;

	/* The kernel would look at a struct page that is not there. */
	if (offset >= linux_memory.size) {
		linux_bad_virt(virt, site);
		return;
	}
	pa = linux_memory.phys_base + ALIGN_DOWN(offset, PAGE_SIZE);
	frame = &linux_memory.mem_map[offset >> PAGE_SHIFT].frame;
	if (frame->kind == PORT_FRAME_FREE || frame->kind == PORT_FRAME_QUARANTINE)
		linux_report("use-after-free", site, "page %#llx is accounted while free", pa);
	else if (frame->kind != PORT_FRAME_PAGE)
		linux_report("wrong-owner", site, "page %#llx is accounted, which is no table", pa);
	pgtable_pages += nr;
	if (pgtable_pages < 0)
		linux_report("accounting-underflow", site, "%lld pages of tables",
			     (long long)pgtable_pages);
	linux_event(PORT_EVENT_PGTABLE, pa, (u64)(s64)nr, (u64)pgtable_pages, 0, NULL);
}
