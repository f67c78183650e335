/* SPDX-License-Identifier: BSD-3-Clause */
/* Speculation is not modelled. */
#ifndef LINUX_NOSPEC_H
#define LINUX_NOSPEC_H

#define array_index_nospec(index, size) (index)

#endif
