/* SPDX-License-Identifier: BSD-3-Clause */
/* segment.h - the writable memory of a loaded shared object, as it was when it was saved. */
#ifndef SIM_MACHINE_SEGMENT_H
#define SIM_MACHINE_SEGMENT_H

#include "elf.h"

struct segments {
	struct segment {
		uint8_t *memory;
		uint8_t *saved;
		uint64_t size;
	} *list;
	size_t count;
};

/*
 * segments_save - copy the writable, not read-only relocated memory of the object that holds the address
 * `inside`, but for `counters`, which are in the order of their starts. 0,
 * or -ENOENT (no object holds it), -ENOMEM.
 */
int segments_save(const void *inside, const struct elf_range *counters, size_t num_counters,
		  struct segments *out);
/* segments_restore - write back what differs. */
void segments_restore(const struct segments *segments);
void segments_free(struct segments *segments);

#endif
