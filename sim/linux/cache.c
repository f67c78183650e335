/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.c - KVM's memory caches: pages set aside where sleeping is allowed, for where it is not. */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kvm_types.h>
#include <linux/mm.h>

#include "internal.h"

/* Declared in linux/kvm_host.h, which needs the tree's own headers. */
int linux_cache_topup(struct kvm_mmu_memory_cache *mc, int capacity, int min,
		      const struct linux_site *site);
void *linux_cache_alloc(struct kvm_mmu_memory_cache *mc, const struct linux_site *site);
void linux_cache_free(struct kvm_mmu_memory_cache *mc, const struct linux_site *site);
int kvm_mmu_memory_cache_nr_free_objects(struct kvm_mmu_memory_cache *mc);

static bool fill_only_min;

void linux_cache_boot(void)
{
	fill_only_min = false;
}

void linux_cache_fill_set(bool only_min)
{
	fill_only_min = only_min;
}

static void *cache_object_alloc(const struct kvm_mmu_memory_cache *mc, gfp_t gfp,
				enum port_fault point, const struct linux_site *site)
{
	struct page *page = linux_page_alloc(gfp | mc->gfp_zero, 0, PORT_FRAME_PAGE, point, site);

	return page ? page_address(page) : NULL;
}

int linux_cache_topup(struct kvm_mmu_memory_cache *mc, int capacity, int min,
		      const struct linux_site *site)
{
	gfp_t gfp = mc->gfp_custom ? mc->gfp_custom : GFP_KERNEL_ACCOUNT;
	int target;

	if (mc->nobjs >= min)
		return 0;
	if (capacity > KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE)
		capacity = KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE;
	if (WARN_ON(min > capacity))
		return -EINVAL;
	linux_sched_point(PORT_SCHED_RESCHED, "reclaim");
	mc->capacity = capacity;
	target = fill_only_min ? min : capacity;
	while (mc->nobjs < target) {
		void *object = cache_object_alloc(mc, gfp, PORT_FAULT_CACHE_TOPUP, site);

		if (!object)
			return mc->nobjs >= min ? 0 : -ENOMEM;
		mc->objects[mc->nobjs++] = object;
	}
	return 0;
}

void *linux_cache_alloc(struct kvm_mmu_memory_cache *mc, const struct linux_site *site)
{
	void *object;

	if (!mc->nobjs) {
		linux_warn(site, "the memory cache is empty");
		object = cache_object_alloc(mc, GFP_ATOMIC | __GFP_ACCOUNT, PORT_FAULT_PAGE_ZALLOC,
					    site);
		BUG_ON(!object);
		return object;
	}
	object = mc->objects[--mc->nobjs];
	mc->objects[mc->nobjs] = NULL;
	/* Whoever takes it answers for it from now on. */
	virt_to_page(object)->frame.site = linux_site_number(site);
	return object;
}

void linux_cache_free(struct kvm_mmu_memory_cache *mc, const struct linux_site *site)
{
	while (mc->nobjs) {
		void *object = mc->objects[--mc->nobjs];

		mc->objects[mc->nobjs] = NULL;
		linux_free_pages((unsigned long)object, 0, site);
	}
}

int kvm_mmu_memory_cache_nr_free_objects(struct kvm_mmu_memory_cache *mc)
{
	return mc->nobjs;
}
