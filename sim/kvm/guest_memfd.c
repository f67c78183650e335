/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guest_memfd.c - memory that only a guest can use: a file of pages that no process can map, bound
 * to memslots.
 *
 * The file belongs to one VM and keeps it alive. The page cache holds one reference on each page;
 * whoever maps one holds another, so that a page lives on while the RMM has it.
 */
#include <linux/file.h>
#include <linux/kvm_host.h>
#include <linux/rwsem.h>
#include <sim/linux.h>

#include "kvm_mm.h"

/* A naturally aligned part of a file that can be backed by one contiguous piece of memory. */
#define GMEM_BLOCK_ORDER (21 - PAGE_SHIFT)
#define GMEM_BLOCK_PAGES (1UL << GMEM_BLOCK_ORDER)

struct kvm_gmem {
	struct kvm *kvm;
	u64 size;		/* bytes */
	struct xarray pages;	/* the page cache, by page of the file */
	struct xarray blocks;	/* by block: an entry if it is contiguous and complete */
	struct xarray bindings; /* the slot that each page of the file is bound to */
	struct rw_semaphore invalidate_lock; /* for write while pages are taken away */
};

/* -- pages -- */

static struct page *gmem_alloc(unsigned int order)
{
	return linux_page_alloc(GFP_HIGHUSER | __GFP_CLEAN, order, PORT_FRAME_GMEM,
				PORT_FAULT_GMEM_PAGE, LINUX_SITE());
}

/* Whether all pages of a block are in the file and none of them exists yet. */
static bool gmem_block_is_free(struct kvm_gmem *gmem, pgoff_t first)
{
	unsigned long index = first;

	if (first + GMEM_BLOCK_PAGES > gmem->size >> PAGE_SHIFT)
		return false;
	return !xa_find(&gmem->pages, &index, first + GMEM_BLOCK_PAGES - 1);
}

/*
 * Backs the block that begins at `first` by contiguous memory. False: there is none, and nothing
 * changed.
 */
static bool gmem_block_populate(struct kvm_gmem *gmem, pgoff_t first)
{
	struct page *page = gmem_alloc(GMEM_BLOCK_ORDER);
	unsigned long i;

	if (!page)
		return false;
	split_page(page, GMEM_BLOCK_ORDER);
	for (i = 0; i < GMEM_BLOCK_PAGES; i++) {
		if (xa_err(xa_store(&gmem->pages, first + i, page + i, GFP_KERNEL)))
			goto undo;
	}
	if (!xa_err(xa_store(&gmem->blocks, first >> GMEM_BLOCK_ORDER, xa_mk_value(1), GFP_KERNEL)))
		return true;
undo:
	while (i--)
		xa_erase(&gmem->pages, first + i);
	for (i = 0; i < GMEM_BLOCK_PAGES; i++)
		put_page(page + i);
	return false;
}

/* The page at `index`, made if need be, with a reference; or an ERR_PTR(). */
static struct page *gmem_get_page(struct kvm_gmem *gmem, pgoff_t index)
{
	const pgoff_t first = ALIGN_DOWN(index, GMEM_BLOCK_PAGES);
	struct page *page = xa_load(&gmem->pages, index);

	if (!page && kvm_boot_config.gmem_huge && gmem_block_is_free(gmem, first) &&
	    gmem_block_populate(gmem, first))
		page = xa_load(&gmem->pages, index);
	if (!page) {
		page = gmem_alloc(0);
		if (!page)
			return ERR_PTR(-ENOMEM);
		if (xa_err(xa_store(&gmem->pages, index, page, GFP_KERNEL))) {
			put_page(page);
			return ERR_PTR(-ENOMEM);
		}
	}
	get_page(page);
	return page;
}

/* Drops the file's references to the pages of [start, end). */
static void gmem_truncate(struct kvm_gmem *gmem, pgoff_t start, pgoff_t end)
{
	unsigned long index;
	struct page *page;
	void *block;

	if (start >= end)
		return;
	xa_for_each_range (&gmem->blocks, index, block, start >> GMEM_BLOCK_ORDER,
			   (end - 1) >> GMEM_BLOCK_ORDER)
		xa_erase(&gmem->blocks, index);
	xa_for_each_range (&gmem->pages, index, page, start, end - 1) {
		xa_erase(&gmem->pages, index);
		page->frame.flags |= PORT_FRAME_UNCACHED;
		put_page(page);
	}
}

/* -- invalidation -- */

/*
 * The slots bound to pages of [start, end) lose what of these is mapped. Only private mappings are
 * of these pages, but for a Realm the filter takes the shared alias along.
 */
static void gmem_invalidate_begin(struct kvm_gmem *gmem, pgoff_t start, pgoff_t end)
{
	struct kvm *kvm = gmem->kvm;
	struct kvm_memory_slot *slot;
	unsigned long index, next = start;
	bool locked = false;

	while (next < end && (index = next, slot = xa_find(&gmem->bindings, &index, end - 1))) {
		const pgoff_t pgoff = slot->gmem.pgoff;
		struct kvm_gfn_range range = {
			.slot = slot,
			.start = slot->base_gfn + max(pgoff, start) - pgoff,
			.end = slot->base_gfn + min(pgoff + slot->npages, end) - pgoff,
			.may_block = true,
			.attr_filter = KVM_FILTER_PRIVATE,
		};

		if (!locked) {
			locked = true;
			write_lock(&kvm->mmu_lock);
			kvm_mmu_invalidate_begin(kvm);
		}
		kvm_mmu_unmap_gfn_range(kvm, &range);
		next = pgoff + slot->npages;
	}
	if (locked)
		write_unlock(&kvm->mmu_lock);
}

/* The same slots as at the beginning are bound. */
static void gmem_invalidate_end(struct kvm_gmem *gmem, pgoff_t start, pgoff_t end)
{
	struct kvm *kvm = gmem->kvm;
	unsigned long index = start;

	if (start >= end || !xa_find(&gmem->bindings, &index, end - 1))
		return;
	write_lock(&kvm->mmu_lock);
	kvm_mmu_invalidate_end(kvm);
	write_unlock(&kvm->mmu_lock);
}

/* -- the file -- */

static long gmem_punch_hole(struct kvm_gmem *gmem, loff_t offset, loff_t len)
{
	const pgoff_t start = (pgoff_t)offset >> PAGE_SHIFT;
	const pgoff_t end = (pgoff_t)(offset + len) >> PAGE_SHIFT;

	/* Slots can neither be bound nor unbound between the two ends of the invalidation. */
	down_write(&gmem->invalidate_lock);
	gmem_invalidate_begin(gmem, start, end);
	gmem_truncate(gmem, start, end);
	gmem_invalidate_end(gmem, start, end);
	up_write(&gmem->invalidate_lock);
	return 0;
}

/*
 * The pages of [start, end) are broken. The guest loses them, but the file keeps them: what shall become of them
 * is for the VMM to decide, and until then whoever asks for one is told.
 */
static long gmem_fail_pages(struct kvm_gmem *gmem, pgoff_t start, pgoff_t end)
{
	unsigned long index;
	struct page *page;
	bool any = false;

	down_read(&gmem->invalidate_lock);
	xa_for_each_range (&gmem->pages, index, page, start, end - 1) {
		page->frame.flags |= PORT_FRAME_BROKEN;
		xa_erase(&gmem->blocks, index >> GMEM_BLOCK_ORDER);
		any = true;
	}
	if (any) {
		gmem_invalidate_begin(gmem, start, end);
		gmem_invalidate_end(gmem, start, end);
	}
	up_read(&gmem->invalidate_lock);
	return any ? 0 : -ENOENT;
}

long kvm_gmem_memory_failure(struct file *file, loff_t offset, loff_t len)
{
	if (file->f_kind != FILE_GMEM || !PAGE_ALIGNED(offset) || !PAGE_ALIGNED(len) || len <= 0)
		return -EINVAL;
	return gmem_fail_pages(file->private_data, (pgoff_t)offset >> PAGE_SHIFT,
			       (pgoff_t)(offset + len) >> PAGE_SHIFT);
}

static long gmem_allocate(struct kvm_gmem *gmem, loff_t offset, loff_t len)
{
	const pgoff_t end = (pgoff_t)(offset + len) >> PAGE_SHIFT;
	pgoff_t index;
	long ret = 0;

	if ((u64)(offset + len) > gmem->size)
		return -EINVAL;
	down_read(&gmem->invalidate_lock);
	for (index = (pgoff_t)offset >> PAGE_SHIFT; index < end; index++) {
		struct page *page;

		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		page = gmem_get_page(gmem, index);
		if (IS_ERR(page)) {
			ret = PTR_ERR(page);
			break;
		}
		put_page(page);
		cond_resched();
	}
	up_read(&gmem->invalidate_lock);
	return ret;
}

static long kvm_gmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct kvm_gmem *gmem = file->private_data;

	if (!(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (!PAGE_ALIGNED(offset) || !PAGE_ALIGNED(len))
		return -EINVAL;
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return gmem_punch_hole(gmem, offset, len);
	return gmem_allocate(gmem, offset, len);
}

static void kvm_gmem_release(struct file *file)
{
	struct kvm_gmem *gmem = file->private_data;
	const pgoff_t end = gmem->size >> PAGE_SHIFT;
	struct kvm *kvm = gmem->kvm;
	struct kvm_memory_slot *slot;
	unsigned long index = 0;

	mutex_lock(&kvm->slots_lock);
	down_write(&gmem->invalidate_lock);
	/* From here on faults find no file behind the slots; what they mapped before goes. */
	while (index < end && (slot = xa_find(&gmem->bindings, &index, end - 1))) {
		WRITE_ONCE(slot->gmem.file, NULL);
		index = slot->gmem.pgoff + slot->npages;
	}
	gmem_invalidate_begin(gmem, 0, end);
	gmem_invalidate_end(gmem, 0, end);
	up_write(&gmem->invalidate_lock);
	mutex_unlock(&kvm->slots_lock);

	gmem_truncate(gmem, 0, end);
	xa_destroy(&gmem->bindings);
	xa_destroy(&gmem->blocks);
	xa_destroy(&gmem->pages);
	kfree(gmem);
	kvm_put_kvm(kvm);
}

const struct file_operations kvm_gmem_fops = {
	.release = kvm_gmem_release,
	.fallocate = kvm_gmem_fallocate,
};

int kvm_gmem_create(struct kvm *kvm, const struct kvm_create_guest_memfd *args)
{
	struct kvm_gmem *gmem;
	int fd;

	if (args->flags)
		return -EINVAL;
	if (!args->size || args->size > INT64_MAX || !PAGE_ALIGNED(args->size))
		return -EINVAL;
	gmem = kzalloc(sizeof(*gmem), GFP_KERNEL);
	if (!gmem)
		return -ENOMEM;
	gmem->kvm = kvm;
	gmem->size = args->size;
	xa_init(&gmem->pages);
	xa_init(&gmem->blocks);
	xa_init(&gmem->bindings);
	init_rwsem(&gmem->invalidate_lock);
	fd = anon_inode_getfd(FILE_GMEM, gmem);
	if (fd < 0) {
		kfree(gmem);
		return fd;
	}
	kvm_get_kvm(kvm);
	return fd;
}

/* -- bindings -- */

int kvm_gmem_bind(struct kvm *kvm, struct kvm_memory_slot *slot, unsigned int fd, loff_t offset)
{
	const u64 size = (u64)slot->npages << PAGE_SHIFT;
	const pgoff_t start = (pgoff_t)offset >> PAGE_SHIFT;
	const pgoff_t end = start + slot->npages;
	unsigned long index = start;
	struct kvm_gmem *gmem;
	struct file *file;
	int ret = -EINVAL;

	file = fget((int)fd);
	if (!file)
		return -EBADF;
	if (file->f_kind != FILE_GMEM)
		goto out;
	gmem = file->private_data;
	if (gmem->kvm != kvm)
		goto out;
	if (offset < 0 || !PAGE_ALIGNED(offset) || (u64)offset + size > gmem->size)
		goto out;
	down_write(&gmem->invalidate_lock);
	if (!xa_find(&gmem->bindings, &index, end - 1)) {
		ret = xa_err(xa_store_range(&gmem->bindings, start, end - 1, slot, GFP_KERNEL));
		if (!ret) {
			slot->gmem.pgoff = start;
			WRITE_ONCE(slot->gmem.file, file);
		}
	}
	up_write(&gmem->invalidate_lock);
out:
	/* A slot keeps no reference: closing the file is how its memory is given back. */
	fput(file);
	return ret;
}

void kvm_gmem_unbind(struct kvm_memory_slot *slot)
{
	const pgoff_t start = slot->gmem.pgoff;
	struct kvm_gmem *gmem;

	if (!slot->gmem.file)
		return;
	gmem = slot->gmem.file->private_data;
	down_write(&gmem->invalidate_lock);
	WARN_ON(xa_err(xa_store_range(&gmem->bindings, start, start + slot->npages - 1, NULL,
				      GFP_KERNEL)));
	WRITE_ONCE(slot->gmem.file, NULL);
	up_write(&gmem->invalidate_lock);
}

/* The page of the file behind a frame of the slot, with a reference, or an ERR_PTR(). */
static struct page *gmem_slot_get_page(struct kvm_memory_slot *slot, gfn_t gfn, int *max_order)
{
	const pgoff_t index = gfn - slot->base_gfn + slot->gmem.pgoff;
	const gfn_t first = ALIGN_DOWN(gfn, GMEM_BLOCK_PAGES);
	struct kvm_gmem *gmem;
	struct page *page;

	*max_order = 0;
	if (!slot->gmem.file)
		return ERR_PTR(-EFAULT);
	gmem = slot->gmem.file->private_data;
	/*
	 * The slot may be on its way out: then the file belongs to the one that it stands in for.
	 */
	if (xa_load(&gmem->bindings, index) != slot)
		return ERR_PTR(-EIO);
	page = gmem_get_page(gmem, index);
	if (IS_ERR(page))
		return page;
	if (page->frame.flags & PORT_FRAME_BROKEN) {
		put_page(page);
		return ERR_PTR(-EHWPOISON);
	}
	if (xa_load(&gmem->blocks, index >> GMEM_BLOCK_ORDER) &&
	    IS_ALIGNED(slot->base_gfn - slot->gmem.pgoff, GMEM_BLOCK_PAGES) &&
	    first >= slot->base_gfn && first + GMEM_BLOCK_PAGES <= slot->base_gfn + slot->npages)
		*max_order = GMEM_BLOCK_ORDER;
	return page;
}

static int gmem_get_pfn(struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn, struct page **page,
			int *max_order)
{
	int order;

	might_sleep();
	*page = gmem_slot_get_page(slot, gfn, &order);
	if (max_order)
		*max_order = order;
	if (IS_ERR(*page)) {
		int ret = (int)PTR_ERR(*page);

		*page = NULL;
		*pfn = KVM_PFN_ERR_FAULT;
		return ret;
	}
	*pfn = page_to_pfn(*page);
	/* The folio is unlocked: a hole may take it out of the file before the caller has done anything with it. */
	linux_sched_point(PORT_SCHED_UNLOCK, "the folio of a guest_memfd");
	return 0;
}

#if CONFIG_KVM_RME_SERIES <= 5
int kvm_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		     int *max_order)
{
	struct page *page;

	(void)kvm;
	return gmem_get_pfn(slot, gfn, pfn, &page, max_order);
}
#else
int kvm_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		     struct page **page, int *max_order)
{
	(void)kvm;
	return gmem_get_pfn(slot, gfn, pfn, page, max_order);
}
#endif

long kvm_gmem_populate(struct kvm *kvm, gfn_t start, void __user *src, long npages,
		       kvm_gmem_populate_cb post_populate, void *opaque)
{
	struct kvm_memory_slot *slot;
	struct kvm_gmem *gmem;
	long i, ret = 0;

	lockdep_assert_held(&kvm->slots_lock);
	if (npages < 0)
		return -EINVAL;
	slot = gfn_to_memslot(kvm, start);
	if (!kvm_slot_can_be_private(slot))
		return -EINVAL;
	npages = (long)min((unsigned long)npages,
			   slot->npages - (unsigned long)(start - slot->base_gfn));
	/* slots_lock keeps the file. What is mapped here must not leave it between being looked up and being mapped. */
	gmem = slot->gmem.file ? slot->gmem.file->private_data : NULL;
	if (gmem)
		down_write(&gmem->invalidate_lock);
	for (i = 0; i < npages && !ret; i++) {
		const gfn_t gfn = start + (gfn_t)i;
		void __user *from = src ? (u8 __user *)src + i * (long)PAGE_SIZE : NULL;
		struct page *page;
		kvm_pfn_t pfn;

		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = gmem_get_pfn(slot, gfn, &pfn, &page, NULL);
		if (ret)
			break;
		if (kvm_mem_is_private(kvm, gfn))
			ret = post_populate(kvm, gfn, pfn, from, 0, opaque);
		else
			ret = -EINVAL;
		put_page(page);
		if (ret)
			break;
	}
	if (gmem)
		up_write(&gmem->invalidate_lock);
	return i || !ret ? i : ret;
}
