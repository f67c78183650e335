/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of Realms with the names and prototypes of v6 of the series. */
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
#define PGD_SIZE(mmu)	   kvm_pgtable_stage2_pgd_size((mmu)->vtcr)
#define DFR0_VCPU const struct kvm_vcpu

#define SOURCE_GET(slot, gfn, page)	       __kvm_faultin_pfn(slot, gfn, FOLL_WRITE, &(bool){false}, page)
#define SOURCE_PUT(kvm, pfn, page)	       kvm_release_faultin_page(kvm, page, false, false)
#define PRIVATE_GET(kvm, slot, gfn, pfn, page) kvm_gmem_get_pfn(kvm, slot, gfn, pfn, page, NULL)
#define POPULATE_PAUSE()		       ((void)0)

#define MAPPED		 kvm_pfn_t
#define MAPPED_PHYS(pfn) __pfn_to_phys(pfn)
#define UNMAP_ARGUMENTS	 struct kvm *kvm, unsigned long ipa, u64 size, bool unmap_private
#define UNMAP_MAY_BLOCK	 false

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
	int ret = entry_prepare(vcpu, true);

	return ret ? ret : rec_run_it(vcpu);
}
