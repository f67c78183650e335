/* SPDX-License-Identifier: BSD-3-Clause */
/* ledger.h - which pages of a file, or of a process's memory, the host has, as far as that follows from the steps. */
#ifndef ORACLE_LEDGER_H
#define ORACLE_LEDGER_H

#include "interval_map.h"

enum ledger_page {
	LEDGER_ABSENT,
	LEDGER_MAYBE, /* somebody asked for it, and what came of that is the host's affair */
	LEDGER_PRESENT,
};

struct ledger {
	struct interval_map pages;
	uint64_t page_size; /* bytes, a power of two */
};

/* ledger_init - nothing is there. The same memory may be initialised again. */
void ledger_init(struct ledger *ledger, uint64_t page_size);
void ledger_free(struct ledger *ledger);
/* ledger_set - so are now all pages that [start, end) touches. */
void ledger_set(struct ledger *ledger, uint64_t start, uint64_t end, enum ledger_page page);
/* ledger_may_come - those of them that were absent may be there now. */
void ledger_may_come(struct ledger *ledger, uint64_t start, uint64_t end);
/*
 * ledger_count - adds to *least the pages that are there, and to *most those that may be, too. False: there
 * was no memory to know it.
 */
bool ledger_count(const struct ledger *ledger, uint64_t *least, uint64_t *most);

#endif
