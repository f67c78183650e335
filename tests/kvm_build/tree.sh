#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# tree.sh - sourced: makes trees that are laid out as a kernel's, with rmesim's own host side in them.

# tree NAME: makes it below the current directory. Its other headers must not be found.
tree() {
	rm -rf "$1"
	mkdir -p "$1/arch/arm64/kvm" "$1/arch/arm64/include/asm" "$1/include/linux"
	cp "$checkout"/sim/kvm/rme.c "$checkout"/sim/kvm/rme-exit.c "$1/arch/arm64/kvm"
	cp "$checkout"/sim/kvm/include/asm/* "$1/arch/arm64/include/asm"
	printf '#error "a header of the kernel"\n' | tee "$1/arch/arm64/include/asm/kvm_host.h" \
		"$1/include/linux/kvm_host.h" >"$1/arch/arm64/include/asm/virt.h"
}

# line FILE TEXT: the number of its first line with that text.
line() { grep -nF -m 1 -e "$2" "$1" | cut -d: -f1; }
