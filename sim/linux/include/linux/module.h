/* SPDX-License-Identifier: BSD-3-Clause */
/* A KVM build is no kernel module: descriptions are dropped. */
#ifndef LINUX_MODULE_H
#define LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>

#define MODULE_LICENSE(x)
#define MODULE_AUTHOR(x)
#define MODULE_DESCRIPTION(x)
#define THIS_MODULE ((struct module *)0)
struct module;

#endif
