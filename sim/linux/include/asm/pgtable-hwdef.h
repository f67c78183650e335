/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes that levels of a page table cover, and bits of stage 2 entries. */
#ifndef ASM_PGTABLE_HWDEF_H
#define ASM_PGTABLE_HWDEF_H

#include <asm/page-def.h>

#define ARM64_HW_PGTABLE_LEVEL_SHIFT(n) ((PAGE_SHIFT - 3) * (4 - (n)) + 3)
#define PTRS_PER_PTE (1 << (PAGE_SHIFT - 3))
#define PMD_SHIFT    ARM64_HW_PGTABLE_LEVEL_SHIFT(2)
#define PMD_SIZE     (UL(1) << PMD_SHIFT)
#define PMD_MASK     (~(PMD_SIZE - 1))
#define PUD_SHIFT    ARM64_HW_PGTABLE_LEVEL_SHIFT(1)
#define PUD_SIZE     (UL(1) << PUD_SHIFT)
#define PUD_MASK     (~(PUD_SIZE - 1))
#if CONFIG_ARM64_PAGE_SHIFT < 16
#define P4D_SHIFT    ARM64_HW_PGTABLE_LEVEL_SHIFT(0)
#define P4D_SIZE     (UL(1) << P4D_SHIFT)
#define P4D_MASK     (~(P4D_SIZE - 1))
#endif

#define PTE_S2_MEMATTR(t) ((unsigned long)(t) << 2)
#define PTE_SHARED        (UL(3) << 8)

#define MT_S2_FWB_NORMAL        6
#define MT_S2_FWB_NORMAL_NC     5
#define MT_S2_FWB_DEVICE_nGnRE  1

#endif
