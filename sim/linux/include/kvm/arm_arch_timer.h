/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KVM_ARM_ARCH_TIMER_H
#define KVM_ARM_ARCH_TIMER_H

#include <linux/kvm_types.h>

/* kvm_realm_timers_update - take over the timer registers that a REC exit reported. */
void kvm_realm_timers_update(struct kvm_vcpu *vcpu);

#endif
