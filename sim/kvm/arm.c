/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arm.c - VMs and vCPUs of arm64: types and features, system calls, and the loop that runs a vCPU.
 */
#include <linux/kvm_host.h>
#include <linux/preempt.h>
#include <sim/linux.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>

#include "kvm_arm.h"
#include "kvm_mm.h"
#include "series.h"

/* CPUs of the simulated host, as far as user space asks. */
#define HOST_NR_CPUS 8
/* Widest guest physical address of an ordinary VM, in bits. */
#define HOST_IPA_LIMIT 48

/* The kernel asks only whether there is a PMU, never what it is. */
#define HOST_PMU ((struct arm_pmu *)1UL)

#if CONFIG_KVM_RME_SERIES >= 12
DEFINE_STATIC_KEY_FALSE(kvm_rmi_is_available);
#else
DEFINE_STATIC_KEY_FALSE(kvm_rme_is_available);
#endif

struct kvm_boot_config kvm_boot_config;

int kvm_arm_init(void)
{
#if CONFIG_KVM_RME_SERIES >= 12
	static_branch_disable(&kvm_rmi_is_available);
	kvm_init_rmi();
#else
	static_branch_disable(&kvm_rme_is_available);
	kvm_init_rme();
#endif
	return 0;
}

unsigned int kvm_get_vmid_bits(void)
{
	return kvm_boot_config.vmid_bits;
}

/* -- capabilities -- */

int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_DEVICE_CTRL:
	case KVM_CAP_ONE_REG:
	case KVM_CAP_ARM_PSCI:
	case KVM_CAP_ARM_PSCI_0_2:
	case KVM_CAP_READONLY_MEM:
	case KVM_CAP_MP_STATE:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_VCPU_EVENTS:
	case KVM_CAP_ARM_INJECT_EXT_DABT:
	case KVM_CAP_ARM_PMU_V3:
	case KVM_CAP_MEMORY_FAULT_INFO:
		return 1;
	case KVM_CAP_NR_VCPUS:
		return HOST_NR_CPUS;
	case KVM_CAP_MAX_VCPUS:
		return kvm ? kvm->max_vcpus : KVM_MAX_VCPUS;
	case KVM_CAP_ARM_VM_IPA_SIZE:
		return HOST_IPA_LIMIT;
	case KVM_CAP_ARM_SVE:
		return kvm && kvm_arm_supported_features(kvm) & BIT(KVM_ARM_VCPU_SVE);
#if CONFIG_KVM_RME_SERIES >= 12
	case KVM_CAP_ARM_RMI:
#else
	case KVM_CAP_ARM_RME:
#endif
		return kvm_realm_key_enabled();
	default:
		return 0;
	}
}

int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	int ret = -EINVAL;

	if (cap->flags)
		return -EINVAL;
#if CONFIG_KVM_RME_SERIES <= 10
	if (cap->cap == KVM_CAP_ARM_RME && kvm_is_realm(kvm)) {
		mutex_lock(&kvm->lock);
		ret = kvm_realm_enable_cap(kvm, cap);
		mutex_unlock(&kvm->lock);
	}
#else
	(void)kvm;
#endif
	return ret;
}

/* -- VMs -- */

/* What the VM's type asks for: 0, -EINVAL or -EPERM. */
static int init_vm_type(struct kvm *kvm, unsigned long type)
{
	if (type & ~(KVM_VM_TYPE_ARM_MASK | KVM_VM_TYPE_ARM_IPA_SIZE_MASK))
		return -EINVAL;
	switch (type & KVM_VM_TYPE_ARM_MASK) {
	case KVM_VM_TYPE_ARM_NORMAL:
		return 0;
	case KVM_VM_TYPE_ARM_REALM:
		if (CONFIG_KVM_RME_SERIES >= 7 && !kvm_realm_key_enabled())
			return CONFIG_KVM_RME_SERIES >= 12 ? -EINVAL : -EPERM;
		kvm->arch.is_realm = true;
		WRITE_ONCE(kvm->arch.realm.state, REALM_STATE_NONE);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Registers that say what a CPU can do, alike for all vCPUs. */
static void init_id_regs(struct kvm *kvm)
{
	/* It is const since v6, and never written to. */
	struct kvm_vcpu any = {.kvm = kvm};
	u64 dfr0 = read_sanitised_ftr_reg(SYS_ID_AA64DFR0_EL1);

	kvm_set_vm_id_reg(kvm, SYS_ID_AA64PFR0_EL1, read_sanitised_ftr_reg(SYS_ID_AA64PFR0_EL1));
	kvm_set_vm_id_reg(kvm, SYS_ID_AA64MMFR0_EL1, read_sanitised_ftr_reg(SYS_ID_AA64MMFR0_EL1));
	kvm_set_vm_id_reg(kvm, SYS_ID_AA64DFR0_EL1, kvm_realm_reset_id_aa64dfr0_el1(&any, dfr0));
}

int kvm_arch_init_vm(struct kvm *kvm, unsigned long type)
{
	int ret;

	mutex_init(&kvm->arch.config_lock);
	ret = init_vm_type(kvm, type);
	if (ret)
		return ret;
	ret = kvm_init_stage2_mmu(kvm, &kvm->arch.mmu, type);
	if (ret)
		return ret;
	kvm->max_vcpus = KVM_MAX_VCPUS;
	init_id_regs(kvm);
	if (kvm_is_realm(kvm)) {
		ret = kvm_init_realm_vm(kvm);
		if (ret)
			kvm_uninit_stage2_mmu(kvm);
	}
	return ret;
}

void kvm_arch_destroy_vm(struct kvm *kvm)
{
	kvm_destroy_vcpus(kvm);
	kvm_arm_teardown_hypercalls(kvm);
	if (CONFIG_KVM_RME_SERIES >= 12 || kvm_is_realm(kvm))
		kvm_destroy_realm(kvm);
}

static long vm_create_device(struct kvm *kvm, void __user *argp)
{
	struct kvm_create_device args;
	int ret;

	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	ret = kvm_vgic_create_device(kvm, &args);
	if (ret)
		return ret;
	return copy_to_user(argp, &args, sizeof(args)) ? -EFAULT : 0;
}

static long vm_preferred_target(void __user *argp)
{
	const struct kvm_vcpu_init init = {.target = KVM_ARM_TARGET_GENERIC_V8};

	return copy_to_user(argp, &init, sizeof(init)) ? -EFAULT : 0;
}

static long vm_device_attr(struct kvm *kvm, const void __user *argp, bool set)
{
	struct kvm_device_attr attr;

	if (copy_from_user(&attr, argp, sizeof(attr)))
		return -EFAULT;
	if (attr.group != KVM_ARM_VM_SMCCC_CTRL || attr.attr != KVM_ARM_VM_SMCCC_FILTER)
		return -ENXIO;
	return set ? kvm_vm_smccc_set_filter(kvm, &attr) : 0;
}

#if CONFIG_KVM_RME_SERIES >= 12
static long vm_rmi_populate(struct kvm *kvm, const void __user *argp)
{
	struct kvm_arm_rmi_populate args;

	if (!kvm_is_realm(kvm))
		return -EPERM;
	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	return kvm_arm_rmi_populate(kvm, &args);
}
#endif

long kvm_arch_vm_ioctl(struct kvm *kvm, unsigned int ioctl, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (ioctl) {
	case KVM_CREATE_DEVICE:
		return vm_create_device(kvm, argp);
	case KVM_ARM_PREFERRED_TARGET:
		return vm_preferred_target(argp);
	case KVM_SET_DEVICE_ATTR:
		return vm_device_attr(kvm, argp, true);
	case KVM_HAS_DEVICE_ATTR:
		return vm_device_attr(kvm, argp, false);
#if CONFIG_KVM_RME_SERIES >= 12
	case KVM_ARM_RMI_POPULATE:
		return vm_rmi_populate(kvm, argp);
#endif
	default:
		return -EINVAL;
	}
}

/* -- vCPUs -- */

int kvm_arch_vcpu_precreate(struct kvm *kvm, unsigned int id)
{
	if (irqchip_in_kernel(kvm) && vgic_initialized(kvm))
		return -EBUSY;
	return (int)id >= kvm->max_vcpus ? -EINVAL : 0;
}

int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)
{
	spin_lock_init(&vcpu->arch.mp_state_lock);
	vcpu->arch.mmu_page_cache.gfp_zero = __GFP_ZERO;
	vcpu->arch.hw_mmu = &vcpu->kvm->arch.mmu;
	vcpu->arch.rec.mpidr = INVALID_HWID;
	return 0;
}

void kvm_arch_vcpu_destroy(struct kvm_vcpu *vcpu)
{
	kvm_mmu_free_memory_cache(&vcpu->arch.mmu_page_cache);
	kvm_destroy_rec(vcpu);
}

struct kvm_vcpu *kvm_mpidr_to_vcpu(struct kvm *kvm, unsigned long mpidr)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu (i, vcpu, kvm) {
		if (kvm_vcpu_get_mpidr_aff(vcpu) == (mpidr & MPIDR_HWID_BITMASK))
			return vcpu;
	}
	return NULL;
}

bool kvm_arm_vcpu_stopped(struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->arch.mp_state.mp_state) == KVM_MP_STATE_STOPPED;
}

void kvm_arm_vcpu_power_off(struct kvm_vcpu *vcpu)
{
	spin_lock(&vcpu->arch.mp_state_lock);
	WRITE_ONCE(vcpu->arch.mp_state.mp_state, KVM_MP_STATE_STOPPED);
	kvm_make_request(KVM_REQ_SLEEP, vcpu);
	spin_unlock(&vcpu->arch.mp_state_lock);
}

static void kvm_arm_vcpu_power_on(struct kvm_vcpu *vcpu)
{
	spin_lock(&vcpu->arch.mp_state_lock);
	WRITE_ONCE(vcpu->arch.mp_state.mp_state, KVM_MP_STATE_RUNNABLE);
	spin_unlock(&vcpu->arch.mp_state_lock);
}

void kvm_prepare_system_event(struct kvm_vcpu *vcpu, u32 type)
{
	struct kvm_run *run = vcpu->run;
	struct kvm_vcpu *other;
	unsigned long i;

	kvm_for_each_vcpu (i, other, vcpu->kvm)
		kvm_arm_vcpu_power_off(other);
	memset(&run->system_event, 0, sizeof(run->system_event));
	run->system_event.type = type;
	run->system_event.ndata = 1;
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
}

/* -- KVM_ARM_VCPU_INIT -- */

static int vcpu_init_check_features(struct kvm_vcpu *vcpu, const struct kvm_vcpu_init *init)
{
	const unsigned long ptrauth =
		BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS) | BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC);
	const unsigned long features = init->features[0];
	size_t i;

	for (i = 1; i < ARRAY_SIZE(init->features); i++) {
		if (init->features[i])
			return -ENOENT;
	}
	if (features & ~kvm_arm_supported_features(vcpu->kvm))
		return -EINVAL;
	/* One key kind alone is not offered. */
	if ((features & ptrauth) && (features & ptrauth) != ptrauth)
		return -EINVAL;
	return 0;
}

/* The first vCPU's features are the VM's. */
static int vcpu_set_features(struct kvm_vcpu *vcpu, unsigned long features)
{
	struct kvm_arch *arch = &vcpu->kvm->arch;
	int ret = 0;

	mutex_lock(&arch->config_lock);
	if (arch->vcpu_features_set && arch->vcpu_features != features) {
		ret = -EINVAL;
		goto out;
	}
	arch->vcpu_features = features;
	arch->vcpu_features_set = true;
	if (kvm_vcpu_has_pmu(vcpu) && !arch->arm_pmu) {
		const u8 counters = kvm_is_realm(vcpu->kvm) ? kvm_realm_max_pmu_counters() : 6;

		arch->arm_pmu = HOST_PMU;
		arch->nr_pmu_counters = counters;
		arch->pmcr_n = counters;
	}
	if (vcpu_has_sve(vcpu))
		vcpu->arch.sve_max_vl = kvm_realm_sve_max_vl();
out:
	mutex_unlock(&arch->config_lock);
	return ret;
}

static long vcpu_ioctl_init(struct kvm_vcpu *vcpu, const void __user *argp)
{
	struct kvm_vcpu_init init;
	bool power_off;
	int ret;

	if (copy_from_user(&init, argp, sizeof(init)))
		return -EFAULT;
	/* Not a feature of the CPU but the state that this call leaves it in. */
	power_off = init.features[0] & BIT(KVM_ARM_VCPU_POWER_OFF);
	init.features[0] &= ~(u32)BIT(KVM_ARM_VCPU_POWER_OFF);

	if (init.target != KVM_ARM_TARGET_GENERIC_V8)
		return -EINVAL;
	ret = vcpu_init_check_features(vcpu, &init);
	if (ret)
		return ret;
	if (!vcpu->arch.initialized) {
		ret = vcpu_set_features(vcpu, init.features[0]);
		if (ret)
			return ret;
		vcpu->arch.initialized = true;
	} else if (vcpu->kvm->arch.vcpu_features != init.features[0]) {
		return -EINVAL;
	}
	kvm_reset_vcpu(vcpu);
	if (power_off)
		kvm_arm_vcpu_power_off(vcpu);
	else
		kvm_arm_vcpu_power_on(vcpu);
	return 0;
}

/* -- the other system calls on a vCPU -- */

static long vcpu_ioctl_finalize(struct kvm_vcpu *vcpu, const int __user *argp)
{
	int what;

	if (!vcpu->arch.initialized)
		return -ENOEXEC;
	if (copy_from_user(&what, argp, sizeof(what)))
		return -EFAULT;
	return kvm_arm_vcpu_finalize(vcpu, what);
}

static long vcpu_ioctl_one_reg(struct kvm_vcpu *vcpu, const void __user *argp, bool set)
{
	struct kvm_one_reg reg;

	if (!vcpu->arch.initialized)
		return -ENOEXEC;
	if (copy_from_user(&reg, argp, sizeof(reg)))
		return -EFAULT;
	/* CPU_ON's registers come before those that the VMM reads or writes. */
	if (kvm_check_request(KVM_REQ_VCPU_RESET, vcpu))
		kvm_reset_vcpu(vcpu);
	return set ? kvm_arm_set_reg(vcpu, &reg) : kvm_arm_get_reg(vcpu, &reg);
}

static long vcpu_ioctl_reg_list(struct kvm_vcpu *vcpu, struct kvm_reg_list __user *argp)
{
	u64 room;

	if (!vcpu->arch.initialized)
		return -ENOEXEC;
	if (!kvm_arm_vcpu_is_finalized(vcpu))
		return -EPERM;
	if (copy_from_user(&room, &argp->n, sizeof(room)))
		return -EFAULT;
	return kvm_arm_reg_list(vcpu, argp, room);
}

static long vcpu_ioctl_get_events(struct kvm_vcpu *vcpu, void __user *argp)
{
	struct kvm_vcpu_events events;

	if (!vcpu->arch.initialized)
		return -ENOEXEC;
	kvm_arm_vcpu_get_events(vcpu, &events);
	return copy_to_user(argp, &events, sizeof(events)) ? -EFAULT : 0;
}

static long vcpu_ioctl_set_events(struct kvm_vcpu *vcpu, const void __user *argp)
{
	struct kvm_vcpu_events events;

	if (!vcpu->arch.initialized)
		return -ENOEXEC;
	if (copy_from_user(&events, argp, sizeof(events)))
		return -EFAULT;
	return kvm_arm_vcpu_set_events(vcpu, &events);
}

static long vcpu_ioctl_get_mp_state(struct kvm_vcpu *vcpu, void __user *argp)
{
	const struct kvm_mp_state state = {READ_ONCE(vcpu->arch.mp_state.mp_state)};

	return copy_to_user(argp, &state, sizeof(state)) ? -EFAULT : 0;
}

static long vcpu_ioctl_set_mp_state(struct kvm_vcpu *vcpu, const void __user *argp)
{
	struct kvm_mp_state state;

	if (copy_from_user(&state, argp, sizeof(state)))
		return -EFAULT;
	switch (state.mp_state) {
	case KVM_MP_STATE_RUNNABLE:
		kvm_arm_vcpu_power_on(vcpu);
		return 0;
	case KVM_MP_STATE_STOPPED:
		kvm_arm_vcpu_power_off(vcpu);
		return 0;
	default:
		return -EINVAL;
	}
}

#if CONFIG_KVM_RME_SERIES >= 12
#define VCPU_PSCI_COMPLETE KVM_ARM_VCPU_RMI_PSCI_COMPLETE
typedef struct kvm_arm_rmi_psci_complete vcpu_psci_complete_t;
#else
#define VCPU_PSCI_COMPLETE KVM_ARM_VCPU_RMM_PSCI_COMPLETE
typedef struct kvm_arm_rmm_psci_complete vcpu_psci_complete_t;
#endif

/* The VMM answers a PSCI request of a Realm that its filter had handed to it. */
static long vcpu_ioctl_psci_complete(struct kvm_vcpu *vcpu, const void __user *argp)
{
	vcpu_psci_complete_t args;
	struct kvm_vcpu *target;

	if (!vcpu_is_rec(vcpu))
		return -EPERM;
	if (copy_from_user(&args, argp, sizeof(args)))
		return -EFAULT;
	target = kvm_mpidr_to_vcpu(vcpu->kvm, args.target_mpidr);
	if (!target)
		return -EINVAL;
	/* PSCI's errors are negative; the argument has 32 bits for them. */
	return realm_psci_complete(vcpu, target, (unsigned long)(long)(s32)args.psci_status);
}

long kvm_arch_vcpu_ioctl(struct kvm_vcpu *vcpu, unsigned int ioctl, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (ioctl) {
	case KVM_ARM_VCPU_INIT:
		return vcpu_ioctl_init(vcpu, argp);
	case KVM_ARM_VCPU_FINALIZE:
		return vcpu_ioctl_finalize(vcpu, argp);
	case KVM_GET_ONE_REG:
		return vcpu_ioctl_one_reg(vcpu, argp, false);
	case KVM_SET_ONE_REG:
		return vcpu_ioctl_one_reg(vcpu, argp, true);
	case KVM_GET_REG_LIST:
		return vcpu_ioctl_reg_list(vcpu, argp);
	case KVM_GET_VCPU_EVENTS:
		return vcpu_ioctl_get_events(vcpu, argp);
	case KVM_SET_VCPU_EVENTS:
		return vcpu_ioctl_set_events(vcpu, argp);
	case KVM_GET_MP_STATE:
		return vcpu_ioctl_get_mp_state(vcpu, argp);
	case KVM_SET_MP_STATE:
		return vcpu_ioctl_set_mp_state(vcpu, argp);
	case VCPU_PSCI_COMPLETE:
		return vcpu_ioctl_psci_complete(vcpu, argp);
	default:
		return -EINVAL;
	}
}

/* -- running -- */

int kvm_arch_vcpu_run_pid_change(struct kvm_vcpu *vcpu)
{
	struct kvm *kvm = vcpu->kvm;
	int ret;

	if (!vcpu->arch.initialized)
		return -ENOEXEC;
	if (!kvm_arm_vcpu_is_finalized(vcpu))
		return -EPERM;
	if (vcpu_has_run_once(vcpu))
		return 0;
	ret = kvm_vgic_map_resources(kvm);
	if (ret)
		return ret;
#if CONFIG_KVM_RME_SERIES >= 12
	if (kvm_is_realm(kvm)) {
		ret = kvm_activate_realm(kvm);
		if (ret)
			return ret;
	}
#endif
	mutex_lock(&kvm->arch.config_lock);
	kvm->arch.has_run_once = true;
	mutex_unlock(&kvm->arch.config_lock);
	return 0;
}

static int vcpu_interrupted(struct kvm_vcpu *vcpu)
{
	vcpu->run->exit_reason = KVM_EXIT_INTR;
	vcpu->stat.signal_exits++;
	return -EINTR;
}

struct vcpu_sleep {
	struct kvm_vcpu *vcpu;
	const struct task_struct *task;
};

static bool vcpu_sleep_is_over(void *arg)
{
	const struct vcpu_sleep *sleep = arg;

	return !kvm_arm_vcpu_stopped(sleep->vcpu) || sleep->task->signal_pending;
}

/*
 * Waits until the vCPU is turned on. Where that does not happen while others run, KVM_RUN returns
 * as if a signal had come: its caller has to be ready for that at any time, and nobody waits for
 * ever.
 */
static bool vcpu_sleep(struct kvm_vcpu *vcpu)
{
	struct vcpu_sleep sleep = {vcpu, current};

	if (!kvm_arm_vcpu_stopped(vcpu))
		return true;
	if (signal_pending(current))
		return false;
	return linux_sleep_until(vcpu_sleep_is_over, &sleep, "vcpu") &&
	       !kvm_arm_vcpu_stopped(vcpu);
}

/* 1: go on, or -errno. */
static int check_vcpu_requests(struct kvm_vcpu *vcpu)
{
	if (kvm_check_request(KVM_REQ_SLEEP, vcpu) && !vcpu_sleep(vcpu)) {
		kvm_make_request(KVM_REQ_SLEEP, vcpu);
		return vcpu_interrupted(vcpu);
	}
	if (kvm_check_request(KVM_REQ_VCPU_RESET, vcpu))
		kvm_reset_vcpu(vcpu);
	return vcpu->kvm->vm_dead ? -EIO : 1;
}

/* No CPU of this machine runs an ordinary guest. */
static int vcpu_enter_ordinary(struct kvm_vcpu *vcpu)
{
	vcpu->run->exit_reason = KVM_EXIT_FAIL_ENTRY;
	vcpu->run->fail_entry.hardware_entry_failure_reason = KVM_EXIT_FAIL_ENTRY_CPU_UNSUPPORTED;
	vcpu->run->fail_entry.cpu = 0;
	return 0;
}

/* Whether something came up since the last look that has to be seen to before the guest runs. */
static bool vcpu_exit_request(struct kvm_vcpu *vcpu)
{
	return vcpu->requests || signal_pending(current);
}

/*
 * One round: prepare, enter, deal with the exit. 1: another round; 0 or -errno: KVM_RUN returns
 * that.
 */
static int vcpu_run_once(struct kvm_vcpu *vcpu)
{
	const bool is_rec = vcpu_is_rec(vcpu);
	int status;
	int ret;

	cond_resched();
	if (signal_pending(current))
		return vcpu_interrupted(vcpu);
	ret = check_vcpu_requests(vcpu);
#if CONFIG_KVM_RME_SERIES >= 9
	if (ret > 0 && is_rec)
		ret = kvm_rec_pre_enter(vcpu);
#endif
	if (ret <= 0)
		return ret;
	if (!is_rec)
		return vcpu_enter_ordinary(vcpu);

	if (ENTRY_SLEEPS) {
		status = kvm_rec_enter(vcpu);
		vcpu->stat.exits++;
		return handle_rec_exit(vcpu, status);
	}
	preempt_disable();
	local_irq_disable();
	if (vcpu_exit_request(vcpu)) {
		local_irq_enable();
		preempt_enable();
		return 1;
	}
	status = kvm_rec_enter(vcpu);
	vcpu->stat.exits++;
	local_irq_enable();
	preempt_enable();
	return handle_rec_exit(vcpu, status);
}

int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	int ret;

	if (run->exit_reason == KVM_EXIT_MMIO) {
		ret = kvm_handle_mmio_return(vcpu);
		if (ret <= 0)
			return ret;
	}
	if (!vcpu->wants_to_run)
		return -EINTR;

	run->exit_reason = KVM_EXIT_UNKNOWN;
	run->flags = 0;
	do
		ret = vcpu_run_once(vcpu);
	while (ret > 0);
	return ret;
}
