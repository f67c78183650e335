/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * machine.h - DRAM, an RMM and a KVM build put together. Everything that happens on it goes to its trace;
 * everything that must not happen becomes a finding.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <rmm/inspect.h>
#include <rmm/rmm.h>
#include <sim/dram.h>
#include <sim/port.h>
#include <sim/trace.h>
#include <stdio.h>

struct machine;
struct kvm_module;

/*
 * kvm_module_load - load a KVM build from a shared object. Several can be loaded; each is used by one
 * machine at a time. Returns 0, or -ENOENT (no such file), -ENOEXEC (not a KVM build, or made for another
 * port ABI, or for other sanitizers than this program was built with), other -errno of the file system;
 * *error then says why in words (to be freed with free(); `error` may be NULL). No code of a file that is
 * no KVM build for this program's sanitizers is run. A file that is loaded already is not loaded again: the
 * same module is returned, and is to be unloaded once more.
 */
int kvm_module_load(const char *path, struct kvm_module **out, char **error);
/*
 * kvm_module_unload - NULL is ignored. A machine that uses the module keeps it. In programs with AddressSanitizer its
 * code stays in memory until they end: what the file holds by then is not looked at when it is loaded again.
 */
void kvm_module_unload(struct kvm_module *module);
const struct kvm_build *kvm_module_build(const struct kvm_module *module);
const char *kvm_module_path(const struct kvm_module *module);
/* kvm_module_is_foreign - whether somebody's own files are in it in place of rmesim's rme.c, as its note says. */
bool kvm_module_is_foreign(const struct kvm_module *module);
/*
 * kvm_module_default_path - where the in-tree build for `page_size` is: beside the program, in its build
 * or its installation tree. A string to be freed with free(); NULL for a page size that there is none for.
 */
char *kvm_module_default_path(uint32_t page_size);

/* What a host finds that looks for an RMM. */
enum machine_rmi {
	MACHINE_RMI_1_0,
	MACHINE_RMI_2_0,  /* one that only says so: RMI_VERSION fails and names 2.0, and so does every other call */
	MACHINE_RMI_NONE, /* firmware that knows no RMI: every call gives NOT_SUPPORTED */
};

struct machine_config {
	enum machine_rmi rmi;
	struct dram_config dram; /* page_size is taken from the module */
	/*
	 * Banks, platform, and the callbacks for running and violations are filled in by the machine: a
	 * violated invariant is a finding of oracle "rmm". machine_config_init() selects level step.
	 */
	struct rmm_config rmm;
	struct kvm_module *kvm; /* NULL: no host; only the RMM */
	struct kvm_boot_config boot;
	struct trace *trace; /* NULL: the machine makes its own */
	/*
	 * Gets the RMI calls, from the boot of the host on, as text that `rmesim rmi` replays: rmi_log.h says
	 * in what form. NULL: nobody wants them.
	 */
	FILE *rmi_log;
};
void machine_config_init(struct machine_config *config);

/*
 * machine_create - 0; -EBUSY (the module, or the DRAM's slot, is in use); -EINVAL (of dram_create() or
 * rmm_create()); other -errno of the system or of the build's boot. *error (`error` may be NULL) says what
 * failed, to be freed with free(). `config` is copied; the module and the trace outlive the machine.
 */
int machine_create(const struct machine_config *config, struct machine **out, char **error);
void machine_destroy(struct machine *machine);
/*
 * machine_reset - back to the state after machine_create(): the RMM, the build's writable segments and
 * DRAM, at the cost of what was touched. Findings and the step number are cleared; hooks, guest and sinks
 * stay. Fault hooks are not asked while the host boots, here and in machine_create(). 0, or what the
 * build's boot returned: the machine can then only be destroyed.
 */
int machine_reset(struct machine *machine);

struct rmm *machine_rmm(const struct machine *machine);
struct dram *machine_dram(const struct machine *machine);
const struct kvm_build *machine_kvm(const struct machine *machine); /* NULL: none */
struct trace *machine_trace(const struct machine *machine);
uint32_t machine_page_size(const struct machine *machine);

/* machine_smc - an RMI call by hand, traced like any other. */
void machine_smc(struct machine *machine, struct rmm_regs *regs);

/*
 * machine_set_gpt - another agent (the monitor, the Secure world) changes the GPT entry of a granule: rmm_set_gpt().
 * Returns what that does.
 */
int machine_set_gpt(struct machine *machine, uint64_t pa, enum rmm_gpt gpt);
/*
 * machine_set_gpf - another agent does so just before the `nth` next access (from 1; 0: none any more) that the RMM
 * or a Realm makes to a Non-secure granule that the GPT permits, and takes it back after: that one access takes a
 * Granule Protection Fault. machine_reset() forgets it.
 */
void machine_set_gpf(struct machine *machine, uint64_t nth);

/* machine_set_guest - who is the Realm when a REC runs; NULL: every REC exits at once with IRQ. */
void machine_set_guest(struct machine *machine, rmm_run_fn run, void *ctx);

/*
 * What a guest does, for rmm_run_fn: the services of <rmm/rmm.h> of the same names, traced and logged.
 * A guest that goes to the RMM directly is not seen in the log, and its SMCs not in the trace.
 */
enum rmm_outcome machine_cpu_access(struct machine *machine, struct rmm_cpu *cpu,
				    struct rmm_access *access);
enum rmm_outcome machine_cpu_smc(struct machine *machine, struct rmm_cpu *cpu);
enum rmm_outcome machine_cpu_hvc(struct machine *machine, struct rmm_cpu *cpu);
enum rmm_outcome machine_cpu_event(struct machine *machine, struct rmm_cpu *cpu,
				   enum rmm_event event);

/* machine_set_actor - the VMM thread that acts from now on; -1: none. For the trace. */
void machine_set_actor(struct machine *machine, int32_t tid);
int32_t machine_actor(const struct machine *machine);

/* What the trace says of an RMI call that a fault hook answered, in place of a condition. */
extern const char machine_injected[];
/*
 * machine_refused_strangely - whether a fault hook answered the RMI call that `event` tells of, and no correct RMM does:
 * it refuses to delegate or undelegate when a granule is in use elsewhere.
 */
bool machine_refused_strangely(const struct trace_event *event);

/* RMI calls that a machine remembers. */
#define MACHINE_LAST_CALLS 64u
/* machine_num_calls - how many RMI calls have returned since the machine was made or reset, those of its start included. */
uint64_t machine_num_calls(const struct machine *machine);
/*
 * machine_num_folds_again - how many of them the trace had the answer TRACE_FOLD_AGAIN for: most calls are such, and who
 * only counts them need not see them. machine_set_fold_limit - once there are more than `limit`, `fn` is called with each
 * further one, just before the trace is told of it; `fn` may change who sees it. At first there is no limit.
 */
uint64_t machine_num_folds_again(const struct machine *machine);
void machine_set_fold_limit(struct machine *machine, uint64_t limit, void (*fn)(void *ctx),
			    void *ctx);
/*
 * machine_last_call - the RMI call that is `back` calls before the last one that returned, as the trace told of it;
 * NULL: it is not remembered. Valid until the next call.
 */
const struct trace_event *machine_last_call(const struct machine *machine, uint64_t back);

/*
 * Fault hooks. machine_fault_fn: true lets an allocation (or other point) fail. machine_rmi_fn: may answer
 * an RMI call itself (returns true after filling regs) instead of the RMM. NULL: nothing fails.
 */
typedef bool (*machine_fault_fn)(void *ctx, enum port_fault point, uint64_t address);
typedef bool (*machine_rmi_fn)(void *ctx, struct rmm_regs *regs);
void machine_set_faults(struct machine *machine, machine_fault_fn fault, machine_rmi_fn rmi,
			void *ctx);
/*
 * machine_set_fault_mask - from now on, and until machine_set_faults(), machine_fault_fn is asked only about the points
 * whose bit is set: there are thousands of others in a run. At first it is asked about all.
 */
void machine_set_fault_mask(struct machine *machine, uint32_t points);
/*
 * machine_set_rmi_except - from now on, and until machine_set_faults(), machine_rmi_fn is not asked about calls whose x0 is
 * `fid`: most calls are RTT_FOLDs.
 */
void machine_set_rmi_except(struct machine *machine, uint64_t fid);
/* machine_num_faults - how many times such a hook let something fail since the last reset. */
uint64_t machine_num_faults(const struct machine *machine);

/*
 * Who decides when several actors run as if at once (sim/actor). All members are required; it outlives its use.
 * NULL: there is only one.
 */
struct machine_sched {
	void *ctx;
	/* Others may run before it returns. */
	void (*point)(void *ctx, enum port_sched kind, const char *object);
	/* As sim_port.sched_wait. */
	bool (*wait)(void *ctx, enum port_sched kind, const char *object, bool (*done)(void *arg),
		     void *arg);
	/* Whether cond_resched_rwlock_write() and its like drop the lock; a point of kind RESCHED follows then. */
	bool (*resched)(void *ctx);
};
void machine_set_sched(struct machine *machine, const struct machine_sched *sched);
/* machine_sched_point - others may run now: for what is no host code (a guest between two instructions). */
void machine_sched_point(struct machine *machine, enum port_sched kind, const char *object);

/* Something that must not happen. `oracle`, `condition` and `function` key it across runs. */
struct finding {
	char *oracle;	 /* "host-audit", "warn", "rmm", ... */
	char *condition; /* "page-not-nonsecure", "pgtable-accounting", ... */
	char *function;	 /* host function, or "" */
	char *message;	 /* one line for people */
	char *stack;	 /* of the host, as stack_capture() gives it; NULL: there is none */
	uint32_t step;
};
/* machine_report - add a finding (and trace it). `function` may be NULL. */
void machine_report(struct machine *machine, const char *oracle, const char *condition,
		    const char *function, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* machine_stack_keep - the next finding is about where the host is now. */
void machine_stack_keep(struct machine *machine);
size_t machine_num_findings(const struct machine *machine);
const struct finding *machine_finding(const struct machine *machine, size_t index);

/* machine_hash - a digest of the whole state: DRAM, frames, RMM. Equal for equal histories. */
uint64_t machine_hash(const struct machine *machine);

#endif
