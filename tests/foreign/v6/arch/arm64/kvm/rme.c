/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of Realms with the names and prototypes of v6 of the series. */
#include <linux/kvm_host.h>
#include <linux/hugetlb.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/rmi_cmds.h>
#include <asm/virt.h>

#define TABLE_ACCOUNT(va, nr) ((void)(va))
#define MAPPING_KEEP(phys)	  ((void)(phys)) /* it has its reference */
#define MAPPING_GET(phys)	  get_page(phys_to_page(phys))
#define MAPPING_PUT(phys)	  put_page(phys_to_page(phys))
#define UNMAP_PAUSE(kvm, block) ((void)(kvm), (void)(block))
#define SHARED_S2AP		  (3UL << 6)
#include "../../../../common/stage2.c"

#define FEATURES	     rmm_feat_reg0
#define HAS_SVE(kvm, vcpu)   vcpu_has_sve(vcpu)
#define SVE_LOCK(vcpu)	     mutex_lock(&(vcpu)->mutex)
#define SVE_UNLOCK(vcpu)     mutex_unlock(&(vcpu)->mutex)
#define PMU_COUNTERS(kvm)    ((kvm)->arch.pmcr_n)
/* With large pages the host's own root is smaller than a Realm's. */
#define PGD_SIZE(mmu)                                                                              \
	max(kvm_pgtable_stage2_pgd_size((mmu)->vtcr), (size_t)(mmu)->pgt->pgd_pages * PAGE_SIZE)
#include "../../../../common/realm.c"

static int source_get(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		      struct page **page)
{
	bool writable;

	(void)kvm;
	*pfn = __kvm_faultin_pfn(slot, gfn, FOLL_WRITE, &writable, page);
	return is_error_pfn(*pfn) ? -EFAULT : 0;
}

static void source_put(struct kvm *kvm, kvm_pfn_t pfn, struct page *page)
{
	(void)pfn;
	kvm_release_faultin_page(kvm, page, false, false);
}

static int private_get(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		       struct page **page)
{
	return kvm_gmem_get_pfn(kvm, slot, gfn, pfn, page, NULL);
}

#define POPULATE_PAUSE() ((void)0)
#include "../../../../common/populate.c"

void kvm_init_rme(void)
{
	if (rmm_probe())
		static_branch_enable(&kvm_rme_is_available);
}

u32 kvm_realm_ipa_limit(void)
{
	return u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_S2SZ);
}

u32 kvm_realm_vgic_nr_lr(void)
{
	return u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_GICV3_NUM_LRS);
}

u8 kvm_realm_max_pmu_counters(void)
{
	return u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_PMU_NUM_CTRS);
}

unsigned int kvm_realm_sve_max_vl(void)
{
	return sve_vl_from_vq(u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_SVE_VL) + 1);
}

bool kvm_rme_supports_sve(void)
{
	return FEATURES & RMI_FEATURE_REGISTER_0_SVE_EN;
}

u64 kvm_realm_reset_id_aa64dfr0_el1(const struct kvm_vcpu *vcpu, u64 val)
{
	return dfr0_limit((struct kvm_vcpu *)vcpu, val);
}

int kvm_init_realm_vm(struct kvm *kvm)
{
	kvm->arch.realm.params = (void *)get_zeroed_page(GFP_KERNEL);
	return kvm->arch.realm.params ? 0 : -ENOMEM;
}

void kvm_destroy_realm(struct kvm *kvm)
{
	realm_end(kvm);
}

void kvm_realm_destroy_rtts(struct kvm *kvm, u32 ia_bits)
{
	WARN_ON(!tables_destroy(&kvm->arch.realm, BIT(ia_bits)));
}

void kvm_realm_unmap_range(struct kvm *kvm, unsigned long ipa, u64 size, bool unmap_private)
{
	stage2_unmap(kvm, ipa, size, unmap_private, false);
}

int realm_map_protected(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn,
			unsigned long map_size, struct kvm_mmu_memory_cache *memcache)
{
	return private_map(realm, ipa, __pfn_to_phys(pfn), map_size, memcache);
}

int realm_map_non_secure(struct realm *realm, unsigned long ipa, kvm_pfn_t pfn,
			 unsigned long size, struct kvm_mmu_memory_cache *memcache)
{
	return shared_map(realm, ipa, __pfn_to_phys(pfn), size, memcache);
}

int realm_set_ipa_state(struct kvm_vcpu *vcpu, unsigned long addr, unsigned long end,
			unsigned long ripas, unsigned long *top_ipa)
{
	return ripas_set(vcpu, addr, end, ripas, top_ipa);
}

int realm_psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status)
{
	return psci_answer(source, target, status);
}

int kvm_create_rec(struct kvm_vcpu *vcpu)
{
	return rec_make(vcpu);
}

void kvm_destroy_rec(struct kvm_vcpu *vcpu)
{
	rec_end(vcpu);
}

int kvm_rec_enter(struct kvm_vcpu *vcpu)
{
	int ret = 0;

	if (kvm_realm_state(vcpu->kvm) != REALM_STATE_ACTIVE)
		return -EINVAL;
	rec_answer(vcpu);
	if (vcpu->arch.rec.run->exit.exit_reason == RMI_EXIT_RIPAS_CHANGE)
		ret = ripas_complete(vcpu);
	return ret ? ret : rec_run_it(vcpu);
}

static int cap_config(struct kvm *kvm, const void __user *argp)
{
	struct kvm_cap_arm_rme_config_item args;

	if (kvm_realm_is_created(kvm))
		return -EBUSY;
	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	switch (args.cfg) {
	case KVM_CAP_ARM_RME_CFG_RPV:
		memcpy(kvm->arch.realm.params->rpv, args.rpv, sizeof(args.rpv));
		return 0;
	case KVM_CAP_ARM_RME_CFG_HASH_ALGO:
		if (args.hash_algo != KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA256 &&
		    args.hash_algo != KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA512)
			return -EINVAL;
		return hash_choose(kvm, args.hash_algo);
	default:
		return -EINVAL;
	}
}

static int cap_init_ripas(struct kvm *kvm, const void __user *argp)
{
	struct kvm_cap_arm_rme_init_ipa_args args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	return ripas_init(kvm, args.init_ipa_base, args.init_ipa_size);
}

static int cap_populate(struct kvm *kvm, const void __user *argp)
{
	struct kvm_cap_arm_rme_populate_realm_args args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	return realm_populate(kvm, args.populate_ipa_base, args.populate_ipa_size, args.flags);
}

int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	const void __user *argp = u64_to_user_ptr(cap->args[1]);

	switch (cap->args[0]) {
	case KVM_CAP_ARM_RME_CONFIG_REALM:
		return cap_config(kvm, argp);
	case KVM_CAP_ARM_RME_CREATE_RD:
		return realm_create(kvm);
	case KVM_CAP_ARM_RME_INIT_IPA_REALM:
		return cap_init_ripas(kvm, argp);
	case KVM_CAP_ARM_RME_POPULATE_REALM:
		return cap_populate(kvm, argp);
	case KVM_CAP_ARM_RME_ACTIVATE_REALM:
		return realm_activate(kvm);
	default:
		return -EINVAL;
	}
}
