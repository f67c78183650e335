/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __ASM_KVM_RME_H
#define __ASM_KVM_RME_H

#include <asm/rmi_smc.h>
#include <uapi/linux/kvm.h>

/* The RMM's geometry, whatever the host's PAGE_SIZE. */
#define RMM_PAGE_SHIFT	    12
#define RMM_PAGE_SIZE	    BIT(RMM_PAGE_SHIFT)
#define RMM_RTT_MAX_LEVEL   3
#define RMM_RTT_BLOCK_LEVEL 2

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
	phys_addr_t spare_page; /* for unmapping without memory */
	unsigned long num_aux;
	unsigned int vmid;
	unsigned int ia_bits;
};

struct realm_rec {
	unsigned long mpidr; /* INVALID_HWID: there is no REC */
	void *rec_page;
	struct page *aux_pages[REC_PARAMS_AUX_GRANULES]; /* one each, whatever the host's PAGE_SIZE */
	struct rec_run *run;
};

void kvm_init_rme(void);
u32 kvm_realm_ipa_limit(void);
u8 kvm_realm_max_pmu_counters(void);
unsigned int kvm_realm_sve_max_vl(void);
bool kvm_rme_supports_sve(void);
u64 kvm_realm_reset_id_aa64dfr0_el1(struct kvm_vcpu *vcpu, u64 val);
int kvm_init_realm_vm(struct kvm *kvm);
void kvm_destroy_realm(struct kvm *kvm);
int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap);
int kvm_create_rec(struct kvm_vcpu *vcpu);
void kvm_destroy_rec(struct kvm_vcpu *vcpu);
int kvm_rec_enter(struct kvm_vcpu *vcpu);
int handle_rec_exit(struct kvm_vcpu *vcpu, int rec_run_status);
void kvm_realm_destroy_rtts(struct kvm *kvm, u32 ia_bits);
void kvm_realm_unmap_range(struct kvm *kvm, unsigned long ipa, u64 size, bool unmap_private);
int realm_map_protected(struct realm *realm, unsigned long ipa, struct page *page,
			unsigned long map_size, struct kvm_mmu_memory_cache *memcache);
int realm_map_non_secure(struct realm *realm, unsigned long ipa, struct page *page,
			 unsigned long size, struct kvm_mmu_memory_cache *memcache);
int realm_set_ipa_state(struct kvm_vcpu *vcpu, unsigned long addr, unsigned long end,
			unsigned long ripas, unsigned long *top_ipa);
int realm_psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status);

static inline bool realm_is_addr_protected(struct realm *realm, unsigned long addr)
{
	unsigned int ia_bits = realm->ia_bits;

	return !WARN_ON(!ia_bits) && !(addr & ~(BIT(ia_bits - 1) - 1));
}

#endif
