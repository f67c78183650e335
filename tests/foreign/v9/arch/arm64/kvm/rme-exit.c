/* SPDX-License-Identifier: BSD-3-Clause */
/* Exits of a REC with the names and prototypes of v9 of the series. */
#include <linux/kvm_host.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/rmi_smc.h>
#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>

/* A declaration right behind a label, as this posting has one. */
static u64 system_off_reason(int status)
{
	switch (RMI_RETURN_STATUS(status)) {
	case RMI_ERROR_REALM:
		u64 reason = KVM_EXIT_SHUTDOWN;

		return reason;
	default:
		return 0;
	}
}

#define VCPU_SYS_REG_SET(vcpu, reg, value) __vcpu_sys_reg(vcpu, reg) = value
#define HPFAR_VALID			   HPFAR_EL2_NS
#define EXIT_SYSTEM_OFF			   system_off_reason(status)

/* The VMM hears of the change before it is made. */
static int exit_ripas(struct kvm_vcpu *vcpu, unsigned long base, unsigned long top)
{
	kvm_prepare_memory_fault_exit(vcpu, base, top - base, false, false,
				      (u8)vcpu->arch.rec.run->exit.ripas_value == RMI_RAM);
	return -EFAULT;
}

#include "../../../../common/rec-exit.c"

int handle_rec_exit(struct kvm_vcpu *vcpu, int rec_run_status)
{
	return exit_dispatch(vcpu, rec_run_status);
}
