/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arch_timer.c - timers of vCPUs. There is no time here: a timer's registers are kept (in the
 * vCPU's system registers) and none ever fires.
 */
#include <linux/kvm_host.h>

void kvm_realm_timers_update(struct kvm_vcpu *vcpu)
{
	(void)vcpu;
}
