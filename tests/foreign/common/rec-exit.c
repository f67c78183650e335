/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exits of a REC. Included by a foreign tree's exit file, which defines:
 *
 *   VCPU_SYS_REG_SET(vcpu, reg, value)	a statement
 *   HPFAR_VALID				what marks a fault address as valid
 *   EXIT_SYSTEM_OFF			reason that the VMM gets when the Realm was switched off meanwhile
 *   int exit_ripas(vcpu, base, top)	a change of RIPAS in [base, top)
 */
typedef int (*exit_handler)(struct kvm_vcpu *vcpu);

static int exit_bad_sync(struct kvm_vcpu *vcpu)
{
	kvm_err("[%d] unexpected ESR %#llx\n", vcpu->vcpu_id, kvm_vcpu_get_esr(vcpu));
	return -ENXIO;
}

static int exit_sync_sysreg(struct kvm_vcpu *vcpu)
{
	struct rec_run *run = vcpu->arch.rec.run;
	const bool is_read = kvm_vcpu_get_esr(vcpu) & 1;
	const int rt = kvm_vcpu_sys_get_rt(vcpu);
	int ret;

	if (!is_read)
		vcpu_set_reg(vcpu, rt, run->exit.gprs[0]);
	ret = kvm_handle_sys_reg(vcpu);
	if (is_read)
		run->enter.gprs[0] = vcpu_get_reg(vcpu, rt);
	return ret;
}

static int exit_sync_data(struct kvm_vcpu *vcpu)
{
	if (kvm_vcpu_dabt_isvalid(vcpu) && kvm_vcpu_dabt_iswrite(vcpu))
		vcpu_set_reg(vcpu, kvm_vcpu_dabt_get_rd(vcpu), vcpu->arch.rec.run->exit.gprs[0]);
	return kvm_handle_guest_abort(vcpu);
}

static const exit_handler sync_handlers[] = {
	[0 ... ESR_ELx_EC_MAX] = exit_bad_sync,
	[ESR_ELx_EC_SYS64] = exit_sync_sysreg,
	[ESR_ELx_EC_DABT_LOW] = exit_sync_data,
	[ESR_ELx_EC_IABT_LOW] = exit_bad_sync,
};

static int exit_sync(struct kvm_vcpu *vcpu)
{
	return sync_handlers[ESR_ELx_EC(kvm_vcpu_get_esr(vcpu))](vcpu);
}

static int exit_again(struct kvm_vcpu *vcpu)
{
	(void)vcpu;
	return 1;
}

static int exit_call(struct kvm_vcpu *vcpu)
{
	const struct rec_exit *exit = &vcpu->arch.rec.run->exit;
	unsigned int i;

	for (i = 0; i < REC_RUN_GPRS; i++)
		vcpu_set_reg(vcpu, i, exit->gprs[i]);
	if (exit->exit_reason == RMI_EXIT_HOST_CALL)
		vcpu->stat.hvc_exit_stat++;
	return kvm_smccc_call_handler(vcpu);
}

static int exit_ripas_change(struct kvm_vcpu *vcpu)
{
	struct rec_run *run = vcpu->arch.rec.run;
	const unsigned long base = run->exit.ripas_base, top = run->exit.ripas_top;
	const unsigned long half = BIT(vcpu->kvm->arch.realm.ia_bits - 1);

	if (base < half && top - 1 < half)
		return exit_ripas(vcpu, base, top);
	kvm_err("[%d] RIPAS of %#lx..%#lx\n", vcpu->vcpu_id, base, top);
	run->enter.flags = REC_ENTER_FLAG_RIPAS_RESPONSE;
	run->exit.ripas_base = top;
	return -EINVAL;
}

static const exit_handler exit_handlers[] = {
	[RMI_EXIT_SYNC] = exit_sync,	[RMI_EXIT_IRQ] = exit_again,
	[RMI_EXIT_FIQ] = exit_again,	[RMI_EXIT_PSCI] = exit_call,
	[RMI_EXIT_HOST_CALL] = exit_call, [RMI_EXIT_RIPAS_CHANGE] = exit_ripas_change,
};

static int exit_dispatch(struct kvm_vcpu *vcpu, int status)
{
	struct rec_run *run = vcpu->arch.rec.run;
	const struct rec_exit *exit = &run->exit;

	run->enter.flags = 0;
	/* The REC was not entered. */
	if (status < 0)
		return status;
	if (RMI_RETURN_STATUS(status) == RMI_ERROR_REALM && RMI_RETURN_INDEX(status) == 1) {
		vcpu->run->exit_reason = EXIT_SYSTEM_OFF;
		return 0;
	}
	if (status)
		return -ENXIO;

	vcpu->arch.fault.esr_el2 = exit->esr;
	vcpu->arch.fault.far_el2 = exit->far;
	vcpu->arch.fault.hpfar_el2 =
		exit->exit_reason == RMI_EXIT_SYNC ? exit->hpfar | HPFAR_VALID : 0;
	VCPU_SYS_REG_SET(vcpu, CNTV_CTL_EL0, exit->cntv_ctl);
	VCPU_SYS_REG_SET(vcpu, CNTV_CVAL_EL0, exit->cntv_cval);
	VCPU_SYS_REG_SET(vcpu, CNTP_CTL_EL0, exit->cntp_ctl);
	VCPU_SYS_REG_SET(vcpu, CNTP_CVAL_EL0, exit->cntp_cval);
	kvm_realm_timers_update(vcpu);

	if (exit->exit_reason < ARRAY_SIZE(exit_handlers))
		return exit_handlers[exit->exit_reason](vcpu);
	kvm_pr_unimpl("exit reason %u of a REC\n", exit->exit_reason);
	vcpu->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	return 0;
}
