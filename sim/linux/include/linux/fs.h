/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fs.h - open files. A file's operations are found by its kind and not through a pointer in the
 * file: files live in simulated DRAM, where no address of this library may be stored.
 */
#ifndef LINUX_FS_H
#define LINUX_FS_H

#include <linux/types.h>

struct page;
struct vm_area_struct;

enum file_kind {
	FILE_KVM,    /* /dev/kvm */
	FILE_VM,     /* KVM_CREATE_VM */
	FILE_VCPU,   /* KVM_CREATE_VCPU */
	FILE_DEVICE, /* KVM_CREATE_DEVICE */
	FILE_GMEM,   /* KVM_CREATE_GUEST_MEMFD */
	FILE_NUM_KINDS,
};

struct file {
	u32 f_kind;  /* enum file_kind */
	s32 f_count; /* references: descriptors, mappings, system calls that use it */
	void *private_data;
	struct file *f_next; /* of those that end when the current thread leaves the kernel */
};

/* NULL members: -ENOTTY, -ENODEV, a bus error, nothing to do, -EOPNOTSUPP. */
struct file_operations {
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	/* mmap - whether and how the file can be mapped: 0 or -errno. */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	/* fault - the page at offset `pgoff` of a mapping, with a reference, or NULL (SIGBUS). */
	struct page *(*fault)(struct file *file, unsigned long pgoff);
	/* release - the last reference is gone. */
	void (*release)(struct file *file);
	long (*fallocate)(struct file *file, int mode, loff_t offset, loff_t len);
};

/* file_operations_table - by kind. The program that links sim/linux defines it. */
extern const struct file_operations *const file_operations_table[FILE_NUM_KINDS];

static inline const struct file_operations *file_operations(const struct file *file)
{
	return file_operations_table[file->f_kind];
}

#define FALLOC_FL_KEEP_SIZE  0x01
#define FALLOC_FL_PUNCH_HOLE 0x02

/* alloc_file - a file with one reference and no descriptor, or NULL without memory. */
struct file *alloc_file(enum file_kind kind, void *private_data);
struct file *get_file(struct file *file);
/* fput - drop a reference; the last one releases the file. NULL is ignored. */
void fput(struct file *file);
/* files_boot - the kernel starts: there are no files. */
void files_boot(void);
/* nr_files - files that exist. */
u32 nr_files(void);

/* vfs_fallocate - fallocate(2) on an open file: 0 or -errno. */
long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);

#endif
