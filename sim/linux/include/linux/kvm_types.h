/* SPDX-License-Identifier: BSD-3-Clause */
/* Types of KVM that need nothing of the rest of it. */
#ifndef LINUX_KVM_TYPES_H
#define LINUX_KVM_TYPES_H

#include <linux/types.h>

struct kvm;
struct kvm_enable_cap;
struct kvm_memory_slot;
struct kvm_memslots;
struct kvm_mmu_memory_cache;
struct kvm_pgtable;
struct kvm_run;
struct kvm_s2_mmu;
struct kvm_vcpu;
struct page;

/* gva: guest virtual, gpa: guest physical, gfn: its frame; hva, hpa, hfn: the host's. */
typedef unsigned long gva_t;
typedef u64 gpa_t;
typedef u64 gfn_t;
typedef unsigned long hva_t;
typedef u64 hpa_t;
typedef u64 hfn_t;
typedef hfn_t kvm_pfn_t;

#define INVALID_GPA (~(gpa_t)0)

/* KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE - the capacity of a memory cache. */
#define KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE 40

struct kvm_mmu_memory_cache {
	gfp_t gfp_zero;   /* __GFP_ZERO or 0 */
	gfp_t gfp_custom; /* 0: GFP_KERNEL_ACCOUNT */
	int capacity;     /* 0 until the first topping up */
	int nobjs;
	void *objects[KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE];
};

enum kvm_mr_change {
	KVM_MR_CREATE,
	KVM_MR_DELETE,
	KVM_MR_MOVE,
	KVM_MR_FLAGS_ONLY,
};

#endif
