/* SPDX-License-Identifier: BSD-3-Clause */
/* All of DRAM is mapped in the kernel at all times. */
#ifndef LINUX_HIGHMEM_H
#define LINUX_HIGHMEM_H

#include <linux/mm.h>

#define kmap_local_page(page)  page_address(page)
#define kunmap_local(va)       ((void)(va))
#define clear_highpage(page)   clear_page(page_address(page))

#endif
