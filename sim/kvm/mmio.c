/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmio.c - accesses of a guest to what no memslot backs: the VMM emulates them. Device registers
 * are always the VMM's: no device of this KVM answers them.
 */
#include <linux/kvm_host.h>

#include "kvm_arm.h"
#include "series.h"

/* The VMM and the guest are both little-endian. */
static u64 mmio_read_buf(const u8 *data, unsigned int len)
{
	u64 value = 0;

	memcpy(&value, data, len);
	return value;
}

int kvm_handle_mmio_return(struct kvm_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	const unsigned int len = kvm_vcpu_dabt_get_as(vcpu);
	u64 value;

	if (!vcpu->mmio_needed)
		return 1;
	vcpu->mmio_needed = false;
	/* The VMM made an external abort of it instead. */
	if (vcpu_is_rec(vcpu) && !(*rec_enter_flags(vcpu) & ENTER_EMULATED_MMIO))
		return 1;
	if (kvm_vcpu_dabt_iswrite(vcpu))
		return 1;

	value = mmio_read_buf(run->mmio.data, len);
	/* The RMM extends a Realm's value to the register, as the access was. */
	if (vcpu_is_rec(vcpu))
		rec_enter_gprs(vcpu)[0] = value;
	if (kvm_vcpu_dabt_issext(vcpu) && len < sizeof(value)) {
		const u64 sign = 1ULL << (len * 8 - 1);

		value = (value ^ sign) - sign;
	}
	if (!kvm_vcpu_dabt_issf(vcpu))
		value = (u32)value;
	vcpu_set_reg(vcpu, (u8)kvm_vcpu_dabt_get_rd(vcpu), value);
	return 1;
}

int io_mem_abort(struct kvm_vcpu *vcpu, phys_addr_t gpa)
{
	const unsigned int len = kvm_vcpu_dabt_get_as(vcpu);
	const bool is_write = kvm_vcpu_dabt_iswrite(vcpu);
	struct kvm_run *run = vcpu->run;

	if (!kvm_vcpu_dabt_isvalid(vcpu))
		return kvm_inject_sea_dabt(vcpu, kvm_vcpu_get_hfar(vcpu));

	memset(&run->mmio, 0, sizeof(run->mmio));
	run->mmio.phys_addr = gpa;
	run->mmio.len = len;
	run->mmio.is_write = is_write;
	if (is_write) {
		u64 value = vcpu_get_reg(vcpu, (u8)kvm_vcpu_dabt_get_rd(vcpu));

		memcpy(run->mmio.data, &value, len);
	}
	vcpu->mmio_needed = true;
	vcpu->stat.mmio_exit_user++;
	/* Instead of moving the PC on: the RMM does it on the next entry. */
	if (vcpu_is_rec(vcpu))
		*rec_enter_flags(vcpu) |= ENTER_EMULATED_MMIO;
	run->exit_reason = KVM_EXIT_MMIO;
	return 0;
}
