/* SPDX-License-Identifier: BSD-3-Clause */
/* cpufeature.c - what the CPUs of the simulated host can do. */
#include <asm/sysreg.h>

#define ID_AA64DFR0_EL1_DebugVer_8	   0x8
#define ID_AA64MMFR0_EL1_PARANGE_48	   0x5
#define ID_AA64MMFR0_EL1_TGRAN16_SUPPORTED BIT_ULL(20)

u64 read_sanitised_ftr_reg(u32 id)
{
	switch (id) {
	case SYS_ID_AA64PFR0_EL1:
		return FIELD_PREP(ID_AA64PFR0_EL1_RME_MASK, 1);
	case SYS_ID_AA64DFR0_EL1:
		/* Numbers of breakpoints and watchpoints are kept as one less. */
		return FIELD_PREP(ID_AA64DFR0_EL1_DebugVer_MASK, ID_AA64DFR0_EL1_DebugVer_8) |
		       FIELD_PREP(ID_AA64DFR0_EL1_BRPs_MASK, 6 - 1) |
		       FIELD_PREP(ID_AA64DFR0_EL1_WRPs_MASK, 4 - 1) |
		       FIELD_PREP(ID_AA64DFR0_EL1_CTX_CMPs_MASK, 2 - 1);
	case SYS_ID_AA64MMFR0_EL1:
		/* TGran4 and TGran64 say "supported" by 0. */
		return FIELD_PREP(ID_AA64MMFR0_EL1_PARANGE_MASK, ID_AA64MMFR0_EL1_PARANGE_48) |
		       ID_AA64MMFR0_EL1_TGRAN16_SUPPORTED;
	default:
		return 0;
	}
}
