/* SPDX-License-Identifier: BSD-3-Clause */
#include <uapi/linux/psci.h>
