/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmm.h - a VMM for tests. vmm_start() gives one with a process on a fresh machine; vmm_stop()
 * closes the process and checks that nothing of it is left and that no rule of the kernel was
 * broken.
 */
#ifndef TESTS_KVM_MAIN_VMM_H
#define TESTS_KVM_MAIN_VMM_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rmm/rmi.h>
#include <sim/machine.h>

#include "../../sim/linux/include/uapi/linux/kvm.h"

#define NUM_PAGE_SIZES 3
#define MAX_EVENTS     256

/* Numbers of mmap(2), madvise(2) and fallocate(2) on arm64 Linux. */
enum {
	PROT_NONE_ = 0,
	PROT_READ_ = 1,
	PROT_WRITE_ = 2,
	PROT_RW_ = 3,
	MAP_SHARED_ = 1,
	MAP_PRIVATE_ = 2,
	MAP_FIXED_ = 0x10,
	MAP_ANON_ = 0x20,
	MAP_POPULATE_ = 0x8000,
	MAP_NOREPLACE_ = 0x100000,
	MADV_WILLNEED_ = 3,
	MADV_DONTNEED_ = 4,
	MADV_REMOVE_ = 9,
	MADV_POPULATE_WRITE_ = 23,
	FALLOC_KEEP_SIZE_ = 1,
	FALLOC_PUNCH_ = 3,
};
#define FILTER_SHARED  1u
#define FILTER_PRIVATE 2u

struct invalidation {
	uint64_t start, end; /* frames */
	uint32_t filter;
	bool may_block;
};

struct vmm {
	struct kvm_module *module;
	struct machine *machine;
	const struct kvm_build *kvm;
	uint64_t page;
	int32_t tid;
	uint64_t args;		   /* user address of a page for arguments, one of 64 KiB */
	struct kvm_inspect before; /* the books before the process began */

	struct invalidation events[MAX_EVENTS]; /* since vmm_events_clear() */
	size_t num_events;

	int fault_point;    /* enum port_fault that fails, -1: none */
	uint64_t fault_nth; /* from 1 */
	uint64_t fault_seen;
};

/* vmm_start - `index` chooses the page size: 4K, 16K, 64K. The options may be NULL. */
struct vmm *vmm_start(int index, const struct kvm_boot_config *boot);
/* vmm_stop - the process exits; everything has to be gone. */
void vmm_stop(struct vmm *vmm);
/* vmm_stop_checks - the same, when the process is gone already. */
void vmm_stop_checks(struct vmm *vmm);

int64_t vmm_ioctl(struct vmm *vmm, int64_t fd, uint32_t cmd, uint64_t arg);
/* vmm_ioctl_struct - with the argument in user memory; what the kernel wrote there comes back. */
int64_t vmm_ioctl_struct(struct vmm *vmm, int64_t fd, uint32_t cmd, void *arg, size_t size);
int64_t vmm_close(struct vmm *vmm, int64_t fd);
/* vmm_map - anonymous memory somewhere; fails the test if there is none. */
uint64_t vmm_map(struct vmm *vmm, uint64_t size, uint32_t flags);
int64_t vmm_mmap(struct vmm *vmm, uint64_t addr, uint64_t size, uint32_t prot, uint32_t flags,
		 int64_t fd, uint64_t offset);
int64_t vmm_munmap(struct vmm *vmm, uint64_t addr, uint64_t size);
int64_t vmm_madvise(struct vmm *vmm, uint64_t addr, uint64_t size, uint32_t advice);
/* vmm_put, vmm_get - one byte: -EFAULT, or 0 or its value. */
int vmm_put(struct vmm *vmm, uint64_t addr, uint8_t value);
int vmm_get(struct vmm *vmm, uint64_t addr);
struct kvm_inspect vmm_inspect(struct vmm *vmm);

void vmm_events_clear(struct vmm *vmm);
/*
 * vmm_expect_event - the next of the invalidations seen, which must be this one. Frames are `page`
 * bytes.
 */
void vmm_expect_event(struct vmm *vmm, size_t index, uint64_t start, uint64_t pages,
		      uint32_t filter);
/* vmm_fail - the nth time from now that the kernel asks at `point`, it fails. */
void vmm_fail(struct vmm *vmm, int point, uint64_t nth);
bool vmm_failed(const struct vmm *vmm);

int64_t vmm_create_vm(struct vmm *vmm, uint64_t type);
int64_t vmm_create_realm_vm(struct vmm *vmm);
int64_t vmm_gmem(struct vmm *vmm, int64_t vm, uint64_t size);
struct kvm_userspace_memory_region2 vmm_region(uint32_t slot, uint64_t gpa, uint64_t size,
					       uint64_t hva);
int64_t vmm_set_region(struct vmm *vmm, int64_t vm, struct kvm_userspace_memory_region2 region);
int64_t vmm_delete_slot(struct vmm *vmm, int64_t vm, uint32_t slot);
int64_t vmm_attributes(struct vmm *vmm, int64_t vm, uint64_t gpa, uint64_t size,
		       uint64_t attributes);
uint64_t vmm_seq(struct vmm *vmm, int64_t vm);

#endif
