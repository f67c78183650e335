/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * uapi.h - how a KVM is spoken to. Everything that depends on ioctl numbers, structures or the era
 * of KVM's realm interface is behind these functions, in uapi.c and nowhere else.
 *
 * Each function makes the system calls that its name says, as thread `tid` of the VMM, and returns
 * what the (last) call returned: 0 or a positive value, or -errno; or UAPI_UNSUPPORTED without any
 * call if the build's era has no such call.
 */
#ifndef SIM_STEPS_UAPI_H
#define SIM_STEPS_UAPI_H

#include <sim/step.h>

#define UAPI_UNSUPPORTED INT64_MIN

struct realm;
struct slot;
struct vcpu;
struct uapi;

/* Numbers that a scenario says by name. */
enum step_cap {
	STEP_CAP_ARM_RME,
	STEP_CAP_USER_MEMORY2,
	STEP_CAP_MEMORY_FAULT_INFO,
	STEP_CAP_MEMORY_ATTRIBUTES,
	STEP_CAP_GUEST_MEMFD,
	STEP_CAP_VM_TYPES,
	STEP_CAP_ARM_VM_IPA_SIZE,
	STEP_CAP_IMMEDIATE_EXIT,
	STEP_CAP_ARM_PSCI_0_2,
	STEP_NUM_CAPS
};
enum step_advice {
	STEP_MADV_DONTNEED,
	STEP_MADV_REMOVE,
	STEP_MADV_HUGEPAGE,
	STEP_MADV_COLLAPSE,
	STEP_MADV_PAGEOUT,
};
/* x0 .. x30, sp, pc, pstate */
enum { STEP_REG_SP = 31, STEP_REG_PC, STEP_REG_PSTATE, STEP_NUM_REGS };
enum step_ioctl {
	STEP_IOCTL_NUMBER, /* given as a number */
	STEP_IOCTL_CREATE_VM,
	STEP_IOCTL_CHECK_EXTENSION,
	STEP_IOCTL_CREATE_VCPU,
	STEP_IOCTL_SET_USER_MEMORY_REGION2,
	STEP_IOCTL_ENABLE_CAP,
	STEP_IOCTL_CREATE_GUEST_MEMFD,
	STEP_IOCTL_SET_MEMORY_ATTRIBUTES,
	STEP_IOCTL_CREATE_DEVICE,
	STEP_IOCTL_SET_DEVICE_ATTR,
	STEP_IOCTL_RUN,
	STEP_IOCTL_GET_ONE_REG,
	STEP_IOCTL_SET_ONE_REG,
	STEP_IOCTL_ARM_VCPU_INIT,
	STEP_IOCTL_ARM_VCPU_FINALIZE,
	STEP_IOCTL_GET_VCPU_EVENTS,
	STEP_IOCTL_SET_VCPU_EVENTS,
	STEP_IOCTL_ARM_VCPU_RMM_PSCI_COMPLETE,
	STEP_NUM_IOCTLS
};

/* uapi_find - the interface that a build has, or NULL: it says an era that there is not. */
const struct uapi *uapi_find(const struct kvm_build_info *info);
const char *uapi_era_name(const struct uapi *uapi); /* "C (v10)" */
/* uapi_series - the posting, or the one that stands for it: 10 for v10. */
unsigned int uapi_series(const struct uapi *uapi);
/* uapi_first_run_activates - era D: no calls for a realm's life but populating; see first_run.c. */
bool uapi_first_run_activates(const struct uapi *uapi);

int64_t uapi_open_kvm(struct world *world);
/* Size in bytes of a vCPU's kvm_run mapping. */
int64_t uapi_vcpu_mmap_size(struct world *world);

/* The argument of KVM_CREATE_VM, and what one says; a width of 0 is KVM's default, 40 bits. */
uint64_t uapi_vm_type(bool is_realm, uint8_t ipa_bits);
bool uapi_vm_type_is_realm(uint64_t type);
uint8_t uapi_vm_type_ipa_bits(uint64_t type);
int64_t uapi_create_vm(struct world *world, uint64_t type);
int64_t uapi_check_extension(struct world *world, int32_t fd, enum step_cap cap);
int64_t uapi_check_extension_number(struct world *world, int32_t fd, uint64_t number);

/* The guest_memfd's descriptor. */
int64_t uapi_create_gmem(struct world *world, struct realm *realm, uint64_t size);
/* Adds `slot` as it is described; with `size` 0 deletes it. */
int64_t uapi_set_slot(struct world *world, struct realm *realm, const struct slot *slot,
		      uint64_t size);
int64_t uapi_set_attributes(struct world *world, struct realm *realm, int32_t tid, uint64_t base,
			    uint64_t size, uint64_t attributes, uint64_t flags);
uint64_t uapi_attribute_private(void);
/* Punches a hole into a guest_memfd; [base, base + size) is what it means to the guest. */
int64_t uapi_punch_hole(struct world *world, struct realm *realm, int32_t tid, int32_t gmem_fd,
			uint64_t offset, uint64_t size, uint64_t base);

/* The device's descriptor. */
int64_t uapi_create_irqchip(struct world *world, struct realm *realm, bool gicv3);
int64_t uapi_init_irqchip(struct world *world, struct realm *realm);

int64_t uapi_config_hash(struct world *world, struct realm *realm, uint32_t algo);
int64_t uapi_config_rpv(struct world *world, struct realm *realm, const uint8_t rpv[64]);
int64_t uapi_config_item(struct world *world, struct realm *realm, uint32_t item, uint32_t value);
int64_t uapi_create_realm(struct world *world, struct realm *realm);
int64_t uapi_init_ripas(struct world *world, struct realm *realm, uint64_t base, uint64_t size);
/* *done: bytes that the interface says it populated, where it does. */
int64_t uapi_populate(struct world *world, struct realm *realm, uint64_t base, uint64_t size,
		      uint32_t flags, uint64_t *done);
uint32_t uapi_populate_flag_measure(void);
/* Era D only: copies from `source` in the process's memory. Bytes that were populated. */
int64_t uapi_populate_from(struct world *world, struct realm *realm, uint64_t base, uint64_t size,
			   uint64_t source, uint32_t flags);
int64_t uapi_activate(struct world *world, struct realm *realm);

/* The vCPU's descriptor. */
int64_t uapi_create_vcpu(struct world *world, struct realm *realm, unsigned int index);
/* Features beside REC; each bit stands for the number that KVM gives it. */
#define UAPI_VCPU_PSCI (1u << 0)
#define UAPI_VCPU_PMU  (1u << 1)
#define UAPI_VCPU_SVE  (1u << 2)
int64_t uapi_init_vcpu(struct world *world, struct realm *realm, struct vcpu *vcpu, bool rec,
		       unsigned int features);
int64_t uapi_finalize_vcpu(struct world *world, struct realm *realm, struct vcpu *vcpu,
			   uint32_t feature);
uint32_t uapi_feature_rec(const struct uapi *uapi);
/* The identifier of register `reg` (0 .. STEP_NUM_REGS - 1). */
uint64_t uapi_reg_id(unsigned int reg);
int64_t uapi_get_reg(struct world *world, struct realm *realm, struct vcpu *vcpu, uint64_t id,
		     uint64_t *value);
int64_t uapi_set_reg(struct world *world, struct realm *realm, struct vcpu *vcpu, uint64_t id,
		     uint64_t value);
int64_t uapi_get_events(struct world *world, struct realm *realm, struct vcpu *vcpu, bool *serror,
			bool *ext_dabt);
int64_t uapi_set_events(struct world *world, struct realm *realm, struct vcpu *vcpu, int32_t tid,
			bool serror, bool ext_dabt);
int64_t uapi_psci_complete(struct world *world, struct realm *realm, struct vcpu *vcpu,
			   uint64_t mpidr, uint32_t status);

/*
 * uapi_run - KVM_RUN on the vCPU's own thread, then *exit from its kvm_run. RMI calls that concern
 * addresses outside [start, end) are a finding.
 */
int64_t uapi_run(struct world *world, struct realm *realm, struct vcpu *vcpu, uint64_t start,
		 uint64_t end, struct step_exit *exit);
int64_t uapi_set_immediate_exit(struct world *world, struct vcpu *vcpu, bool on);
/* Puts the answer to an MMIO read where the next KVM_RUN finds it. */
int64_t uapi_answer_mmio(struct world *world, struct vcpu *vcpu, uint64_t value);
enum uapi_exit {
	UAPI_EXIT_OTHER,
	UAPI_EXIT_MEMORY_FAULT,
	UAPI_EXIT_MMIO,
	UAPI_EXIT_SHUTDOWN,
	UAPI_EXIT_HYPERCALL,
	UAPI_EXIT_ERROR
};
/* uapi_exit_class - what a VMM has to do about an exit reason. */
enum uapi_exit uapi_exit_class(uint32_t reason);

/*
 * mmap, munmap and madvise of anonymous shared memory; [base, base + size) is what it means to the
 * guest.
 */
int64_t uapi_mmap(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		  uint64_t size, uint64_t base);
int64_t uapi_munmap(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		    uint64_t size, uint64_t base);
int64_t uapi_madvise(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		     uint64_t size, uint64_t base, enum step_advice advice);
/* KVM_ARM_VM_SMCCC_FILTER; `action` as KVM_SMCCC_FILTER_* number it. */
int64_t uapi_set_smccc_filter(struct world *world, struct realm *realm, uint32_t function,
			      uint32_t count, uint8_t action);
/* What the OOM reaper does to it. */
int64_t uapi_oom_reap(struct world *world, struct realm *realm, int32_t tid, uint64_t addr,
		      uint64_t size, uint64_t base);
int64_t uapi_memory_failure(struct world *world, struct realm *realm, int32_t tid, int32_t gmem_fd,
			    uint64_t offset, uint64_t size, uint64_t base);
/* Plain memory of the program. */
int64_t uapi_mmap_anonymous(struct world *world, uint64_t addr, uint64_t size);
/* A file of KVM's. */
int64_t uapi_mmap_file(struct world *world, int32_t fd, uint64_t addr, uint64_t size);
int64_t uapi_munmap_file(struct world *world, uint64_t addr, uint64_t size);

/*
 * uapi_ioctl_is_plain - whether the argument of that ioctl means the same in every posting; if not, raw
 * bytes are v10's.
 */
bool uapi_ioctl_is_plain(const struct uapi *uapi, enum step_ioctl request);
/* The encoded number of an ioctl; 0 for STEP_IOCTL_NUMBER. */
uint32_t uapi_ioctl_number(enum step_ioctl request);
/* Any ioctl, of any file; `name` is what traces and findings call it. */
int64_t uapi_ioctl(struct world *world, struct realm *realm, const char *name, int32_t tid,
		   int32_t fd, uint32_t number, uint64_t arg);

#endif
