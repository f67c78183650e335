/* SPDX-License-Identifier: BSD-3-Clause */
/* Stage 2 of a VM: set up, taken down, unmapped. */
#ifndef ASM_KVM_MMU_H
#define ASM_KVM_MMU_H

#include <linux/kvm_host.h>

/* kvm_mmu_cache_min_pages - tables that mapping one page may need. */
static inline int kvm_mmu_cache_min_pages(struct kvm_s2_mmu *mmu)
{
	return (int)stage2_pgtable_levels(VTCR_EL2_IPA(mmu->vtcr)) - 1;
}

int kvm_init_stage2_mmu(struct kvm *kvm, struct kvm_s2_mmu *mmu, unsigned long type);
void kvm_uninit_stage2_mmu(struct kvm *kvm);
void kvm_free_stage2_pgd(struct kvm_s2_mmu *mmu);
void kvm_stage2_unmap_range(struct kvm_s2_mmu *mmu, phys_addr_t start, u64 size, bool may_block);
int kvm_handle_guest_abort(struct kvm_vcpu *vcpu);
/*
 * kvm_mmu_set_block_mappings - map private memory 2 MiB at a time where that is possible; off until
 * then.
 */
void kvm_mmu_set_block_mappings(bool enable);

#endif
