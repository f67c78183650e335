/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * invariant.h - the checker behind <rmm/invariant.h>. It shares with the RMM how things lie in memory
 * (struct granule, rd, rec, RTT entries) and which bank holds an address, and nothing else: it walks tables
 * by itself, and it knows by itself what each command is to do.
 */
#ifndef MODEL_INVARIANT_H
#define MODEL_INVARIANT_H

#include <string.h>

#include <rmm/invariant.h>
#include "command.h"
#include "cpu.h"
#include "hash.h"
#include "scan.h"

#define INVARIANTS(X)                                                                              \
	X(I1, "a granule is UNDELEGATED exactly if its GPT entry is not REALM")                    \
	X(I2, "only delegable granules are delegated")                                             \
	X(I3, "what a Realm, REC or table names is neither DELEGATED nor UNDELEGATED")             \
	X(I4, "granules in state RD and Realms are one to one")                                    \
	X(I5, "granules in state RTT and tables of Realms are one to one")                         \
	X(I6, "each table that is no starting table has one parent entry, a level above")          \
	X(I7, "a Realm's starting tables and geometry never change")                               \
	X(I8, "no TABLE at level 3, no mapping above level 1")                                     \
	X(I9, "each half of the IPA space has only its own entry states")                          \
	X(I10, "RIPAS is EMPTY, RAM or DESTROYED, and only protected entries have one")            \
	X(I11, "tables of one half have no entries of the other")                                  \
	X(I12, "each DATA granule is mapped by exactly one entry")                                 \
	X(I13, "a mapping is aligned and maps only DATA granules")                                 \
	X(I14, "as many DATA granules as mappings name, none of two Realms")                       \
	X(I15, "without LPA2 no entry names an address above 48 bits")                             \
	X(I16, "each REC has an existing owner, which counts it")                                  \
	X(I17, "each REC_AUX granule belongs to one REC, which has as many as it needs")           \
	X(I18, "REC indices are distinct and below rec_index")                                     \
	X(I19, "a REC waits for one thing at most, and its RIPAS request is sound")                \
	X(I20, "a Realm reaches Non-secure memory only if the GPT permits it")                     \
	X(I21, "the Host's buffers are not Realm memory")                                          \
	X(I22, "DATA content changes only by its Realm or by the RMM for it")                      \
	X(I23, "nothing is left in a granule that is DELEGATED")                                   \
	X(I24, "VMIDs are distinct, and free once their Realm is gone")                            \
	X(I25, "no REC of a NEW Realm runs or ever ran")                                           \
	X(I26, "measurements by SHA-256 end in 32 zero bytes")                                     \
	X(I27, "reference counts are the number of references")                                    \
	X(I28, "the RIM is that of the calls so far")                                              \
	X(I29, "the REMs are those of the calls so far")                                           \
	X(T1, "a command that fails changes nothing")                                              \
	X(T2, "each command changes only its own granules, in its own way")                        \
	X(T3, "the RIM changes only by measured commands on a NEW Realm")                          \
	X(T4, "RIPAS becomes EMPTY only by the Realm's consent")                                   \
	X(T5, "RIPAS becomes RAM only by the Realm's consent or while it is NEW")                  \
	X(T6, "RIPAS becomes DESTROYED only by DATA_DESTROY of RAM or by RTT_DESTROY")             \
	X(T7, "RIPAS leaves DESTROYED only by the Realm's consent or while it is NEW")             \
	X(T8, "SET_RIPAS changes just what was asked for, and makes progress")                     \
	X(T9, "HIPAS of a protected IPA changes only by DATA commands; tables come and go unseen") \
	X(T10, "a page stays where it is until DATA_DESTROY, and RAM that goes is DESTROYED")      \
	X(T11, "DATA_CREATE_UNKNOWN keeps RIPAS; DATA_DESTROY keeps EMPTY")                        \
	X(T12, "rec_index grows by one a REC and never shrinks")                                   \
	X(T13, "a Realm's state goes from NEW to ACTIVE to SYSTEM_OFF")                            \
	X(T14, "a REC is turned off by itself and on by PSCI_COMPLETE")                            \
	X(T15, "a RIPAS request is pending exactly after an exit due to RIPAS change")             \
	X(T16, "an abort can be emulated exactly if the exit said so")                             \
	X(T17, "DELEGATE and UNDELEGATE restore the granule")                                      \
	X(T18, "RTT_CREATE and RTT_FOLD undo each other")                                          \
	X(O1, "return codes are well-formed")                                                      \
	X(O2, "an RTT error names a level that the command walked to")                             \
	X(O3, "top is the next live entry")                                                        \
	X(O4, "out_top is aligned and shows progress")                                             \
	X(O5, "READ_ENTRY shows the entry")                                                        \
	X(O6, "IPA_STATE_GET tells the RIPAS of every page it names")                              \
	X(O7, "IPA_STATE_SET returns inside what it asked for, and is refused only RAM")           \
	X(O8, "the address that a command returns is that of the entry, now DELEGATED")            \
	X(O9, "an exit shows only what belongs to its kind")                                       \
	X(O10, "an abort goes to whom the entry says")

#define INVARIANT_ENUM(label, text) INVARIANT_##label,
enum invariant { INVARIANTS(INVARIANT_ENUM) NUM_INVARIANTS };
#undef INVARIANT_ENUM

/* What is to be known of one granule after the calls so far. All zero: it never changed. */
struct shadow {
	struct granule expected; /* `clean` and `dirty` are not used */
	uint16_t realm;		 /* VMID of the Realm that it belongs to, unless DELEGATED */
	uint8_t resident : 1; /* its memory was written since it is REALM: it may be read for free */
	uint8_t digest_valid : 1; /* of DATA, whose content did not change since */
	/* Wiped by all appearances; all of it is looked at when somebody is about to get it. */
	uint8_t unchecked : 1;
	uint8_t marks; /* MARK_*, during a check from scratch */
	/* DATA: IPA. RTT: IPA and level + 1. REC_AUX: its REC. REC: base of its RIPAS request. */
	uint64_t where;
	uint64_t digest; /* DATA: of its content. REC_AUX: its number in the list. */
};
#define MARK_TABLE 1
#define MARK_DATA  2
#define MARK_AUX   4

/* What is to be known of a Realm. VMIDs number these. */
struct shadow_realm {
	bool exists;
	bool entered; /* a REC of it ran */
	uint64_t rd;
	/* But for `next`. Aligned: it is compared with every call that names the Realm. */
	struct rd expected __attribute__((aligned(64)));
	uint64_t recs; /* during a check from scratch */
	/* The RD itself: what is found at `rd`. */
	const struct rd *memory;
	const struct granule *granule;
	struct shadow *shadow;
};

/*
 * What the RMM hashed in this call, in its order: the checker asks for the digests of what it holds to be the
 * same bytes, and need not hash these again. All of one INIT_RIPAS is a table of descriptors.
 */
#define HASHED_DESCRIPTORS 512
#define HASHED_PAGES	   8
struct hashed {
	uint8_t algo;
	unsigned int num, next; /* descriptors: how many there are, and the next one to ask for */
	struct {
		uint8_t data[256] __attribute__((aligned(8)));
		uint8_t digest[HASH_MAX_SIZE];
	} descriptor[HASHED_DESCRIPTORS];
	/* Of this call and of earlier ones: what the digest of some bytes is does not change. */
	struct hashed_page {
		bool valid;
		uint8_t algo;
		uint8_t data[RMM_GRANULE_SIZE] __attribute__((aligned(8)));
		uint8_t digest[HASH_MAX_SIZE];
	} page[HASHED_PAGES];
	unsigned int next_page;
	/* Digests of pages in which there are only these values, each in its place. */
	struct measured params[NUM_MEASURED];
	unsigned int next_params;
};

/* It lies at the start of one mapping with all it points to. */
struct checker {
	size_t size;		     /* of the mapping */
	uint8_t level;		     /* RMM_INVARIANTS_* */
	struct shadow_realm *realms; /* by VMID */
	uint64_t count[RMM_GRANULE_NUM_STATES];
	uint64_t violations;
	uint64_t entries; /* how often a Realm had its turn */
	unsigned int running;
	/* The last call, if it was a successful RTT_CREATE or RTT_FOLD. */
	struct {
		uint32_t fid;
		uint64_t rd, ipa, level, rtt, parent;
	} last_table;
	/*
	 * The table where the last walk ended that came to its level, for the next call about it; no starting table.
	 * Forgotten with every call that may change tables.
	 */
	struct recent {
		uint64_t rd;
		int64_t level;
		uint64_t block; /* IPA of the table >> shift; FORGOTTEN: there is none */
		unsigned int shift; /* of what the table describes, never 0 */
		struct shadow_realm *realm;
		const struct bank *bank;
		const uint64_t *entries;
		uint64_t table;
		const struct granule *granule; /* of the table, and what is to be known of it */
		const struct shadow *shadow;
		uint64_t child_level; /* that RTT_FOLD names to take a table below it away; NO_CHILD: there are none */
		uint64_t half;	      /* of the Realm's IPA space: where the unprotected one begins */
	} recent;
	struct hashed hashed;
};
#define FORGOTTEN UINT64_MAX /* what no register, shifted, is: each has any value that the Host likes */
#define NO_CHILD  UINT64_MAX

/* Where a walk ended, by the checker's own walk. */
struct place {
	const struct bank *bank; /* that has the table */
	const uint64_t *entries;
	uint64_t table;
	uint64_t ipa; /* first that the entry covers */
	uint64_t entry;
	unsigned int index;
	int level;
};

struct call;

/* Which registers of a command are what; 0: none. And what is to be checked besides. */
struct call_kind {
	uint8_t rd, granule, rec, other_rec, buffer, ipa;
	uint8_t level;	/* register of the level argument; 0: page level */
	uint8_t parent; /* the walk goes to level - 1 */
	uint8_t reads;	/* it changes nothing, and so hides nothing: looking afterwards is enough */
	uint8_t measures;
	uint8_t ripas; /* it changes many entries, of which `apply` takes care */
	void (*apply)(struct call *call);
	void (*output)(struct call *call);
};

/* One call of the Host: what was before it, and what it answered. */
struct call {
	struct rmm *rmm;
	struct checker *checker;
	const struct call_kind *kind;
	struct shadow_realm *realm; /* that rd names */
	uint32_t fid;
	bool success, placed, buffer_permitted, has_rec, has_other;
	bool was_clean; /* GRANULE_DELEGATE: the platform knew that it is zero */
	bool ran;	/* a Realm had its turn, and the Host may have made other calls */
	uint64_t x[7];
	uint64_t out[5];
	uint64_t buffer;
	struct place place;
	/* RTT_DESTROY, RTT_FOLD: the child. */
	uint64_t child, child_first, child_union;
	bool child_homogeneous;
	struct rec rec, other;
	union {
		/* *_RIPAS: the entries from the one named to top, and a neighbour on each side. */
		struct {
			unsigned int first, num;
			uint64_t old[RTT_ENTRIES];
		} entries;
		struct rmi_realm_params realm_params;
		struct rmi_rec_params rec_params;
	} u;
};

/* invariant_violated - report a violation. */
void invariant_violated(struct rmm *rmm, enum invariant which, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* checker_create, checker_destroy, checker_reset - as rmm_create(), ... for the books of the checker. */
int checker_create(struct rmm *rmm);
void checker_destroy(struct rmm *rmm);
void checker_reset(struct rmm *rmm);

/* invariant_set_gpt - rmm_set_gpt() succeeded. */
void invariant_set_gpt(struct rmm *rmm, uint64_t pa, enum rmm_gpt gpt);

/*
 * invariant_smc - a call of the Host under the checker's eyes. `serve` does it: smc_serve(), or what a test
 * puts in its place. invariant_realm_smc(), invariant_access(), invariant_translate() and
 * invariant_complete() are the same for what a Realm does and for what a Realm gets when it is entered.
 */
typedef void (*smc_fn)(struct rmm *rmm, struct rmm_regs *regs);
typedef enum rmm_outcome (*realm_smc_fn)(struct rmm_cpu *cpu);
typedef enum rmm_outcome (*access_fn)(struct rmm_cpu *cpu, struct rmm_access *access);
typedef enum rmm_outcome (*translate_fn)(struct rmm_cpu *cpu, const struct rmm_access *access,
					 struct rmm_translation *out);
typedef void (*complete_fn)(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter);
void invariant_smc(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
enum rmm_outcome invariant_realm_smc(struct rmm_cpu *cpu, realm_smc_fn serve);
enum rmm_outcome invariant_access(struct rmm_cpu *cpu, struct rmm_access *access, access_fn serve);
enum rmm_outcome invariant_translate(struct rmm_cpu *cpu, const struct rmm_access *access,
				     struct rmm_translation *out, translate_fn serve);
void invariant_complete(struct rmm_cpu *cpu, const struct rmi_rec_enter *enter, complete_fn serve);

/* --- between the files of the checker --- */

/* One call of the Host, of one command at level step: for those that are called most. */
void step_delegate(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_undelegate(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_rtt_create(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_rtt_fold(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_data_create_unknown(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_data_destroy(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_read_entry(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_map(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);
void step_unmap(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);

/* invariant_checked - any call at any level. */
void invariant_checked(struct rmm *rmm, struct rmm_regs *regs, smc_fn serve);

/* What a call named before it was made: `realm` and `place` are NULL if it is not about an entry. */
struct before {
	struct shadow_realm *realm;
	const struct place *place;
	bool was_clean;
	uint64_t child,
		child_first; /* RTT_FOLD: a homogeneous table, and its first entry; or PA_NONE */
};

/*
 * invariant_judge - a call was made at level step, and what it was to do is not yet in the books. `x` are the
 * registers from before it.
 */
void invariant_judge(struct rmm *rmm, const struct rmm_regs *regs, const uint64_t *x,
		     const struct before *before) __attribute__((cold));

/* shadow_find - what is to be known of the granule at `pa`; NULL if no bank has it. */
static inline struct shadow *shadow_find(const struct rmm *rmm, uint64_t pa)
{
	const struct bank *bank = bank_find(rmm, pa);

	return bank ? &bank->shadows[(pa - bank->base) >> GRANULE_SHIFT] : NULL;
}

/* memory_find - the memory of the granule at `pa`; NULL if there is none. */
static inline void *memory_find(const struct rmm *rmm, uint64_t pa)
{
	const struct bank *bank = bank_find(rmm, pa);

	return bank && granule_aligned(pa) ? bank->view + (pa - bank->base) : NULL;
}

/* realm_find - the Realm whose RD is at `rd`, or NULL. */
static inline struct shadow_realm *realm_find(const struct rmm *rmm, uint64_t rd)
{
	const struct shadow *shadow = granule_aligned(rd) ? shadow_find(rmm, rd) : NULL;

	return shadow && shadow->expected.state == RMM_GRANULE_RD
		       ? &rmm->checker->realms[shadow->realm]
		       : NULL;
}

static inline uint64_t table_where(uint64_t ipa, int level)
{
	return ipa | (uint64_t)(level + 1);
}

/*
 * place_find - where the walk for `ipa` towards `target` ends; false if a table is not where one is named.
 * place_walk() is the same as part of its caller.
 */
bool place_find(const struct rmm *rmm, const struct shadow_realm *realm, uint64_t ipa, int target,
		struct place *place);
static inline __attribute__((always_inline)) bool place_walk(const struct rmm *rmm,
							     const struct shadow_realm *realm,
							     uint64_t ipa, int target,
							     struct place *place)
{
	const struct rd *rd = &realm->expected;
	int level = rd->rtt_level_start;
	unsigned int shift = 39 - 9 * (unsigned int)level;
	const uint64_t start = ipa >> shift;
	uint64_t table = rd->rtt_base + start / RTT_ENTRIES * RMM_GRANULE_SIZE;
	unsigned int index = start % RTT_ENTRIES;

	for (;;) {
		const struct bank *bank = bank_find(rmm, table);
		const uint64_t *entries;

		if (!bank)
			return false;
		entries = (const uint64_t *)(bank->view + (table - bank->base));
		place->entry = entries[index];
		if (level >= target || (place->entry & RTTE_HIPAS) != RTTE_TABLE) {
			place->bank = bank;
			place->entries = entries;
			place->table = table;
			place->index = index;
			place->level = level;
			place->ipa = ipa >> shift << shift;
			return true;
		}
		table = place->entry & RTTE_ADDR;
		level++;
		shift -= 9;
		index = (ipa >> shift) % RTT_ENTRIES;
	}
}

/*
 * content_wiped - the granule at `pa` looks as wiping leaves it. content_seems_wiped(): so do a few places in it,
 * which is where a wipe that was forgotten shows; what a part of one left shows when all of it is looked at.
 */
bool content_wiped(const struct rmm *rmm, uint64_t pa);
static inline bool content_seems_wiped(const struct rmm *rmm, uint64_t pa)
{
	const uint64_t *words = memory_find(rmm, pa);

	if (rmm->config.wipe_pattern)
		return content_wiped(rmm, pa);
	return !(words[0] | words[0xab] | words[0x155] | words[RTT_ENTRIES - 1]);
}
/* The RMM wipes only where it wrote: where no platform keeps the Host out, what the Host wrote is left. */
#define NOT_WIPED "granule 0x%llx is not wiped, or the Host wrote to it"
/* unfold_stride - by how much the entries differ that stand for one entry `parent` a level above `level`. */
uint64_t unfold_stride(uint64_t parent, int level);

/* Checks of one thing, from scratch or where a call touched it. */
void granule_differs(struct rmm *rmm, uint64_t pa, bool failed) __attribute__((cold));

/*
 * granule_agrees - all but what is known of the content is the same. Not all four bytes at once: one of them was often
 * written just before, and a wider load would have to wait for that.
 */
static inline bool granule_agrees(const struct granule *a, const struct granule *b)
{
	const struct granule but_clean = {.state = 0xf, .gpt = 7};

	return !(((a->state_gpt_clean ^ b->state_gpt_clean) & but_clean.state_gpt_clean) |
		 (a->refcount ^ b->refcount));
}
static inline void granule_compare_in(struct rmm *rmm, const struct bank *bank, uint64_t pa,
				      bool failed)
{
	const uint64_t i = (pa - bank->base) >> GRANULE_SHIFT;

	if (!granule_agrees(&bank->granules[i], &bank->shadows[i].expected))
		granule_differs(rmm, pa, failed);
}
static inline void granule_compare(struct rmm *rmm, uint64_t pa, bool failed)
{
	granule_compare_in(rmm, bank_find(rmm, pa), pa, failed);
}

void realm_differs(struct rmm *rmm, struct shadow_realm *realm, bool failed, bool measures)
	__attribute__((cold));
/* realm_agrees - the RD is as it is to be. */
static inline bool realm_agrees(const struct shadow_realm *realm)
{
	const struct rd *rd = realm->memory, *expected = &realm->expected;

	return !memcmp(rd, expected, offsetof(struct rd, next)) &&
	       scan_is_same(rd->rpv, expected->rpv, sizeof(*rd) - offsetof(struct rd, rpv));
}
static inline void realm_compare(struct rmm *rmm, struct shadow_realm *realm, bool failed,
				 bool measures)
{
	if (!realm_agrees(realm))
		realm_differs(rmm, realm, failed, measures);
}

void entry_examine(struct rmm *rmm, const struct shadow_realm *realm, uint64_t ipa, int level,
		   uint64_t entry);
static inline void entry_check(struct rmm *rmm, const struct shadow_realm *realm, uint64_t ipa,
			       int level, uint64_t entry)
{
	/* UNASSIGNED names nothing, and whether ASSIGNED_NS names something is not asked. */
	if (ipa < UINT64_C(1) << (realm->expected.ipa_width - 1)
		    ? !(entry & ~RTTE_RIPAS) && (entry & RTTE_RIPAS) != RTTE_RIPAS
		    : (entry & (RTTE_NS | RTTE_TABLE_BIT | RTTE_RIPAS)) == RTTE_NS &&
			      (!(entry & RTTE_LIVE) ||
			       (level >= 1 && !((entry & RTTE_ADDR) >> 48))))
		return;
	entry_examine(rmm, realm, ipa, level, entry);
}
void rec_check(struct rmm *rmm, uint64_t rec_pa);
/* realms_check - the list of Realms: as long as there are RDs, ascending, each with its own VMID. */
void realms_check(struct rmm *rmm);

/* state_check - everything, from scratch. Returns 0 or -ENOMEM. */
int state_check(struct rmm *rmm);

/* Transitions: what a successful call was to do is noted in the books and compared with what it did. */
void apply_delegate(struct call *call);
void apply_undelegate(struct call *call);
void apply_data_create(struct call *call);
void apply_data_create_unknown(struct call *call);
void apply_data_destroy(struct call *call);
void apply_realm_activate(struct call *call);
void apply_realm_create(struct call *call);
void apply_realm_destroy(struct call *call);
void apply_rec_create(struct call *call);
void apply_rec_destroy(struct call *call);
void apply_rec_enter(struct call *call);
void apply_rtt_create(struct call *call);
void apply_rtt_destroy(struct call *call);
void apply_rtt_fold(struct call *call);
void apply_ripas(struct call *call);

void transition_examine(struct call *call, uint64_t ipa, int level, uint64_t old, uint64_t new);
static inline void transition_entry(struct call *call, uint64_t ipa, int level, uint64_t old,
				    uint64_t new)
{
	if (old != new)
		transition_examine(call, ipa, level, old, new);
}
void transition_rec(struct call *call, uint64_t rec_pa, const struct rec *old,
		    const struct rec *new);
/* data_written - the Realm, or the RMM for it, wrote to the granule at `pa`. */
void data_written(struct rmm *rmm, uint64_t pa);

/* invariant_hashed - somebody hashed: `digest` is that of `size` bytes of `data`, 256 or a page. */
void invariant_hashed(struct checker *checker, uint8_t algo, const void *data, size_t size,
		      const uint8_t *digest);

/* REMs, by the checker's own reckoning. */
void expect_rem(struct rd *rd, uint64_t index, const uint64_t *value, uint64_t size, bool padded);

/* Outputs: of any call that failed, and of those that have some. */
void output_error(struct call *call);
void output_realm_create(struct call *call);
void output_destroy(struct call *call);
void output_fold(struct call *call);
void output_unmap(struct call *call);
void output_ripas(struct call *call);
void output_read_entry(struct call *call);
void output_exit(struct call *call);
void output_abort(struct rmm_cpu *cpu, enum rmm_access_type type, uint64_t ipa, bool sea);

#endif
