/* SPDX-License-Identifier: BSD-3-Clause */
/* elf.h - what a shared object's file says about itself, read without running any of it. */
#ifndef SIM_MACHINE_ELF_H
#define SIM_MACHINE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sim/kvm_note.h>

struct elf_range {
	uint64_t start, end; /* addresses as linked */
};

struct elf_info {
	enum kvm_asan asan;	    /* whose AddressSanitizer it was compiled with */
	bool has_tls;		    /* it has thread-local variables */
	uint64_t symbol_size;	    /* bytes of the wanted symbol, 0: not defined */
	struct elf_range *counters; /* memory of coverage counters, by ascending start */
	size_t num_counters;
	char *note; /* text of the build's note, NULL: it has none */
};

/*
 * elf_read - look at the shared object in `path`. Returns 0, to be undone by elf_info_clear(), or -errno
 * with the reason in *error: -ENOEXEC if it is not a shared object for this machine.
 */
int elf_read(const char *path, const char *symbol, struct elf_info *info, char **error);
void elf_info_clear(struct elf_info *info);

#endif
