/* SPDX-License-Identifier: BSD-3-Clause */
#include <uapi/linux/kvm.h>
