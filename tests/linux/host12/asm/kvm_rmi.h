/* SPDX-License-Identifier: BSD-3-Clause */
/* The least that a tree's asm/kvm_rmi.h brings (v12), for tests of what surrounds it. */
#ifndef __ASM_KVM_RMI_H
#define __ASM_KVM_RMI_H

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
	void *params;
	unsigned long num_aux;
	unsigned int vmid;
	unsigned int ia_bits;
};

struct realm_rec {
	unsigned long mpidr;
	void *rec_page;
	void *run;
};

/* What the tree's header declares with types that must exist by now. */
int kvm_activate_realm(struct kvm *kvm);
int realm_map_protected(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn, unsigned long size,
			struct kvm_mmu_memory_cache *mc);
u32 kvm_realm_ipa_limit(void);

#endif
