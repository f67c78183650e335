/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/kvm_host.h>
