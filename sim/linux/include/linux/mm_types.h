/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mm_types.h - the address space of a VMM process: its mappings, and the pages of anonymous memory
 * behind them. There are no page tables: a page is mapped as soon as it exists. A read of memory
 * that was never written gives zeros without making a page where the mapping is private.
 * vma_lookup(), get_user_pages() and the locks are declared in linux/mm.h.
 */
#ifndef LINUX_MM_TYPES_H
#define LINUX_MM_TYPES_H

#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct file;
struct mmu_notifier;

#define TASK_SIZE     (1UL << 48)
#define MMAP_MIN_ADDR 0x10000UL
/* mmap() without an address goes below. */
#define MMAP_BASE (TASK_SIZE - 0x10000000UL)

/*
 * access_ok - whether [addr, addr + size) are user addresses; what is mapped there does not matter.
 */
static inline bool access_ok(const void __user *addr, unsigned long size)
{
	return size <= TASK_SIZE && (unsigned long)addr <= TASK_SIZE - size;
}

#define VM_READ	     0x00000001UL
#define VM_WRITE     0x00000002UL
#define VM_EXEC	     0x00000004UL
#define VM_SHARED    0x00000008UL
#define VM_PFNMAP    0x00000400UL
#define VM_DONTFORK  0x00020000UL
#define VM_NORESERVE 0x00200000UL

/*
 * Anonymous memory that a MAP_SHARED mapping made: its pages live as long as a mapping of any part.
 */
struct shmem {
	s32 refcount; /* mappings */
	struct xarray pages;
};

struct vm_area_struct {
	unsigned long vm_start; /* first byte */
	unsigned long vm_end;	/* first byte behind */
	unsigned long vm_flags; /* VM_* */
	unsigned long vm_pgoff; /* of vm_start in vm_file or vm_shmem, in pages */
	struct mm_struct *vm_mm;
	struct file *vm_file;	/* NULL: anonymous */
	struct shmem *vm_shmem; /* NULL: a file's, or private */
	struct vm_area_struct *vm_prev;
	struct vm_area_struct *vm_next;
};

struct mm_struct {
	struct vm_area_struct *mmap;	   /* lowest mapping */
	struct vm_area_struct *mmap_last;  /* highest */
	struct vm_area_struct *mmap_cache; /* found last, where the next search begins */
	struct xarray private_pages;	   /* of private mappings, by address / PAGE_SIZE */
	struct rw_semaphore mmap_lock;
	struct mmu_notifier *notifiers;
	u32 notifying; /* walks through them that are going on */
	s32 mm_count; /* references: the process while it lives, and mmgrab() */
	u32 map_count;
	bool exited; /* exit_mmap() was called */
};

/* mm_alloc - an empty address space with one reference, or NULL. */
struct mm_struct *mm_alloc(void);
void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);
/* exit_mmap - the process exits: notifiers are told and forgotten, then all mappings go. */
void exit_mmap(struct mm_struct *mm);

/* find_vma - the lowest mapping that ends above addr, or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);

/*
 * do_mmap - mmap(2): the address, or -errno. `file` is NULL for MAP_ANONYMOUS; pgoff is in pages.
 * The caller holds no lock.
 */
long do_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot,
	     unsigned long flags, struct file *file, unsigned long pgoff);
/* do_munmap - munmap(2): 0 or -errno. */
int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len);
/* do_madvise - madvise(2): 0 or -errno. */
int do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned int advice);
/*
 * mm_oom_reap - what the OOM reaper does to mappings without a file in [addr, addr + len), which are whole pages:
 * their pages go as with MADV_DONTNEED, in notifiers that must not block. 0, or -EINVAL. The kernel reaps private
 * mappings only; here shared ones lose their pages too, though not their content.
 */
int mm_oom_reap(struct mm_struct *mm, unsigned long addr, unsigned long len);

/*
 * mm_fault_in_page - a reference to the page that mm has at addr, which is made if need be. The
 * caller holds no lock and may sleep. 0, -EFAULT or -ENOMEM.
 */
int mm_fault_in_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **page);

/*
 * mm_access - copy between buffer and mm's memory as the program would; how many bytes came through
 * before the first that did not.
 */
unsigned long mm_access(struct mm_struct *mm, unsigned long addr, void *buffer, unsigned long len,
			bool write);

#endif
