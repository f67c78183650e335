/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mm.h - pages and their references, and the entry points to processes' address spaces (whose
 * structures are in linux/mm_types.h).
 */
#ifndef LINUX_MM_H
#define LINUX_MM_H

#include <asm/memory.h>
#include <asm/page.h>
#include <linux/align.h>
#include <linux/bug.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct mm_struct;
struct vm_area_struct;

#define PAGE_ALIGN(x)      ALIGN(x, PAGE_SIZE)
#define PAGE_ALIGN_DOWN(x) ALIGN_DOWN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x)    IS_ALIGNED((unsigned long)(x), PAGE_SIZE)

void linux_get_page(struct page *page, const struct linux_site *site);
void linux_put_page(struct page *page, const struct linux_site *site);
/* get_page - one more reference; the page must not be free. */
#define get_page(page) linux_get_page(page, LINUX_SITE())
/* put_page - one less; the last one frees it. */
#define put_page(page) linux_put_page(page, LINUX_SITE())

static inline int page_count(const struct page *page)
{
	return page->frame.refcount;
}
#define page_ref_count(page) page_count(page)

/* split_page - make each page of an allocation one of its own. */
void split_page(struct page *page, unsigned int order);

/* get_order - the lowest order whose allocation holds `size` bytes. */
static inline int get_order(unsigned long size)
{
	if (size <= PAGE_SIZE)
		return 0;
	return 64 - __builtin_clzl((size - 1) >> PAGE_SHIFT);
}

/* Flags of get_user_pages() and faulting in. */
#define FOLL_WRITE  (1 << 0)
#define FOLL_GET    (1 << 1)
#define FOLL_NOWAIT (1 << 5)

struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);
/* get_user_pages - of current's address space, mmap lock held: number of pages, or -errno. */
long get_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
		    struct page **pages);
void mmap_read_lock(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
void mmap_write_lock(struct mm_struct *mm);
void mmap_write_unlock(struct mm_struct *mm);

#endif
