/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of KVM's stage 2 tables. */
#ifndef ASM_KVM_PGTABLE_H
#define ASM_KVM_PGTABLE_H

#include <asm/pgtable-hwdef.h>
#include <linux/bits.h>
#include <linux/kvm_types.h>

#define KVM_PGTABLE_FIRST_LEVEL -1
#define KVM_PGTABLE_LAST_LEVEL  3

#define KVM_PTE_LEAF_ATTR_LO_S2_MEMATTR GENMASK(5, 2)
#define KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R  BIT(6)
#define KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W  BIT(7)

enum kvm_pgtable_prot {
	KVM_PGTABLE_PROT_X = BIT(0),
	KVM_PGTABLE_PROT_W = BIT(1),
	KVM_PGTABLE_PROT_R = BIT(2),
	KVM_PGTABLE_PROT_DEVICE = BIT(3),
	KVM_PGTABLE_PROT_NORMAL_NC = BIT(4),
};
#define KVM_PGTABLE_PROT_RW  (KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_W)
#define KVM_PGTABLE_PROT_RWX (KVM_PGTABLE_PROT_RW | KVM_PGTABLE_PROT_X)

/*
 * A Realm's tables belong to the RMM; what is left of KVM's own is the root that was allocated for
 * them.
 */
struct kvm_pgtable {
	u32 ia_bits;
	u32 pgd_pages;  /* pages of the concatenated root */
	s8 start_level;
	void *pgd;      /* its kernel address */
	struct kvm_s2_mmu *mmu;
};

/* VTCR_EL2: only the input size is kept, as T0SZ. */
#define VTCR_EL2_T0SZ_MASK 0x3f
#define VTCR_EL2_T0SZ(ipa_bits) (64 - (ipa_bits))
#define VTCR_EL2_IPA(vtcr) (64 - ((vtcr) & VTCR_EL2_T0SZ_MASK))

/*
 * stage2_pgtable_levels - levels of a host stage 2 for `ipa` bits, at most 4 bits of it by
 * concatenation.
 */
#define stage2_pgtable_levels(ipa) (((ipa) - 8) / (PAGE_SHIFT - 3))

/*
 * kvm_pgtable_stage2_pgd_size - bytes of the concatenated root, of which there is as much behind pgd_phys. With pages
 * of 16K and 64K the host needs fewer levels than the RMM, so less of a root; from v6 on the series makes a Realm's
 * root tables, which have 4K geometry, of what this says. So it says what those need, where that is more.
 */
static inline size_t kvm_pgtable_stage2_pgd_size(u64 vtcr)
{
	int ipa_bits = (int)VTCR_EL2_IPA(vtcr);
	int covered = stage2_pgtable_levels(ipa_bits) * (PAGE_SHIFT - 3) + PAGE_SHIFT;
	int covered_4k = (ipa_bits - 8) / 9 * 9 + 12;
	size_t host = PAGE_SIZE << (ipa_bits > covered ? ipa_bits - covered : 0);
	size_t roots = 4096UL << (ipa_bits > covered_4k ? ipa_bits - covered_4k : 0);

	return host > roots ? host : roots;
}

#endif
