/* SPDX-License-Identifier: BSD-3-Clause */
/* The least that a tree's asm/kvm_rme.h brings, for tests of what surrounds it. */
#ifndef __ASM_KVM_RME_H
#define __ASM_KVM_RME_H

#include <uapi/linux/kvm.h>

enum realm_state {
	REALM_STATE_NONE,
	REALM_STATE_NEW,
	REALM_STATE_ACTIVE,
	REALM_STATE_DYING,
	REALM_STATE_DEAD
};

struct realm {
	enum realm_state state;
	void *rd;
	unsigned int ia_bits;
};

struct realm_rec {
	unsigned long mpidr;
	void *run;
};

/* What the tree's header declares with types that must exist by now. */
int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap);
int realm_map_protected(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn, unsigned long size,
			struct kvm_mmu_memory_cache *mc);
int realm_map_pages(struct realm *realm, gpa_t ipa, struct page *page, phys_addr_t pa, gfn_t gfn);
u32 kvm_realm_ipa_limit(void);

static inline unsigned long realm_checks(unsigned long level)
{
	return WARN_ON(level > 3) ? BIT(PAGE_SHIFT) | BIT_ULL(1) | GENMASK(3, 0)
				  : PAGE_SIZE / SZ_4K;
}

#endif
