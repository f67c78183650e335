/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * step.h - the one vocabulary of steps. Each step that a VMM or a guest can take is one row of one
 * table; the loader of scenario files, the JSON Schema, the reference manual, generators and
 * shrinkers all read it. A new step is one new row.
 */
#ifndef SIM_STEP_H
#define SIM_STEP_H

#include <sim/machine.h>

#define STEP_MAX_PARAMS 16

enum step_actor { STEP_ACTOR_VMM, STEP_ACTOR_GUEST, STEP_ACTOR_RMM };

enum step_type {
	STEP_ADDRESS, /* IPA, user address or physical address, in bytes */
	STEP_SIZE,    /* bytes */
	STEP_NUMBER,  /* a plain number */
	STEP_BOOL,
	STEP_ENUM, /* one of `names`; the value is its index */
	STEP_STRING,
};

struct step_param {
	const char *name;
	enum step_type type;
	bool required;
	uint64_t fallback;	  /* value when it is absent and not required */
	uint64_t min, max;	  /* of numbers; both 0: no bound */
	const char *const *names; /* of an enumeration, NULL terminated */
	const char *help;	  /* one sentence, with the unit */
};

struct step_value {
	bool given;
	uint64_t number;    /* all types but STRING */
	const char *string; /* STRING, owned by the plan */
};

enum step_outcome {
	STEP_OK,
	STEP_SEA,	/* a Synchronous External Abort was taken to the Realm */
	STEP_UNDEFINED, /* an Undefined exception was taken to the Realm */
	STEP_STOPPED,	/* KVM_RUN returned and the VMM's policy ends the step there */
	STEP_ERROR,	/* a system call failed: `err`; or the RMM refused: `value` is its x0 */
	STEP_DATA_ABORT_EXIT, /* no host: the REC exited with a Data Abort */
	STEP_INSTRUCTION_ABORT_EXIT,
	STEP_SHUTDOWN,	 /* the VM said SYSTEM_OFF or RESET */
	STEP_INCOMPLETE, /* a RIPAS change was accepted but got no further than `done` */
	STEP_NUM_OUTCOMES,
};
const char *step_outcome_name(enum step_outcome outcome); /* "ok", "sea", "data_abort_exit", ... */

/* step_outcome_help - what an outcome means, a sentence; NULL past the last. */
const char *step_outcome_help(enum step_outcome outcome);

/* One return of KVM_RUN. */
struct step_exit {
	uint32_t reason; /* KVM_EXIT_* */
	int err;	 /* what the ioctl returned: 0 or -errno */
	uint64_t gpa, size;
	bool is_private, is_write;
	uint64_t data; /* MMIO: the value; system event: its type */
};
/* step_exit_reason_name - "memory_fault", "mmio", ...; NULL for a number that names no reason. */
const char *step_exit_reason_name(uint32_t reason);

/* What a step does first if nobody has done it. */
enum step_implied { STEP_IMPLIED_NOTHING, STEP_IMPLIED_VM, STEP_IMPLIED_IRQCHIP };

struct step_result {
	/* This was done first; or tried: -errno of KVM's, and the step was not carried out. */
	enum step_implied implied;
	int implied_err;
	int err; /* of the (last) system call: 0 or -errno */
	enum step_outcome outcome;
	uint64_t value; /* what the step read or was told */
	uint64_t done;	/* bytes (or items) that it got through */
	/*
	 * The KVM build's era has no such call: what the step means is done elsewhere, or this call did
	 * what other steps mean too. Expectations about it say nothing of this build then.
	 */
	bool elsewhere;
	bool here; /* not so, whatever world_is_behind() says */
	bool has_response;
	bool rejected;		 /* RSI_RESPONSE: REJECT */
	struct step_exit *exits; /* without the last -EINTR of a guest step */
	size_t num_exits, max_exits;
};

/* What the VMM does when KVM_RUN returns with KVM_EXIT_MEMORY_FAULT. */
enum step_memory_fault {
	STEP_CONVERT_KVMTOOL, /* munmap then attribute; attribute then mmap */
	STEP_CONVERT_QEMU,    /* attribute then discard; attribute then punch hole */
	STEP_CONVERT_STOP,    /* run again without converting */
	STEP_CONVERT_RETURN,  /* the step ends there */
};

struct world;

/* One step to perform: the row, what it applies to, and where the result goes. */
struct step_call {
	const struct step_def *def;
	unsigned int realm; /* index in world_config.realms */
	unsigned int vcpu;
	enum step_memory_fault memory_fault;
	struct step_value args[STEP_MAX_PARAMS]; /* in the order of def->params */
	struct step_result result;
};

/*
 * What a step may change of its realm, which those that overlap with it in time have to reckon with; where: at its `base`
 * and `size` (or `ipa` and `width`), and as said here.
 */
enum step_claims {
	STEP_CLAIMS_NOTHING = 0,
	STEP_CLAIMS_PAGES = 1u << 0,	  /* takes memory of the guest away, or gives it some */
	STEP_CLAIMS_RIPAS = 1u << 1,
	STEP_CLAIMS_FILLS = 1u << 2,	  /* pages that the VMM had taken away can be mapped again */
	STEP_CLAIMS_ATTRIBUTES = 1u << 3, /* of memory */
	STEP_CLAIMS_USER = 1u << 4,	  /* what is mapped in the VMM */
	STEP_CLAIMS_FILES = 1u << 5,	  /* closes files, whose numbers others may get */
	STEP_CLAIMS_STATE = 1u << 6,	  /* errors of other calls depend on whether they came before it */
	STEP_CLAIMS_SLOT = 1u << 7,	  /* where the slot is that `slot` names */
	STEP_CLAIMS_QUEUE = 1u << 8,	  /* where the guest of its vCPU has not come to an end */
	STEP_CLAIMS_EVERYWHERE = 1u << 9,
	STEP_CLAIMS_BYTES = 1u << 10, /* which the RMM stores for the guest, in a moment of its own */
	STEP_CLAIMS_ALL = STEP_CLAIMS_PAGES | STEP_CLAIMS_RIPAS | STEP_CLAIMS_FILLS |
			  STEP_CLAIMS_ATTRIBUTES | STEP_CLAIMS_USER | STEP_CLAIMS_FILES |
			  STEP_CLAIMS_STATE | STEP_CLAIMS_EVERYWHERE,
};

struct step_def {
	const char *name; /* "vmm.init_ripas" */
	enum step_actor actor;
	const char *help; /* one sentence */
	bool raw;	  /* does exactly one call and decides nothing */
	bool hostile;	  /* needs `hostile: true` or a machine without KVM */
	const struct step_param *params;
	size_t num_params; /* at most STEP_MAX_PARAMS */
	/*
	 * Fills call->result. Returns 0, or -errno if the step could not be carried out at all (out
	 * of memory, an object that was never made); *error then says why. What KVM answers is a
	 * result.
	 */
	int (*perform)(struct world *world, struct step_call *call, char **error);
	enum step_claims claims;
};

/* step_find - the row of that name, or NULL. */
const struct step_def *step_find(const char *name);
/* step_at - row `index` of the table in its order, or NULL past its end. */
const struct step_def *step_at(size_t index);
/* step_param_find - index of a parameter, or -1. */
int step_param_find(const struct step_def *def, const char *name);
/* step_call_init - an empty call of `def` with every parameter at its fallback. */
void step_call_init(struct step_call *call, const struct step_def *def);
void step_result_clear(struct step_result *result);

/* A world: a machine, the VMM process on it, its realms, and what their guests are doing. */
struct world_slot {
	uint64_t base, size; /* guest physical, bytes */
	uint64_t gmem_offset;
	bool no_gmem; /* an ordinary slot */
	bool readonly;
};
struct world_realm {
	const char *name;  /* "realm" when there is only one */
	uint8_t ipa_bits;  /* total, as KVM_CREATE_VM takes it */
	uint8_t hash_algo; /* 0 SHA-256, 1 SHA-512 */
	bool has_rpv;
	uint8_t rpv[64];
	unsigned int vcpus;
	bool shared_at_first; /* `attributes: shared`: the slots do not become PRIVATE */
	const struct world_slot *slots;
	size_t num_slots;
};
struct world_config {
	struct machine_config machine;
	const struct world_realm *realms;
	size_t num_realms;
	uint64_t seed;
	size_t keep_calls; /* RMI calls of each step that world_rmi_calls() has, from its first on */
};

/* world_create - a machine and a VMM process with no VM yet. 0 or -errno with *error in words. */
int world_create(const struct world_config *config, struct world **out, char **error);
/*
 * world_teardown - close everything as a process exit does, then run the closing checks: nothing
 * leaked, nothing delegated, accounting zero. Findings go to the machine. Idempotent.
 * `allow_leaks`: the scenario made the RMM refuse to give pages back.
 */
void world_teardown(struct world *world, bool allow_leaks);
/*
 * world_reset - back to the state after world_create(), at the cost of what was touched. Findings
 * are cleared. 0, or -errno with *error in words: the world can then only be destroyed.
 */
int world_reset(struct world *world, char **error);
void world_destroy(struct world *world);
struct machine *world_machine(const struct world *world);
/* world_rd - physical address of the realm's RD, 0 when there is none at this moment. */
uint64_t world_rd(struct world *world, unsigned int realm);
const struct world_realm *world_realm(const struct world *world, unsigned int realm);
size_t world_num_realms(const struct world *world);
/* world_vm_fd - file descriptor of the realm's VM, or -1; world_tid - the VMM's main thread. */
int32_t world_vm_fd(const struct world *world, unsigned int realm);
int32_t world_tid(const struct world *world);
/* world_ripas_waits - whether a vCPU has asked for a change of RIPAS that it has no answer to yet. */
bool world_ripas_waits(const struct world *world, unsigned int realm);

/*
 * world_perform - performs one step: implied steps first (vmm.create_vm), then call->def->perform,
 * then the host audit. 0, or -errno with *error when it could not be carried out; -EOPNOTSUPP: the
 * interface of the KVM build's era has nothing that does what the step means.
 */
int world_perform(struct world *world, struct step_call *call, char **error);

/*
 * world_is_behind - whether steps were performed whose effects this KVM build's era only has with the
 * first KVM_RUN (vmm.activate), and that was not yet: the state is not what the steps promise.
 */
bool world_is_behind(const struct world *world);
/* world_series - the posting of the series that the KVM build is of: 10 for v10. Without a host 0. */
unsigned int world_series(const struct world *world);
/* world_accounts_tables - whether kvm_account_pgtable_pages() is told of all tables of a realm: since v9. */
bool world_accounts_tables(const struct world *world);
/* world_offers_realms - whether KVM says so (KVM_CHECK_EXTENSION), which is a system call like any other. */
bool world_offers_realms(struct world *world);
/* world_num_tables - of all realms in the RMM, without their roots: what a host that accounts them counts. */
uint64_t world_num_tables(const struct world *world);
/* world_measures_alike - whether the order of measured calls is the scenario's, not the host's. */
bool world_measures_alike(const struct world *world);

/* RMI calls that the current (or last) step made. */
struct world_rmi_call {
	uint64_t x[7];
	uint64_t out[5];
	const char *command;   /* "RTT_CREATE"; NULL: unknown FID */
	const char *condition; /* label of the failed condition, NULL: none */
};
/* world_rmi_count - calls of `command` in the step; every call is counted. NULL: all commands. */
uint64_t world_rmi_count(const struct world *world, const char *command);
/* world_rmi_calls - the calls of the step, at most the first `keep_calls` of them. */
const struct world_rmi_call *world_rmi_calls(const struct world *world, size_t *num);
/*
 * world_last_calls - the last calls of the whole run, oldest first; for reports. Returns their
 * number.
 */
size_t world_last_calls(const struct world *world, struct world_rmi_call *calls, size_t max);
/* world_num_syscalls - system calls so far, loads and stores of the VMM's among them. */
uint64_t world_num_syscalls(const struct world *world);
/* world_num_warns - WARNs that fired in the step. */
unsigned int world_num_warns(const struct world *world);

#endif
