/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of Realms with the names and prototypes of v7 of the series. */
#include <linux/kvm_host.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/rmi_cmds.h>
#include <asm/virt.h>

#define TABLE_ACCOUNT(va, nr) kvm_account_pgtable_pages(va, nr)
#define MAPPING_KEEP(phys)    get_page(phys_to_page(phys))
#define MAPPING_GET(phys)     get_page(phys_to_page(phys))
#define MAPPING_PUT(phys)     put_page(phys_to_page(phys))
#define UNMAP_PAUSE(kvm, block)                                                                    \
	do {                                                                                       \
		if (block)                                                                         \
			cond_resched_rwlock_write(&(kvm)->mmu_lock);                               \
	} while (0)
#define SHARED_S2AP (3UL << 6)

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
#define POPULATE_PAUSE()		       cond_resched()

#define MAPPED		 kvm_pfn_t
#define MAPPED_PHYS(pfn) __pfn_to_phys(pfn)
#define UNMAP_ARGUMENTS	 struct kvm *kvm, unsigned long ipa, u64 size, bool unmap_private
#define UNMAP_MAY_BLOCK	 false

#define CAP_CONFIG	  arm_rme_config
#define CAP_CONFIG_RPV	  ARM_RME_CONFIG_RPV
#define CAP_CONFIG_HASH	  ARM_RME_CONFIG_HASH_ALGO
#define CAP_SHA256	  ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA256
#define CAP_SHA512	  ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA512
#define CAP_INIT_RIPAS	  arm_rme_init_ripas
#define CAP_INIT_BASE	  base
#define CAP_INIT_SIZE	  size
#define CAP_POPULATE	  arm_rme_populate_realm
#define CAP_POPULATE_BASE base
#define CAP_POPULATE_SIZE size
#define CAP_CREATE	  KVM_CAP_ARM_RME_CREATE_REALM
#define CAP_INIT	  KVM_CAP_ARM_RME_INIT_RIPAS_REALM
#include "../../../../common/rme.c"

int kvm_rec_enter(struct kvm_vcpu *vcpu)
{
	int ret = entry_prepare(vcpu, true);

	return ret ? ret : rec_run_it(vcpu);
}
