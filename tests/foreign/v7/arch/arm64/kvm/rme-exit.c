/* SPDX-License-Identifier: BSD-3-Clause */
/* Exits of a REC with the names and prototypes of v7 of the series. */
#include <linux/kvm_host.h>

#include <asm/kvm_emulate.h>
#include <asm/kvm_mmu.h>
#include <asm/rmi_smc.h>
#include <kvm/arm_hypercalls.h>
#include <kvm/arm_psci.h>

#define VCPU_SYS_REG_SET(vcpu, reg, value) __vcpu_sys_reg(vcpu, reg) = value
#define HPFAR_VALID			   0ULL
#define EXIT_SYSTEM_OFF			   KVM_EXIT_UNKNOWN

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
