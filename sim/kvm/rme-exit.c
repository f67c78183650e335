// SPDX-License-Identifier: BSD-3-Clause
/*
 * rme-exit.c - why a REC came back, and what KVM makes of it.
 */
#include <linux/kvm_host.h>

#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/rmi_smc.h>

/* What the REC reported in registers, as if the vCPU had trapped with them. */
static void rec_copy_gprs(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;
	int i;

	for (i = 0; i < REC_RUN_GPRS; i++)
		vcpu_set_reg(vcpu, i, rec->run->exit.gprs[i]);
}

static int rec_exit_reason_notimpl(struct kvm_vcpu *vcpu)
{
	vcpu_err(vcpu, "Unhandled exit of the REC (ESR %#llx)\n", vcpu->arch.rec.run->exit.esr);
	return -ENXIO;
}

/* The value of a write, and the result of a read, travel in the first register of the run page. */
static int rec_exit_sys_reg(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;
	int rt = kvm_vcpu_sys_get_rt(vcpu);
	bool is_write = !(kvm_vcpu_get_esr(vcpu) & 1);
	int ret;

	if (is_write)
		vcpu_set_reg(vcpu, rt, rec->run->exit.gprs[0]);

	ret = kvm_handle_sys_reg(vcpu);
	if (!is_write)
		rec->run->enter.gprs[0] = vcpu_get_reg(vcpu, rt);
	return ret;
}

static int rec_exit_sync_dabt(struct kvm_vcpu *vcpu)
{
	struct realm_rec *rec = &vcpu->arch.rec;

	if (kvm_vcpu_dabt_iswrite(vcpu) && kvm_vcpu_dabt_isvalid(vcpu))
		vcpu_set_reg(vcpu, kvm_vcpu_dabt_get_rd(vcpu), rec->run->exit.gprs[0]);

	return kvm_handle_guest_abort(vcpu);
}

static int rec_exit_sync(struct kvm_vcpu *vcpu)
{
	switch (ESR_ELx_EC(kvm_vcpu_get_esr(vcpu))) {
	case ESR_ELx_EC_SYS64:
		return rec_exit_sys_reg(vcpu);
	case ESR_ELx_EC_DABT_LOW:
		return rec_exit_sync_dabt(vcpu);
	default:
		return rec_exit_reason_notimpl(vcpu);
	}
}

static int rec_exit_psci(struct kvm_vcpu *vcpu)
{
	rec_copy_gprs(vcpu);
	return kvm_smccc_call_handler(vcpu);
}

static int rec_exit_host_call(struct kvm_vcpu *vcpu)
{
	vcpu->stat.hvc_exit_stat++;
	rec_copy_gprs(vcpu);
	return kvm_smccc_call_handler(vcpu);
}

/*
 * The VMM hears of the change before it happens. It cannot refuse it: the next KVM_RUN does it, whatever the
 * VMM did meanwhile.
 */
static int rec_exit_ripas_change(struct kvm_vcpu *vcpu)
{
	struct realm *realm = &vcpu->kvm->arch.realm;
	struct rec_run *run = vcpu->arch.rec.run;
	unsigned long base = run->exit.ripas_base;
	unsigned long top = run->exit.ripas_top;

	if (!kvm_realm_is_private_address(realm, base) ||
	    !kvm_realm_is_private_address(realm, top - 1)) {
		vcpu_err(vcpu, "RIPAS change of %#lx..%#lx is not in protected memory\n", base,
			 top);
		run->enter.flags = REC_ENTER_FLAG_RIPAS_RESPONSE;
		/* Nothing is left for the next entry to do. */
		run->exit.ripas_base = top;
		return -EINVAL;
	}

	kvm_prepare_memory_fault_exit(vcpu, base, top - base, false, false,
				      run->exit.ripas_value == RMI_RAM);
	return -EFAULT;
}

/* Timers run on while the REC is out; KVM raises their interrupts. */
static void rec_update_timers(struct kvm_vcpu *vcpu)
{
	struct rec_exit *exit = &vcpu->arch.rec.run->exit;

	__vcpu_assign_sys_reg(vcpu, CNTV_CTL_EL0, exit->cntv_ctl);
	__vcpu_assign_sys_reg(vcpu, CNTV_CVAL_EL0, exit->cntv_cval);
	__vcpu_assign_sys_reg(vcpu, CNTP_CTL_EL0, exit->cntp_ctl);
	__vcpu_assign_sys_reg(vcpu, CNTP_CVAL_EL0, exit->cntp_cval);
	kvm_realm_timers_update(vcpu);
}

int handle_rec_exit(struct kvm_vcpu *vcpu, int rec_run_status)
{
	struct rec_run *run = vcpu->arch.rec.run;

	/*
	 * Flags are for one entry. One that did not happen must not leave them either, or a flag that the
	 * RMM refuses would make every later entry fail.
	 */
	run->enter.flags = 0;

	/* Another vCPU switched the Realm off while this one was on its way in. */
	if (RMI_RETURN_STATUS(rec_run_status) == RMI_ERROR_REALM &&
	    RMI_RETURN_INDEX(rec_run_status) == 1) {
		vcpu->run->exit_reason = KVM_EXIT_SHUTDOWN;
		return 0;
	}
	if (rec_run_status)
		return -ENXIO;

	vcpu->arch.fault.esr_el2 = run->exit.esr;
	vcpu->arch.fault.far_el2 = run->exit.far;
	/* The fault's address is valid for synchronous exits only, and the marker says so. */
	vcpu->arch.fault.hpfar_el2 = 0;
	if (run->exit.exit_reason == RMI_EXIT_SYNC)
		vcpu->arch.fault.hpfar_el2 = run->exit.hpfar | HPFAR_EL2_NS;

	rec_update_timers(vcpu);

	switch (run->exit.exit_reason) {
	case RMI_EXIT_SYNC:
		return rec_exit_sync(vcpu);
	case RMI_EXIT_IRQ:
	case RMI_EXIT_FIQ:
		return 1;
	case RMI_EXIT_PSCI:
		return rec_exit_psci(vcpu);
	case RMI_EXIT_RIPAS_CHANGE:
		return rec_exit_ripas_change(vcpu);
	case RMI_EXIT_HOST_CALL:
		return rec_exit_host_call(vcpu);
	}

	kvm_pr_unimpl("Unsupported exit reason of a REC: %u\n", run->exit.exit_reason);
	vcpu->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	return 0;
}
