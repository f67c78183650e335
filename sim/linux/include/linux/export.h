/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbols are not exported to modules: there are none. */
#ifndef LINUX_EXPORT_H
#define LINUX_EXPORT_H

#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)

#endif
