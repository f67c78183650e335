/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mm_struct.h - the address space of a VMM process: its mappings, and the pages of anonymous memory behind
 * them. There are no page tables: a page is mapped as soon as it exists. A read of memory that was never
 * written gives zeros without making a page where the mapping is private.
 */
#ifndef LINUX_MM_STRUCT_H
#define LINUX_MM_STRUCT_H

#include <linux/types.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>

struct file;
struct mmu_notifier;
struct page;

#define TASK_SIZE     (1UL << 48)
#define MMAP_MIN_ADDR 0x10000UL

#define VM_READ      0x00000001UL
#define VM_WRITE     0x00000002UL
#define VM_EXEC      0x00000004UL
#define VM_SHARED    0x00000008UL
#define VM_PFNMAP    0x00000400UL
#define VM_DONTFORK  0x00020000UL
#define VM_NORESERVE 0x00200000UL

/* Anonymous memory that a MAP_SHARED mapping made: its pages live as long as a mapping of any part. */
struct shmem {
	s32 refcount; /* mappings */
	struct xarray pages;
};

struct vm_area_struct {
	unsigned long vm_start; /* first byte */
	unsigned long vm_end;   /* first byte behind */
	unsigned long vm_flags; /* VM_* */
	unsigned long vm_pgoff; /* of vm_start in vm_file or vm_shmem, in pages */
	struct mm_struct *vm_mm;
	struct file *vm_file;   /* NULL: anonymous */
	struct shmem *vm_shmem; /* NULL: a file's, or private */
	struct vm_area_struct *vm_prev;
	struct vm_area_struct *vm_next;
};

struct mm_struct {
	struct vm_area_struct *mmap;         /* lowest mapping */
	struct vm_area_struct *mmap_last;    /* highest */
	struct vm_area_struct *mmap_cache;   /* found last, where the next search begins */
	struct xarray private_pages;         /* of private mappings, by address / PAGE_SIZE */
	struct rw_semaphore mmap_lock;
	struct mmu_notifier *notifiers;
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

void mmap_read_lock(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
void mmap_write_lock(struct mm_struct *mm);
void mmap_write_unlock(struct mm_struct *mm);

/* find_vma - the lowest mapping that ends above addr, or NULL. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/* vma_lookup - the mapping that holds addr, or NULL. */
struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);

/*
 * do_mmap - mmap(2): the address, or -errno. `file` is NULL for MAP_ANONYMOUS; pgoff is in pages. The
 * caller holds no lock.
 */
long do_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot,
	     unsigned long flags, struct file *file, unsigned long pgoff);
/* do_munmap - munmap(2): 0 or -errno. */
int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len);
/* do_madvise - madvise(2): 0 or -errno. */
int do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned int advice);

#define FOLL_WRITE 0x01

/*
 * get_user_pages - references to the pages that `current` sees at [start, start + nr_pages pages), which
 * are made if need be. mmap_lock is held. The number of pages, or the errno if there is none: -EFAULT (no
 * mapping, or one that does not allow the access), -ENOMEM. pages may be NULL.
 */
long get_user_pages(unsigned long start, unsigned long nr_pages, unsigned int gup_flags,
		    struct page **pages);
/*
 * mm_fault_in_page - a reference to the page that mm has at addr, which is made if need be. The caller
 * holds no lock and may sleep. 0, -EFAULT or -ENOMEM.
 */
int mm_fault_in_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **page);

/*
 * mm_access - copy between buffer and mm's memory as the program would; how many bytes came through
 * before the first that did not.
 */
unsigned long mm_access(struct mm_struct *mm, unsigned long addr, void *buffer, unsigned long len,
			bool write);

/* nr_user_pages - anonymous pages that exist in all address spaces. */
u64 nr_user_pages(void);

#endif
