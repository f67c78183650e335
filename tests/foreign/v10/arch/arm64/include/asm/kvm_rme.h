/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __ASM_KVM_RME_H
#define __ASM_KVM_RME_H

#include <asm/rmi_smc.h>
#include <uapi/linux/kvm.h>

enum realm_state {
	REALM_STATE_NONE,
	REALM_STATE_NEW,
	REALM_STATE_ACTIVE,
	REALM_STATE_DYING,
	REALM_STATE_DEAD,
};

struct realm {
	enum realm_state state;
	void *rd;
	struct realm_params *params; /* until it is created */
	unsigned long num_aux;
	unsigned int vmid;
	unsigned int ia_bits;
};

struct realm_rec {
	unsigned long mpidr; /* INVALID_HWID: there is no REC */
	void *rec_page;
	struct page *aux_pages[(REC_PARAMS_AUX_GRANULES * SZ_4K) >> PAGE_SHIFT]; /* host pages */
	struct rec_run *run;
};

void kvm_init_rme(void);
u32 kvm_realm_ipa_limit(void);
u32 kvm_realm_vgic_nr_lr(void);
u8 kvm_realm_max_pmu_counters(void);
unsigned int kvm_realm_sve_max_vl(void);
bool kvm_rme_supports_sve(void);
u64 kvm_realm_reset_id_aa64dfr0_el1(const struct kvm_vcpu *vcpu, u64 val);
int kvm_init_realm_vm(struct kvm *kvm);
void kvm_destroy_realm(struct kvm *kvm);
int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap);
int kvm_create_rec(struct kvm_vcpu *vcpu);
void kvm_destroy_rec(struct kvm_vcpu *vcpu);
int kvm_rec_pre_enter(struct kvm_vcpu *vcpu);
int kvm_rec_enter(struct kvm_vcpu *vcpu);
int handle_rec_exit(struct kvm_vcpu *vcpu, int rec_run_status);
void kvm_realm_destroy_rtts(struct kvm *kvm, u32 ia_bits);
void kvm_realm_unmap_range(struct kvm *kvm, unsigned long ipa, unsigned long size,
			   bool unmap_private, bool may_block);
int realm_map_protected(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn,
			unsigned long map_size, struct kvm_mmu_memory_cache *memcache);
int realm_map_non_secure(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn,
			 unsigned long size, struct kvm_mmu_memory_cache *memcache);
int realm_psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status);

static inline bool kvm_realm_is_private_address(struct realm *realm, unsigned long addr)
{
	return !(addr & BIT(realm->ia_bits - 1));
}

#endif
