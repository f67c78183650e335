/* SPDX-License-Identifier: BSD-3-Clause */
/* inject_fault.c - exceptions that a guest takes because the host says so. */
#include <linux/kvm_host.h>

#include "kvm_arm.h"
#include "series.h"

/*
 * An ordinary guest does not run here, so that only Realms take anything: the RMM does it on the
 * next entry.
 */
int kvm_inject_sea(struct kvm_vcpu *vcpu, bool iabt, u64 addr)
{
	(void)iabt;
	(void)addr;
	if (vcpu_is_rec(vcpu)) {
		*rec_enter_flags(vcpu) &= ~ENTER_EMULATED_MMIO;
		*rec_enter_flags(vcpu) |= ENTER_INJECT_SEA;
	}
	return 1;
}

int kvm_inject_sea_dabt(struct kvm_vcpu *vcpu, u64 addr)
{
	return kvm_inject_sea(vcpu, false, addr);
}
