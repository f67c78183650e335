/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mm.c - address spaces of VMM processes: mappings, their pages, and what the program and the
 * kernel do to the bytes in them.
 *
 * Mappings stand in a list by address. A search begins at the one found last, so that walks through
 * thousands of mappings (a VMM that maps and unmaps page by page) stay cheap.
 */
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <sim/linux.h>

#define MM_MAX_MAPPINGS 65530u
/* What MADV_COLLAPSE makes contiguous, whatever the page size. */
#define HUGE_BLOCK_SHIFT 21
#define HUGE_BLOCK_SIZE	 (1UL << HUGE_BLOCK_SHIFT)

/* Bytes of pages. */

/*
 * Copies the bytes at `offset` of `page` to `buffer`. A clean page is not looked at: it may be a
 * hole in DRAM.
 */
static bool page_read(struct page *page, unsigned long offset, void *buffer, unsigned long len)
{
	if (page_is_clean(page)) {
		memset(buffer, 0, len);
		return true;
	}
	if (!linux_host_access_ok(page_to_phys(page) + offset, len, "user memory", LINUX_SITE()))
		return false;
	memcpy(buffer, (const u8 *)page_address(page) + offset, len);
	return true;
}

/* The other way round; `buffer` NULL stands for zeros. */
static bool page_write(struct page *page, unsigned long offset, const void *buffer,
		       unsigned long len)
{
	if (!buffer && page_is_clean(page))
		return true;
	if (!linux_host_access_ok(page_to_phys(page) + offset, len, "user memory", LINUX_SITE()))
		return false;
	page_mark_dirty(page);
	if (buffer)
		memcpy((u8 *)page_address(page) + offset, buffer, len);
	else
		memset((u8 *)page_address(page) + offset, 0, len);
	return true;
}

/* Anonymous pages. */

static struct page *anon_page_alloc(void)
{
	return linux_page_alloc(GFP_HIGHUSER_MOVABLE | __GFP_CLEAN, 0, PORT_FRAME_USER,
				PORT_FAULT_USER_PAGE, LINUX_SITE());
}

/* Forgets the pages [first, last] of an index of anonymous pages. */
static void anon_pages_zap(struct xarray *pages, unsigned long first, unsigned long last)
{
	unsigned long index;
	struct page *page;

	xa_for_each_range (pages, index, page, first, last) {
		xa_erase(pages, index);
		put_page(page);
	}
}

/* The page at `index`, which is made if there is none: a page, or NULL without memory. */
static struct page *anon_page_get(struct xarray *pages, unsigned long index)
{
	struct page *page = xa_load(pages, index);

	if (page)
		return page;
	page = anon_page_alloc();
	if (!page)
		return NULL;
	if (xa_err(xa_store(pages, index, page, GFP_KERNEL))) {
		put_page(page);
		return NULL;
	}
	return page;
}

static void shmem_put(struct shmem *shmem)
{
	if (--shmem->refcount)
		return;
	anon_pages_zap(&shmem->pages, 0, ULONG_MAX);
	xa_destroy(&shmem->pages);
	kfree(shmem);
}

/* Address spaces. */

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kzalloc(sizeof(*mm), GFP_KERNEL);

	if (!mm)
		return NULL;
	xa_init(&mm->private_pages);
	init_rwsem(&mm->mmap_lock);
	mm->mm_count = 1;
	return mm;
}

void mmgrab(struct mm_struct *mm)
{
	mm->mm_count++;
}

void mmdrop(struct mm_struct *mm)
{
	if (--mm->mm_count)
		return;
	WARN_ON(!mm->exited);
	xa_destroy(&mm->private_pages);
	kfree(mm);
}

void mmap_read_lock(struct mm_struct *mm)
{
	down_read(&mm->mmap_lock);
}

void mmap_read_unlock(struct mm_struct *mm)
{
	up_read(&mm->mmap_lock);
}

void mmap_write_lock(struct mm_struct *mm)
{
	down_write(&mm->mmap_lock);
}

void mmap_write_unlock(struct mm_struct *mm)
{
	up_write(&mm->mmap_lock);
}

/* Mappings. */

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = mm->mmap_cache ? mm->mmap_cache : mm->mmap;

	if (!vma)
		return NULL;
	while (vma->vm_prev && vma->vm_prev->vm_end > addr)
		vma = vma->vm_prev;
	while (vma && vma->vm_end <= addr)
		vma = vma->vm_next;
	if (vma)
		mm->mmap_cache = vma;
	return vma;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

static struct vm_area_struct *vma_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kzalloc(sizeof(*vma), GFP_KERNEL);

	if (vma)
		vma->vm_mm = mm;
	return vma;
}

/* Drops what a mapping refers to, and itself. It is in no list. */
static void vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_shmem)
		shmem_put(vma->vm_shmem);
	fput(vma->vm_file);
	kfree(vma);
}

static void vma_free_list(struct vm_area_struct *vma)
{
	while (vma) {
		struct vm_area_struct *next = vma->vm_next;

		vma_free(vma);
		vma = next;
	}
}

static void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next = find_vma(mm, vma->vm_start);
	struct vm_area_struct *prev = next ? next->vm_prev : mm->mmap_last;

	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (next)
		next->vm_prev = vma;
	else
		mm->mmap_last = vma;
	mm->map_count++;
}

static void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	if (vma->vm_prev)
		vma->vm_prev->vm_next = vma->vm_next;
	else
		mm->mmap = vma->vm_next;
	if (vma->vm_next)
		vma->vm_next->vm_prev = vma->vm_prev;
	else
		mm->mmap_last = vma->vm_prev;
	if (mm->mmap_cache == vma)
		mm->mmap_cache = vma->vm_prev ? vma->vm_prev : vma->vm_next;
	vma->vm_prev = NULL;
	vma->vm_next = NULL;
	mm->map_count--;
}

static unsigned long vma_pgoff(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}

/* Cuts vma at addr; `upper` becomes the mapping of what is above. Cannot fail. */
static void vma_split(struct vm_area_struct *vma, struct vm_area_struct *upper, unsigned long addr)
{
	upper->vm_start = addr;
	upper->vm_end = vma->vm_end;
	upper->vm_flags = vma->vm_flags;
	upper->vm_pgoff = vma_pgoff(vma, addr);
	upper->vm_file = vma->vm_file ? get_file(vma->vm_file) : NULL;
	upper->vm_shmem = vma->vm_shmem;
	if (upper->vm_shmem)
		upper->vm_shmem->refcount++;
	vma->vm_end = addr;
	vma_link(vma->vm_mm, upper);
}

/*
 * Joins vma with its neighbours where one mapping says the same as two: private anonymous ones
 * only.
 */
static void vma_merge(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev = vma->vm_prev;
	struct vm_area_struct *next = vma->vm_next;

	if (vma->vm_file || vma->vm_shmem)
		return;
	if (next && next->vm_start == vma->vm_end && !next->vm_file && !next->vm_shmem &&
	    next->vm_flags == vma->vm_flags) {
		vma->vm_end = next->vm_end;
		vma_unlink(mm, next);
		vma_free(next);
	}
	if (prev && prev->vm_end == vma->vm_start && !prev->vm_file && !prev->vm_shmem &&
	    prev->vm_flags == vma->vm_flags) {
		prev->vm_end = vma->vm_end;
		vma_unlink(mm, vma);
		vma_free(vma);
	}
}

/* Whether a mapping has pages of its own beside those of a file: they are found by address. */
static bool vma_is_private(const struct vm_area_struct *vma)
{
	return !vma->vm_shmem && !(vma->vm_flags & VM_SHARED);
}

/* The pages of [start, end), all in vma, leave this address space. */
static void vma_zap(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma_is_private(vma))
		anon_pages_zap(&vma->vm_mm->private_pages, start >> PAGE_SHIFT,
			       (end >> PAGE_SHIFT) - 1);
}

static bool vma_allows(const struct vm_area_struct *vma, bool write)
{
	return vma->vm_flags & (write ? VM_WRITE : VM_READ | VM_WRITE);
}

/*
 * The page that a permitted access to `addr` in vma sees, with a reference; with *page NULL, the
 * access sees zeros (a read of private memory that has no page). 0, -EFAULT or -ENOMEM. mmap_lock
 * is held.
 */
static int vma_fault(struct vm_area_struct *vma, unsigned long addr, bool write, struct page **page)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long index = addr >> PAGE_SHIFT;
	struct page *own, *backing = NULL;
	int ret = 0;

	*page = NULL;
	if (vma->vm_shmem) {
		own = anon_page_get(&vma->vm_shmem->pages, vma_pgoff(vma, addr));
		if (!own)
			return -ENOMEM;
		get_page(own);
		*page = own;
		return 0;
	}
	own = vma_is_private(vma) ? xa_load(&mm->private_pages, index) : NULL;
	if (!own && vma->vm_file) {
		const struct file_operations *ops = file_operations(vma->vm_file);

		backing = ops->fault ? ops->fault(vma->vm_file, vma_pgoff(vma, addr)) : NULL;
		if (!backing)
			return -EFAULT;
		if (!write || !vma_is_private(vma)) {
			*page = backing;
			return 0;
		}
	}
	if (!own && write) {
		own = anon_page_get(&mm->private_pages, index);
		if (!own)
			ret = -ENOMEM;
		else if (backing && !page_write(own, 0, page_address(backing), PAGE_SIZE))
			ret = -EFAULT;
	}
	if (backing)
		put_page(backing);
	if (ret)
		return ret;
	if (own)
		get_page(own);
	*page = own;
	return 0;
}

/*
 * The page of an access that needs nothing to be made, without a reference; NULL: ask vma_fault().
 */
static struct page *vma_present_page(struct vm_area_struct *vma, unsigned long addr)
{
	if (vma->vm_shmem)
		return xa_load(&vma->vm_shmem->pages, vma_pgoff(vma, addr));
	if (vma_is_private(vma))
		return xa_load(&vma->vm_mm->private_pages, addr >> PAGE_SHIFT);
	return NULL;
}

static int mm_fault(struct mm_struct *mm, unsigned long addr, bool write, struct page **page)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	*page = NULL;
	if (!vma || !vma_allows(vma, write))
		return -EFAULT;
	return vma_fault(vma, addr, write, page);
}

/* As mm_fault(), but a page is made where an access would do without. */
static int mm_fault_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **page)
{
	struct vm_area_struct *vma;
	int ret = mm_fault(mm, addr, write, page);

	if (ret || *page)
		return ret;
	vma = vma_lookup(mm, addr);
	return vma_fault(vma, addr, true, page);
}

int mm_fault_in_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **page)
{
	int ret;

	mmap_read_lock(mm);
	ret = mm_fault_page(mm, addr, write, page);
	mmap_read_unlock(mm);
	return ret;
}

long get_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
		    struct page **pages)
{
	unsigned long i;

	for (i = 0; i < nr_pages; i++) {
		struct page *page;
		int ret = mm_fault_page(current->mm, start + i * PAGE_SIZE, gup_flags & FOLL_WRITE,
					&page);

		if (ret)
			return i ? (long)i : ret;
		if (pages)
			pages[i] = page;
		else
			put_page(page);
	}
	return (long)nr_pages;
}

/* Copies. */

/* Copies between `buffer` and the bytes at `offset` of `page` (NULL: zeros). */
static bool page_access(struct page *page, unsigned long offset, void *buffer, unsigned long len,
			bool write)
{
	if (write)
		return page_write(page, offset, buffer, len);
	if (page)
		return page_read(page, offset, buffer, len);
	memset(buffer, 0, len);
	return true;
}

unsigned long mm_access(struct mm_struct *mm, unsigned long addr, void *buffer, unsigned long len,
			bool write)
{
	unsigned long done = 0;

	while (done < len) {
		unsigned long at = addr + done;
		unsigned long offset = at & ~PAGE_MASK;
		unsigned long chunk = min(len - done, PAGE_SIZE - offset);
		u8 *bytes = buffer ? (u8 *)buffer + done : NULL;
		struct vm_area_struct *vma = at < TASK_SIZE ? vma_lookup(mm, at) : NULL;
		struct page *page;
		bool copied;
		int ret;

		if (!vma || !vma_allows(vma, write))
			break;
		page = vma_present_page(vma, at);
		if (page) {
			copied = page_access(page, offset, bytes, chunk, write);
		} else {
			mmap_read_lock(mm);
			ret = mm_fault(mm, at, write, &page);
			mmap_read_unlock(mm);
			if (ret)
				break;
			copied = page_access(page, offset, bytes, chunk, write);
			if (page)
				put_page(page);
		}
		if (!copied)
			break;
		done += chunk;
	}
	return done;
}

static unsigned long user_copy(unsigned long addr, void *buffer, unsigned long len, bool write)
{
	struct mm_struct *mm = current->mm;

	if (!len)
		return 0;
	/* The page may have to be brought in first. */
	linux_sched_point(PORT_SCHED_LOCK, "mmap_lock for a copy");
	if (!mm || !access_ok((void *)addr, len) || linux_fault(PORT_FAULT_USER_ACCESS, addr))
		return len;
	return len - mm_access(mm, addr, buffer, len, write);
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return user_copy((unsigned long)from, to, n, false);
}

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return user_copy((unsigned long)to, (void *)from, n, true);
}

unsigned long raw_clear_user(void __user *to, unsigned long n)
{
	return user_copy((unsigned long)to, NULL, n, true);
}

/* Notifiers. */

static const struct mmu_notifier_ops *notifier_ops(const struct mmu_notifier *mn)
{
	return mmu_notifier_ops_table[mn->kind];
}

int mmu_notifier_register(struct mmu_notifier *mn, struct mm_struct *mm)
{
	mmap_write_lock(mm);
	mmgrab(mm);
	mn->mm = mm;
	mn->next = mm->notifiers;
	mn->registered = true;
	mm->notifiers = mn;
	mmap_write_unlock(mm);
	return 0;
}

static bool nobody_notifies(void *mm)
{
	return !((const struct mm_struct *)mm)->notifying;
}

void mmu_notifier_unregister(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct mmu_notifier **at = &mm->notifiers;

	if (mn->registered) {
		mn->registered = false;
		notifier_ops(mn)->release(mn, mm);
		while (*at != mn)
			at = &(*at)->next;
		*at = mn->next;
	}
	/* Whoever goes through the notifiers may have this one in its hands. */
	(void)linux_wait_until(nobody_notifies, mm, PORT_SCHED_LOCK, "the notifiers' srcu",
			       LINUX_SITE());
	mmdrop(mm);
}

void mmu_notifier_release(struct mm_struct *mm)
{
	struct mmu_notifier *mn;

	while ((mn = mm->notifiers)) {
		mm->notifiers = mn->next;
		mn->registered = false;
		notifier_ops(mn)->release(mn, mm);
	}
}

void mmu_notifier_invalidate_range_start(const struct mmu_notifier_range *range)
{
	struct mmu_notifier *mn;

	current->non_block += !range->blockable;
	range->mm->notifying++;
	for (mn = range->mm->notifiers; mn; mn = mn->next)
		WARN_ON(notifier_ops(mn)->invalidate_range_start(mn, range) && range->blockable);
	range->mm->notifying--;
	current->non_block -= !range->blockable;
}

void mmu_notifier_invalidate_range_end(const struct mmu_notifier_range *range)
{
	struct mmu_notifier *mn;

	range->mm->notifying++;
	for (mn = range->mm->notifiers; mn; mn = mn->next)
		notifier_ops(mn)->invalidate_range_end(mn, range);
	range->mm->notifying--;
}

bool mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct mmu_notifier *mn;
	bool young = false;

	mm->notifying++;
	for (mn = mm->notifiers; mn; mn = mn->next) {
		if (notifier_ops(mn)->clear_flush_young &&
		    notifier_ops(mn)->clear_flush_young(mn, mm, start, end))
			young = true;
	}
	mm->notifying--;
	return young;
}

/* munmap(2). */

/*
 * Takes [start, end) out of the list of mappings; the caller gives two spare mappings for cutting.
 * What was taken out comes back as a list, lowest first.
 */
static struct vm_area_struct *mm_detach(struct mm_struct *mm, unsigned long start,
					unsigned long end, struct vm_area_struct *spare[2])
{
	struct vm_area_struct *detached = NULL, *last = NULL;
	struct vm_area_struct *vma = find_vma(mm, start);

	if (vma && vma->vm_start < start) {
		vma_split(vma, spare[0], start);
		vma = spare[0];
		spare[0] = NULL;
	}
	while (vma && vma->vm_start < end) {
		struct vm_area_struct *next = vma->vm_next;

		if (vma->vm_end > end) {
			vma_split(vma, spare[1], end);
			spare[1] = NULL;
		}
		vma_unlink(mm, vma);
		if (last)
			last->vm_next = vma;
		else
			detached = vma;
		last = vma;
		vma = next;
	}
	return detached;
}

/*
 * Unmaps [start, end). `spare` as for mm_detach(). mmap_lock is held for write. Returns the
 * mappings that are gone, for vma_free_list() after unlocking: the file behind one of them may be
 * the last of a VM.
 */
static struct vm_area_struct *mm_unmap(struct mm_struct *mm, unsigned long start, unsigned long end,
				       struct vm_area_struct *spare[2])
{
	const struct mmu_notifier_range range = {
		.mm = mm,
		.start = start,
		.end = end,
		.blockable = true,
	};
	struct vm_area_struct *detached, *vma;

	detached = mm_detach(mm, start, end, spare);
	if (!detached)
		return NULL;
	mmu_notifier_invalidate_range_start(&range);
	for (vma = detached; vma; vma = vma->vm_next)
		vma_zap(vma, vma->vm_start, vma->vm_end);
	mmu_notifier_invalidate_range_end(&range);
	return detached;
}

/* How many mappings cutting [start, end) out makes. */
static u32 mm_unmap_splits(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *first = vma_lookup(mm, start);
	struct vm_area_struct *last = vma_lookup(mm, end - 1);

	return (first && first->vm_start < start) + (last && last->vm_end > end);
}

int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *spare[2], *dead = NULL;
	int ret = -ENOMEM;

	if (addr & ~PAGE_MASK || addr > TASK_SIZE || len > TASK_SIZE - addr)
		return -EINVAL;
	len = PAGE_ALIGN(len);
	if (!len)
		return -EINVAL;
	spare[0] = vma_alloc(mm);
	spare[1] = vma_alloc(mm);
	if (!spare[0] || !spare[1])
		goto out;
	mmap_write_lock(mm);
	if (mm->map_count + mm_unmap_splits(mm, addr, addr + len) <= MM_MAX_MAPPINGS + 1) {
		dead = mm_unmap(mm, addr, addr + len, spare);
		ret = 0;
	}
	mmap_write_unlock(mm);
	vma_free_list(dead);
out:
	kfree(spare[0]);
	kfree(spare[1]);
	return ret;
}

/* mmap(2). */

/* Whether no mapping touches [addr, addr + len). */
static bool mm_is_free(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return !vma || vma->vm_start >= addr + len;
}

/* The highest free place for len bytes, or 0. */
static unsigned long mm_find_free(struct mm_struct *mm, unsigned long len)
{
	unsigned long top = MMAP_BASE;
	struct vm_area_struct *vma;

	for (vma = mm->mmap_last; vma; vma = vma->vm_prev) {
		if (vma->vm_end <= top && top - vma->vm_end >= len)
			break;
		top = min(top, vma->vm_start);
	}
	return top >= len && top - len >= MMAP_MIN_ADDR ? top - len : 0;
}

/* Where a mapping goes: an address, or -errno. */
static long mmap_address(struct mm_struct *mm, unsigned long addr, unsigned long len,
			 unsigned long flags)
{
	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (addr < MMAP_MIN_ADDR)
			return -EPERM;
		if (flags & MAP_FIXED_NOREPLACE && !mm_is_free(mm, addr, len))
			return -EEXIST;
		return (long)addr;
	}
	addr = PAGE_ALIGN(addr);
	if (addr >= MMAP_MIN_ADDR && addr <= TASK_SIZE - len && mm_is_free(mm, addr, len))
		return (long)addr;
	addr = mm_find_free(mm, len);
	return addr ? (long)addr : -ENOMEM;
}

static unsigned long mmap_vm_flags(unsigned long prot, unsigned long flags)
{
	unsigned long vm_flags = 0;

	if (prot & PROT_READ)
		vm_flags |= VM_READ;
	if (prot & PROT_WRITE)
		vm_flags |= VM_WRITE;
	if (prot & PROT_EXEC)
		vm_flags |= VM_EXEC;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		vm_flags |= VM_SHARED;
	return vm_flags;
}

/* Touches every page of a new mapping, as far as memory goes. */
static void mmap_populate(struct mm_struct *mm, unsigned long addr, unsigned long len, bool write)
{
	struct page *page;
	unsigned long at;

	for (at = addr; at < addr + len; at += PAGE_SIZE) {
		if (mm_fault_in_page(mm, at, write, &page))
			break;
		put_page(page);
	}
}

/* Room for a mapping: itself, what cutting needs, and shared anonymous memory. 0 or -ENOMEM. */
static int mmap_prepare(struct mm_struct *mm, bool shared_anonymous, struct vm_area_struct **vma,
			struct vm_area_struct *spare[2])
{
	*vma = vma_alloc(mm);
	spare[0] = vma_alloc(mm);
	spare[1] = vma_alloc(mm);
	if (!*vma || !spare[0] || !spare[1])
		return -ENOMEM;
	if (!shared_anonymous)
		return 0;
	(*vma)->vm_shmem = kzalloc(sizeof(*(*vma)->vm_shmem), GFP_KERNEL);
	if (!(*vma)->vm_shmem)
		return -ENOMEM;
	xa_init(&(*vma)->vm_shmem->pages);
	(*vma)->vm_shmem->refcount = 1;
	return 0;
}

long do_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot,
	     unsigned long flags, struct file *file, unsigned long pgoff)
{
	const unsigned long type = flags & MAP_TYPE;
	struct vm_area_struct *vma = NULL, *dead = NULL, *spare[2] = {NULL, NULL};
	const struct file_operations *ops;
	long ret;

	if (!len)
		return -EINVAL;
	len = PAGE_ALIGN(len);
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (type != MAP_SHARED && type != MAP_PRIVATE && (type != MAP_SHARED_VALIDATE || !file))
		return -EINVAL;
	ops = file ? file_operations(file) : NULL;
	if (ops && !ops->mmap)
		return -ENODEV;
	ret = mmap_prepare(mm, !file && type == MAP_SHARED, &vma, spare);
	if (ret)
		goto out;

	mmap_write_lock(mm);
	ret = mmap_address(mm, addr, len, flags);
	if (ret < 0)
		goto out_unlock;
	addr = (unsigned long)ret;
	if (mm->map_count + 1 + mm_unmap_splits(mm, addr, addr + len) > MM_MAX_MAPPINGS) {
		ret = -ENOMEM;
		goto out_unlock;
	}
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = mmap_vm_flags(prot, flags);
	vma->vm_pgoff = file ? pgoff : 0;
	if (ops) {
		int err = ops->mmap(file, vma);

		if (err) {
			ret = err;
			goto out_unlock;
		}
		vma->vm_file = get_file(file);
	}
	dead = mm_unmap(mm, addr, addr + len, spare);
	vma_link(mm, vma);
	vma_merge(vma);
	vma = NULL;
out_unlock:
	mmap_write_unlock(mm);
	vma_free_list(dead);
	if (ret > 0 && flags & MAP_POPULATE)
		mmap_populate(mm, addr, len, prot & PROT_WRITE);
out:
	if (vma)
		vma_free(vma);
	kfree(spare[0]);
	kfree(spare[1]);
	return ret;
}

/* madvise(2). */

static bool madvise_is_hint(unsigned int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return true;
	default:
		return false;
	}
}

/*
 * The pages of [start, end), all in vma, are forgotten: by the mapping, or (REMOVE) by what is
 * behind it.
 */
static int madvise_discard(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			   unsigned int advice, bool blockable)
{
	const struct mmu_notifier_range range = {
		.mm = vma->vm_mm,
		.start = start,
		.end = end,
		.blockable = blockable,
	};

	if (advice == MADV_REMOVE && !vma->vm_shmem)
		return -EINVAL;
	if (advice == MADV_REMOVE && !(vma->vm_flags & VM_WRITE))
		return -EACCES;
	mmu_notifier_invalidate_range_start(&range);
	if (advice == MADV_REMOVE)
		anon_pages_zap(&vma->vm_shmem->pages, vma_pgoff(vma, start),
			       vma_pgoff(vma, end) - 1);
	else
		vma_zap(vma, start, end);
	mmu_notifier_invalidate_range_end(&range);
	return 0;
}

/* Where the pages of a mapping without a file are kept; *index of the one at `addr`. */
static struct xarray *vma_pages(struct vm_area_struct *vma, unsigned long addr,
				unsigned long *index)
{
	if (vma->vm_shmem) {
		*index = vma_pgoff(vma, addr);
		return &vma->vm_shmem->pages;
	}
	*index = addr >> PAGE_SHIFT;
	return &vma->vm_mm->private_pages;
}

/*
 * Reclaim looks at the pages of [start, end), all in vma: those that were used stay, the others are
 * unmapped from all that maps them. There is no swap, so that their content stays too.
 */
static void madvise_pageout(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long at, index;

	for (at = start; at < end; at += PAGE_SIZE) {
		const struct mmu_notifier_range range = {
			.mm = vma->vm_mm,
			.start = at,
			.end = at + PAGE_SIZE,
			.blockable = true,
		};

		struct xarray *pages;

		if (vma->vm_file)
			return;
		pages = vma_pages(vma, at, &index);
		if (!xa_load(pages, index) ||
		    mmu_notifier_clear_flush_young(vma->vm_mm, at, at + PAGE_SIZE))
			continue;
		mmu_notifier_invalidate_range_start(&range);
		mmu_notifier_invalidate_range_end(&range);
	}
}

/* Puts the 2 MiB at `start` into contiguous memory that is aligned to its size. 0 or -ENOMEM. */
static int collapse_block(struct vm_area_struct *vma, unsigned long start)
{
	const unsigned int order = HUGE_BLOCK_SHIFT - PAGE_SHIFT;
	const struct mmu_notifier_range range = {
		.mm = vma->vm_mm,
		.start = start,
		.end = start + HUGE_BLOCK_SIZE,
		.blockable = true,
	};
	struct page *block, *old;
	unsigned long i, index;
	int ret = 0;

	block = linux_page_alloc(GFP_HIGHUSER | __GFP_CLEAN, order, PORT_FRAME_USER,
				 PORT_FAULT_USER_PAGE, LINUX_SITE());
	if (!block)
		return -ENOMEM;
	split_page(block, order);

	mmu_notifier_invalidate_range_start(&range);
	for (i = 0; i < 1UL << order; i++) {
		struct xarray *pages = vma_pages(vma, start + i * PAGE_SIZE, &index);

		old = xa_load(pages, index);
		if (ret || (old && !page_write(block + i, 0, page_address(old), PAGE_SIZE)) ||
		    xa_err(xa_store(pages, index, block + i, GFP_KERNEL))) {
			/* What was moved until then stays where it is now. */
			ret = -ENOMEM;
			put_page(block + i);
		} else if (old) {
			put_page(old);
		}
	}
	mmu_notifier_invalidate_range_end(&range);
	return ret;
}

static int madvise_collapse(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long at;
	int ret = 0;

	if (vma->vm_file)
		return -EINVAL;
	for (at = ALIGN(start, HUGE_BLOCK_SIZE); at + HUGE_BLOCK_SIZE <= end && !ret;
	     at += HUGE_BLOCK_SIZE)
		ret = collapse_block(vma, at);
	return ret;
}

static int madvise_populate(struct mm_struct *mm, unsigned long start, unsigned long end,
			    bool write)
{
	struct page *page;
	unsigned long at;
	int ret;

	for (at = start; at < end; at += PAGE_SIZE) {
		ret = vma_lookup(mm, at) ? mm_fault_page(mm, at, write, &page) : -ENOMEM;
		if (ret)
			return ret;
		put_page(page);
	}
	return 0;
}

int do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned int advice)
{
	const bool hint = madvise_is_hint(advice);
	unsigned long at = addr, end;
	int hole = 0, ret = 0;

	if (!hint && advice != MADV_DONTNEED && advice != MADV_REMOVE && advice != MADV_PAGEOUT &&
	    advice != MADV_COLLAPSE && advice != MADV_POPULATE_READ && advice != MADV_POPULATE_WRITE)
		return -EINVAL;
	if (addr & ~PAGE_MASK || (len && !PAGE_ALIGN(len)))
		return -EINVAL;
	end = addr + PAGE_ALIGN(len);
	if (end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;

	mmap_read_lock(mm);
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE) {
		ret = madvise_populate(mm, addr, end, advice == MADV_POPULATE_WRITE);
		at = end;
	}
	while (at < end && !ret) {
		struct vm_area_struct *vma = find_vma(mm, at);
		unsigned long start = at, stop;

		if (!vma || vma->vm_start > at)
			hole = -ENOMEM;
		if (!vma || vma->vm_start >= end)
			break;
		start = max(start, vma->vm_start);
		stop = min(end, vma->vm_end);
		if (advice == MADV_PAGEOUT)
			madvise_pageout(vma, start, stop);
		else if (advice == MADV_COLLAPSE)
			ret = madvise_collapse(vma, start, stop);
		else if (!hint)
			ret = madvise_discard(vma, start, stop, advice, true);
		at = stop;
	}
	mmap_read_unlock(mm);
	return ret ? ret : hole;
}

int mm_oom_reap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	const unsigned long end = addr + len;
	struct vm_area_struct *vma;
	int ret = 0;

	if (!PAGE_ALIGNED(addr) || !PAGE_ALIGNED(len) || end < addr)
		return -EINVAL;
	mmap_read_lock(mm);
	for (vma = find_vma(mm, addr); vma && vma->vm_start < end && !ret; vma = vma->vm_next)
		if (!vma->vm_file)
			ret = madvise_discard(vma, max(addr, vma->vm_start), min(end, vma->vm_end),
					      MADV_DONTNEED, false);
	mmap_read_unlock(mm);
	return ret;
}

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *dead;

	mmu_notifier_release(mm);
	mmap_write_lock(mm);
	dead = mm->mmap;
	for (vma = dead; vma; vma = vma->vm_next)
		vma_zap(vma, vma->vm_start, vma->vm_end);
	mm->mmap = NULL;
	mm->mmap_last = NULL;
	mm->mmap_cache = NULL;
	mm->map_count = 0;
	mm->exited = true;
	mmap_write_unlock(mm);
	vma_free_list(dead);
}
