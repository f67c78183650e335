/* SPDX-License-Identifier: BSD-3-Clause */
/* System registers: selectors, fields, and reading ID registers. */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/types.h>

#define sys_reg(op0, op1, crn, crm, op2)                                                           \
	(((op0) << 19) | ((op1) << 16) | ((crn) << 12) | ((crm) << 8) | ((op2) << 5))
#define sys_reg_Op0(id) (((id) >> 19) & 0x3)
#define sys_reg_Op1(id) (((id) >> 16) & 0x7)
#define sys_reg_CRn(id) (((id) >> 12) & 0xf)
#define sys_reg_CRm(id) (((id) >> 8) & 0xf)
#define sys_reg_Op2(id) (((id) >> 5) & 0x7)

#define SYS_ID_AA64PFR0_EL1  sys_reg(3, 0, 0, 4, 0)
#define SYS_ID_AA64PFR1_EL1  sys_reg(3, 0, 0, 4, 1)
#define SYS_ID_AA64DFR0_EL1  sys_reg(3, 0, 0, 5, 0)
#define SYS_ID_AA64MMFR0_EL1 sys_reg(3, 0, 0, 7, 0)

#define ID_AA64DFR0_EL1_DebugVer_MASK  GENMASK(3, 0)
#define ID_AA64DFR0_EL1_PMUVer_SHIFT   8
#define ID_AA64DFR0_EL1_PMUVer_MASK    GENMASK(11, 8)
#define ID_AA64DFR0_EL1_BRPs_SHIFT     12
#define ID_AA64DFR0_EL1_BRPs_MASK      GENMASK(15, 12)
#define ID_AA64DFR0_EL1_WRPs_SHIFT     20
#define ID_AA64DFR0_EL1_WRPs_MASK      GENMASK(23, 20)
#define ID_AA64DFR0_EL1_CTX_CMPs       GENMASK(31, 28)
#define ID_AA64DFR0_EL1_CTX_CMPs_SHIFT 28
#define ID_AA64DFR0_EL1_CTX_CMPs_MASK  GENMASK(31, 28)
#define ID_AA64PFR0_EL1_RME_SHIFT      52
#define ID_AA64PFR0_EL1_RME_MASK       GENMASK(55, 52)
#define ID_AA64PFR0_EL1_SVE_SHIFT      32
#define ID_AA64PFR0_EL1_SVE_MASK       GENMASK(35, 32)
#define ID_AA64MMFR0_EL1_PARANGE_SHIFT 0
#define ID_AA64MMFR0_EL1_PARANGE_MASK  GENMASK(3, 0)

#define SYS_FIELD_GET(reg, field, val) FIELD_GET(reg##_##field##_MASK, val)
#define SYS_FIELD_PREP(reg, field, val) FIELD_PREP(reg##_##field##_MASK, val)

#define HPFAR_EL2_NS  BIT(63)
#define HPFAR_EL2_FIPA GENMASK(43, 4)
#define HPFAR_MASK    HPFAR_EL2_FIPA

#define ICH_HCR_EL2_En       BIT(0)
#define ICH_HCR_EL2_UIE      BIT(1)
#define ICH_HCR_EL2_LRENPIE  BIT(2)
#define ICH_HCR_EL2_NPIE     BIT(3)
#define ICH_HCR_EL2_VGrp0EIE BIT(4)
#define ICH_HCR_EL2_VGrp0DIE BIT(5)
#define ICH_HCR_EL2_VGrp1EIE BIT(6)
#define ICH_HCR_EL2_VGrp1DIE BIT(7)
#define ICH_HCR_EL2_TDIR     BIT(14)

#define MPIDR_HWID_BITMASK 0xff00ffffffULL
#define INVALID_HWID       (~0UL)

/*
 * read_sanitised_ftr_reg - what all CPUs of the simulated host have: ID_AA64PFR0_EL1 (RME 1),
 * ID_AA64DFR0_EL1 (6 breakpoints, 4 watchpoints, 2 of them context aware), ID_AA64MMFR0_EL1 (48-bit
 * physical addresses, at
 * 4K, 16K and 64K). 0 for any other selector.
 */
u64 read_sanitised_ftr_reg(u32 id);

/* The 4-bit field at `field` (a bit number), unsigned. */
static inline unsigned int cpuid_feature_extract_unsigned_field(u64 features, int field)
{
	return (unsigned int)((features >> field) & 0xf);
}

#endif
