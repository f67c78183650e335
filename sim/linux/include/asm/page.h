/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#include <asm/page-def.h>
#include <asm/memory.h>

/* clear_page - fill one page with zeros; the host must be allowed to touch it. */
void linux_clear_page(void *va, const struct linux_site *site);
#define clear_page(va) linux_clear_page(va, LINUX_SITE())
void copy_page(void *to, const void *from);

#endif
