/* SPDX-License-Identifier: BSD-3-Clause */
/* guest.c - what the VMM reads and writes of a vCPU: registers one by one, pending exceptions. */
#include <linux/kvm_host.h>

#include <asm/kvm_emulate.h>

#include "kvm_arm.h"
#include "series.h"

/* Register numbers: architecture, size (log2 of the bytes), group, and a number in it. */
#define REG_ARCH_MASK	 0xff00000000000000ULL
#define REG_ARM64	 0x6000000000000000ULL
#define REG_SIZE_SHIFT	 52
#define REG_SIZE_MASK	 0x00f0000000000000ULL
#define REG_SIZE_U64	 (3ULL << REG_SIZE_SHIFT)
#define REG_SIZE_U512	 (6ULL << REG_SIZE_SHIFT)
#define REG_GROUP_MASK	 0x000000000fff0000ULL
#define REG_GROUP_CORE	 (0x0010ULL << 16)
#define REG_GROUP_SYSREG (0x0013ULL << 16)
#define REG_GROUP_FW	 (0x0014ULL << 16)
#define REG_GROUP_SVE	 (0x0015ULL << 16)
#define REG_NUMBER_MASK	 0xffffULL

#define REG_SVE_VLS	 (REG_ARM64 | REG_SIZE_U512 | REG_GROUP_SVE | 0xffff)
#define REG_PSCI_VERSION 0 /* of the firmware group */

/* Core registers are numbered by their offset in 32-bit words. */
#define CORE_SP	    62
#define CORE_PC	    64
#define CORE_PSTATE 66

#define SYSREG(op0, op1, crn, crm, op2)                                                            \
	(((op0) << 14) | ((op1) << 11) | ((crn) << 7) | ((crm) << 3) | (op2))
#define SYSREG_MPIDR_EL1	SYSREG(3, 0, 0, 0, 5)
#define SYSREG_ID_AA64PFR0_EL1	SYSREG(3, 0, 0, 4, 0)
#define SYSREG_ID_AA64DFR0_EL1	SYSREG(3, 0, 0, 5, 0)
#define SYSREG_ID_AA64MMFR0_EL1 SYSREG(3, 0, 0, 7, 0)
#define SYSREG_PMCR_EL0		SYSREG(3, 3, 9, 12, 0)
/* The UAPI has the virtual timer's CVAL under the number of its counter, CNTVCT_EL0. */
#define SYSREG_CNTV_CTL_EL0  SYSREG(3, 3, 14, 3, 1)
#define SYSREG_CNTV_CVAL_EL0 SYSREG(3, 3, 14, 0, 2)
#define SYSREG_CNTP_CTL_EL0  SYSREG(3, 3, 14, 2, 1)
#define SYSREG_CNTP_CVAL_EL0 SYSREG(3, 3, 14, 2, 2)

#define PMCR_N_SHIFT 11
#define PMCR_N_MASK  (0x1fULL << PMCR_N_SHIFT)

#define SVE_VQ_MAX    512
#define SVE_VLS_WORDS (SVE_VQ_MAX / 64)

static u64 *core_reg(struct kvm_vcpu *vcpu, u64 number)
{
	struct user_pt_regs *regs = vcpu_gp_regs(vcpu);

	if (number < CORE_SP && !(number & 1))
		return &regs->regs[number / 2];
	switch (number) {
	case CORE_SP:
		return &regs->sp;
	case CORE_PC:
		return &regs->pc;
	case CORE_PSTATE:
		return &regs->pstate;
	default:
		return NULL;
	}
}

/* Of a Realm only these are the host's to set; the RMM has the rest. */
static bool realm_allows_set(u64 id)
{
	const u64 number = id & REG_NUMBER_MASK;

	if (id == REG_SVE_VLS)
		return true;
	switch (id & REG_GROUP_MASK) {
	case REG_GROUP_CORE:
		return number < CORE_SP || number == CORE_PC;
	case REG_GROUP_SYSREG:
		return number == SYSREG_PMCR_EL0 || number == SYSREG_ID_AA64DFR0_EL1;
	default:
		return false;
	}
}

/* Where KVM keeps a timer's register; __INVALID_SYSREG__ if that is none. */
static enum vcpu_sysreg timer_reg(u64 number)
{
	switch (number) {
	case SYSREG_CNTV_CTL_EL0:
		return CNTV_CTL_EL0;
	case SYSREG_CNTV_CVAL_EL0:
		return CNTV_CVAL_EL0;
	case SYSREG_CNTP_CTL_EL0:
		return CNTP_CTL_EL0;
	case SYSREG_CNTP_CVAL_EL0:
		return CNTP_CVAL_EL0;
	default:
		return __INVALID_SYSREG__;
	}
}

/* A register of 64 bits: 0 or -ENOENT. */
static int get_reg64(struct kvm_vcpu *vcpu, u64 id, u64 *value)
{
	const u64 number = id & REG_NUMBER_MASK;
	u64 *core;

	switch (id & REG_GROUP_MASK) {
	case REG_GROUP_CORE:
		core = core_reg(vcpu, number);
		if (!core)
			return -ENOENT;
		*value = *core;
		return 0;
	case REG_GROUP_FW:
		if (number != REG_PSCI_VERSION)
			return -ENOENT;
		*value = KVM_PSCI_VERSION;
		return 0;
	case REG_GROUP_SYSREG:
		break;
	default:
		return -ENOENT;
	}
	switch (number) {
	case SYSREG_MPIDR_EL1:
		*value = __vcpu_sys_reg(vcpu, MPIDR_EL1);
		return 0;
	case SYSREG_ID_AA64PFR0_EL1:
		*value = kvm_read_vm_id_reg(vcpu->kvm, SYS_ID_AA64PFR0_EL1);
		return 0;
	case SYSREG_ID_AA64DFR0_EL1:
		*value = kvm_read_vm_id_reg(vcpu->kvm, SYS_ID_AA64DFR0_EL1);
		return 0;
	case SYSREG_ID_AA64MMFR0_EL1:
		*value = kvm_read_vm_id_reg(vcpu->kvm, SYS_ID_AA64MMFR0_EL1);
		return 0;
	case SYSREG_PMCR_EL0:
		*value = __vcpu_sys_reg(vcpu, PMCR_EL0);
		if (kvm_vcpu_has_pmu(vcpu))
			*value |= (u64)vcpu->kvm->arch.nr_pmu_counters << PMCR_N_SHIFT;
		return 0;
	default:
		if (timer_reg(number) == __INVALID_SYSREG__)
			return -ENOENT;
		*value = __vcpu_sys_reg(vcpu, timer_reg(number));
		return 0;
	}
}

/* Lowers how many break- and watchpoints a VM has; nothing else of the register can be changed. */
static int set_id_aa64dfr0(struct kvm_vcpu *vcpu, u64 value)
{
	const u64 fields = ID_AA64DFR0_EL1_BRPs_MASK | ID_AA64DFR0_EL1_WRPs_MASK |
			   ID_AA64DFR0_EL1_CTX_CMPs_MASK;
	struct kvm *kvm = vcpu->kvm;
	const u64 host = read_sanitised_ftr_reg(SYS_ID_AA64DFR0_EL1);
	const u64 limit = kvm_realm_reset_id_aa64dfr0_el1(vcpu, host);
	int ret = 0;

	mutex_lock(&kvm->arch.config_lock);
	if (value == kvm_read_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1))
		goto out;
	if (kvm->arch.has_run_once || kvm_realm_is_created(kvm)) {
		ret = -EBUSY;
		goto out;
	}
	if ((value ^ limit) & ~fields ||
	    FIELD_GET(ID_AA64DFR0_EL1_BRPs_MASK, value) >
		    FIELD_GET(ID_AA64DFR0_EL1_BRPs_MASK, limit) ||
	    FIELD_GET(ID_AA64DFR0_EL1_WRPs_MASK, value) >
		    FIELD_GET(ID_AA64DFR0_EL1_WRPs_MASK, limit) ||
	    FIELD_GET(ID_AA64DFR0_EL1_CTX_CMPs_MASK, value) >
		    FIELD_GET(ID_AA64DFR0_EL1_CTX_CMPs_MASK, limit)) {
		ret = -EINVAL;
		goto out;
	}
	kvm_set_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1, value);
out:
	mutex_unlock(&kvm->arch.config_lock);
	return ret;
}

/* The number of counters is the VM's; a value above what there is is ignored, as by hardware. */
static int set_pmcr(struct kvm_vcpu *vcpu, u64 value)
{
	const u64 counters = FIELD_GET(PMCR_N_MASK, value);
	struct kvm *kvm = vcpu->kvm;

	mutex_lock(&kvm->arch.config_lock);
	if (kvm->arch.arm_pmu && counters <= kvm->arch.nr_pmu_counters && !kvm->arch.has_run_once &&
	    !kvm_realm_is_created(kvm)) {
		kvm->arch.nr_pmu_counters = (u8)counters;
		kvm->arch.pmcr_n = (u8)counters;
	}
	mutex_unlock(&kvm->arch.config_lock);
	__vcpu_assign_sys_reg(vcpu, PMCR_EL0, value & ~PMCR_N_MASK);
	return 0;
}

static int set_reg64(struct kvm_vcpu *vcpu, u64 id, u64 value)
{
	const u64 number = id & REG_NUMBER_MASK;
	u64 *core, current_value;
	int ret;

	switch (id & REG_GROUP_MASK) {
	case REG_GROUP_CORE:
		core = core_reg(vcpu, number);
		if (!core)
			return -ENOENT;
		*core = value;
		return 0;
	case REG_GROUP_SYSREG:
		if (number == SYSREG_PMCR_EL0)
			return set_pmcr(vcpu, value);
		if (number == SYSREG_ID_AA64DFR0_EL1)
			return set_id_aa64dfr0(vcpu, value);
		if (timer_reg(number) != __INVALID_SYSREG__) {
			__vcpu_assign_sys_reg(vcpu, timer_reg(number), value);
			return 0;
		}
		break;
	}
	/* The others can be written with the value that they have. */
	ret = get_reg64(vcpu, id, &current_value);
	if (ret)
		return ret;
	return value == current_value ? 0 : -EINVAL;
}

/* Vector lengths as a set: bit n - 1 for vectors of n times 128 bits. */
static int get_sve_vls(struct kvm_vcpu *vcpu, void __user *uaddr)
{
	unsigned int max_vq = sve_vq_from_vl(vcpu->arch.sve_max_vl);
	u64 vqs[SVE_VLS_WORDS] = {0};
	unsigned int i;

	if (!vcpu_has_sve(vcpu))
		return -ENOENT;
	for (i = 0; i < max_vq; i++)
		vqs[i / 64] |= BIT_ULL(i % 64);
	return copy_to_user(uaddr, vqs, sizeof(vqs)) ? -EFAULT : 0;
}

static int set_sve_vls(struct kvm_vcpu *vcpu, const void __user *uaddr)
{
	const unsigned int limit = sve_vq_from_vl(kvm_realm_sve_max_vl());
	unsigned int i, max_vq = 0;
	u64 vqs[SVE_VLS_WORDS];

	if (!vcpu_has_sve(vcpu))
		return -ENOENT;
	if (kvm_arm_vcpu_sve_finalized(vcpu) || kvm_realm_is_created(vcpu->kvm))
		return -EPERM;
	if (copy_from_user(vqs, uaddr, sizeof(vqs)))
		return -EFAULT;
	for (i = 0; i < SVE_VQ_MAX; i++) {
		if (vqs[i / 64] & BIT_ULL(i % 64))
			max_vq = i + 1;
	}
	if (!max_vq || max_vq > limit)
		return -EINVAL;
	/* The host has all lengths up to its longest, so a guest has too. */
	for (i = 0; i < max_vq; i++) {
		if (!(vqs[i / 64] & BIT_ULL(i % 64)))
			return -EINVAL;
	}
	vcpu->arch.sve_max_vl = sve_vl_from_vq(max_vq);
	return 0;
}

int kvm_arm_get_reg(struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg)
{
	void __user *uaddr = (void __user *)(unsigned long)reg->addr;
	u64 value;
	int ret;

	if ((reg->id & REG_ARCH_MASK) != REG_ARM64)
		return -EINVAL;
	if (reg->id == REG_SVE_VLS)
		return get_sve_vls(vcpu, uaddr);
	if ((reg->id & REG_SIZE_MASK) != REG_SIZE_U64)
		return -ENOENT;
	ret = get_reg64(vcpu, reg->id, &value);
	if (ret)
		return ret;
	return copy_to_user(uaddr, &value, sizeof(value)) ? -EFAULT : 0;
}

int kvm_arm_set_reg(struct kvm_vcpu *vcpu, const struct kvm_one_reg *reg)
{
	const void __user *uaddr = (const void __user *)(unsigned long)reg->addr;
	u64 value;

	if ((reg->id & REG_ARCH_MASK) != REG_ARM64)
		return -EINVAL;
	if (kvm_is_realm(vcpu->kvm) && !realm_allows_set(reg->id))
		return -EINVAL;
	if (reg->id == REG_SVE_VLS)
		return set_sve_vls(vcpu, uaddr);
	if ((reg->id & REG_SIZE_MASK) != REG_SIZE_U64)
		return -ENOENT;
	if (copy_from_user(&value, uaddr, sizeof(value)))
		return -EFAULT;
	return set_reg64(vcpu, reg->id, value);
}

/* -- the list of registers -- */

struct reg_list {
	struct kvm_vcpu *vcpu;
	u64 __user *to; /* NULL: they are only counted */
	u64 n;
};

static int reg_list_add(struct reg_list *list, u64 id)
{
	if (kvm_is_realm(list->vcpu->kvm) && !realm_allows_set(id))
		return 0;
	if (list->to && copy_to_user(list->to + list->n, &id, sizeof(id)))
		return -EFAULT;
	list->n++;
	return 0;
}

static int reg_list_fill(struct reg_list *list)
{
	static const u64 ids[] = {
		REG_GROUP_CORE | CORE_SP,
		REG_GROUP_CORE | CORE_PC,
		REG_GROUP_CORE | CORE_PSTATE,
		REG_GROUP_FW | REG_PSCI_VERSION,
		REG_GROUP_SYSREG | SYSREG_MPIDR_EL1,
		REG_GROUP_SYSREG | SYSREG_ID_AA64PFR0_EL1,
		REG_GROUP_SYSREG | SYSREG_ID_AA64DFR0_EL1,
		REG_GROUP_SYSREG | SYSREG_ID_AA64MMFR0_EL1,
		REG_GROUP_SYSREG | SYSREG_CNTV_CTL_EL0,
		REG_GROUP_SYSREG | SYSREG_CNTV_CVAL_EL0,
		REG_GROUP_SYSREG | SYSREG_CNTP_CTL_EL0,
		REG_GROUP_SYSREG | SYSREG_CNTP_CVAL_EL0,
	};
	const u64 prefix = REG_ARM64 | REG_SIZE_U64;
	unsigned int i;
	int ret = 0;

	list->n = 0;
	for (i = 0; i < CORE_SP && !ret; i += 2)
		ret = reg_list_add(list, prefix | REG_GROUP_CORE | i);
	for (i = 0; i < ARRAY_SIZE(ids) && !ret; i++)
		ret = reg_list_add(list, prefix | ids[i]);
	if (!ret && kvm_vcpu_has_pmu(list->vcpu))
		ret = reg_list_add(list, prefix | REG_GROUP_SYSREG | SYSREG_PMCR_EL0);
	if (!ret && vcpu_has_sve(list->vcpu))
		ret = reg_list_add(list, REG_SVE_VLS);
	return ret;
}

int kvm_arm_reg_list(struct kvm_vcpu *vcpu, struct kvm_reg_list __user *user, u64 room)
{
	struct reg_list list = {.vcpu = vcpu};
	int ret = reg_list_fill(&list);

	if (ret)
		return ret;
	if (copy_to_user(&user->n, &list.n, sizeof(list.n)))
		return -EFAULT;
	if (room < list.n)
		return -E2BIG;
	list.to = user->reg;
	return reg_list_fill(&list);
}

/* -- events -- */

int kvm_arm_vcpu_get_events(struct kvm_vcpu *vcpu, struct kvm_vcpu_events *events)
{
	/* An abort is taken at once and never found pending; no other exception is modelled. */
	(void)vcpu;
	memset(events, 0, sizeof(*events));
	return 0;
}

/* The guest takes an abort in place of the access that the VMM was asked to emulate. */
static int realm_set_events(struct kvm_vcpu *vcpu, bool ext_dabt)
{
	if (!ext_dabt)
		return 0;
	if (!vcpu->arch.rec.run || !(*rec_enter_flags(vcpu) & ENTER_EMULATED_MMIO))
		return -EINVAL;
	kvm_inject_sea_dabt(vcpu, kvm_vcpu_get_hfar(vcpu));
	return 0;
}

int kvm_arm_vcpu_set_events(struct kvm_vcpu *vcpu, const struct kvm_vcpu_events *events)
{
	if (vcpu_is_rec(vcpu)) {
		if (events->exception.serror_pending)
			return -EINVAL;
		return realm_set_events(vcpu, events->exception.ext_dabt_pending);
	}
	/* The host has no RAS extension, so that an SError has no syndrome. */
	if (events->exception.serror_pending && events->exception.serror_has_esr)
		return -EINVAL;
	return 0;
}
