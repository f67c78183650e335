/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * asm/kvm_rme.h - a Realm as KVM sees it, and what the rest of KVM asks of rme.c and rme-exit.c.
 *
 * linux/kvm_host.h includes this after the integer types and before struct kvm_arch, which embeds a
 * struct realm. Functions return 0 or -errno unless they say otherwise, never an RMI status.
 */
#ifndef __ASM_KVM_RME_H
#define __ASM_KVM_RME_H

#include <asm/rmi_smc.h>
#include <uapi/linux/kvm.h>

/* The RMM's granule, whatever the host's PAGE_SIZE. */
#define RMM_PAGE_SHIFT     12
#define RMM_PAGE_SIZE      BIT(RMM_PAGE_SHIFT)
#define RMM_RTT_MAX_LEVEL  3
#define RMM_RTT_BLOCK_LEVEL 2
/* How much one entry of an RTT of `level` maps, in bytes. */
#define RMM_RTT_LEVEL_SHIFT(level) (9 * (4 - (level)) + 3)
#define RMM_RTT_LEVEL_SIZE(level)  BIT(RMM_RTT_LEVEL_SHIFT(level))
#define RMM_L2_BLOCK_SIZE          RMM_RTT_LEVEL_SIZE(RMM_RTT_BLOCK_LEVEL)

struct kvm;
struct kvm_vcpu;
struct kvm_enable_cap;
struct kvm_mmu_memory_cache;
struct page;

enum realm_state {
	REALM_STATE_NONE,   /* the VMM configures it, the RMM knows nothing of it */
	REALM_STATE_NEW,    /* created, its measurement grows */
	REALM_STATE_ACTIVE, /* its RECs may run */
	REALM_STATE_DYING,  /* being destroyed; for ever, if the RMM refuses */
	REALM_STATE_DEAD,   /* gone from the RMM */
};

/*
 * A Realm. `state` is written with WRITE_ONCE and read without locks; all else is constant once the state
 * is NEW, unless it says otherwise.
 */
struct realm {
	enum realm_state state;
	void *rd;                    /* Realm Descriptor, one host page of which one granule is delegated */
	struct realm_params *params; /* until it is created */
	unsigned long num_aux;       /* auxiliary granules of a REC */
	unsigned int vmid;
	unsigned int ia_bits;        /* IPA width; the top bit is the shared bit */
	bool multi_rec;              /* RIPAS can change while another vCPU's fault is handled */
	bool unmap_incomplete;       /* something stayed mapped that was to go; under mmu_lock */
	bool rtts_left;              /* the tables could not all be destroyed */
};

/* Host pages that hold the auxiliary granules of a REC. */
#define REC_MAX_AUX_PAGES                                                                          \
	((REC_PARAMS_AUX_GRANULES + BIT(PAGE_SHIFT - RMM_PAGE_SHIFT) - 1) >>                       \
	 (PAGE_SHIFT - RMM_PAGE_SHIFT))

/* A vCPU of a Realm. Under vcpu->mutex. */
struct realm_rec {
	unsigned long mpidr; /* INVALID_HWID until the REC exists */
	void *rec_page;      /* NULL until the REC exists */
	struct page *aux_pages[REC_MAX_AUX_PAGES];
	struct rec_run *run; /* shared with the RMM; NULL until the REC exists */
};

/*
 * kvm_init_rme - at KVM's start: ask the RMM for its version and its features, and enable
 * kvm_rme_is_available if Realms can be made. Without an RMM nothing happens.
 */
void kvm_init_rme(void);

/* kvm_realm_ipa_limit - largest IPA width of a Realm, in bits. */
u32 kvm_realm_ipa_limit(void);
/* kvm_realm_max_pmu_counters - PMU counters that a Realm can have. */
u8 kvm_realm_max_pmu_counters(void);
/* kvm_realm_sve_max_vl - largest SVE vector length of a Realm, in bytes. */
unsigned int kvm_realm_sve_max_vl(void);
/* kvm_rme_supports_sve - whether Realms can use SVE. */
bool kvm_rme_supports_sve(void);
/*
 * kvm_realm_reset_id_aa64dfr0_el1 - ID_AA64DFR0_EL1 of a vCPU whose host value is `val`: for a Realm, with
 * as many break- and watchpoints as the RMM offers; for others `val`.
 */
u64 kvm_realm_reset_id_aa64dfr0_el1(const struct kvm_vcpu *vcpu, u64 val);

/*
 * kvm_realm_enable_cap - KVM_ENABLE_CAP(KVM_CAP_ARM_RME); kvm->lock is held. -EINVAL if the VM is no
 * Realm or args[0] names no sub-operation; else what that one returns.
 */
int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap);

/* kvm_init_realm_vm - at the end of the VM's creation: room for the parameters. 0 or -ENOMEM. */
int kvm_init_realm_vm(struct kvm *kvm);
/*
 * kvm_destroy_realm - at the end of the VM, when its vCPUs are gone: destroy the Realm and give back all
 * that it held. What the RMM does not give back is leaked.
 */
void kvm_destroy_realm(struct kvm *kvm);
/*
 * kvm_realm_destroy_rtts - destroy all tables below the root, of a Realm with IPA width `ia_bits`, after
 * everything was unmapped. No lock is held. What an earlier unmap had to leave is tried once more.
 */
void kvm_realm_destroy_rtts(struct kvm *kvm, u32 ia_bits);
/*
 * kvm_realm_unmap_range - unmap [ipa, ipa + size) of the protected half from the Realm's unprotected half
 * and, with unmap_private, from the protected half too, releasing the pages. mmu_lock is held for write,
 * and may be dropped on the way if may_block. Nothing happens without a Realm.
 */
void kvm_realm_unmap_range(struct kvm *kvm, unsigned long ipa, unsigned long size,
			   bool unmap_private, bool may_block);

/*
 * realm_map_protected - map [ipa, ipa + map_size) to the memory at `pfn`, which is delegated for it.
 * `ipa` is aligned to map_size, a multiple of the granule or of 2 MiB; mmu_lock is held for write. The
 * caller holds a reference on each host page.
 * Returns 0: mapped, those references are the mapping's. -EAGAIN: it was all mapped, or there was
 * nothing that may be mapped. Else -EINVAL (arguments), -ENOMEM, or -ENXIO (the RMM refuses): the granules
 * before the failing one are mapped. In all these cases the caller drops its references; the mapping
 * took one of its own on each host page of which it holds anything.
 */
int realm_map_protected(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn,
			unsigned long map_size, struct kvm_mmu_memory_cache *memcache);
/*
 * realm_map_non_secure - map `size` bytes at `ipa` (with the shared bit) to the Non-secure memory at
 * `pfn`, in place of what is mapped there. mmu_lock is held, for reading at least. 0, -EINVAL (arguments)
 * or -ENXIO. Takes no reference.
 */
int realm_map_non_secure(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn, unsigned long size,
			 struct kvm_mmu_memory_cache *memcache);

/*
 * kvm_create_rec - KVM_ARM_VCPU_FINALIZE(REC); vcpu->mutex is held. -ENOENT (the Realm is not NEW),
 * -EBUSY (the REC exists), -EINVAL (features), -ENOMEM, -ENXIO (the RMM refuses); can be tried again.
 */
int kvm_create_rec(struct kvm_vcpu *vcpu);
/* kvm_destroy_rec - at the vCPU's end. Nothing happens without a REC. */
void kvm_destroy_rec(struct kvm_vcpu *vcpu);

/*
 * kvm_rec_pre_enter - finish what the last exit began, where sleeping is allowed. Returns 1: enter the
 * REC; or -errno: KVM_RUN ends with it, and the next one goes on.
 */
int kvm_rec_pre_enter(struct kvm_vcpu *vcpu);
/* kvm_rec_enter - run the REC. Returns the RMI return code, for handle_rec_exit(). */
int kvm_rec_enter(struct kvm_vcpu *vcpu);
/*
 * handle_rec_exit - deal with the exit of a REC whose REC_ENTER returned rec_run_status. 1: enter again,
 * 0: KVM_RUN returns 0 with an exit reason, or -errno.
 */
int handle_rec_exit(struct kvm_vcpu *vcpu, int rec_run_status);

/*
 * realm_psci_complete - answer the PSCI request of `source` that names `target`. `status` is a PSCI
 * return code. -EINVAL if one of them has no REC, or the RMM refuses.
 */
int realm_psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status);

/* kvm_realm_is_private_address - whether an IPA lies in the protected half. */
static inline bool kvm_realm_is_private_address(struct realm *realm, unsigned long addr)
{
	return !(addr & BIT(realm->ia_bits - 1));
}

#endif
