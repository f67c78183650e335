/* SPDX-License-Identifier: BSD-3-Clause */
#include <asm/pgtable-hwdef.h>
