#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# series.sh - kvm-build tells the posting of each tree of tests/foreign, says by which names, and makes nothing
# when it is asked for no more than that.
#
# Usage: series.sh RMESIM CHECKOUT SANITIZE COMPILER
. "$(dirname "$0")/../cli/lib.sh"
checkout=${2:?usage: series.sh RMESIM CHECKOUT SANITIZE COMPILER}

for series in 5 6 7 8 9 10 12; do
	tree=$checkout/tests/foreign/v$series
	expect 0 kvm-build --tree "$tree" --dry-run -o mine.so --page-size 16K
	says out "v$series, pages of 16K, to be made by gcc"
	lacks out 'could be from several postings'
	says out "yours: $tree/arch/arm64/kvm/r"
	says out "yours: $tree/arch/arm64/include/asm/rmi_smc.h"
	holds test ! -e mine.so
done
# The names of v7 and v8, of v9 and v10, differ in few places.
expect 0 kvm-build --tree "$checkout/tests/foreign/v7" --dry-run
says out 'v6 to v7: kvm_release_faultin_page'
expect 0 kvm-build --tree "$checkout/tests/foreign/v9" --dry-run
says out 'v9 and before: __vcpu_sys_reg'
expect 0 kvm-build --tree "$checkout/tests/foreign/v10" --dry-run
says out 'v10 and later: __vcpu_assign_sys_reg'
expect 2 kvm-build --tree "$checkout/tests/foreign" --dry-run
says err 'has neither rme.c nor rmi.c'

finish
