/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef KVM_ARM_PSCI_H
#define KVM_ARM_PSCI_H

#include <linux/kvm_host.h>
#include <uapi/linux/psci.h>

int kvm_psci_call(struct kvm_vcpu *vcpu);

#endif
