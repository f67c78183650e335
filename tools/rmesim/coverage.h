/* SPDX-License-Identifier: BSD-3-Clause */
/* coverage.h - what of the RMM scenarios reach. */
#ifndef TOOLS_COVERAGE_H
#define TOOLS_COVERAGE_H

#include "rmesim.h"

extern const struct command command_coverage;

#endif
