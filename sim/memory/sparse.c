/* SPDX-License-Identifier: BSD-3-Clause */
#include "sparse.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

int sparse_init(struct sparse_set *set, uint64_t limit)
{
	uint64_t total = 0;
	uint64_t *next;

	memset(set, 0, sizeof(*set));
	do {
		if (set->num_levels == SPARSE_MAX_LEVELS)
			return -EINVAL;
		limit = (limit + 63) / 64;
		set->words[set->num_levels++] = limit;
		total += limit;
	} while (limit > 1);
	set->memory_size = total * sizeof(uint64_t);
	set->memory = mmap(NULL, set->memory_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (set->memory == MAP_FAILED) {
		set->memory = NULL;
		return -errno;
	}
	next = set->memory;
	for (unsigned int i = 0; i < set->num_levels; i++) {
		set->level[i] = next;
		next += set->words[i];
	}
	return 0;
}

void sparse_destroy(struct sparse_set *set)
{
	if (set->memory)
		munmap(set->memory, set->memory_size);
	set->memory = NULL;
}

void sparse_add(struct sparse_set *set, uint64_t member)
{
	for (unsigned int i = 0; i < set->num_levels; i++) {
		uint64_t *word = &set->level[i][member / 64];
		bool known = *word != 0;

		*word |= 1ull << (member % 64);
		if (known)
			return;
		member /= 64;
	}
}

void sparse_remove(struct sparse_set *set, uint64_t member)
{
	for (unsigned int i = 0; i < set->num_levels; i++) {
		uint64_t *word = &set->level[i][member / 64];

		*word &= ~(1ull << (member % 64));
		if (*word)
			return;
		member /= 64;
	}
}

uint64_t sparse_next(const struct sparse_set *set, uint64_t from)
{
	unsigned int level = 0;

	for (;;) {
		uint64_t word = from / 64;
		uint64_t bits;

		if (level == set->num_levels || word >= set->words[level])
			return UINT64_MAX;
		bits = set->level[level][word] & (~0ull << (from % 64));
		if (bits) {
			from = word * 64 + (uint64_t)__builtin_ctzll(bits);
			break;
		}
		from = word + 1;
		level++;
	}
	while (level > 0) {
		level--;
		from = from * 64 + (uint64_t)__builtin_ctzll(set->level[level][from]);
	}
	return from;
}
