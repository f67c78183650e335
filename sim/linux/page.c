/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * page.c - page frames: handing them out, counting their references, and what is in them while
 * nobody holds them.
 *
 * A free frame is either clean (never written, zeros, a hole of the memfd) or filled with
 * LINUX_POISON_PAGE. So content is never zero by luck, and reading freed memory shows; a write to
 * freed memory shows when the frame is handed out again.
 */
#include <asm/page.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "internal.h"

struct linux_memory linux_memory;
struct page linux_bad_page;

static u64 page_counts[PORT_FRAME_QUARANTINE + 1];

void linux_page_boot(void)
{
	linux_memory = (struct linux_memory){
		.host_view = (unsigned long)linux_port->host_view,
		.phys_base = linux_port->phys_base,
		.size = linux_port->dram_size,
		.mem_map = (struct page *)linux_port->frames,
	};
	memset(&linux_bad_page, 0, sizeof(linux_bad_page));
	memset(page_counts, 0, sizeof(page_counts));
}

u64 linux_page_count(enum port_frame_kind kind)
{
	return page_counts[kind];
}

/* -- addresses that are not DRAM -- */

phys_addr_t linux_bad_virt(const volatile void *va, const struct linux_site *site)
{
	const void *address = (const void *)va;

	if (!address)
		linux_report("bad-address", site, "NULL taken for a kernel address");
	else if (IS_ERR(address))
		linux_report("bad-address", site, "error %ld taken for a kernel address",
			     PTR_ERR(address));
	else
		linux_report("bad-address", site, "not a kernel address of DRAM");
	return 0;
}

void *linux_bad_phys(phys_addr_t pa, const struct linux_site *site)
{
	linux_report("bad-address", site, "physical address %#llx is not DRAM", pa);
	return NULL;
}

struct page *linux_bad_pfn(phys_addr_t pa, const struct linux_site *site)
{
	linux_report("bad-address", site, "no struct page for physical address %#llx", pa);
	return &linux_bad_page;
}

phys_addr_t linux_bad_page_to_phys(const struct page *page, const struct linux_site *site)
{
	/* Of the stand-in it was said when it was handed out. */
	if (page != &linux_bad_page)
		linux_report("bad-address", site, "%s taken for a struct page",
			     page ? "a pointer" : "NULL");
	return 0;
}

/* -- handing out -- */

static u64 page_index(const struct page *page)
{
	return (u64)(page - linux_memory.mem_map);
}

static phys_addr_t index_to_phys(u64 index)
{
	return linux_memory.phys_base + (index << PAGE_SHIFT);
}

static void *index_to_virt(u64 index)
{
	return (void *)(linux_memory.host_view + (index << PAGE_SHIFT));
}

static bool index_is_nonsecure(u64 index, unsigned int order)
{
	return linux_port->is_nonsecure(linux_port->ctx, index_to_phys(index), PAGE_SIZE << order);
}

/* The frame never comes back: the RMM has a granule of it. */
static void frames_leak(u64 index, unsigned int order)
{
	for (u64 i = index; i < index + (1ull << order); i++)
		linux_memory.mem_map[i].frame.flags |= PORT_FRAME_LEAKED;
}

static void poison_check(u64 index, const struct linux_site *site)
{
	const u8 *content = (const u8 *)index_to_virt(index);
	const u8 *bad = (const u8 *)memchr_inv(content, LINUX_POISON_PAGE, PAGE_SIZE);

	if (bad)
		linux_report("write-after-free", site,
			     "page %#llx was written at offset %#lx while free",
			     index_to_phys(index), (unsigned long)(bad - content));
}

/* Gives one frame the content that `gfp` asks for. */
static void frame_prepare(u64 index, gfp_t gfp, const struct linux_site *site)
{
	struct port_frame *frame = &linux_memory.mem_map[index].frame;
	void *content = index_to_virt(index);
	bool dirty = frame->flags & PORT_FRAME_DIRTY;

	linux_asan_unpoison(content, PAGE_SIZE);
	/* A frame that was never handed out by us carries no poison, whoever wrote to it. */
	if (dirty && frame->site)
		poison_check(index, site);
	if (gfp & (__GFP_ZERO | __GFP_CLEAN)) {
		if (dirty)
			memset(content, 0, PAGE_SIZE);
	} else if (!dirty || !frame->site) {
		memset(content, LINUX_POISON_PAGE, PAGE_SIZE);
	}
	if (gfp & __GFP_CLEAN)
		frame->flags &= (u8)~PORT_FRAME_DIRTY;
	else
		frame->flags |= PORT_FRAME_DIRTY;
}

struct page *linux_page_alloc(gfp_t gfp, unsigned int order, enum port_frame_kind kind,
			      enum port_fault point, const struct linux_site *site)
{
	u32 site_number = linux_site_number(site);
	struct port_frame *frames;
	int64_t index;

	if (gfpflags_allow_blocking(gfp))
		linux_might_sleep("an allocation that may block", site);
	if (point < PORT_NUM_FAULTS && !(gfp & __GFP_NOFAIL) && linux_fault(point, 0))
		return NULL;
	for (;;) {
		index = linux_port->frame_alloc(linux_port->ctx, order);
		if (index < 0)
			return NULL;
		if (index_is_nonsecure((u64)index, order))
			break;
		linux_report("allocated-delegated", site, "free page %#llx was given to the RMM",
			     index_to_phys((u64)index));
		frames_leak((u64)index, order);
	}
	frames = &linux_memory.mem_map[index].frame;
	for (u64 i = 0; i < 1ull << order; i++) {
		frame_prepare((u64)index + i, gfp, site);
		frames[i].kind = (u8)kind;
		frames[i].order = 0;
		frames[i].refcount = 0;
		frames[i].site = site_number;
		frames[i].link = 0;
	}
	frames[0].order = (u8)order;
	frames[0].refcount = 1;
	page_counts[kind] += 1ull << order;
	linux_event(PORT_EVENT_PAGE_ALLOC, index_to_phys((u64)index), order, 0, 0, site->function);
	return &linux_memory.mem_map[index];
}

static void frames_free(u64 index, const struct linux_site *site)
{
	struct port_frame *frames = &linux_memory.mem_map[index].frame;
	unsigned int order = frames[0].order;

	if (!index_is_nonsecure(index, order)) {
		linux_report("freed-delegated", site, "page %#llx is freed while the RMM has it",
			     index_to_phys(index));
		frames_leak(index, order);
		frames[0].refcount = 1;
		return;
	}
	linux_locks_check_freed(index_to_virt(index), PAGE_SIZE << order, site);
	page_counts[frames[0].kind] -= 1ull << order;
	for (u64 i = 0; i < 1ull << order; i++) {
		void *content = index_to_virt(index + i);

		if (frames[i].flags & PORT_FRAME_DIRTY)
			memset(content, LINUX_POISON_PAGE, PAGE_SIZE);
		linux_asan_poison(content, PAGE_SIZE);
		frames[i].kind = PORT_FRAME_FREE;
	}
	linux_event(PORT_EVENT_PAGE_FREE, index_to_phys(index), order, 0, 0, NULL);
	/* Memory that failed is nobody's any more. */
	if (!(frames[0].flags & PORT_FRAME_BROKEN))
		linux_port->frame_free(linux_port->ctx, (u64)index, order);
}

/* -- references -- */

/* True if `page` is an entry of the table; else it is reported. */
static bool page_is_valid(const struct page *page, const struct linux_site *site)
{
	u64 offset = (unsigned long)page - (unsigned long)linux_memory.mem_map;

	if (offset < (linux_memory.size >> PAGE_SHIFT) * sizeof(*page) &&
	    offset % sizeof(*page) == 0)
		return true;
	linux_report("bad-address", site, "%s taken for a struct page",
		     page ? "a pointer" : "NULL");
	return false;
}

static bool frame_is_free(const struct port_frame *frame)
{
	return frame->kind == PORT_FRAME_FREE || frame->kind == PORT_FRAME_QUARANTINE;
}

void linux_get_page(struct page *page, const struct linux_site *site)
{
	if (!page_is_valid(page, site))
		return;
	if (frame_is_free(&page->frame))
		linux_report("use-after-free", site, "a reference to page %#llx, which is free",
			     index_to_phys(page_index(page)));
	else if (page->frame.refcount <= 0)
		linux_report("refcount-underflow", site,
			     "a reference to page %#llx, which has none",
			     index_to_phys(page_index(page)));
	else
		page->frame.refcount++;
}

void linux_page_put(struct page *page, const struct linux_site *site)
{
	struct port_frame *frame;

	if (!page_is_valid(page, site))
		return;
	frame = &page->frame;
	if (frame_is_free(frame))
		linux_report("double-free", site, "page %#llx is free already",
			     index_to_phys(page_index(page)));
	else if (frame->refcount <= 0)
		linux_report("refcount-underflow", site, "page %#llx has no reference to drop",
			     index_to_phys(page_index(page)));
	else if (--frame->refcount == 0)
		frames_free(page_index(page), site);
}

void linux_put_page(struct page *page, const struct linux_site *site)
{
	linux_page_put(page, site);
}

/* -- alloc_pages() and its like -- */

struct page *linux_alloc_pages(gfp_t gfp, unsigned int order, const struct linux_site *site)
{
	/* Reclaim may sleep. What the runtime itself allocates does so with its structures half changed: it does not. */
	if (gfpflags_allow_blocking(gfp))
		linux_sched_point(PORT_SCHED_RESCHED, "reclaim");
	return linux_page_alloc(gfp, order, PORT_FRAME_PAGE,
				gfp & __GFP_ZERO ? PORT_FAULT_PAGE_ZALLOC : PORT_FAULT_PAGE_ALLOC,
				site);
}

unsigned long linux_get_free_pages(gfp_t gfp, unsigned int order, const struct linux_site *site)
{
	struct page *page = linux_alloc_pages(gfp, order, site);

	return page ? (unsigned long)index_to_virt(page_index(page)) : 0;
}

void linux_page_free(struct page *page, unsigned int order, const struct linux_site *site)
{
	if (!page_is_valid(page, site))
		return;
	if (!frame_is_free(&page->frame) && page->frame.refcount > 0 && page->frame.order != order)
		linux_report("bad-order", site,
			     "page %#llx is freed with order %u, it has order %u",
			     index_to_phys(page_index(page)), order, page->frame.order);
	linux_page_put(page, site);
}

void linux_free_pages(unsigned long va, unsigned int order, const struct linux_site *site)
{
	u64 offset = va - linux_memory.host_view;

	if (!va)
		return;
	if (offset >= linux_memory.size) {
		linux_bad_virt((const void *)va, site);
		return;
	}
	linux_page_free(&linux_memory.mem_map[offset >> PAGE_SHIFT], order, site);
}

void split_page(struct page *page, unsigned int order)
{
	struct port_frame *frames = &page->frame;

	for (u64 i = 0; i < 1ull << order; i++) {
		frames[i].order = 0;
		frames[i].refcount = frames[0].refcount;
	}
}

void *linux_alloc_pages_exact(size_t size, gfp_t gfp, const struct linux_site *site)
{
	unsigned int order = (unsigned int)get_order(size);
	struct page *page = linux_alloc_pages(gfp, order, site);

	if (!page)
		return NULL;
	split_page(page, order);
	for (u64 i = PAGE_ALIGN(size) >> PAGE_SHIFT; i < 1ull << order; i++)
		linux_page_put(&page[i], site);
	return index_to_virt(page_index(page));
}

void linux_free_pages_exact(void *va, size_t size, const struct linux_site *site)
{
	for (size_t offset = 0; offset < size; offset += PAGE_SIZE)
		linux_free_pages((unsigned long)va + offset, 0, site);
}

/* -- content -- */

void page_mark_dirty(struct page *page)
{
	page->frame.flags |= PORT_FRAME_DIRTY;
}

bool page_is_clean(const struct page *page)
{
	return !(page->frame.flags & PORT_FRAME_DIRTY);
}

bool linux_host_access_ok(u64 pa, u64 size, const char *what, const struct linux_site *site)
{
	u64 offset = pa - linux_memory.phys_base;

	if (offset >= linux_memory.size || size > linux_memory.size - offset) {
		linux_report("bad-address", site, "%s at %#llx, which is not DRAM", what, pa);
		return false;
	}
	for (u64 i = offset >> PAGE_SHIFT; i << PAGE_SHIFT < offset + size; i++) {
		if (frame_is_free(&linux_memory.mem_map[i].frame)) {
			linux_report("use-after-free", site, "%s at %#llx, in a free page", what,
				     pa);
			return false;
		}
	}
	if (!linux_port->is_nonsecure(linux_port->ctx, pa, size)) {
		linux_report("granule-protection", site, "%s at %#llx, which the RMM has", what,
			     pa);
		return false;
	}
	return true;
}

void linux_clear_page(void *va, const struct linux_site *site)
{
	phys_addr_t pa = linux_virt_to_phys(va, site);
	struct page *page;

	if (!pa || !linux_host_access_ok(pa, PAGE_SIZE, "clear_page", site))
		return;
	page = linux_phys_to_page(pa, site);
	if (page_is_clean(page))
		return;
	memset(va, 0, PAGE_SIZE);
}

void copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}
