/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm.h - the user ABI of KVM on arm64, with the Realm extensions of one posting of the series.
 *
 * KVM_UAPI_SERIES chooses the posting (5 to 10, or 12); where it is not given it is that of the KVM
 * build being compiled, else 10. KVM_UAPI_ALL_ERAS declares the structures and sub-operations of
 * every era, for programs that speak to builds of any of them; the numbers that differ are always
 * those of the series. Only fixed-width types are used; the header needs no other but
 * uapi/linux/types.h.
 */
#ifndef UAPI_LINUX_KVM_H
#define UAPI_LINUX_KVM_H

#include "types.h"

#ifndef KVM_UAPI_SERIES
#if defined(CONFIG_KVM_RME_SERIES)
#define KVM_UAPI_SERIES CONFIG_KVM_RME_SERIES
#elif __has_include(<asm/kvm_rmi.h>)
#define KVM_UAPI_SERIES 12
#else
#define KVM_UAPI_SERIES 10
#endif
#endif

#define KVM_API_VERSION 12

/* The encoding of ioctl numbers: direction, size of the argument, type, number. */
#define KVMIO 0xAE
#define __KVM_IOC(dir, nr, size)                                                                   \
	(((dir) << 30) | ((unsigned int)(size) << 16) | (KVMIO << 8) | (nr))
#define __KVM_IO(nr)         __KVM_IOC(0u, nr, 0)
#define __KVM_IOW(nr, type)  __KVM_IOC(1u, nr, sizeof(type))
#define __KVM_IOR(nr, type)  __KVM_IOC(2u, nr, sizeof(type))
#define __KVM_IOWR(nr, type) __KVM_IOC(3u, nr, sizeof(type))

/* -- memory -- */

struct kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size; /* bytes; 0 deletes the slot */
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};
#define KVM_MEM_LOG_DIRTY_PAGES (1UL << 0)
#define KVM_MEM_READONLY        (1UL << 1)
#define KVM_MEM_GUEST_MEMFD     (1UL << 2)

struct kvm_userspace_memory_region {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
};

struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

struct kvm_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};
#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)

/* -- running a vCPU -- */

#define KVM_EXIT_UNKNOWN        0
#define KVM_EXIT_EXCEPTION      1
#define KVM_EXIT_HYPERCALL      3
#define KVM_EXIT_DEBUG          4
#define KVM_EXIT_MMIO           6
#define KVM_EXIT_SHUTDOWN       8
#define KVM_EXIT_FAIL_ENTRY     9
#define KVM_EXIT_INTR           10
#define KVM_EXIT_INTERNAL_ERROR 17
#define KVM_EXIT_SYSTEM_EVENT   24
#define KVM_EXIT_ARM_NISV       28
#define KVM_EXIT_MEMORY_FAULT   39

#define KVM_EXIT_FAIL_ENTRY_CPU_UNSUPPORTED (1ULL << 0)

#define KVM_SYSTEM_EVENT_SHUTDOWN 1
#define KVM_SYSTEM_EVENT_RESET    2
#define KVM_SYSTEM_EVENT_CRASH    3

#define KVM_MEMORY_EXIT_FLAG_PRIVATE (1ULL << 3)

struct kvm_run {
	/* in */
	__u8 request_interrupt_window;
	__u8 immediate_exit;
	__u8 padding1[6];
	/* out */
	__u32 exit_reason;
	__u8 ready_for_interrupt_injection;
	__u8 if_flag;
	__u16 flags;
	__u64 cr8;
	__u64 apic_base;
	union {
		struct {
			__u64 hardware_exit_reason;
		} hw;
		struct {
			__u64 hardware_entry_failure_reason;
			__u32 cpu;
		} fail_entry;
		struct {
			__u64 nr;
			__u64 args[6];
			__u64 ret;
			__u64 flags;
		} hypercall;
		struct {
			__u64 phys_addr;
			__u8 data[8];
			__u32 len;
			__u8 is_write;
		} mmio;
		struct {
			__u32 suberror;
			__u32 ndata;
			__u64 data[16];
		} internal;
		struct {
			__u32 type;
			__u32 ndata;
			__u64 data[16];
		} system_event;
		struct {
			__u64 esr_iss;
			__u64 fault_ipa;
		} arm_nisv;
		struct {
			__u64 flags;
			__u64 gpa;
			__u64 size;
		} memory_fault;
		char padding[256];
	};
	__u64 kvm_valid_regs;
	__u64 kvm_dirty_regs;
	char sync_regs_padding[2048];
};

struct kvm_vcpu_init {
	__u32 target;
	__u32 features[7];
};
#define KVM_ARM_VCPU_POWER_OFF       0
#define KVM_ARM_VCPU_EL1_32BIT       1
#define KVM_ARM_VCPU_PSCI_0_2        2
#define KVM_ARM_VCPU_PMU_V3          3
#define KVM_ARM_VCPU_SVE             4
#define KVM_ARM_VCPU_PTRAUTH_ADDRESS 5
#define KVM_ARM_VCPU_PTRAUTH_GENERIC 6
#if KVM_UAPI_SERIES >= 8
#define KVM_ARM_VCPU_HAS_EL2         7
#define KVM_ARM_VCPU_HAS_EL2_E2H0    8
#if KVM_UAPI_SERIES <= 10
#define KVM_ARM_VCPU_REC             9
#endif
#else
#define KVM_ARM_VCPU_HAS_EL2         7
#define KVM_ARM_VCPU_REC             8
#endif
#define KVM_ARM_TARGET_GENERIC_V8    5

struct kvm_one_reg {
	__u64 id;
	__u64 addr;
};

struct kvm_reg_list {
	__u64 n;
	__u64 reg[];
};

struct kvm_vcpu_events {
	struct {
		__u8 serror_pending;
		__u8 serror_has_esr;
		__u8 ext_dabt_pending;
		__u8 pad[5];
		__u64 serror_esr;
	} exception;
	__u32 reserved[12];
};

/* -- capabilities and devices -- */

struct kvm_enable_cap {
	__u32 cap;
	__u32 flags;
	__u64 args[4];
	__u8 pad[64];
};
#define KVM_CAP_IRQCHIP           0
#define KVM_CAP_USER_MEMORY       3
#define KVM_CAP_NR_VCPUS          9
#define KVM_CAP_NR_MEMSLOTS       10
#define KVM_CAP_MP_STATE          14
#define KVM_CAP_DESTROY_MEMORY_REGION_WORKS 21
#define KVM_CAP_JOIN_MEMORY_REGIONS_WORKS 30
#define KVM_CAP_VCPU_EVENTS       41
#define KVM_CAP_MAX_VCPUS         66
#define KVM_CAP_ONE_REG           70
#define KVM_CAP_READONLY_MEM      81
#define KVM_CAP_ARM_PSCI          87
#define KVM_CAP_DEVICE_CTRL       89
#define KVM_CAP_ENABLE_CAP_VM     98
#define KVM_CAP_ARM_PSCI_0_2      102
#define KVM_CAP_CHECK_EXTENSION_VM 105
#define KVM_CAP_ARM_PMU_V3        126
#define KVM_CAP_MAX_VCPU_ID       128
#define KVM_CAP_IMMEDIATE_EXIT    136
#define KVM_CAP_ARM_VM_IPA_SIZE   165
#define KVM_CAP_ARM_SVE           170
#define KVM_CAP_ARM_INJECT_EXT_DABT 178
#define KVM_CAP_USER_MEMORY2      231
#define KVM_CAP_MEMORY_FAULT_INFO 232
#define KVM_CAP_MEMORY_ATTRIBUTES 233
#define KVM_CAP_GUEST_MEMFD       234
#define KVM_CAP_VM_TYPES          235

struct kvm_create_device {
	__u32 type;
	__u32 fd;
	__u32 flags;
};
#define KVM_CREATE_DEVICE_TEST   1 /* flag: only ask whether the type exists */
#define KVM_DEV_TYPE_ARM_VGIC_V2 5
#define KVM_DEV_TYPE_ARM_VGIC_V3 7

struct kvm_device_attr {
	__u32 flags;
	__u32 group;
	__u64 attr;
	__u64 addr;
};
#define KVM_DEV_ARM_VGIC_GRP_ADDR    0
#define KVM_VGIC_V3_ADDR_TYPE_DIST   2
#define KVM_VGIC_V3_ADDR_TYPE_REDIST 3
#define KVM_DEV_ARM_VGIC_GRP_NR_IRQS 3
#define KVM_DEV_ARM_VGIC_GRP_CTRL    4
#define KVM_DEV_ARM_VGIC_CTRL_INIT   0

/* On a VM: which calls of a guest go where. */
#define KVM_ARM_VM_SMCCC_CTRL   0
#define KVM_ARM_VM_SMCCC_FILTER 0
struct kvm_smccc_filter {
	__u32 base;
	__u32 nr_functions;
	__u8 action;
	__u8 pad[15];
};
#define KVM_SMCCC_FILTER_HANDLE      0
#define KVM_SMCCC_FILTER_DENY        1
#define KVM_SMCCC_FILTER_FWD_TO_USER 2
#define KVM_SMCCC_FILTER_NR_ACTIONS  3

#define KVM_HYPERCALL_EXIT_SMC   (1ULL << 0)
#define KVM_HYPERCALL_EXIT_16BIT (1ULL << 1)

struct kvm_mp_state {
	__u32 mp_state;
};
#define KVM_MP_STATE_RUNNABLE 0
#define KVM_MP_STATE_STOPPED  5

/* KVM_CREATE_VM's argument: a type and the number of IPA bits (0: 40). */
#define KVM_VM_TYPE_ARM_SHIFT         8
#define KVM_VM_TYPE_ARM_MASK          (0xfULL << KVM_VM_TYPE_ARM_SHIFT)
#define KVM_VM_TYPE_ARM(type)         (((type) << KVM_VM_TYPE_ARM_SHIFT) & KVM_VM_TYPE_ARM_MASK)
#define KVM_VM_TYPE_ARM_NORMAL        KVM_VM_TYPE_ARM(0ULL)
#define KVM_VM_TYPE_ARM_REALM         KVM_VM_TYPE_ARM(1ULL)
#define KVM_VM_TYPE_ARM_IPA_SIZE_MASK 0xffULL
#define KVM_VM_TYPE_ARM_IPA_SIZE(x)   ((x) & KVM_VM_TYPE_ARM_IPA_SIZE_MASK)

/* -- requests: of /dev/kvm -- */

#define KVM_GET_API_VERSION    __KVM_IO(0x00)
#define KVM_CREATE_VM          __KVM_IO(0x01)
#define KVM_CHECK_EXTENSION    __KVM_IO(0x03)
#define KVM_GET_VCPU_MMAP_SIZE __KVM_IO(0x04)
/* of a VM */
#define KVM_CREATE_VCPU             __KVM_IO(0x41)
#define KVM_SET_USER_MEMORY_REGION  __KVM_IOW(0x46, struct kvm_userspace_memory_region)
#define KVM_ARM_PREFERRED_TARGET    __KVM_IOR(0xaf, struct kvm_vcpu_init)
#define KVM_SET_USER_MEMORY_REGION2 __KVM_IOW(0x49, struct kvm_userspace_memory_region2)
#define KVM_ENABLE_CAP              __KVM_IOW(0xa3, struct kvm_enable_cap)
#define KVM_SET_MEMORY_ATTRIBUTES   __KVM_IOW(0xd2, struct kvm_memory_attributes)
#define KVM_CREATE_GUEST_MEMFD      __KVM_IOWR(0xd4, struct kvm_create_guest_memfd)
#define KVM_CREATE_DEVICE           __KVM_IOWR(0xe0, struct kvm_create_device)
/* of a device */
#define KVM_SET_DEVICE_ATTR         __KVM_IOW(0xe1, struct kvm_device_attr)
#define KVM_GET_DEVICE_ATTR         __KVM_IOW(0xe2, struct kvm_device_attr)
#define KVM_HAS_DEVICE_ATTR         __KVM_IOW(0xe3, struct kvm_device_attr)
/* of a vCPU */
#define KVM_GET_MP_STATE      __KVM_IOR(0x98, struct kvm_mp_state)
#define KVM_SET_MP_STATE      __KVM_IOW(0x99, struct kvm_mp_state)
#define KVM_RUN               __KVM_IO(0x80)
#define KVM_GET_VCPU_EVENTS   __KVM_IOR(0x9f, struct kvm_vcpu_events)
#define KVM_SET_VCPU_EVENTS   __KVM_IOW(0xa0, struct kvm_vcpu_events)
#define KVM_GET_ONE_REG       __KVM_IOW(0xab, struct kvm_one_reg)
#define KVM_SET_ONE_REG       __KVM_IOW(0xac, struct kvm_one_reg)
#define KVM_GET_REG_LIST      __KVM_IOWR(0xb0, struct kvm_reg_list)
#define KVM_ARM_VCPU_INIT     __KVM_IOW(0xae, struct kvm_vcpu_init)
#define KVM_ARM_VCPU_FINALIZE __KVM_IOW(0xc2, int)

/* -- Realms, series v5 to v10: sub-operations of KVM_ENABLE_CAP(KVM_CAP_ARM_RME) on the VM -- */

#if KVM_UAPI_SERIES <= 7
#define KVM_CAP_ARM_RME 300
#elif KVM_UAPI_SERIES == 8
#define KVM_CAP_ARM_RME 240
#elif KVM_UAPI_SERIES == 9
#define KVM_CAP_ARM_RME 243
#elif KVM_UAPI_SERIES == 10
#define KVM_CAP_ARM_RME 244
#endif

/* Era A: v5 and v6. */
#if KVM_UAPI_SERIES <= 6 || defined(KVM_UAPI_ALL_ERAS)
#define KVM_CAP_ARM_RME_CREATE_RD      1
#define KVM_CAP_ARM_RME_INIT_IPA_REALM 2

#define KVM_CAP_ARM_RME_CFG_RPV                 0
#define KVM_CAP_ARM_RME_CFG_HASH_ALGO           1
#define KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA256 0
#define KVM_CAP_ARM_RME_MEASUREMENT_ALGO_SHA512 1
#define KVM_CAP_ARM_RME_RPV_SIZE                64

struct kvm_cap_arm_rme_config_item {
	__u32 cfg;
	union {
		struct {
			__u8 rpv[KVM_CAP_ARM_RME_RPV_SIZE];
		};
		struct {
			__u32 hash_algo;
		};
		__u8 reserved[256];
	};
};

struct kvm_cap_arm_rme_populate_realm_args {
	__u64 populate_ipa_base;
	__u64 populate_ipa_size;
	__u32 flags;
	__u32 reserved[3];
};

struct kvm_cap_arm_rme_init_ipa_args {
	__u64 init_ipa_base;
	__u64 init_ipa_size;
	__u32 reserved[4];
};
#endif

/* Eras B (v7 and v8) and C (v9 and v10). */
#if (KVM_UAPI_SERIES >= 7 && KVM_UAPI_SERIES <= 10) || defined(KVM_UAPI_ALL_ERAS)
#define KVM_CAP_ARM_RME_CREATE_REALM     1
#define KVM_CAP_ARM_RME_INIT_RIPAS_REALM 2

#define ARM_RME_CONFIG_RPV       0
#define ARM_RME_CONFIG_HASH_ALGO 1
#define ARM_RME_CONFIG_RPV_SIZE  64
#if KVM_UAPI_SERIES <= 8 || defined(KVM_UAPI_ALL_ERAS)
#define ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA256 0
#define ARM_RME_CONFIG_MEASUREMENT_ALGO_SHA512 1
#endif
#if KVM_UAPI_SERIES >= 9 || defined(KVM_UAPI_ALL_ERAS)
#define ARM_RME_CONFIG_HASH_ALGO_SHA256 0
#define ARM_RME_CONFIG_HASH_ALGO_SHA512 1
#endif

struct arm_rme_config {
	__u32 cfg;
	union {
		struct {
			__u8 rpv[ARM_RME_CONFIG_RPV_SIZE];
		};
		struct {
			__u32 hash_algo;
		};
		__u8 reserved[256];
	};
};

struct arm_rme_populate_realm {
	__u64 base;
	__u64 size;
	__u32 flags;
	__u32 reserved[3];
};

struct arm_rme_init_ripas {
	__u64 base;
	__u64 size;
	__u64 reserved[2];
};
#endif

#if KVM_UAPI_SERIES <= 10 || defined(KVM_UAPI_ALL_ERAS)
#define KVM_CAP_ARM_RME_CONFIG_REALM   0
#define KVM_CAP_ARM_RME_POPULATE_REALM 3
#define KVM_CAP_ARM_RME_ACTIVATE_REALM 4

#define KVM_ARM_RME_POPULATE_FLAGS_MEASURE (1UL << 0)

struct kvm_arm_rmm_psci_complete {
	__u64 target_mpidr;
	__u32 psci_status;
	__u32 padding[3];
};
#endif
#if KVM_UAPI_SERIES <= 7
#define KVM_ARM_VCPU_RMM_PSCI_COMPLETE __KVM_IOW(0xd2, struct kvm_arm_rmm_psci_complete)
#elif KVM_UAPI_SERIES <= 10
#define KVM_ARM_VCPU_RMM_PSCI_COMPLETE __KVM_IOW(0xd6, struct kvm_arm_rmm_psci_complete)
#endif

/* Era D: v12. */
#if KVM_UAPI_SERIES >= 12
#define KVM_CAP_ARM_RMI 247
#endif
#if KVM_UAPI_SERIES >= 12 || defined(KVM_UAPI_ALL_ERAS)
#define KVM_ARM_RMI_POPULATE_FLAGS_MEASURE (1 << 0)

struct kvm_arm_rmi_populate {
	__u64 base;
	__u64 size;
	__u64 source_uaddr;
	__u32 flags;
	__u32 reserved;
};

struct kvm_arm_rmi_psci_complete {
	__u64 target_mpidr;
	__u32 psci_status;
	__u32 padding[3];
};

/* KVM_ARM_RMI_POPULATE - of a VM: bytes populated, or -errno. */
#define KVM_ARM_RMI_POPULATE           __KVM_IOW(0xd7, struct kvm_arm_rmi_populate)
#define KVM_ARM_VCPU_RMI_PSCI_COMPLETE __KVM_IOW(0xd6, struct kvm_arm_rmi_psci_complete)
#endif

#endif
