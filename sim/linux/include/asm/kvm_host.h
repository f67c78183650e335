/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arm64 half of KVM's structures. The tree's own asm/kvm_rme.h (or asm/kvm_rmi.h) gives struct
 * realm and struct realm_rec; what those headers need is included before them.
 */
#ifndef ASM_KVM_HOST_H
#define ASM_KVM_HOST_H

#include <asm/kvm_asm.h>
#include <asm/kvm_pgtable.h>
#include <asm/page.h>
#include <asm/ptrace.h>
#include <asm/sysreg.h>
#include <linux/arm-smccc.h>
#include <linux/bitfield.h>
#include <linux/bug.h>
#include <linux/kvm_types.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <uapi/linux/kvm.h>

#if __has_include(<asm/kvm_rmi.h>)
#include <asm/kvm_rmi.h>
#else
#include <asm/kvm_rme.h>
#endif

#define KVM_VCPU_MAX_FEATURES 10
#define KVM_MAX_VCPUS         512
#define KVM_USER_MEM_SLOTS    32767
#define KVM_PHYS_SHIFT        40

/* Registers of EL1 and EL0 that KVM keeps for a vCPU. */
enum vcpu_sysreg {
	__INVALID_SYSREG__,
	MPIDR_EL1,
	PMCR_EL0,
	CNTV_CTL_EL0,
	CNTV_CVAL_EL0,
	CNTP_CTL_EL0,
	CNTP_CVAL_EL0,
	NR_SYS_REGS,
};

/* ID registers of a VM: op0 3, op1 0, crn 0, crm 1 to 7. */
#define IDREG_IDX(id)      (((sys_reg_CRm(id) - 1) << 3) | sys_reg_Op2(id))
#define KVM_ARM_ID_REG_NUM (IDREG_IDX(sys_reg(3, 0, 0, 7, 7)) + 1)
#define IDREG(kvm, id)     ((kvm)->arch.id_regs[IDREG_IDX(id)])

struct kvm_s2_mmu {
	phys_addr_t pgd_phys;
	struct kvm_pgtable *pgt; /* NULL: no tables, or leaked on purpose */
	u64 vtcr;
	struct kvm_arch *arch;
};

struct arm_pmu;
struct kvm_smccc_rule;

struct vgic_dist {
	bool in_kernel;   /* a GIC was created */
	bool initialized; /* CTRL_INIT came */
	u64 dist_base;    /* what the VMM said; INVALID_GPA: nothing yet */
	u64 redist_base;
	u32 nr_irqs;
	u32 vgic_model;   /* KVM_DEV_TYPE_ARM_VGIC_* */
};

struct kvm_arch {
	struct kvm_s2_mmu mmu;
	struct realm realm;
	bool is_realm;
	u8 pmcr_n;
	u8 nr_pmu_counters;
	struct arm_pmu *arm_pmu;
	struct mutex config_lock;
	struct vgic_dist vgic;
	struct kvm_smccc_rule *smccc_filter; /* in order of base; NULL: none was set */
	unsigned long vcpu_features; /* bit of each KVM_ARM_VCPU_* of the VM's vCPUs */
	bool vcpu_features_set;
	bool has_run_once;
	u64 id_regs[KVM_ARM_ID_REG_NUM];
};

struct kvm_cpu_context {
	struct user_pt_regs regs;
	u64 sys_regs[NR_SYS_REGS];
};

struct kvm_vcpu_fault_info {
	u64 esr_el2;
	u64 far_el2;
	u64 hpfar_el2;
	u64 disr_el1;
};

/* What PSCI CPU_ON gives to the vCPU that it turns on. */
struct vcpu_reset_state {
	unsigned long pc;
	unsigned long r0;
	bool reset;
};

struct kvm_vcpu_arch {
	struct realm_rec rec;
	struct kvm_cpu_context ctxt;
	struct kvm_s2_mmu *hw_mmu;
	struct kvm_vcpu_fault_info fault;
	struct kvm_mmu_memory_cache mmu_page_cache;
	unsigned int sve_max_vl;
	bool initialized;   /* KVM_ARM_VCPU_INIT came */
	bool sve_finalized;
	struct kvm_mp_state mp_state;
	spinlock_t mp_state_lock;
	struct vcpu_reset_state reset_state; /* under mp_state_lock */
};

struct kvm_vm_stat {
	u64 remote_tlb_flush;
};

struct kvm_vcpu_stat {
	u64 hvc_exit_stat;
	u64 wfe_exit_stat;
	u64 wfi_exit_stat;
	u64 mmio_exit_user;
	u64 mmio_exit_kernel;
	u64 signal_exits;
	u64 exits;
};

#define vcpu_gp_regs(v) (&(v)->arch.ctxt.regs)
#define vcpu_pc(v)      (&vcpu_gp_regs(v)->pc)
/* __vcpu_sys_reg is an lvalue; the other form is a statement. */
#define __vcpu_sys_reg(v, r) ((v)->arch.ctxt.sys_regs[(r)])
#define __vcpu_assign_sys_reg(v, r, x)                                                             \
	do {                                                                                       \
		__vcpu_sys_reg(v, r) = (x);                                                        \
	} while (0)

#define vcpu_has_feature(v, f) (((v)->kvm->arch.vcpu_features >> (f)) & 1)
#define kvm_has_sve(kvm)       (((kvm)->arch.vcpu_features >> KVM_ARM_VCPU_SVE) & 1)
#define vcpu_has_sve(v)        kvm_has_sve((v)->kvm)
#define kvm_arm_vcpu_sve_finalized(v) ((v)->arch.sve_finalized)
#define kvm_vcpu_has_pmu(v)    vcpu_has_feature(v, KVM_ARM_VCPU_PMU_V3)
#define irqchip_in_kernel(kvm) ((kvm)->arch.vgic.in_kernel)
#define vgic_initialized(kvm)  ((kvm)->arch.vgic.initialized)

#define kvm_read_vm_id_reg(kvm, id)      ((u64)IDREG(kvm, id))
#define kvm_set_vm_id_reg(kvm, id, value) ((void)(IDREG(kvm, id) = (value)))

/* kvm_get_vmid_bits - 8 or 16. */
unsigned int kvm_get_vmid_bits(void);

#endif
