/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of Realms with the names and prototypes of v5 of the series. */
#include <linux/kvm_host.h>
#include <linux/hugetlb.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/rmi_cmds.h>
#include <asm/virt.h>

#define TABLE_ACCOUNT(va, nr)	((void)(va))
#define MAPPING_KEEP(phys)	get_page(phys_to_page(phys))
#define MAPPING_GET(phys)	get_page(phys_to_page(phys))
#define MAPPING_PUT(phys)	put_page(phys_to_page(phys))
#define UNMAP_PAUSE(kvm, block) ((void)(kvm), (void)(block))
#define SHARED_S2AP		(3UL << 6)

#define FEATURES	   rmm_feat_reg0
#define HAS_SVE(kvm, vcpu) vcpu_has_sve(vcpu)
#define SVE_LOCK(vcpu)	   mutex_lock(&(vcpu)->mutex)
#define SVE_UNLOCK(vcpu)   mutex_unlock(&(vcpu)->mutex)
#define PMU_COUNTERS(kvm)  ((kvm)->arch.pmcr_n)
#define PGD_SIZE(mmu)	   ((size_t)(mmu)->pgt->pgd_pages * PAGE_SIZE)
#define DFR0_VCPU	   struct kvm_vcpu

#define SOURCE_GET(slot, gfn, page)	       ((void)(page), gfn_to_pfn_memslot(slot, gfn))
#define SOURCE_PUT(kvm, pfn, page)	       ((void)(page), kvm_release_pfn_clean(pfn))
#define PRIVATE_GET(kvm, slot, gfn, pfn, page) private_get(kvm, slot, gfn, pfn, page)

static int private_get(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		       struct page **page)
{
	int ret = kvm_gmem_get_pfn(kvm, slot, gfn, pfn, NULL);

	if (!ret)
		*page = pfn_to_page(*pfn);
	return ret;
}

#define POPULATE_PAUSE() ((void)0)

#define MAPPED		  struct page *
#define MAPPED_PHYS(page) page_to_phys(page)
#define NO_VGIC_NR_LR
#define UNMAP_ARGUMENTS struct kvm *kvm, unsigned long ipa, u64 size, bool unmap_private
#define UNMAP_MAY_BLOCK false

#define CAP_CONFIG	  kvm_cap_arm_rme_config_item
#define CAP_CONFIG_RPV	  KVM_CAP_ARM_RME_CFG_RPV
#define CAP_CONFIG_HASH	  KVM_CAP_ARM_RME_CFG_HASH_ALGO
#define CAP_SHA256	  KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA256
#define CAP_SHA512	  KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA512
#define CAP_INIT_RIPAS	  kvm_cap_arm_rme_init_ipa_args
#define CAP_INIT_BASE	  init_ipa_base
#define CAP_INIT_SIZE	  init_ipa_size
#define CAP_POPULATE	  kvm_cap_arm_rme_populate_realm_args
#define CAP_POPULATE_BASE populate_ipa_base
#define CAP_POPULATE_SIZE populate_ipa_size
#define CAP_CREATE	  KVM_CAP_ARM_RME_CREATE_RD
#define CAP_INIT	  KVM_CAP_ARM_RME_INIT_IPA_REALM
#include "../../../../common/rme.c"

int realm_set_ipa_state(struct kvm_vcpu *vcpu, unsigned long addr, unsigned long end,
			unsigned long ripas, unsigned long *top_ipa)
{
	return ripas_set(vcpu, addr, end, ripas, top_ipa);
}

int kvm_rec_enter(struct kvm_vcpu *vcpu)
{
	int ret = entry_prepare(vcpu, false);

	return ret ? ret : rec_run_it(vcpu);
}
