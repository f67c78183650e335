/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps.h - the parameters of each step by index, in the order of its row, and the functions that
 * perform the steps. A row of table.c ties one enumeration, one parameter array and one function
 * together; nothing looks a parameter up by name while it runs.
 */
#ifndef SIM_STEPS_STEPS_H
#define SIM_STEPS_STEPS_H

#include <sim/step.h>

/* [base, base + size): shared by every step whose first two parameters are a range. */
enum { RANGE_BASE, RANGE_SIZE, RANGE_NUM };

enum { CREATE_VM_TYPE, CREATE_VM_IPA_BITS, CREATE_VM_SLOTS, CREATE_VM_TYPE_BITS, CREATE_VM_NUM };
enum { CREATE_VM_TYPE_REALM, CREATE_VM_TYPE_NORMAL };

enum { CHECK_EXTENSION_NAME, CHECK_EXTENSION_NUMBER, CHECK_EXTENSION_FD, CHECK_EXTENSION_NUM };
enum { CHECK_EXTENSION_FD_VM, CHECK_EXTENSION_FD_SYSTEM };

enum { IRQCHIP_KIND, IRQCHIP_INIT, IRQCHIP_NUM };
enum { IRQCHIP_KIND_GICV3, IRQCHIP_KIND_GICV2, IRQCHIP_KIND_NONE };
enum { IRQCHIP_INIT_FIRST_RUN, IRQCHIP_INIT_NOW, IRQCHIP_INIT_NEVER };

enum { CONFIG_HASH, CONFIG_RPV, CONFIG_ITEM, CONFIG_VALUE, CONFIG_NUM };

enum { CREATE_REALM_CONFIG, CREATE_REALM_NUM };

enum {
	CREATE_VCPUS_COUNT,
	CREATE_VCPUS_FINALIZE,
	CREATE_VCPUS_REC,
	CREATE_VCPUS_PSCI,
	CREATE_VCPUS_PMU,
	CREATE_VCPUS_SVE,
	CREATE_VCPUS_PC,
	CREATE_VCPUS_NUM
};

enum { FINALIZE_FEATURE, FINALIZE_NUM };

enum { POPULATE_MEASURE = RANGE_NUM, POPULATE_FLAGS, POPULATE_NUM };

enum { RUN_IMMEDIATE_EXIT, RUN_NUM };

enum { ONE_REG_NAME, ONE_REG_ID, ONE_REG_VALUE, ONE_REG_NUM };

enum { VCPU_EVENTS_EXT_DABT, VCPU_EVENTS_SERROR, VCPU_EVENTS_GET, VCPU_EVENTS_NUM };

enum { PSCI_COMPLETE_TARGET, PSCI_COMPLETE_MPIDR, PSCI_COMPLETE_STATUS, PSCI_COMPLETE_NUM };

enum { CLOSE_WHAT, CLOSE_SLOT, CLOSE_NUM };
enum { CLOSE_WHAT_EVERYTHING, CLOSE_WHAT_VCPU, CLOSE_WHAT_VM, CLOSE_WHAT_GMEM };

enum {
	ADD_SLOT_SLOT = RANGE_NUM,
	ADD_SLOT_GMEM,
	ADD_SLOT_GMEM_OF,
	ADD_SLOT_GMEM_OFFSET,
	ADD_SLOT_LOG_DIRTY,
	ADD_SLOT_READONLY,
	ADD_SLOT_PRIVATE,
	ADD_SLOT_NUM
};

enum { REMOVE_SLOT_SLOT, REMOVE_SLOT_NUM };

enum {
	SET_ATTRIBUTES_TO = RANGE_NUM,
	SET_ATTRIBUTES_BITS,
	SET_ATTRIBUTES_FLAGS,
	SET_ATTRIBUTES_NUM
};
enum { SET_ATTRIBUTES_TO_PRIVATE, SET_ATTRIBUTES_TO_SHARED };

enum { MADVISE_ADVICE = RANGE_NUM, MADVISE_NUM };

enum { VMM_WRITE_VALUE = RANGE_NUM, VMM_WRITE_NUM };

enum { SIGNAL_PENDING, SIGNAL_NUM };

enum { IOCTL_FD, IOCTL_REQUEST, IOCTL_NUMBER, IOCTL_ARG, IOCTL_DATA, IOCTL_SLOT, IOCTL_NUM };
enum { IOCTL_FD_VM, IOCTL_FD_VCPU, IOCTL_FD_SYSTEM, IOCTL_FD_DEVICE, IOCTL_FD_GMEM };

enum { SET_RIPAS_RIPAS = RANGE_NUM, SET_RIPAS_DESTROYED, SET_RIPAS_NUM };
enum { SET_RIPAS_DESTROYED_ALLOW, SET_RIPAS_DESTROYED_KEEP };

/* write, read and fetch begin with these two; store and load have a width instead of a size. */
enum {
	ACCESS_IPA,
	ACCESS_SIZE,
	ACCESS_MMIO,
	ACCESS_VALUE,
	ACCESS_NUM,
	ACCESS_ANSWER = ACCESS_VALUE
};
enum { FETCH_NUM = ACCESS_MMIO };
enum { MMIO_EMULATE, MMIO_SEA, MMIO_RETURN };

enum { HOST_CALL_IPA, HOST_CALL_IMM, HOST_CALL_X0, HOST_CALL_X1, HOST_CALL_X2, HOST_CALL_NUM };

enum {
	PSCI_TARGET,
	PSCI_MPIDR,
	PSCI_ENTRY,
	PSCI_CONTEXT,
	PSCI_CPU_ON_NUM,
	PSCI_LEVEL = PSCI_ENTRY,
	PSCI_AFFINITY_INFO_NUM
};
enum { PSCI_FEATURES_FUNCTION, PSCI_FEATURES_NUM };
enum { STEP_EVENT_FIQ, STEP_EVENT_SERROR };
enum { EVENT_WHAT, EVENT_NUM };
enum { STEP_TIMER_VIRTUAL, STEP_TIMER_PHYSICAL };
enum { TIMER_WHICH, TIMER_CTL, TIMER_CVAL, TIMER_NUM };
enum { FILTER_FUNCTION, FILTER_COUNT, FILTER_ACTION, FILTER_NUM };

enum { MEASUREMENT_INDEX, MEASUREMENT_READ_NUM };
enum { EXTEND_SIZE = MEASUREMENT_READ_NUM, EXTEND_VALUE, EXTEND_NUM };

enum { REALM_CONFIG_IPA, REALM_CONFIG_NUM };

enum { RSI_X0, RSI_NUM = 11 };

enum { SMC_COMMAND, SMC_FID, SMC_X1, SMC_NUM = SMC_X1 + 6 };

enum { RMM_MEMORY_PA, RMM_MEMORY_SIZE, RMM_MEMORY_VALUE, RMM_MEMORY_NUM };

enum { RMM_GPT_PA, RMM_GPT_PAS, RMM_GPT_NUM };
enum { RMM_GPF_NTH, RMM_GPF_NUM };

typedef int step_perform_fn(struct world *world, struct step_call *call, char **error);

/* lifecycle.c */
step_perform_fn vmm_create_vm, vmm_check_extension, vmm_create_irqchip, vmm_config,
	vmm_create_realm, vmm_create_vcpus, vmm_finalize_vcpu, vmm_init_ripas, vmm_populate,
	vmm_activate, vmm_run, vmm_one_reg, vmm_vcpu_events, vmm_psci_complete,
	vmm_smccc_filter, vmm_close,
	vmm_ioctl;
/* memory.c */
step_perform_fn vmm_add_slot, vmm_remove_slot, vmm_set_attributes, vmm_punch_hole, vmm_mmap,
	vmm_munmap, vmm_madvise, vmm_oom_reap, vmm_memory_failure, vmm_write, vmm_read,
	vmm_signal;
/* guest_steps.c */
step_perform_fn guest_set_ripas, guest_get_ripas, guest_write, guest_read, guest_fetch, guest_store,
	guest_load, guest_host_call, guest_psci_version, guest_psci_features,
	guest_psci_cpu_suspend, guest_psci_cpu_off, guest_psci_cpu_on, guest_psci_affinity_info,
	guest_psci_system_off, guest_psci_system_reset, guest_measurement_read,
	guest_measurement_extend, guest_realm_config, guest_rsi, guest_hvc,
	guest_event, guest_timer;
/* rmm_steps.c */
step_perform_fn rmm_smc_step, rmm_write_step, rmm_read_step, rmm_set_gpt_step, rmm_set_gpf_step;

#endif
