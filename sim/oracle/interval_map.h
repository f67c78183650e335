/* SPDX-License-Identifier: BSD-3-Clause */
/* interval_map.h - a value for each address, where neighbours mostly have the same one. */
#ifndef ORACLE_INTERVAL_MAP_H
#define ORACLE_INTERVAL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval_entry {
	uint64_t start; /* it ends where the next one starts; the last one never does */
	uint32_t value;
};
struct interval_map {
	struct interval_entry *entries; /* ascending, the first starts at 0, neighbours differ */
	size_t num, max;
	bool lost; /* there was no memory: what it says means nothing */
};

/* interval_map_init - `value` everywhere. */
void interval_map_init(struct interval_map *map, uint32_t value);
void interval_map_free(struct interval_map *map);
/* interval_map_get - the value at `at`; *end (may be NULL) is where it stops. */
uint32_t interval_map_get(const struct interval_map *map, uint64_t at, uint64_t *end);
/* interval_map_set - `value` on [start, end). Nothing if it is empty. */
void interval_map_set(struct interval_map *map, uint64_t start, uint64_t end, uint32_t value);

#endif
