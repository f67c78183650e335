/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * psci.c - PSCI calls of a guest: vCPUs turned on and off, the system switched off. For a Realm the
 * RMM has checked the call and waits for RMI_PSCI_COMPLETE before the caller may go on; what this
 * file writes into x0 the Realm does not see then.
 */
#include <linux/kvm_host.h>

#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>

#include "kvm_arm.h"

#define PSCI_TOS_MP   2
#define PSCI_AFF_MASK MPIDR_HWID_BITMASK

/* Without an interrupt to wait for, a suspended vCPU wakes up at once. */
static long psci_vcpu_suspend(struct kvm_vcpu *vcpu)
{
	vcpu->stat.wfi_exit_stat++;
	cond_resched();
	return PSCI_RET_SUCCESS;
}

/*
 * Tells the RMM what became of the caller's request; the status that the caller gets in an ordinary
 * VM.
 */
static long psci_complete(struct kvm_vcpu *source, struct kvm_vcpu *target, long status, long ret)
{
	if (!vcpu_is_rec(source))
		return ret;
	return realm_psci_complete(source, target, (unsigned long)status)
		       ? PSCI_RET_INTERNAL_FAILURE
		       : ret;
}

static long psci_vcpu_on(struct kvm_vcpu *source)
{
	const unsigned long cpu_id = smccc_get_arg1(source);
	struct kvm_vcpu *target;
	long ret;

	if (cpu_id & ~PSCI_AFF_MASK)
		return PSCI_RET_INVALID_PARAMS;
	target = kvm_mpidr_to_vcpu(source->kvm, cpu_id);
	if (!target)
		return PSCI_RET_INVALID_PARAMS;

	spin_lock(&target->arch.mp_state_lock);
	if (!kvm_arm_vcpu_stopped(target)) {
		/* The RMM knows better whether the REC can run, and answers the Realm itself. */
		ret = psci_complete(source, target, PSCI_RET_SUCCESS, PSCI_RET_ALREADY_ON);
		goto out;
	}
	/* Before the target can run: it must find itself runnable in the RMM. */
	ret = psci_complete(source, target, PSCI_RET_SUCCESS, PSCI_RET_SUCCESS);
	if (ret != PSCI_RET_SUCCESS)
		goto out;
	if (!vcpu_is_rec(target)) {
		target->arch.reset_state = (struct vcpu_reset_state){
			.pc = smccc_get_arg2(source),
			.r0 = smccc_get_arg3(source),
			.reset = true,
		};
		kvm_make_request(KVM_REQ_VCPU_RESET, target);
	}
	WRITE_ONCE(target->arch.mp_state.mp_state, KVM_MP_STATE_RUNNABLE);
out:
	spin_unlock(&target->arch.mp_state_lock);
	return ret;
}

static long psci_affinity_info(struct kvm_vcpu *source)
{
	const unsigned long cpu_id = smccc_get_arg1(source);
	struct kvm_vcpu *target;
	long ret;

	if (smccc_get_arg2(source) || cpu_id & ~PSCI_AFF_MASK)
		return PSCI_RET_INVALID_PARAMS;
	target = kvm_mpidr_to_vcpu(source->kvm, cpu_id);
	if (!target)
		return PSCI_RET_INVALID_PARAMS;
	ret = kvm_arm_vcpu_stopped(target) ? PSCI_0_2_AFFINITY_LEVEL_OFF
					   : PSCI_0_2_AFFINITY_LEVEL_ON;
	return psci_complete(source, target, PSCI_RET_SUCCESS, ret);
}

static bool psci_is_supported(u32 fn)
{
	switch (fn) {
	case PSCI_0_2_FN_PSCI_VERSION:
	case PSCI_0_2_FN_CPU_SUSPEND:
	case PSCI_0_2_FN64_CPU_SUSPEND:
	case PSCI_0_2_FN_CPU_OFF:
	case PSCI_0_2_FN_CPU_ON:
	case PSCI_0_2_FN64_CPU_ON:
	case PSCI_0_2_FN_AFFINITY_INFO:
	case PSCI_0_2_FN64_AFFINITY_INFO:
	case PSCI_0_2_FN_MIGRATE_INFO_TYPE:
	case PSCI_0_2_FN_SYSTEM_OFF:
	case PSCI_0_2_FN_SYSTEM_RESET:
	case PSCI_1_0_FN_PSCI_FEATURES:
		return true;
	default:
		return false;
	}
}

int kvm_psci_call(struct kvm_vcpu *vcpu)
{
	const u32 fn = smccc_get_function(vcpu);
	long val = PSCI_RET_NOT_SUPPORTED;
	int ret = 1;

	switch (fn) {
	case PSCI_0_2_FN_PSCI_VERSION:
		val = KVM_PSCI_VERSION;
		break;
	case PSCI_1_0_FN_PSCI_FEATURES:
		if (psci_is_supported((u32)smccc_get_arg1(vcpu)))
			val = PSCI_RET_SUCCESS;
		break;
	case PSCI_0_2_FN_CPU_SUSPEND:
	case PSCI_0_2_FN64_CPU_SUSPEND:
		val = psci_vcpu_suspend(vcpu);
		break;
	case PSCI_0_2_FN_CPU_OFF:
		kvm_arm_vcpu_power_off(vcpu);
		val = PSCI_RET_SUCCESS;
		break;
	case PSCI_0_2_FN_CPU_ON:
	case PSCI_0_2_FN64_CPU_ON:
		val = psci_vcpu_on(vcpu);
		break;
	case PSCI_0_2_FN_AFFINITY_INFO:
	case PSCI_0_2_FN64_AFFINITY_INFO:
		val = psci_affinity_info(vcpu);
		break;
	case PSCI_0_2_FN_MIGRATE_INFO_TYPE:
		val = PSCI_TOS_MP;
		break;
	case PSCI_0_2_FN_SYSTEM_OFF:
		kvm_prepare_system_event(vcpu, KVM_SYSTEM_EVENT_SHUTDOWN);
		/*
		 * Seen only if the VMM runs the vCPU once more, which a system that is off does
		 * not.
		 */
		val = PSCI_RET_INTERNAL_FAILURE;
		ret = 0;
		break;
	case PSCI_0_2_FN_SYSTEM_RESET:
		kvm_prepare_system_event(vcpu, KVM_SYSTEM_EVENT_RESET);
		val = PSCI_RET_INTERNAL_FAILURE;
		ret = 0;
		break;
	}
	smccc_set_retval(vcpu, (unsigned long)val, 0, 0, 0);
	return ret;
}
