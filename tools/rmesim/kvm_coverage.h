/* SPDX-License-Identifier: BSD-3-Clause */
/* kvm_coverage.h - which lines of somebody's own host side ran: KVM builds of kvm-build --coverage, and gcovr. */
#ifndef TOOLS_KVM_COVERAGE_H
#define TOOLS_KVM_COVERAGE_H

#include "rmesim.h"

/* kvm_coverage_begin - counters of earlier runs go. False after printing what is missing. */
bool kvm_coverage_begin(const struct options *options);
/* kvm_coverage_end - write the pages into options->coverage_html. False after printing why not. */
bool kvm_coverage_end(const struct options *options);

#endif
