/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a vCPU's state and syndrome; what the Realm series adds to them. */

/*
 * Before the guard: linux/kvm_host.h ends by including this file, whichever of the two is asked for
 * first.
 */
#include <linux/kvm_host.h>

#ifndef ASM_KVM_EMULATE_H
#define ASM_KVM_EMULATE_H

#include <asm/esr.h>
#include <asm/virt.h>

/* Register 31 reads as 0 and ignores writes. */
static inline u64 vcpu_get_reg(const struct kvm_vcpu *vcpu, u8 reg_num)
{
	return reg_num >= 31 ? 0 : vcpu_gp_regs(vcpu)->regs[reg_num];
}

static inline void vcpu_set_reg(struct kvm_vcpu *vcpu, u8 reg_num, u64 val)
{
	if (reg_num < 31)
		vcpu_gp_regs(vcpu)->regs[reg_num] = val;
}

static inline u64 kvm_vcpu_get_esr(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.fault.esr_el2;
}

static inline u64 kvm_vcpu_get_hfar(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.fault.far_el2;
}

/* kvm_vcpu_get_fault_ipa - of the 4K page that faulted; the NS bit is not part of it. */
static inline phys_addr_t kvm_vcpu_get_fault_ipa(const struct kvm_vcpu *vcpu)
{
	return ((phys_addr_t)vcpu->arch.fault.hpfar_el2 & HPFAR_MASK) << 8;
}

static inline u8 kvm_vcpu_trap_get_class(const struct kvm_vcpu *vcpu)
{
	return (u8)ESR_ELx_EC(kvm_vcpu_get_esr(vcpu));
}

static inline bool kvm_vcpu_trap_is_iabt(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_trap_get_class(vcpu) == ESR_ELx_EC_IABT_LOW;
}

static inline u8 kvm_vcpu_trap_get_fault(const struct kvm_vcpu *vcpu)
{
	return (u8)(kvm_vcpu_get_esr(vcpu) & ESR_ELx_FSC);
}

static inline bool kvm_vcpu_dabt_isvalid(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_get_esr(vcpu) & ESR_ELx_ISV;
}

static inline bool kvm_vcpu_dabt_issext(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_get_esr(vcpu) & ESR_ELx_SSE;
}

static inline bool kvm_vcpu_dabt_issf(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_get_esr(vcpu) & ESR_ELx_SF;
}

static inline int kvm_vcpu_dabt_get_rd(const struct kvm_vcpu *vcpu)
{
	return (int)((kvm_vcpu_get_esr(vcpu) & ESR_ELx_SRT_MASK) >> ESR_ELx_SRT_SHIFT);
}

static inline bool kvm_vcpu_abt_iss1tw(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_get_esr(vcpu) & ESR_ELx_S1PTW;
}

static inline bool kvm_vcpu_dabt_iswrite(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_get_esr(vcpu) & ESR_ELx_WNR;
}

static inline bool kvm_vcpu_dabt_is_cm(const struct kvm_vcpu *vcpu)
{
	return kvm_vcpu_get_esr(vcpu) & ESR_ELx_CM;
}

/* Bytes of the access: 1, 2, 4 or 8. */
static inline unsigned int kvm_vcpu_dabt_get_as(const struct kvm_vcpu *vcpu)
{
	return 1u << ((kvm_vcpu_get_esr(vcpu) & ESR_ELx_SAS) >> ESR_ELx_SAS_SHIFT);
}

static inline bool kvm_is_write_fault(const struct kvm_vcpu *vcpu)
{
	if (kvm_vcpu_abt_iss1tw(vcpu))
		return true;
	return !kvm_vcpu_trap_is_iabt(vcpu) && kvm_vcpu_dabt_iswrite(vcpu);
}

static inline int kvm_vcpu_sys_get_rt(const struct kvm_vcpu *vcpu)
{
	return (int)ESR_ELx_SYS64_ISS_RT(kvm_vcpu_get_esr(vcpu));
}

/*
 * kvm_vcpu_get_mpidr_aff - the affinity of MPIDR_EL1: 16 vCPUs at Aff0, the rest of the number
 * above.
 */
static inline unsigned long kvm_vcpu_get_mpidr_aff(struct kvm_vcpu *vcpu)
{
	unsigned long id = (unsigned long)vcpu->vcpu_id;

	return (id & 0xf) | ((id >> 4) & 0xff) << 8 | ((id >> 12) & 0xff) << 16;
}

static inline bool kvm_is_realm(struct kvm *kvm)
{
#if CONFIG_KVM_RME_SERIES >= 12
	return kvm_realm_key_enabled() && kvm->arch.is_realm;
#else
	return kvm_realm_key_enabled() && kvm && kvm->arch.is_realm;
#endif
}

static inline enum realm_state kvm_realm_state(struct kvm *kvm)
{
	return READ_ONCE(kvm->arch.realm.state);
}

static inline bool kvm_realm_is_created(struct kvm *kvm)
{
	return kvm_is_realm(kvm) && kvm_realm_state(kvm) != REALM_STATE_NONE;
}

/* kvm_gpa_from_fault - without the bit that tells the shared half of a Realm's IPA space. */
static inline gpa_t kvm_gpa_from_fault(struct kvm *kvm, phys_addr_t ipa)
{
	if (!kvm_is_realm(kvm))
		return ipa;
	return ipa & ~BIT_ULL(kvm->arch.realm.ia_bits - 1);
}

static inline bool vcpu_is_rec(struct kvm_vcpu *vcpu)
{
#if CONFIG_KVM_RME_SERIES >= 12
	return kvm_is_realm(vcpu->kvm);
#elif CONFIG_KVM_RME_SERIES >= 6
	return kvm_realm_key_enabled() && vcpu_has_feature(vcpu, KVM_ARM_VCPU_REC);
#else
	return kvm_realm_key_enabled() && vcpu->arch.rec.mpidr != INVALID_HWID;
#endif
}

#if CONFIG_KVM_RME_SERIES >= 7 && CONFIG_KVM_RME_SERIES <= 10
static inline bool kvm_arm_rec_finalized(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.rec.mpidr != INVALID_HWID;
}
#elif CONFIG_KVM_RME_SERIES == 6
static inline bool kvm_arm_vcpu_rec_finalized(struct kvm_vcpu *vcpu)
{
	return vcpu->arch.rec.mpidr != INVALID_HWID;
}
#endif

#endif
