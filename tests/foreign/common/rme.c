/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The host side with the names of v5 to v10 of the series. Included by such a tree's rme.c, which has what its
 * posting alone has, so that a posting is told by the text of that file. Beside what the parts below want:
 *
 *   MAPPED, MAPPED_PHYS(mapped)	what map calls take, and its address
 *   UNMAP_ARGUMENTS, UNMAP_MAY_BLOCK	of kvm_realm_unmap_range()
 *   DFR0_VCPU			of kvm_realm_reset_id_aa64dfr0_el1()
 *   NO_VGIC_NR_LR		defined: it has no kvm_realm_vgic_nr_lr()
 *   CAP_*				the UAPI: structures, their members, operations
 */
#include "stage2.c"

#include "realm.c"

#include "populate.c"

void kvm_init_rme(void)
{
	if (rmm_probe())
		static_branch_enable(&kvm_rme_is_available);
}

u32 kvm_realm_ipa_limit(void)
{
	return u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_S2SZ);
}

#ifndef NO_VGIC_NR_LR
u32 kvm_realm_vgic_nr_lr(void)
{
	return u64_get_bits(FEATURES, RMI_FEATURE_REGISTER_0_GICV3_NUM_LRS);
}
#endif

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

u64 kvm_realm_reset_id_aa64dfr0_el1(DFR0_VCPU *vcpu, u64 val)
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

void kvm_realm_unmap_range(UNMAP_ARGUMENTS)
{
	stage2_unmap(kvm, ipa, size, unmap_private, UNMAP_MAY_BLOCK);
}

int realm_map_protected(struct realm *realm, unsigned long ipa, MAPPED mapped,
			unsigned long map_size, struct kvm_mmu_memory_cache *memcache)
{
	return private_map(realm, ipa, MAPPED_PHYS(mapped), map_size, memcache);
}

int realm_map_non_secure(struct realm *realm, unsigned long ipa, MAPPED mapped, unsigned long size,
			 struct kvm_mmu_memory_cache *memcache)
{
	return shared_map(realm, ipa, MAPPED_PHYS(mapped), size, memcache);
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

/* What the guest waits for. 0: it can be entered. */
static int entry_prepare(struct kvm_vcpu *vcpu, bool ripas)
{
	if (kvm_realm_state(vcpu->kvm) != REALM_STATE_ACTIVE)
		return -EINVAL;
	rec_answer(vcpu);
	if (ripas && vcpu->arch.rec.run->exit.exit_reason == RMI_EXIT_RIPAS_CHANGE)
		return ripas_complete(vcpu);
	return 0;
}

static int cap_config(struct kvm *kvm, const void __user *argp)
{
	struct CAP_CONFIG args;

	if (kvm_realm_is_created(kvm))
		return -EBUSY;
	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	switch (args.cfg) {
	case CAP_CONFIG_RPV:
		memcpy(kvm->arch.realm.params->rpv, args.rpv, sizeof(args.rpv));
		return 0;
	case CAP_CONFIG_HASH:
		if (args.hash_algo != CAP_SHA256 && args.hash_algo != CAP_SHA512)
			return -EINVAL;
		return hash_choose(kvm, args.hash_algo);
	default:
		return -EINVAL;
	}
}

static int cap_init_ripas(struct kvm *kvm, const void __user *argp)
{
	struct CAP_INIT_RIPAS args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	return ripas_init(kvm, args.CAP_INIT_BASE, args.CAP_INIT_SIZE);
}

static int cap_populate(struct kvm *kvm, const void __user *argp)
{
	struct CAP_POPULATE args;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	return realm_populate(kvm, args.CAP_POPULATE_BASE, args.CAP_POPULATE_SIZE, args.flags);
}

int kvm_realm_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	const void __user *argp = u64_to_user_ptr(cap->args[1]);

	switch (cap->args[0]) {
	case KVM_CAP_ARM_RME_CONFIG_REALM:
		return cap_config(kvm, argp);
	case CAP_CREATE:
		return realm_create(kvm);
	case CAP_INIT:
		return cap_init_ripas(kvm, argp);
	case KVM_CAP_ARM_RME_POPULATE_REALM:
		return cap_populate(kvm, argp);
	case KVM_CAP_ARM_RME_ACTIVATE_REALM:
		return realm_activate(kvm);
	default:
		return -EINVAL;
	}
}
