/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inspect.h - read-only views of an RMM for tools, oracles and tests. Nothing here is part of the
 * interface that a Host or a Realm has, and nothing here changes the RMM or touches a granule's
 * memory beyond reading what the RMM itself stores there.
 */
#ifndef RMM_INSPECT_H
#define RMM_INSPECT_H

#include <rmm/rmm.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum rmm_granule_state {
	RMM_GRANULE_UNDELEGATED,
	RMM_GRANULE_DELEGATED,
	RMM_GRANULE_RD,
	RMM_GRANULE_REC,
	RMM_GRANULE_REC_AUX,
	RMM_GRANULE_DATA,
	RMM_GRANULE_RTT,
	RMM_GRANULE_NUM_STATES,
};

struct rmm_granule_view {
	enum rmm_granule_state state;
	enum rmm_gpt gpt;
	uint32_t refcount; /* section 1.7 of the facts */
	bool clean;	   /* the RMM knows that it holds only zeros */
};

/* rmm_inspect_granule - false if no bank holds `pa` or it is not granule aligned. */
bool rmm_inspect_granule(const struct rmm *rmm, uint64_t pa, struct rmm_granule_view *view);

/* rmm_inspect_count - how many granules are in `state` (UNDELEGATED counts those of all banks). */
uint64_t rmm_inspect_count(const struct rmm *rmm, enum rmm_granule_state state);

/*
 * rmm_inspect_undelegated - whether all granules of [pa, pa + size), both granule aligned, are in memory and UNDELEGATED.
 * rmm_inspect_nonsecure - whether all of them are in memory that the GPT lets the Host access. True if size is 0.
 */
bool rmm_inspect_undelegated(const struct rmm *rmm, uint64_t pa, uint64_t size);
bool rmm_inspect_nonsecure(const struct rmm *rmm, uint64_t pa, uint64_t size);

/* "UNDELEGATED", "DELEGATED", ... as the specification spells them. */
const char *rmm_granule_state_name(enum rmm_granule_state state);

/*
 * rmm_inspect_each_granule - call `fn` for each granule that is not UNDELEGATED, in ascending order of
 * address, until it returns false.
 */
void rmm_inspect_each_granule(const struct rmm *rmm,
			      bool (*fn)(void *ctx, uint64_t pa,
					 const struct rmm_granule_view *view),
			      void *ctx);

enum rmm_hipas {
	RMM_UNASSIGNED,
	RMM_ASSIGNED,
	RMM_TABLE,
	RMM_UNASSIGNED_NS,
	RMM_ASSIGNED_NS,
};
enum rmm_ripas { RMM_EMPTY, RMM_RAM, RMM_DESTROYED, RMM_RIPAS_NONE /* unprotected, or TABLE */ };

const char *rmm_hipas_name(enum rmm_hipas hipas);
const char *rmm_ripas_name(enum rmm_ripas ripas);

struct rmm_realm_view {
	uint64_t rd;
	enum { RMM_REALM_NEW, RMM_REALM_ACTIVE, RMM_REALM_SYSTEM_OFF } state;
	uint8_t ipa_width;
	int8_t rtt_level_start;
	uint32_t rtt_num_start;
	uint64_t rtt_base;
	uint16_t vmid;
	uint8_t hash_algo;
	uint32_t num_recs, rec_index;
	uint8_t measurements[5][64]; /* RIM, REM[0..3] */
};
/* rmm_inspect_realm - false if `rd` is not the RD of a Realm. */
bool rmm_inspect_realm(const struct rmm *rmm, uint64_t rd, struct rmm_realm_view *view);
/* rmm_inspect_realms - RDs of all Realms in ascending order of address; returns their number. */
size_t rmm_inspect_realms(const struct rmm *rmm, uint64_t *rds, size_t max);

struct rmm_entry_view {
	enum rmm_hipas hipas;
	enum rmm_ripas ripas;
	int8_t level;	       /* of the table that holds the entry */
	uint64_t ipa;	       /* first IPA that the entry covers */
	uint64_t size;	       /* bytes that it covers */
	uint64_t pa;	       /* output address, for ASSIGNED, ASSIGNED_NS and TABLE */
	uint64_t table;	       /* physical address of the table that holds it */
	uint8_t memattr, s2ap; /* ASSIGNED_NS only */
};
/*
 * rmm_inspect_entry - the entry at which the walk for `ipa` ends (never TABLE when `level` is 3), going
 * no deeper than `level`. False if `rd` is no Realm or `ipa` is outside its IPA space.
 */
bool rmm_inspect_entry(const struct rmm *rmm, uint64_t rd, uint64_t ipa, int level,
		       struct rmm_entry_view *view);
/*
 * rmm_inspect_run - the same, and in *end the first IPA behind the entries of that table that follow it and have its
 * HIPAS and RIPAS. A TABLE is always alone.
 */
bool rmm_inspect_run(const struct rmm *rmm, uint64_t rd, uint64_t ipa, int level,
		     struct rmm_entry_view *view, uint64_t *end);

struct rmm_rec_view {
	uint64_t rec, owner, mpidr, pc;
	bool running, runnable, psci_pending, host_call_pending, emulatable_abort;
	uint64_t ripas_addr, ripas_top; /* both 0: no RIPAS change is pending */
	enum rmm_ripas ripas_value;
	bool ripas_destroyed; /* CHANGE_DESTROYED was given */
	uint64_t gprs[31];    /* as saved at the last exit */
	uint8_t num_aux;
	uint64_t aux[16];
};
bool rmm_inspect_rec(const struct rmm *rmm, uint64_t rec, struct rmm_rec_view *view);

/*
 * rmm_inspect_read - copy `size` bytes at `pa` as the RMM sees them, whatever the granule's state.
 * Memory that is known to be zero is not touched. False if a bank does not hold all of it.
 */
bool rmm_inspect_read(const struct rmm *rmm, uint64_t pa, void *buffer, size_t size);

/*
 * rmm_inspect_hash - a 64-bit digest of the RMM's whole state (granule states, GPT, reference counts,
 * contents of granules whose GPT entry is REALM), at the cost of what was touched since the last reset.
 * Where banks are mapped, and what is known to be zero without looking, make no difference.
 */
uint64_t rmm_inspect_hash(const struct rmm *rmm);

/* How the last call of rmm_smc() that has returned went. */
struct rmm_call {
	const char *command; /* "RTT_CREATE", or NULL for an unknown function identifier */
	const char
		*condition; /* label of the condition that failed ("rtt_walk"), NULL on success */
};
struct rmm_call rmm_last_call(const struct rmm *rmm);

/* The same for the last call of rmm_cpu_smc(); `command` is NULL for anything that is not RSI. */
struct rmm_call rmm_last_realm_call(const struct rmm *rmm);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
