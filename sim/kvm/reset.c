/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reset.c - features of vCPUs, what has to be there before one runs, and its registers at power-on.
 */
#include <linux/kvm_host.h>

#include "kvm_arm.h"
#include "series.h"

#define VCPU_RESET_PSTATE_EL1 (PSR_MODE_EL1h | PSR_A_BIT | PSR_I_BIT | PSR_F_BIT | PSR_D_BIT)

static bool host_has_sve(void)
{
	return cpuid_feature_extract_unsigned_field(read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1),
						    ID_AA64PFR0_EL1_SVE_SHIFT);
}

static bool kvm_arm_supports_sve(struct kvm *kvm)
{
	return kvm_is_realm(kvm) ? series_supports_sve() : host_has_sve();
}

unsigned long kvm_arm_supported_features(struct kvm *kvm)
{
	unsigned long features = BIT(KVM_ARM_VCPU_POWER_OFF) | BIT(KVM_ARM_VCPU_PSCI_0_2) |
				 BIT(KVM_ARM_VCPU_PMU_V3) | BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS) |
				 BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC);

	if (kvm_arm_supports_sve(kvm))
		features |= BIT(KVM_ARM_VCPU_SVE);
#if CONFIG_KVM_RME_SERIES >= 6 && CONFIG_KVM_RME_SERIES <= 10
	if (kvm_is_realm(kvm))
		features |= BIT(KVM_ARM_VCPU_REC);
#endif
	return features;
}

void kvm_reset_vcpu(struct kvm_vcpu *vcpu)
{
	struct user_pt_regs *regs = vcpu_gp_regs(vcpu);
	struct vcpu_reset_state reset_state;

	spin_lock(&vcpu->arch.mp_state_lock);
	reset_state = vcpu->arch.reset_state;
	vcpu->arch.reset_state.reset = false;
	spin_unlock(&vcpu->arch.mp_state_lock);

	memset(&vcpu->arch.ctxt, 0, sizeof(vcpu->arch.ctxt));
	__vcpu_assign_sys_reg(vcpu, MPIDR_EL1, BIT_ULL(31) | kvm_vcpu_get_mpidr_aff(vcpu));
	regs->pstate = VCPU_RESET_PSTATE_EL1;
	if (reset_state.reset) {
		regs->pc = reset_state.pc;
		regs->regs[0] = reset_state.r0;
	}
}

static int vcpu_finalize_sve(struct kvm_vcpu *vcpu)
{
	if (!vcpu_has_sve(vcpu))
		return -EINVAL;
	if (kvm_arm_vcpu_sve_finalized(vcpu))
		return -EPERM;
	vcpu->arch.sve_finalized = true;
	return 0;
}

int kvm_arm_vcpu_finalize(struct kvm_vcpu *vcpu, int feature)
{
	switch (feature) {
	case KVM_ARM_VCPU_SVE:
		return vcpu_finalize_sve(vcpu);
#ifdef KVM_ARM_VCPU_REC
	case KVM_ARM_VCPU_REC:
		if (!kvm_is_realm(vcpu->kvm))
			return -EINVAL;
		if (CONFIG_KVM_RME_SERIES >= 6 && !vcpu_is_rec(vcpu))
			return -EINVAL;
		return kvm_create_rec(vcpu);
#endif
	default:
		return -EINVAL;
	}
}

bool kvm_arm_vcpu_is_finalized(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm = vcpu->kvm;

	if (vcpu_has_sve(vcpu) && !kvm_arm_vcpu_sve_finalized(vcpu))
		return false;
#if CONFIG_KVM_RME_SERIES <= 10
	if (kvm_is_realm(kvm))
		return vcpu_is_rec(vcpu) && vcpu->arch.rec.mpidr != INVALID_HWID &&
		       kvm_realm_state(kvm) == REALM_STATE_ACTIVE;
#else
	(void)kvm;
#endif
	return true;
}
