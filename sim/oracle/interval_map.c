/* SPDX-License-Identifier: BSD-3-Clause */
#include "interval_map.h"

#include <stdlib.h>
#include <string.h>

void interval_map_init(struct interval_map *map, uint32_t value)
{
	if (!map->entries) {
		map->entries = calloc(8, sizeof(*map->entries));
		map->max = map->entries ? 8 : 0;
	}
	map->lost = !map->entries;
	map->num = 1;
	if (map->entries)
		map->entries[0] = (struct interval_entry){0, value};
}

void interval_map_free(struct interval_map *map)
{
	free(map->entries);
	memset(map, 0, sizeof(*map));
}

/* Index of the entry that holds `at`. */
static size_t entry_find(const struct interval_map *map, uint64_t at)
{
	size_t low = 0, high = map->num;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (map->entries[middle].start <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint32_t interval_map_get(const struct interval_map *map, uint64_t at, uint64_t *end)
{
	size_t index;

	if (map->lost) {
		if (end)
			*end = UINT64_MAX;
		return 0;
	}
	index = entry_find(map, at);
	if (end)
		*end = index + 1 < map->num ? map->entries[index + 1].start : UINT64_MAX;
	return map->entries[index].value;
}

void interval_map_set(struct interval_map *map, uint64_t start, uint64_t end, uint32_t value)
{
	struct interval_entry fresh[3];
	size_t first, last, num = 0, gone;
	uint32_t before, after;

	if (map->lost || start >= end)
		return;
	first = entry_find(map, start);
	last = entry_find(map, end - 1);
	before = map->entries[first].value;
	after = map->entries[last].value;
	/* Entries first .. last are replaced by what is left of them and the new one. */
	if (map->entries[first].start < start)
		fresh[num++] = (struct interval_entry){map->entries[first].start, before};
	else if (first > 0)
		fresh[num++] = map->entries[--first];
	if (num && fresh[num - 1].value == value)
		;
	else
		fresh[num++] = (struct interval_entry){start, value};
	if (last + 1 < map->num && map->entries[last + 1].start == end) {
		/* The neighbour may have the new value. */
		if (map->entries[last + 1].value == value)
			last++;
	} else if (end != UINT64_MAX && after != value) {
		fresh[num++] = (struct interval_entry){end, after};
	}
	gone = last - first + 1;
	if (map->num - gone + num > map->max) {
		size_t max = 2 * map->max + 4;
		struct interval_entry *grown = realloc(map->entries, max * sizeof(*grown));

		if (!grown) {
			map->lost = true;
			return;
		}
		map->entries = grown;
		map->max = max;
	}
	memmove(&map->entries[first + num], &map->entries[last + 1],
		(map->num - last - 1) * sizeof(*map->entries));
	memcpy(&map->entries[first], fresh, num * sizeof(*fresh));
	map->num = map->num - gone + num;
}
