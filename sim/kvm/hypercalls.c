/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hypercalls.c - calls of a guest by the SMC calling convention: served here, refused, or handed to
 * the VMM, as its filter says. A Realm's host calls and PSCI calls come this way too.
 */
#include <linux/arm-smccc.h>
#include <linux/kvm_host.h>

#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>

#include "kvm_arm.h"

#define SMCCC_VERSION_FN	0x80000000u
#define SMCCC_ARCH_FEATURES_FN	0x80000001u
#define SMCCC_VERSION_1_1	0x10001u
#define SMCCC_VENDOR_HYP_UID_FN 0x8600ff01u

/* One range of calls, [base, end], that the VMM said something about. */
struct kvm_smccc_rule {
	u32 base;
	u32 end;
	u32 action; /* KVM_SMCCC_FILTER_* */
	struct kvm_smccc_rule *next;
};

/* Functions of the Arm architecture stay KVM's. */
static bool filter_is_reserved(u32 base, u32 end)
{
	static const u32 reserved[] = {0x80000000u, 0xc0000000u};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (base <= (reserved[i] | 0xffff) && end >= reserved[i])
			return true;
	}
	return false;
}

static int filter_add(struct kvm *kvm, const struct kvm_smccc_filter *filter)
{
	const u32 end = filter->base + filter->nr_functions - 1;
	struct kvm_smccc_rule **at = &kvm->arch.smccc_filter;
	struct kvm_smccc_rule *rule;

	if (filter_is_reserved(filter->base, end))
		return -EEXIST;
	while (*at && (*at)->end < filter->base)
		at = &(*at)->next;
	if (*at && (*at)->base <= end)
		return -EEXIST;
	rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);
	if (!rule)
		return -ENOMEM;
	rule->base = filter->base;
	rule->end = end;
	rule->action = filter->action;
	rule->next = *at;
	*at = rule;
	return 0;
}

int kvm_vm_smccc_set_filter(struct kvm *kvm, const struct kvm_device_attr *attr)
{
	struct kvm_smccc_filter filter;
	size_t i;
	int ret;

	if (copy_from_user(&filter, (void __user *)attr->addr, sizeof(filter)))
		return -EFAULT;
	for (i = 0; i < ARRAY_SIZE(filter.pad); i++) {
		if (filter.pad[i])
			return -EINVAL;
	}
	if (!filter.nr_functions || filter.base + filter.nr_functions - 1 < filter.base ||
	    filter.action >= KVM_SMCCC_FILTER_NR_ACTIONS)
		return -EINVAL;
	mutex_lock(&kvm->arch.config_lock);
	ret = kvm->arch.has_run_once ? -EBUSY : filter_add(kvm, &filter);
	mutex_unlock(&kvm->arch.config_lock);
	return ret;
}

void kvm_arm_teardown_hypercalls(struct kvm *kvm)
{
	struct kvm_smccc_rule *rule;

	while ((rule = kvm->arch.smccc_filter)) {
		kvm->arch.smccc_filter = rule->next;
		kfree(rule);
	}
}

static u32 filter_action(const struct kvm *kvm, u32 fn)
{
	const struct kvm_smccc_rule *rule;

	for (rule = kvm->arch.smccc_filter; rule && rule->base <= fn; rule = rule->next) {
		if (fn <= rule->end)
			return rule->action;
	}
	return KVM_SMCCC_FILTER_HANDLE;
}

static bool smccc_is_psci(u32 fn)
{
	return ARM_SMCCC_OWNER_NUM(fn) == ARM_SMCCC_OWNER_STANDARD &&
	       ARM_SMCCC_FUNC_NUM(fn) <= 0x1f;
}

static void exit_to_user(struct kvm_vcpu *vcpu, u32 fn)
{
	struct kvm_run *run = vcpu->run;

	memset(&run->hypercall, 0, sizeof(run->hypercall));
	run->hypercall.nr = fn;
	if (kvm_vcpu_trap_get_class(vcpu) == ESR_ELx_EC_SMC64)
		run->hypercall.flags = KVM_HYPERCALL_EXIT_SMC;
	run->exit_reason = KVM_EXIT_HYPERCALL;
}

/* -- what is served here -- */

static int smccc_call(struct kvm_vcpu *vcpu, u32 fn)
{
	unsigned long value = (unsigned long)SMCCC_RET_NOT_SUPPORTED;

	switch (fn) {
	case SMCCC_VERSION_FN:
		value = SMCCC_VERSION_1_1;
		break;
	case SMCCC_ARCH_FEATURES_FN:
		if ((u32)smccc_get_arg1(vcpu) == SMCCC_VERSION_FN ||
		    (u32)smccc_get_arg1(vcpu) == SMCCC_ARCH_FEATURES_FN)
			value = SMCCC_RET_SUCCESS;
		break;
	case SMCCC_VENDOR_HYP_UID_FN:
		smccc_set_retval(vcpu, 0xb66fb428u, 0xe911c52eu, 0x564bcaa9u, 0x743a004du);
		return 1;
	default:
		if (smccc_is_psci(fn))
			return kvm_psci_call(vcpu);
		break;
	}
	smccc_set_retval(vcpu, value, 0, 0, 0);
	return 1;
}

int kvm_smccc_call_handler(struct kvm_vcpu *vcpu)
{
	const u32 fn = smccc_get_function(vcpu);

	switch (filter_action(vcpu->kvm, fn)) {
	case KVM_SMCCC_FILTER_FWD_TO_USER:
		exit_to_user(vcpu, fn);
		return 0;
	case KVM_SMCCC_FILTER_DENY:
		smccc_set_retval(vcpu, (unsigned long)SMCCC_RET_NOT_SUPPORTED, 0, 0, 0);
		return 1;
	default:
		return smccc_call(vcpu, fn);
	}
}
