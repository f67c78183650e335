/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uapi_series.c - what the user ABI of one posting of the series says, checked while compiling.
 * TEST_SERIES is the posting. The numbers are those of the facts about each version, written out.
 */
#define KVM_UAPI_SERIES TEST_SERIES
#include "sim/linux/include/uapi/linux/kvm.h"

#include <stddef.h>

#define SAME(a, b) _Static_assert((a) == (b), #a)

#if TEST_SERIES <= 7
SAME(KVM_CAP_ARM_RME, 300);
SAME(KVM_ARM_VCPU_REC, 8);
SAME(KVM_ARM_VCPU_RMM_PSCI_COMPLETE, 0x4018aed2u);
#elif TEST_SERIES == 8
SAME(KVM_CAP_ARM_RME, 240);
SAME(KVM_ARM_VCPU_REC, 9);
SAME(KVM_ARM_VCPU_RMM_PSCI_COMPLETE, 0x4018aed6u);
#elif TEST_SERIES == 9
SAME(KVM_CAP_ARM_RME, 243);
SAME(KVM_ARM_VCPU_REC, 9);
SAME(KVM_ARM_VCPU_RMM_PSCI_COMPLETE, 0x4018aed6u);
#elif TEST_SERIES == 10
SAME(KVM_CAP_ARM_RME, 244);
SAME(KVM_ARM_VCPU_REC, 9);
SAME(KVM_ARM_VCPU_RMM_PSCI_COMPLETE, 0x4018aed6u);
#endif

#if TEST_SERIES <= 6
SAME(KVM_CAP_ARM_RME_CONFIG_REALM, 0);
SAME(KVM_CAP_ARM_RME_CREATE_RD, 1);
SAME(KVM_CAP_ARM_RME_INIT_IPA_REALM, 2);
SAME(KVM_CAP_ARM_RME_POPULATE_REALM, 3);
SAME(KVM_CAP_ARM_RME_ACTIVATE_REALM, 4);
SAME(KVM_CAP_ARM_RME_CFG_RPV, 0);
SAME(KVM_CAP_ARM_RME_CFG_HASH_ALGO, 1);
SAME(KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA256, 0);
SAME(KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA512, 1);
SAME(KVM_CAP_ARM_RME_RPV_SIZE, 64);
SAME(KVM_ARM_RME_POPULATE_FLAGS_MEASURE, 1);
SAME(sizeof(struct kvm_cap_arm_rme_config_item), 260);
SAME(offsetof(struct kvm_cap_arm_rme_config_item, cfg), 0);
SAME(offsetof(struct kvm_cap_arm_rme_config_item, rpv), 4);
SAME(offsetof(struct kvm_cap_arm_rme_config_item, hash_algo), 4);
SAME(sizeof(struct kvm_cap_arm_rme_populate_realm_args), 32);
SAME(offsetof(struct kvm_cap_arm_rme_populate_realm_args, populate_ipa_base), 0);
SAME(offsetof(struct kvm_cap_arm_rme_populate_realm_args, populate_ipa_size), 8);
SAME(offsetof(struct kvm_cap_arm_rme_populate_realm_args, flags), 16);
SAME(sizeof(struct kvm_cap_arm_rme_init_ipa_args), 32);
SAME(offsetof(struct kvm_cap_arm_rme_init_ipa_args, init_ipa_base), 0);
SAME(offsetof(struct kvm_cap_arm_rme_init_ipa_args, init_ipa_size), 8);
#elif TEST_SERIES <= 10
SAME(KVM_CAP_ARM_RME_CONFIG_REALM, 0);
SAME(KVM_CAP_ARM_RME_CREATE_REALM, 1);
SAME(KVM_CAP_ARM_RME_INIT_RIPAS_REALM, 2);
SAME(KVM_CAP_ARM_RME_POPULATE_REALM, 3);
SAME(KVM_CAP_ARM_RME_ACTIVATE_REALM, 4);
SAME(ARM_RME_CONFIG_RPV, 0);
SAME(ARM_RME_CONFIG_HASH_ALGO, 1);
#if TEST_SERIES <= 8
SAME(ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA256, 0);
SAME(ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA512, 1);
#else
SAME(ARM_RME_CONFIG_HASH_ALGO_SHA256, 0);
SAME(ARM_RME_CONFIG_HASH_ALGO_SHA512, 1);
#endif
SAME(KVM_ARM_RME_POPULATE_FLAGS_MEASURE, 1);
SAME(sizeof(struct arm_rme_config), 260);
SAME(offsetof(struct arm_rme_config, cfg), 0);
SAME(offsetof(struct arm_rme_config, rpv), 4);
SAME(offsetof(struct arm_rme_config, hash_algo), 4);
SAME(sizeof(((struct arm_rme_config *)0)->rpv), 64);
SAME(sizeof(struct arm_rme_populate_realm), 32);
SAME(offsetof(struct arm_rme_populate_realm, size), 8);
SAME(offsetof(struct arm_rme_populate_realm, flags), 16);
SAME(sizeof(struct arm_rme_init_ripas), 32);
SAME(offsetof(struct arm_rme_init_ripas, size), 8);
#else
SAME(KVM_CAP_ARM_RMI, 247);
SAME(KVM_ARM_RMI_POPULATE_FLAGS_MEASURE, 1);
SAME(KVM_ARM_RMI_POPULATE, 0x4020aed7u);
SAME(KVM_ARM_VCPU_RMI_PSCI_COMPLETE, 0x4018aed6u);
SAME(sizeof(struct kvm_arm_rmi_populate), 32);
SAME(offsetof(struct kvm_arm_rmi_populate, source_uaddr), 16);
SAME(offsetof(struct kvm_arm_rmi_populate, flags), 24);
SAME(sizeof(struct kvm_arm_rmi_psci_complete), 24);
SAME(offsetof(struct kvm_arm_rmi_psci_complete, target_mpidr), 0);
SAME(offsetof(struct kvm_arm_rmi_psci_complete, psci_status), 8);
#if defined(KVM_CAP_ARM_RME) || defined(KVM_ARM_VCPU_REC)
#error "v12 has no sub-operations of KVM_ENABLE_CAP and no REC feature"
#endif
#endif

#if TEST_SERIES <= 10
SAME(sizeof(struct kvm_arm_rmm_psci_complete), 24);
SAME(offsetof(struct kvm_arm_rmm_psci_complete, target_mpidr), 0);
SAME(offsetof(struct kvm_arm_rmm_psci_complete, psci_status), 8);
SAME(offsetof(struct kvm_arm_rmm_psci_complete, padding), 12);
#endif

/* The same in all of them. */
SAME(KVMIO, 0xae);
SAME(KVM_GET_API_VERSION, 0x0000ae00u);
SAME(KVM_CREATE_VM, 0x0000ae01u);
SAME(KVM_CHECK_EXTENSION, 0x0000ae03u);
SAME(KVM_GET_VCPU_MMAP_SIZE, 0x0000ae04u);
SAME(KVM_CREATE_VCPU, 0x0000ae41u);
SAME(KVM_SET_USER_MEMORY_REGION2, 0x40a0ae49u);
SAME(KVM_ENABLE_CAP, 0x4068aea3u);
SAME(KVM_CREATE_GUEST_MEMFD, 0xc040aed4u);
SAME(KVM_SET_MEMORY_ATTRIBUTES, 0x4020aed2u);
SAME(KVM_CREATE_DEVICE, 0xc00caee0u);
SAME(KVM_SET_DEVICE_ATTR, 0x4018aee1u);
SAME(KVM_RUN, 0x0000ae80u);
SAME(KVM_GET_ONE_REG, 0x4010aeabu);
SAME(KVM_SET_ONE_REG, 0x4010aeacu);
SAME(KVM_ARM_VCPU_INIT, 0x4020aeaeu);
SAME(KVM_ARM_VCPU_FINALIZE, 0x4004aec2u);
SAME(KVM_GET_VCPU_EVENTS, 0x8040ae9fu);
SAME(KVM_SET_VCPU_EVENTS, 0x4040aea0u);

SAME(sizeof(struct kvm_userspace_memory_region2), 160);
SAME(offsetof(struct kvm_userspace_memory_region2, slot), 0);
SAME(offsetof(struct kvm_userspace_memory_region2, flags), 4);
SAME(offsetof(struct kvm_userspace_memory_region2, guest_phys_addr), 8);
SAME(offsetof(struct kvm_userspace_memory_region2, memory_size), 16);
SAME(offsetof(struct kvm_userspace_memory_region2, userspace_addr), 24);
SAME(offsetof(struct kvm_userspace_memory_region2, guest_memfd_offset), 32);
SAME(offsetof(struct kvm_userspace_memory_region2, guest_memfd), 40);
SAME(KVM_MEM_LOG_DIRTY_PAGES, 1);
SAME(KVM_MEM_READONLY, 2);
SAME(KVM_MEM_GUEST_MEMFD, 4);
SAME(sizeof(struct kvm_create_guest_memfd), 64);
SAME(offsetof(struct kvm_create_guest_memfd, size), 0);
SAME(offsetof(struct kvm_create_guest_memfd, flags), 8);
SAME(sizeof(struct kvm_memory_attributes), 32);
SAME(offsetof(struct kvm_memory_attributes, address), 0);
SAME(offsetof(struct kvm_memory_attributes, size), 8);
SAME(offsetof(struct kvm_memory_attributes, attributes), 16);
SAME(offsetof(struct kvm_memory_attributes, flags), 24);
SAME(KVM_MEMORY_ATTRIBUTE_PRIVATE, 8);
SAME(KVM_MEMORY_EXIT_FLAG_PRIVATE, 8);
SAME(sizeof(struct kvm_enable_cap), 104);
SAME(offsetof(struct kvm_enable_cap, args), 8);
SAME(sizeof(struct kvm_vcpu_init), 32);
SAME(offsetof(struct kvm_vcpu_init, target), 0);
SAME(offsetof(struct kvm_vcpu_init, features), 4);
SAME(sizeof(struct kvm_one_reg), 16);
SAME(offsetof(struct kvm_one_reg, id), 0);
SAME(offsetof(struct kvm_one_reg, addr), 8);
SAME(sizeof(struct kvm_create_device), 12);
SAME(offsetof(struct kvm_create_device, type), 0);
SAME(offsetof(struct kvm_create_device, fd), 4);
SAME(sizeof(struct kvm_device_attr), 24);
SAME(offsetof(struct kvm_device_attr, group), 4);
SAME(offsetof(struct kvm_device_attr, attr), 8);
SAME(offsetof(struct kvm_device_attr, addr), 16);
SAME(sizeof(struct kvm_vcpu_events), 64);
SAME(offsetof(struct kvm_vcpu_events, exception.serror_pending), 0);
SAME(offsetof(struct kvm_vcpu_events, exception.serror_has_esr), 1);
SAME(offsetof(struct kvm_vcpu_events, exception.ext_dabt_pending), 2);
SAME(offsetof(struct kvm_vcpu_events, exception.serror_esr), 8);
SAME(offsetof(struct kvm_vcpu_events, reserved), 16);

SAME(offsetof(struct kvm_run, request_interrupt_window), 0);
SAME(offsetof(struct kvm_run, immediate_exit), 1);
SAME(offsetof(struct kvm_run, exit_reason), 8);
SAME(offsetof(struct kvm_run, mmio), 32);
SAME(offsetof(struct kvm_run, mmio.phys_addr), 32);
SAME(offsetof(struct kvm_run, mmio.data), 40);
SAME(offsetof(struct kvm_run, mmio.len), 48);
SAME(offsetof(struct kvm_run, mmio.is_write), 52);
SAME(offsetof(struct kvm_run, memory_fault.flags), 32);
SAME(offsetof(struct kvm_run, memory_fault.gpa), 40);
SAME(offsetof(struct kvm_run, memory_fault.size), 48);
SAME(offsetof(struct kvm_run, system_event.type), 32);
SAME(offsetof(struct kvm_run, system_event.ndata), 36);
SAME(offsetof(struct kvm_run, system_event.data), 40);
SAME(offsetof(struct kvm_run, hypercall.nr), 32);
SAME(offsetof(struct kvm_run, hypercall.args), 40);
SAME(offsetof(struct kvm_run, hypercall.ret), 88);

SAME(KVM_EXIT_UNKNOWN, 0);
SAME(KVM_EXIT_HYPERCALL, 3);
SAME(KVM_EXIT_MMIO, 6);
SAME(KVM_EXIT_SHUTDOWN, 8);
SAME(KVM_EXIT_INTR, 10);
SAME(KVM_EXIT_INTERNAL_ERROR, 17);
SAME(KVM_EXIT_SYSTEM_EVENT, 24);
SAME(KVM_EXIT_MEMORY_FAULT, 39);
SAME(KVM_ARM_VCPU_PSCI_0_2, 2);
SAME(KVM_CAP_ARM_PSCI_0_2, 102);
SAME(KVM_CAP_IMMEDIATE_EXIT, 136);
SAME(KVM_CAP_ARM_VM_IPA_SIZE, 165);
SAME(KVM_CAP_USER_MEMORY2, 231);
SAME(KVM_CAP_MEMORY_FAULT_INFO, 232);
SAME(KVM_CAP_MEMORY_ATTRIBUTES, 233);
SAME(KVM_CAP_GUEST_MEMFD, 234);
SAME(KVM_CAP_VM_TYPES, 235);
SAME(KVM_DEV_TYPE_ARM_VGIC_V3, 7);
SAME(KVM_DEV_ARM_VGIC_GRP_CTRL, 4);
SAME(KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
SAME(KVM_SYSTEM_EVENT_SHUTDOWN, 1);
SAME(KVM_SYSTEM_EVENT_RESET, 2);
SAME(KVM_VM_TYPE_ARM_MASK, 0xf00);
SAME(KVM_VM_TYPE_ARM_NORMAL, 0);
SAME(KVM_VM_TYPE_ARM_REALM, 0x100);
SAME(KVM_VM_TYPE_ARM_IPA_SIZE_MASK, 0xff);
SAME(sizeof(KVM_VM_TYPE_ARM_REALM), sizeof(unsigned long long));
