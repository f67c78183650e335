/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rmm.h - a Realm Management Monitor (RMM 1.0, DEN0137) over memory that the caller supplies.
 *
 * A caller creates an RMM over one or more DRAM banks, makes RMI calls with rmm_smc(), and is called
 * back to be the Realm while a REC runs. There are no globals: any number of RMMs live in one process.
 * One RMM is not thread-safe, but it is re-entrant: the run callback may make RMI calls itself (a host
 * call on another CPU while the REC is RUNNING).
 *
 * All addresses are physical addresses or IPAs in bytes. All sizes are in bytes.
 */
#ifndef RMM_RMM_H
#define RMM_RMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct rmm;
/* A REC while it runs. Valid from the start of the run callback to its end, never afterwards. */
struct rmm_cpu;

#define RMM_GRANULE_SIZE 4096u

/*
 * A range of physical memory. Both its ends are granule aligned and it ends at 2^52 at the latest. `view`
 * is where the RMM reads and writes it, granule aligned too; physical address `base + x` is at
 * `view + x`. Banks do not overlap. What no bank holds is not delegable, and not Non-secure either: a
 * Realm that is mapped to it takes a Granule Protection Fault.
 */
struct rmm_bank {
	uint64_t base;
	uint64_t size;
	void *view;
	uint32_t flags; /* RMM_BANK_* */
};
#define RMM_BANK_NOT_DELEGABLE (1u << 0) /* may be read as Non-secure memory, never delegated */

/* Physical address spaces as the Granule Protection Table records them. */
enum rmm_gpt {
	RMM_GPT_NS,
	RMM_GPT_SECURE,
	RMM_GPT_REALM,
	RMM_GPT_ROOT,
	RMM_GPT_AAP, /* any PAS may access it */
};

/* What the platform offers around the RMM. Every member may be NULL. */
struct rmm_platform {
	void *ctx;
	/*
	 * True only if the granule at `pa` (Non-secure at that moment) is known to hold zeros without
	 * looking. The RMM then neither reads nor wipes it.
	 */
	bool (*is_clean)(void *ctx, uint64_t pa);
	/*
	 * Called after the GPT entry of the granule at `pa` changed, also by rmm_set_gpt() and
	 * rmm_reset(). `clean` says whether the RMM knows that the granule holds only zeros now: true
	 * after GRANULE_DELEGATE and GRANULE_UNDELEGATE unless `wipe_pattern` is set.
	 */
	void (*gpt_changed)(void *ctx, uint64_t pa, enum rmm_gpt gpt, bool clean);
	/* Called before the RMM or a Realm writes to the Non-secure granule at `pa`. */
	void (*ns_write)(void *ctx, uint64_t pa);
	/*
	 * Asked once before each access to the Non-secure granule at `pa`, of the RMM or through a Realm's
	 * unprotected mapping, that the GPT would permit. True makes it a Granule Protection Fault. This
	 * is how tests model another agent that changed the GPT at that very moment.
	 */
	bool (*ns_fault)(void *ctx, uint64_t pa, bool write);
};

/*
 * Where TF-RMM 1.0-rel0 differs from the specification, the model follows the choices documented in
 * docs; each bit here selects the reference implementation's behaviour for one item instead.
 */
#define RMM_TFRMM_Q1  (1ull << 1) /* READ_ENTRY of ASSIGNED/DESTROYED gives desc 0 */
#define RMM_TFRMM_Q2  (1ull << 2) /* RTT_FOLD of a level 1 table of blocks gives RTT(0) */
#define RMM_TFRMM_Q3  (1ull << 3) /* INIT_RIPAS stops at DESTROYED */
#define RMM_TFRMM_Q4B (1ull << 4) /* SET_RIPAS does not check the alignment of top */
#define RMM_TFRMM_Q5  (1ull << 5) /* REALM_CREATE does not check the alignment of rtt_base */
#define RMM_TFRMM_Q6  (1ull << 6) /* inject_sea without a preceding abort fails */
#define RMM_TFRMM_Q7                                                                               \
	(1ull << 7) /* PSCI_COMPLETE(DENIED) of a runnable target completes and fails */
#define RMM_TFRMM_Q14 (1ull << 14) /* syndrome of a non-emulatable unprotected abort */
#define RMM_TFRMM_Q17 (1ull << 17) /* CPU_ON leaves the target's gprs[1..30] */
#define RMM_TFRMM_Q23 (1ull << 23) /* esr of instruction aborts and WFx */

/*
 * The run callback: be the Realm's CPU until a service says that the REC exits. See rmm_cpu_*(). If it
 * returns before that, the REC exits due to FIQ. It may make RMI calls; the REC is RUNNING meanwhile. One of
 * them may enter another REC, whose callback then runs inside this one: each takes some 8 KiB of stack, so that it is
 * for the caller to bound how many RECs run at once.
 */
typedef void (*rmm_run_fn)(void *ctx, struct rmm_cpu *cpu);

/* How much of what must always hold is checked while calls are made: see <rmm/invariant.h>. */
enum rmm_invariant_level {
	RMM_INVARIANTS_OFF,  /* nothing; there are no books to check against */
	RMM_INVARIANTS_STEP, /* after each call, what it could have touched */
	RMM_INVARIANTS_FULL, /* after each call, everything from scratch: for tests */
};

/* A violation of the invariant `label` ("I12"); `text` says where. Must not call the RMM. */
typedef void (*rmm_violation_fn)(void *ctx, const char *label, const char *text);

struct rmm_config {
	const struct rmm_bank *banks;
	size_t num_banks;
	struct rmm_platform platform;
	rmm_run_fn run; /* NULL: every REC exits at once with FIQ */
	void *run_ctx;

	/* Feature register 0 (RMI_FEATURES index 0); rmm_config_init() sets the defaults named here. */
	uint8_t s2sz;		/* maximum IPA width in bits: 48 */
	uint8_t min_ipa_width;	/* 32 */
	bool lpa2;		/* false */
	bool sve;		/* false */
	uint8_t sve_vl;		/* 0 */
	uint8_t num_bps;	/* breakpoints minus one: 15 */
	uint8_t num_wps;	/* watchpoints minus one: 15 */
	bool pmu;		/* true */
	uint8_t pmu_num_ctrs;	/* 31 */
	bool hash_sha_256;	/* true */
	bool hash_sha_512;	/* true */
	uint8_t gicv3_num_lrs;	/* list registers minus one: 3 */
	uint8_t max_recs_order; /* 10 */

	uint8_t vmid_bits; /* 8 or 16: 8 */
	uint8_t rec_aux;   /* auxiliary granules a REC, 0..16: 16 */
	uint64_t tfrmm;	   /* RMM_TFRMM_* */
	/*
	 * MEASUREMENT_EXTEND hashes a value of less than 64 bytes with zeros up to 64 behind it: a reading
	 * that the specification allows too. false, as the reference does.
	 */
	bool rem_zero_padded;
	/*
	 * 0: granules are zeroed when they are wiped. Otherwise wiped granules are filled with a pattern
	 * made from this value and the address, so that software that expects zeros is found.
	 */
	uint64_t wipe_pattern;

	uint8_t invariants; /* RMM_INVARIANTS_*: RMM_INVARIANTS_OFF */
	rmm_violation_fn violation; /* may be NULL only with RMM_INVARIANTS_OFF */
	void *violation_ctx;
};

/* rmm_config_init - set every member of `config` to its default; there are no banks then. */
void rmm_config_init(struct rmm_config *config);

/*
 * rmm_create - make an RMM whose granules are all UNDELEGATED and Non-secure.
 * Returns 0 and stores the RMM in *out; -EINVAL if the configuration is inconsistent (no bank, a bank
 * that is not granule aligned, overlapping banks, an unknown flag, a field out of range); -ENOMEM.
 */
int rmm_create(const struct rmm_config *config, struct rmm **out);

/* rmm_destroy - release the RMM. DRAM is left as it is. NULL is ignored. */
void rmm_destroy(struct rmm *rmm);

/*
 * rmm_reset - return to the state after rmm_create() at the cost of what was touched: granules that
 * are not Non-secure are wiped to zero first. Must not be called while a REC runs.
 */
void rmm_reset(struct rmm *rmm);

/*
 * rmm_set_gpt - be another agent (the monitor, the Secure world) that changes the GPT entry of the
 * granule at `pa`. Returns 0; -EINVAL if `pa` is not granule aligned, no bank holds it, it is not
 * UNDELEGATED, or `gpt` is RMM_GPT_REALM.
 */
int rmm_set_gpt(struct rmm *rmm, uint64_t pa, enum rmm_gpt gpt);

/* Registers of one SMC: x[0] is the function identifier, then arguments; afterwards the results. */
struct rmm_regs {
	uint64_t x[18];
};

/*
 * rmm_smc - one SMC from the Host (RMI). Reads x0..x6 and writes x0..x4; x5 and above are unchanged.
 * Registers that the specification leaves undefined on failure are 0. The function identifier is bits
 * 31:0 of x0, of which bit 16, a hint about SVE state, is ignored. An unknown, an RSI or a PSCI function
 * identifier gives x0 = -1 (SMCCC_NOT_SUPPORTED).
 */
void rmm_smc(struct rmm *rmm, struct rmm_regs *regs);

/* What rmm_cpu services answer: whether the REC goes on running. */
enum rmm_outcome {
	RMM_CONTINUE, /* the Realm goes on; results are in the CPU's registers or the access */
	RMM_SEA,      /* an exception was taken to the Realm's EL1 instead; registers say so */
	RMM_EXIT,     /* the REC exits: the run callback must return without another service call */
};

/*
 * The Realm's architectural state as far as the RMM knows it. Loaded from the REC before the run
 * callback, stored into it after. `pc` is that of the instruction being executed: the caller advances it
 * when an instruction completes; services leave it so that an instruction that faulted is repeated.
 * An SMC service advances pc itself unless the SMC has to be executed again.
 */
struct rmm_cpu_regs {
	uint64_t gprs[31];
	uint64_t pc;
	uint64_t pstate;
	uint64_t sp_el0, sp_el1;
	uint64_t vbar_el1, elr_el1, spsr_el1, esr_el1, far_el1;
	uint64_t sctlr_el1;
};

/* rmm_cpu_regs - the running REC's registers, readable and writable until the callback returns. */
struct rmm_cpu_regs *rmm_cpu_regs(struct rmm_cpu *cpu);

/*
 * The state of the REC's virtual interrupts, timers and PMU that the Host shares: section 4.4 of the facts. The RMM
 * carries these values between the run page and the Realm's CPU, and gives them no meaning.
 */
struct rmm_cpu_shared {
	/*
	 * ICH_HCR_EL2 and ICH_LR<n>_EL2 as the Host entered them, 0 where there is no list register. The exit
	 * shows them as they are left; of gicv3_hcr what a Host may set, and EOIcount.
	 */
	uint64_t gicv3_hcr;
	uint64_t gicv3_lrs[16];
	uint64_t gicv3_misr; /* 0 at each entry */
	/* These as they were left at the last exit, 0 at first. */
	uint64_t gicv3_vmcr;
	uint64_t cntp_ctl, cntp_cval, cntv_ctl, cntv_cval;
	bool pmu_ovf; /* false at each entry; the exit shows it as pmu_ovf_status */
};

/* rmm_cpu_shared - readable and writable until the callback returns. */
struct rmm_cpu_shared *rmm_cpu_shared(struct rmm_cpu *cpu);

/* What REC_ENTER did on the Host's behalf before the Realm ran (section 6.1 of the facts). */
struct rmm_entry {
	bool sea_injected; /* enter.flags.inject_sea took effect; registers are at the vector */
	bool mmio_emulated; /* enter.flags.emul_mmio took effect; the register was set, pc advanced by 4 */
	bool ripas_done;     /* a RIPAS change request was completed: x0..x2 hold its result */
	bool host_call_done; /* a Host call is over: x0 holds its result, or if the RIPAS of its
			      * buffer became EMPTY meanwhile, what it held before */
	bool psci_done;	     /* first entry after PSCI_COMPLETE: x0 holds its result */
};
const struct rmm_entry *rmm_cpu_entry(const struct rmm_cpu *cpu);

/* rmm_cpu_rd, rmm_cpu_rec - physical address of the running REC's Realm Descriptor, or of the REC. */
uint64_t rmm_cpu_rd(const struct rmm_cpu *cpu);
uint64_t rmm_cpu_rec(const struct rmm_cpu *cpu);
/* rmm_cpu_mpidr - the REC's mpidr as given to REC_CREATE. */
uint64_t rmm_cpu_mpidr(const struct rmm_cpu *cpu);

enum rmm_access_type { RMM_READ, RMM_WRITE, RMM_FETCH };

/* One stage 2 access of the Realm. It may cross a page boundary; each page is then checked in turn. */
struct rmm_access {
	enum rmm_access_type type;
	uint64_t ipa;
	uint32_t size; /* bytes, 1..4096 */
	void *data; /* `size` bytes to write, or room for what is read; NULL writes zeros, or drops */
	/*
	 * Syndrome of the instruction. With isv the access is one load or store of one general purpose
	 * register (`srt`, 31 is XZR) whose width is `size` (1, 2, 4 or 8).
	 */
	bool isv;
	uint8_t srt;
	bool sse;      /* a load that sign extends */
	bool sf;       /* a 64-bit register */
	uint64_t far;  /* faulting virtual address; its low 12 bits are those of `ipa` */
	bool from_el0; /* made at EL0, which selects the vector and EC of an SEA */
	bool s1ptw;    /* a stage 1 table walk */
	uint32_t done; /* out: bytes that were transferred before the outcome */
};

/*
 * rmm_cpu_access - a load, store or fetch. RMM_CONTINUE: `data` holds what was read, or it was written.
 * RMM_SEA: nothing (more) was transferred and an exception was taken to the Realm: a Synchronous External
 * Abort, or for an IPA beyond the IPA space an Address Size fault (of level 0 with the MMU off, else 3).
 * RMM_EXIT: the abort goes to the Host. pc is not advanced. `isv` counts only with a size of 1, 2, 4 or 8,
 * and not for a fetch.
 */
enum rmm_outcome rmm_cpu_access(struct rmm_cpu *cpu, struct rmm_access *access);

/* Where a stage 2 walk ends, for callers that do the access themselves. */
struct rmm_translation {
	uint64_t pa; /* of the granule */
	bool ns;     /* the access uses the Non-secure PAS */
	bool readable, writable, executable;
	uint8_t memattr; /* MemAttr[2:0] of an unprotected mapping */
	uint64_t size;	 /* bytes that the entry maps, from pa rounded down to it */
	bool clean;	 /* the granule is known to be zero: its memory need not be read */
};
/*
 * rmm_cpu_translate - as rmm_cpu_access() for the granule that holds access->ipa, but moves no data:
 * RMM_CONTINUE fills *out. A write through a protected mapping is noted as changing the granule.
 */
enum rmm_outcome rmm_cpu_translate(struct rmm_cpu *cpu, const struct rmm_access *access,
				   struct rmm_translation *out);

/*
 * rmm_cpu_smc - the Realm executes SMC with the registers in rmm_cpu_regs(). RMM_CONTINUE: results are
 * in them and pc was advanced by 4. RMM_EXIT: the call goes to the Host; what it returns is in the
 * registers at the next entry, with pc advanced by 4. If a buffer of the call could not be reached, pc and
 * registers are as they were instead, and the SMC is executed again at the next entry.
 */
enum rmm_outcome rmm_cpu_smc(struct rmm_cpu *cpu);

/*
 * rmm_cpu_hvc - the Realm executes HVC: always an Undefined exception. RMM_CONTINUE, with the registers at
 * the vector: pc is not to be advanced. RMM_SEA is never returned.
 */
enum rmm_outcome rmm_cpu_hvc(struct rmm_cpu *cpu);

/*
 * Asynchronous and trapped events; those that the entry flags or the RMM do not trap give RMM_CONTINUE and
 * change nothing. A wait that is trapped is over at the next entry: pc is advanced by 4 when it exits.
 */
enum rmm_event {
	RMM_EVENT_IRQ,
	RMM_EVENT_FIQ,
	RMM_EVENT_SERROR,
	RMM_EVENT_WFI,
	RMM_EVENT_WFE,
	RMM_EVENT_WFIT, /* the deadline is in x0 of the Realm, also for WFET */
	RMM_EVENT_WFET,
};
enum rmm_outcome rmm_cpu_event(struct rmm_cpu *cpu, enum rmm_event event);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
