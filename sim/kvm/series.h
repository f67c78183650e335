/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * series.h - what the rest of KVM asks of rme.c (rmi.c) and of its headers, whichever posting of the
 * series they are from. CONFIG_KVM_RME_SERIES says which.
 *
 * Only names and prototypes that a posting is known to have are used. Where the RMM fixes a layout or a
 * number, that is used and not what the file set calls it.
 */
#ifndef KVM_SERIES_H
#define KVM_SERIES_H

#include <linux/kvm_host.h>

/* Who drops the reference of a guest_memfd page that is mapped: rme.c when it unmaps it, or nobody. */
#define REALM_MAPPING_HOLDS_PAGE (CONFIG_KVM_RME_SERIES <= 10)
/* What KVM_RUN returns beside KVM_EXIT_MEMORY_FAULT. */
#define REALM_MEMORY_FAULT_ERRNO (CONFIG_KVM_RME_SERIES <= 6 ? 0 : -EFAULT)
/* Whether kvm_rec_enter() finishes a RIPAS change first, which sleeps. */
#define ENTRY_SLEEPS (CONFIG_KVM_RME_SERIES >= 6 && CONFIG_KVM_RME_SERIES <= 8)

/* States of an RTT entry and RIPAS values, as RMI_RTT_READ_ENTRY gives them. */
enum { S2_UNASSIGNED = 0, S2_ASSIGNED = 1 };
enum { S2_RIPAS_RAM = 1, S2_RIPAS_DESTROYED = 2 };

/* RmiRecEnterFlags. */
#define ENTER_EMULATED_MMIO BIT_ULL(0)
#define ENTER_INJECT_SEA    BIT_ULL(1)

/* rec_enter_flags - flags of the next REC_ENTER, in the run page. The REC exists. */
static inline u64 *rec_enter_flags(struct kvm_vcpu *vcpu)
{
	return (u64 *)(void *)vcpu->arch.rec.run;
}

/* rec_enter_gprs - registers that the REC gets with the next REC_ENTER. The REC exists. */
static inline u64 *rec_enter_gprs(struct kvm_vcpu *vcpu)
{
	return (u64 *)((u8 *)vcpu->arch.rec.run + 0x200);
}

/* realm_address_is_private - whether an IPA lies in the protected half. */
static inline bool realm_address_is_private(const struct kvm *kvm, phys_addr_t ipa)
{
	return !(ipa & BIT(kvm->arch.realm.ia_bits - 1));
}

/*
 * realm_read_entry - where the RMM's walk for `ipa` to `level` ends: *state and *ripas. False if it
 * does not say.
 */
static inline bool realm_read_entry(const struct kvm *kvm, phys_addr_t ipa, long level,
				    unsigned long *state, unsigned long *ripas)
{
	struct arm_smccc_1_2_regs regs = {
		.a0 = ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64,
					 ARM_SMCCC_OWNER_STANDARD, 0x161),
		.a1 = virt_to_phys(kvm->arch.realm.rd),
		.a2 = ipa,
		.a3 = (unsigned long)level,
	};

	arm_smccc_1_2_invoke(&regs, &regs);
	*state = regs.a2;
	*ripas = regs.a4;
	return !regs.a0;
}

/* As kvm_realm_unmap_range() since v9; before, the lock is never dropped. */
static inline void series_unmap_range(struct kvm *kvm, phys_addr_t start, u64 size,
				      bool unmap_private, bool may_block)
{
#if CONFIG_KVM_RME_SERIES >= 9
	kvm_realm_unmap_range(kvm, start, size, unmap_private, may_block);
#else
	(void)may_block;
	kvm_realm_unmap_range(kvm, start, size, unmap_private);
#endif
}

static inline void series_destroy_rtts(struct kvm *kvm, u32 ia_bits)
{
#if CONFIG_KVM_RME_SERIES >= 12
	(void)ia_bits;
	kvm_realm_destroy_rtts(kvm);
#else
	kvm_realm_destroy_rtts(kvm, ia_bits);
#endif
}

static inline int series_map_protected(struct kvm *kvm, phys_addr_t ipa, kvm_pfn_t pfn,
				       unsigned long size, struct kvm_mmu_memory_cache *memcache)
{
#if CONFIG_KVM_RME_SERIES >= 6
	return realm_map_protected(&kvm->arch.realm, ipa, pfn, size, memcache);
#else
	return realm_map_protected(&kvm->arch.realm, ipa, pfn_to_page(pfn), size, memcache);
#endif
}

static inline int series_map_non_secure(struct kvm *kvm, phys_addr_t ipa, kvm_pfn_t pfn,
					unsigned long size, struct kvm_mmu_memory_cache *memcache)
{
#if CONFIG_KVM_RME_SERIES >= 6
	return realm_map_non_secure(&kvm->arch.realm, ipa, pfn, size, memcache);
#else
	return realm_map_non_secure(&kvm->arch.realm, ipa, pfn_to_page(pfn), size, memcache);
#endif
}

#if CONFIG_KVM_RME_SERIES >= 12
bool kvm_rme_supports_sve(void) __attribute__((weak));
bool kvm_rmi_supports_sve(void) __attribute__((weak));
#endif

/*
 * series_supports_sve - whether Realms can have SVE. v12 renamed much of `rme` to `rmi`: whichever of the two names its
 * files have is called; none is no.
 */
static inline bool series_supports_sve(void)
{
#if CONFIG_KVM_RME_SERIES >= 12
	if (kvm_rmi_supports_sve)
		return kvm_rmi_supports_sve();
	return kvm_rme_supports_sve && kvm_rme_supports_sve();
#else
	return kvm_rme_supports_sve();
#endif
}

/* As kvm_gmem_get_pfn() since v6. */
static inline int series_gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn,
				      kvm_pfn_t *pfn, struct page **page, int *max_order)
{
#if CONFIG_KVM_RME_SERIES >= 6
	return kvm_gmem_get_pfn(kvm, slot, gfn, pfn, page, max_order);
#else
	int ret = kvm_gmem_get_pfn(kvm, slot, gfn, pfn, max_order);

	if (!ret)
		*page = pfn_to_page(*pfn);
	return ret;
#endif
}

#endif
