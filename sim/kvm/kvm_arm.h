/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_arm.h - what the files of the arm64 half share beside the headers of the kernel. */
#ifndef KVM_ARM_H
#define KVM_ARM_H

#include <linux/kvm_host.h>

/* What a guest and its VMM are told of PSCI: 1.1. */
#define KVM_PSCI_VERSION 0x10001u

/* reset.c */

/* kvm_arm_supported_features - the KVM_ARM_VCPU_* bits that a vCPU of this VM can have. */
unsigned long kvm_arm_supported_features(struct kvm *kvm);
/* kvm_reset_vcpu - registers as after power-on, or as PSCI CPU_ON asked. */
void kvm_reset_vcpu(struct kvm_vcpu *vcpu);
/* kvm_arm_vcpu_finalize - KVM_ARM_VCPU_FINALIZE; vcpu->mutex is held. 0 or -errno. */
int kvm_arm_vcpu_finalize(struct kvm_vcpu *vcpu, int feature);
/* kvm_arm_vcpu_is_finalized - whether it may run, as far as features go. */
bool kvm_arm_vcpu_is_finalized(struct kvm_vcpu *vcpu);

/* arm.c */

/*
 * kvm_arm_vcpu_power_off - the vCPU sleeps from its next entry on, until PSCI or the VMM turns it
 * on.
 */
void kvm_arm_vcpu_power_off(struct kvm_vcpu *vcpu);
bool kvm_arm_vcpu_stopped(struct kvm_vcpu *vcpu);
/* kvm_mpidr_to_vcpu - the vCPU of that affinity, or NULL. */
struct kvm_vcpu *kvm_mpidr_to_vcpu(struct kvm *kvm, unsigned long mpidr);
/* kvm_prepare_system_event - all vCPUs stop and the VMM is told why. */
void kvm_prepare_system_event(struct kvm_vcpu *vcpu, u32 type);

/* guest.c */

int kvm_arm_get_reg(struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg);
int kvm_arm_set_reg(struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg);
/*
 * kvm_arm_reg_list - writes the identifiers of the registers that KVM_GET_ONE_REG reads, of a Realm's those that
 * KVM_SET_ONE_REG takes, behind their number at `list`. -E2BIG: only the number, `room` is too small; -EFAULT.
 */
int kvm_arm_reg_list(struct kvm_vcpu *vcpu, struct kvm_reg_list __user *list, u64 room);
int kvm_arm_vcpu_get_events(struct kvm_vcpu *vcpu, struct kvm_vcpu_events *events);
int kvm_arm_vcpu_set_events(struct kvm_vcpu *vcpu, const struct kvm_vcpu_events *events);

/* mmio.c */

/* kvm_handle_mmio_return - KVM_RUN after KVM_EXIT_MMIO: take over what the VMM read. Returns 1. */
int kvm_handle_mmio_return(struct kvm_vcpu *vcpu);

/* hypercalls.c */

/* kvm_vm_smccc_set_filter - what happens to a range of calls. 0 or -errno. */
int kvm_vm_smccc_set_filter(struct kvm *kvm, const struct kvm_device_attr *attr);
void kvm_arm_teardown_hypercalls(struct kvm *kvm);

/* vgic.c */

/*
 * kvm_vgic_create_device - KVM_CREATE_DEVICE: 0 (args->fd is set unless it was a test) or -errno.
 */
int kvm_vgic_create_device(struct kvm *kvm, struct kvm_create_device *args);
/* kvm_vgic_map_resources - before a vCPU runs for the first time. 0 or -errno. */
int kvm_vgic_map_resources(struct kvm *kvm);

/* inject_fault.c */

int kvm_inject_sea_dabt(struct kvm_vcpu *vcpu, u64 addr);

#endif
