/* SPDX-License-Identifier: BSD-3-Clause */
/* sparse.h - a set of small integers whose walk and emptying cost as much as it has members. */
#ifndef SIM_MEMORY_SPARSE_H
#define SIM_MEMORY_SPARSE_H

#include <stdint.h>

#define SPARSE_MAX_LEVELS 6u

struct sparse_set {
	/* A bit of level n + 1 says whether the word of that number in level n is not zero. */
	uint64_t *level[SPARSE_MAX_LEVELS];
	uint64_t words[SPARSE_MAX_LEVELS];
	unsigned int num_levels;
	void *memory;
	uint64_t memory_size;
};

/* sparse_init - the empty set of integers below `limit`, which is not 0. 0 or -errno. */
int sparse_init(struct sparse_set *set, uint64_t limit);
/* sparse_destroy - also for a set that is all zeros. */
void sparse_destroy(struct sparse_set *set);
void sparse_add(struct sparse_set *set, uint64_t member);
void sparse_remove(struct sparse_set *set, uint64_t member);
/* sparse_next - the lowest member that is not below `from`; UINT64_MAX: there is none. */
uint64_t sparse_next(const struct sparse_set *set, uint64_t from);

#endif
