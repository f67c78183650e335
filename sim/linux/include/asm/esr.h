/* SPDX-License-Identifier: BSD-3-Clause */
/* ESR_ELx: exception classes and syndromes. */
#ifndef ASM_ESR_H
#define ASM_ESR_H

#include <linux/bits.h>
#include <linux/const.h>

#define ESR_ELx_EC_UNKNOWN  UL(0x00)
#define ESR_ELx_EC_WFx      UL(0x01)
#define ESR_ELx_EC_HVC64    UL(0x16)
#define ESR_ELx_EC_SMC64    UL(0x17)
#define ESR_ELx_EC_SYS64    UL(0x18)
#define ESR_ELx_EC_IABT_LOW UL(0x20)
#define ESR_ELx_EC_IABT_CUR UL(0x21)
#define ESR_ELx_EC_DABT_LOW UL(0x24)
#define ESR_ELx_EC_DABT_CUR UL(0x25)
#define ESR_ELx_EC_SERROR   UL(0x2F)
#define ESR_ELx_EC_MAX      UL(0x3F)

#define ESR_ELx_EC_SHIFT 26
#define ESR_ELx_EC_MASK  (UL(0x3F) << ESR_ELx_EC_SHIFT)
#define ESR_ELx_EC(esr)  (((esr) & ESR_ELx_EC_MASK) >> ESR_ELx_EC_SHIFT)
#define ESR_ELx_IL       (UL(1) << 25)
#define ESR_ELx_ISS_MASK GENMASK(24, 0)
#define ESR_ELx_ISS(esr) ((esr) & ESR_ELx_ISS_MASK)

#define ESR_ELx_ISV_SHIFT 24
#define ESR_ELx_ISV       (UL(1) << ESR_ELx_ISV_SHIFT)
#define ESR_ELx_SAS_SHIFT 22
#define ESR_ELx_SAS       (UL(3) << ESR_ELx_SAS_SHIFT)
#define ESR_ELx_SSE_SHIFT 21
#define ESR_ELx_SSE       (UL(1) << ESR_ELx_SSE_SHIFT)
#define ESR_ELx_SRT_SHIFT 16
#define ESR_ELx_SRT_MASK  (UL(0x1F) << ESR_ELx_SRT_SHIFT)
#define ESR_ELx_SF_SHIFT  15
#define ESR_ELx_SF        (UL(1) << ESR_ELx_SF_SHIFT)
#define ESR_ELx_CM_SHIFT  8
#define ESR_ELx_CM        (UL(1) << ESR_ELx_CM_SHIFT)
#define ESR_ELx_S1PTW_SHIFT 7
#define ESR_ELx_S1PTW     (UL(1) << ESR_ELx_S1PTW_SHIFT)
#define ESR_ELx_WNR_SHIFT 6
#define ESR_ELx_WNR       (UL(1) << ESR_ELx_WNR_SHIFT)
#define ESR_ELx_FSC       UL(0x3F)
#define ESR_ELx_FSC_TYPE  UL(0x3C)
#define ESR_ELx_FSC_FAULT UL(0x04)
#define ESR_ELx_FSC_ACCESS UL(0x08)
#define ESR_ELx_FSC_PERM  UL(0x0C)
#define ESR_ELx_FSC_EXTABT UL(0x10)

#define ESR_ELx_SYS64_ISS_DIR_MASK  0x1
#define ESR_ELx_SYS64_ISS_DIR_READ  0x1
#define ESR_ELx_SYS64_ISS_DIR_WRITE 0x0
#define ESR_ELx_SYS64_ISS_RT_SHIFT  5
#define ESR_ELx_SYS64_ISS_RT(esr)   (((esr) >> ESR_ELx_SYS64_ISS_RT_SHIFT) & 0x1F)

#endif
