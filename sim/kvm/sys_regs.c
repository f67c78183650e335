/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sys_regs.c - system registers that a guest's access to trapped. The RMM emulates nearly all of a
 * Realm's itself; what reaches the host are registers of the interrupt controller.
 */
#include <linux/kvm_host.h>

#define SYS64_ISS_SYSREG(esr)                                                                      \
	sys_reg(((esr) >> 20) & 0x3, ((esr) >> 14) & 0x7, ((esr) >> 10) & 0xf, ((esr) >> 1) & 0xf, \
		((esr) >> 17) & 0x7)

#define SYS_ICC_DIR_EL1	   sys_reg(3, 0, 12, 11, 1)
#define SYS_ICC_SGI1R_EL1  sys_reg(3, 0, 12, 11, 5)
#define SYS_ICC_ASGI1R_EL1 sys_reg(3, 0, 12, 11, 6)
#define SYS_ICC_SGI0R_EL1  sys_reg(3, 0, 12, 11, 7)

int kvm_handle_sys_reg(struct kvm_vcpu *vcpu)
{
	const u64 esr = kvm_vcpu_get_esr(vcpu);
	const u32 reg = (u32)SYS64_ISS_SYSREG(esr);
	const bool is_read = (esr & ESR_ELx_SYS64_ISS_DIR_MASK) == ESR_ELx_SYS64_ISS_DIR_READ;

	switch (reg) {
	case SYS_ICC_DIR_EL1:
	case SYS_ICC_SGI1R_EL1:
	case SYS_ICC_ASGI1R_EL1:
	case SYS_ICC_SGI0R_EL1:
		/* Interrupts are not modelled: nobody would notice one more or less. */
		break;
	default:
		kvm_pr_unimpl("Unsupported guest sys_reg access: ESR %#llx\n", esr);
		break;
	}
	if (is_read)
		vcpu_set_reg(vcpu, (u8)kvm_vcpu_sys_get_rt(vcpu), 0);
	return 1;
}
