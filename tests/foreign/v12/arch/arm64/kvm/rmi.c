/* SPDX-License-Identifier: BSD-3-Clause */
/* The host side of Realms with the names and prototypes of v12 of the series. */
#include <linux/kvm_host.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>
#include <asm/rmi_cmds.h>
#include <asm/virt.h>

#define TABLE_ACCOUNT(va, nr) kvm_account_pgtable_pages(va, nr)
#define MAPPING_KEEP(phys)	  get_page(phys_to_page(phys))
#define MAPPING_GET(phys)	  ((void)(phys))
#define MAPPING_PUT(phys)	  ((void)(phys))
#define UNMAP_PAUSE(kvm, block)                                                                    \
	do {                                                                                       \
		if (block)                                                                         \
			cond_resched_rwlock_write(&(kvm)->mmu_lock);                               \
	} while (0)
#define SHARED_S2AP		  (KVM_PTE_LEAF_ATTR_LO_S2_S2AP_R | KVM_PTE_LEAF_ATTR_LO_S2_S2AP_W)
#include "../../../../common/stage2.c"

#define FEATURES	     rmm_feat_reg0
#define HAS_SVE(kvm, vcpu)   kvm_has_sve(kvm)
/* The vCPU that runs first holds its own. */
#define SVE_LOCK(vcpu)	     ((void)(vcpu))
#define SVE_UNLOCK(vcpu)     ((void)(vcpu))
#define PMU_COUNTERS(kvm)    ((kvm)->arch.nr_pmu_counters)
#define PGD_SIZE(mmu)	   kvm_pgtable_stage2_pgd_size((mmu)->vtcr)
#include "../../../../common/realm.c"

void kvm_init_rmi(void)
{
	if (rmm_probe())
		static_branch_enable(&kvm_rmi_is_available);
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

/* Of every VM, Realm or not. */
void kvm_destroy_realm(struct kvm *kvm)
{
	const unsigned int ia_bits = kvm->arch.realm.ia_bits;

	write_lock(&kvm->mmu_lock);
	kvm_stage2_unmap_range(&kvm->arch.mmu, 0, ia_bits ? BIT(ia_bits - 1) : 0, true);
	write_unlock(&kvm->mmu_lock);
	realm_end(kvm);
}

void kvm_realm_destroy_rtts(struct kvm *kvm)
{
	WARN_ON(!tables_destroy(&kvm->arch.realm, BIT(kvm->arch.realm.ia_bits)));
}

void kvm_realm_unmap_range(struct kvm *kvm, unsigned long ipa, unsigned long size,
			   bool unmap_private, bool may_block)
{
	stage2_unmap(kvm, ipa, size, unmap_private, may_block);
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

int realm_psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, unsigned long status)
{
	return psci_answer(source, target, status);
}

void kvm_destroy_rec(struct kvm_vcpu *vcpu)
{
	rec_end(vcpu);
}

int kvm_rec_pre_enter(struct kvm_vcpu *vcpu)
{
	int ret = 0;

	if (kvm_realm_state(vcpu->kvm) != REALM_STATE_ACTIVE)
		return -EINVAL;
	rec_answer(vcpu);
	if (vcpu->arch.rec.run->exit.exit_reason == RMI_EXIT_RIPAS_CHANGE)
		ret = ripas_complete(vcpu);
	return ret ? ret : 1;
}

int kvm_rec_enter(struct kvm_vcpu *vcpu)
{
	return rec_run_it(vcpu);
}

/* The Realm comes into being with its first use. config_lock is held. */
static int realm_need(struct kvm *kvm)
{
	if (!cpuid_feature_extract_unsigned_field(read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1),
						  ID_AA64PFR0_EL1_RME_SHIFT))
		return -EOPNOTSUPP;
	return kvm_realm_state(kvm) == REALM_STATE_NONE ? realm_create(kvm) : 0;
}

struct populate_source {
	unsigned long flags;
};

static int populate_page(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, void __user *src, int order,
			 void *opaque)
{
	const struct populate_source *source = opaque;
	struct page *page;
	bool kept;
	long got;
	int ret;

	if (order)
		return -EOPNOTSUPP;
	mmap_read_lock(current->mm);
	got = get_user_pages((unsigned long)src, 1, 0, &page);
	mmap_read_unlock(current->mm);
	if (got != 1)
		return got < 0 ? got : -EFAULT;
	write_lock(&kvm->mmu_lock);
	ret = data_page_create(&kvm->arch.realm, gfn_to_gpa(gfn), __pfn_to_phys(pfn),
			       __pfn_to_phys(page_to_pfn(page)), source->flags, &kept);
	write_unlock(&kvm->mmu_lock);
	put_page(page);
	return ret;
}

long kvm_arm_rmi_populate(struct kvm *kvm, struct kvm_arm_rmi_populate *args)
{
	struct populate_source source = {.flags = args->flags};
	long ret;

	if (!IS_ALIGNED(args->base | args->size | args->source_uaddr, PAGE_SIZE) ||
	    args->flags & ~KVM_ARM_RMI_POPULATE_FLAGS_MEASURE || args->reserved ||
	    args->base + args->size < args->base)
		return -EINVAL;
	guard(mutex)(&kvm->arch.config_lock);
	ret = realm_need(kvm);
	if (ret)
		return ret;
	if (kvm_realm_state(kvm) != REALM_STATE_NEW)
		return -EPERM;
	mutex_lock(&kvm->slots_lock);
	ret = kvm_gmem_populate(kvm, args->base >> PAGE_SHIFT, u64_to_user_ptr(args->source_uaddr),
				args->size >> PAGE_SHIFT, populate_page, &source);
	mutex_unlock(&kvm->slots_lock);
	return ret < 0 ? ret : ret << PAGE_SHIFT;
}

/* All memory that can be private begins as RAM; what was populated is already. */
static int ripas_init_slots(struct kvm *kvm)
{
	struct kvm_memory_slot *slot;
	unsigned long top;
	int ret = 0, bkt, idx = srcu_read_lock(&kvm->srcu);

	kvm_for_each_memslot (slot, bkt, kvm_memslots(kvm)) {
		const unsigned long base = gfn_to_gpa(slot->base_gfn);
		const unsigned long end = base + gfn_to_gpa(slot->npages);

		if (!kvm_slot_has_gmem(slot))
			continue;
		ret = ripas_walk(&kvm->arch.realm, 0, base, end, NULL, true, &top);
		if (ret)
			break;
	}
	srcu_read_unlock(&kvm->srcu, idx);
	return ret;
}

/* The first run of a vCPU. What was made before an error is used by the next attempt. */
int kvm_activate_realm(struct kvm *kvm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;
	int ret;

	guard(mutex)(&kvm->arch.config_lock);
	if (kvm_realm_state(kvm) == REALM_STATE_ACTIVE)
		return 0;
	if (!irqchip_in_kernel(kvm))
		return -EOPNOTSUPP;
	ret = realm_need(kvm);
	if (ret)
		return ret;
	kvm_for_each_vcpu (i, vcpu, kvm) {
		if (vcpu->arch.rec.run)
			continue;
		ret = rec_make(vcpu);
		if (ret)
			return ret;
	}
	ret = ripas_init_slots(kvm);
	if (ret)
		return ret;
	if (rmi_realm_activate(realm_rd(&kvm->arch.realm)))
		return -ENXIO;
	WRITE_ONCE(kvm->arch.realm.state, REALM_STATE_ACTIVE);
	return 0;
}
