/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger.h"

void ledger_init(struct ledger *ledger, uint64_t page_size)
{
	ledger->page_size = page_size;
	interval_map_init(&ledger->pages, LEDGER_ABSENT);
}

void ledger_free(struct ledger *ledger)
{
	interval_map_free(&ledger->pages);
}

static void round_out(const struct ledger *ledger, uint64_t *start, uint64_t *end)
{
	const uint64_t mask = ledger->page_size - 1;

	*start &= ~mask;
	*end = *end > UINT64_MAX - mask ? UINT64_MAX : (*end + mask) & ~mask;
}

void ledger_set(struct ledger *ledger, uint64_t start, uint64_t end, enum ledger_page page)
{
	if (start >= end)
		return;
	round_out(ledger, &start, &end);
	interval_map_set(&ledger->pages, start, end, page);
}

void ledger_may_come(struct ledger *ledger, uint64_t start, uint64_t end)
{
	uint64_t next;

	if (start >= end)
		return;
	round_out(ledger, &start, &end);
	for (; start < end; start = next) {
		uint32_t page = interval_map_get(&ledger->pages, start, &next);

		if (next > end)
			next = end;
		if (page == LEDGER_ABSENT)
			interval_map_set(&ledger->pages, start, next, LEDGER_MAYBE);
	}
}

bool ledger_count(const struct ledger *ledger, uint64_t *least, uint64_t *most)
{
	const struct interval_map *map = &ledger->pages;

	for (size_t i = 0; i + 1 < map->num; i++) {
		const struct interval_entry *entry = &map->entries[i];
		uint64_t num = (entry[1].start - entry->start) / ledger->page_size;

		*least += entry->value == LEDGER_PRESENT ? num : 0;
		*most += entry->value != LEDGER_ABSENT ? num : 0;
	}
	/* The last interval has no end: it is absent, or was marked to the end of all addresses. */
	return !map->lost && map->num && map->entries[map->num - 1].value == LEDGER_ABSENT;
}
