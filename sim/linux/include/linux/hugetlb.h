/* SPDX-License-Identifier: BSD-3-Clause */
/* There are no huge pages of hugetlbfs. */
#ifndef LINUX_HUGETLB_H
#define LINUX_HUGETLB_H

#include <linux/mm.h>

#endif
