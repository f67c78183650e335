/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memory.h - conversions between kernel addresses, physical addresses, frame numbers and struct
 * page. A kernel address is an address in the host view of simulated DRAM. What is not DRAM is
 * reported ("bad-address") and converted to 0, or to a struct page that no allocator hands out.
 */
#ifndef ASM_MEMORY_H
#define ASM_MEMORY_H

#include <asm/page-def.h>
#include <linux/types.h>
#include <sim/port.h>
#include <sim/site.h>

/* A frame's entry is in sim/memory's table: these 16 bytes a page are all there is. */
struct page {
	struct port_frame frame;
};

struct linux_memory {
	unsigned long host_view; /* kernel address of the first byte of DRAM */
	u64 phys_base;
	u64 size;
	struct page *mem_map;
};
extern struct linux_memory linux_memory;
extern struct page linux_bad_page; /* stands for every address that is not DRAM */

phys_addr_t linux_bad_virt(const volatile void *va, const struct linux_site *site);
void *linux_bad_phys(phys_addr_t pa, const struct linux_site *site);
struct page *linux_bad_pfn(phys_addr_t pa, const struct linux_site *site);
phys_addr_t linux_bad_page_to_phys(const struct page *page, const struct linux_site *site);

static inline phys_addr_t linux_virt_to_phys(const volatile void *va, const struct linux_site *site)
{
	u64 offset = (unsigned long)va - linux_memory.host_view;

	if (__builtin_expect(offset >= linux_memory.size, 0))
		return linux_bad_virt(va, site);
	return linux_memory.phys_base + offset;
}

static inline void *linux_phys_to_virt(phys_addr_t pa, const struct linux_site *site)
{
	u64 offset = pa - linux_memory.phys_base;

	if (__builtin_expect(offset >= linux_memory.size, 0))
		return linux_bad_phys(pa, site);
	return (void *)(linux_memory.host_view + offset);
}

static inline struct page *linux_phys_to_page(phys_addr_t pa, const struct linux_site *site)
{
	u64 offset = pa - linux_memory.phys_base;

	if (__builtin_expect(offset >= linux_memory.size, 0))
		return linux_bad_pfn(pa, site);
	return linux_memory.mem_map + (offset >> PAGE_SHIFT);
}

static inline phys_addr_t linux_page_to_phys(const struct page *page, const struct linux_site *site)
{
	u64 offset = (unsigned long)page - (unsigned long)linux_memory.mem_map;

	if (__builtin_expect(offset >= (linux_memory.size >> PAGE_SHIFT) * sizeof(*page), 0))
		return linux_bad_page_to_phys(page, site);
	return linux_memory.phys_base + (offset / sizeof(*page) << PAGE_SHIFT);
}

#define virt_to_phys(va) linux_virt_to_phys(va, LINUX_SITE())
#define phys_to_virt(pa) linux_phys_to_virt(pa, LINUX_SITE())
#define phys_to_page(pa) linux_phys_to_page(pa, LINUX_SITE())
#define page_to_phys(page) linux_page_to_phys(page, LINUX_SITE())
#define pfn_to_page(pfn) linux_phys_to_page((phys_addr_t)(pfn) << PAGE_SHIFT, LINUX_SITE())
#define page_to_pfn(page)                                                                          \
	((unsigned long long)(linux_page_to_phys(page, LINUX_SITE()) >> PAGE_SHIFT))

#define __va(pa)                ((void *)phys_to_virt((phys_addr_t)(pa)))
#define __pa(va)                virt_to_phys((const volatile void *)(va))
#define virt_to_page(va)        phys_to_page(virt_to_phys((const volatile void *)(va)))
#define page_to_virt(page)      phys_to_virt(page_to_phys(page))
#define page_address(page)      page_to_virt(page)
#define virt_to_pfn(va)         (virt_to_phys(va) >> PAGE_SHIFT)
#define __phys_to_pfn(pa)       ((unsigned long)((pa) >> PAGE_SHIFT))
#define __pfn_to_phys(pfn)      ((phys_addr_t)(pfn) << PAGE_SHIFT)
#define PHYS_PFN(pa)            ((unsigned long)((pa) >> PAGE_SHIFT))
#define PFN_PHYS(pfn)           ((phys_addr_t)(pfn) << PAGE_SHIFT)
#define PFN_UP(x)               (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x)             ((x) >> PAGE_SHIFT)
#define offset_in_page(p)       ((unsigned long)(p) & ~PAGE_MASK)

/* pfn_valid - true if the frame number is of DRAM. */
static inline bool pfn_valid(unsigned long pfn)
{
	return ((u64)pfn << PAGE_SHIFT) - linux_memory.phys_base < linux_memory.size;
}

/* virt_addr_valid - true if the kernel address is in DRAM. */
static inline bool virt_addr_valid(const volatile void *va)
{
	return (unsigned long)va - linux_memory.host_view < linux_memory.size;
}

#define PHYS_ADDR_MAX (~(phys_addr_t)0)

#endif
