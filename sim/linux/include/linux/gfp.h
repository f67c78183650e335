/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gfp.h - allocating pages. GFP_KERNEL may sleep, and is reported where that is forbidden;
 * GFP_ATOMIC may not. The allocators are macros, as in the kernel, so that each page knows the line
 * that took it.
 */
#ifndef LINUX_GFP_H
#define LINUX_GFP_H

#include <linux/bits.h>
#include <linux/types.h>
#include <sim/site.h>

#define __GFP_DIRECT_RECLAIM ((gfp_t)BIT(0))
#define __GFP_KSWAPD_RECLAIM ((gfp_t)BIT(1))
#define __GFP_IO             ((gfp_t)BIT(2))
#define __GFP_FS             ((gfp_t)BIT(3))
#define __GFP_HIGH           ((gfp_t)BIT(4))
#define __GFP_ZERO           ((gfp_t)BIT(5))
#define __GFP_ACCOUNT        ((gfp_t)BIT(6))
#define __GFP_NOWARN         ((gfp_t)BIT(7))
#define __GFP_NOFAIL         ((gfp_t)BIT(8))
#define __GFP_NORETRY        ((gfp_t)BIT(9))
#define __GFP_RETRY_MAYFAIL  ((gfp_t)BIT(10))
#define __GFP_COMP           ((gfp_t)BIT(11))
#define __GFP_HIGHMEM        ((gfp_t)BIT(12))
#define __GFP_MOVABLE        ((gfp_t)BIT(13))
#define __GFP_HARDWALL       ((gfp_t)BIT(14))
/* Not the kernel's: zeros that host code will not touch before page_mark_dirty(). */
#define __GFP_CLEAN          ((gfp_t)BIT(15))
#define __GFP_RECLAIM        (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC           (__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT           (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define GFP_KERNEL           (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT   (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_USER             (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER         (GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE (GFP_HIGHUSER | __GFP_MOVABLE)

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

struct page;

struct page *linux_alloc_pages(gfp_t gfp, unsigned int order, const struct linux_site *site);
unsigned long linux_get_free_pages(gfp_t gfp, unsigned int order, const struct linux_site *site);
void linux_free_pages(unsigned long va, unsigned int order, const struct linux_site *site);
void linux_page_free(struct page *page, unsigned int order, const struct linux_site *site);
void *linux_alloc_pages_exact(size_t size, gfp_t gfp, const struct linux_site *site);
void linux_free_pages_exact(void *va, size_t size, const struct linux_site *site);

/* alloc_pages - 2^order contiguous pages as one allocation, or NULL. */
#define alloc_pages(gfp, order) linux_alloc_pages(gfp, order, LINUX_SITE())
#define alloc_page(gfp)         alloc_pages(gfp, 0)
/* __get_free_pages - the same by kernel address, or 0. */
#define __get_free_pages(gfp, order) linux_get_free_pages(gfp, order, LINUX_SITE())
#define __get_free_page(gfp)    __get_free_pages(gfp, 0)
#define get_zeroed_page(gfp)    __get_free_pages((gfp) | __GFP_ZERO, 0)
/* free_pages - drop one reference; 0 (NULL) is ignored. */
#define free_pages(va, order)   linux_free_pages(va, order, LINUX_SITE())
#define free_page(va)           free_pages((unsigned long)(va), 0)
#define __free_pages(page, order) linux_page_free(page, order, LINUX_SITE())
#define __free_page(page)       __free_pages(page, 0)
/* alloc_pages_exact - contiguous pages, each with a reference of its own; NULL if none. */
#define alloc_pages_exact(size, gfp) linux_alloc_pages_exact(size, gfp, LINUX_SITE())
#define free_pages_exact(va, size)   linux_free_pages_exact(va, size, LINUX_SITE())

#endif
