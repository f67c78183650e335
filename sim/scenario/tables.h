/* SPDX-License-Identifier: BSD-3-Clause */
/* tables.h - the rows of the language's tables by name, for the loader. */
#ifndef SCENARIO_TABLES_H
#define SCENARIO_TABLES_H

#include <sim/language.h>
#include <sim/rmi_name.h>

enum top_key {
	TOP_SCENARIO,
	TOP_ABOUT,
	TOP_TAGS,
	TOP_LEVEL,
	TOP_USE,
	TOP_MATRIX,
	TOP_MACHINE,
	TOP_REALM,
	TOP_REALMS,
	TOP_STEPS,
	TOP_FAULTS,
	TOP_TEARDOWN,
	TOP_HOSTILE,
	TOP_SINCE,
	TOP_OWN_HOST,
	TOP_NUM,
};

enum prelude_key {
	PRELUDE_NAME,
	PRELUDE_ABOUT,
	PRELUDE_USE,
	PRELUDE_MACHINE,
	PRELUDE_REALM,
	PRELUDE_REALMS,
	PRELUDE_STEPS,
	PRELUDE_NUM,
};

enum machine_key {
	MACHINE_MEMORY,
	MACHINE_PAGE_SIZE,
	MACHINE_BASE,
	MACHINE_QUARANTINE,
	MACHINE_RMM,
	MACHINE_KVM,
	MACHINE_BLOCK_MAPPINGS,
	MACHINE_GMEM_HUGE,
	MACHINE_NUM,
};
extern const struct key_def machine_keys[];

enum realm_key {
	REALM_IPA_BITS,
	REALM_HASH,
	REALM_RPV,
	REALM_VCPUS,
	REALM_SLOTS,
	REALM_ATTRIBUTES,
	REALM_POLICY,
	REALM_NUM,
};
extern const struct key_def realm_keys[];

enum slot_key { SLOT_BASE, SLOT_SIZE, SLOT_GMEM, SLOT_GMEM_OFFSET, SLOT_READONLY, SLOT_NUM };
extern const struct key_def slot_keys[];

/* `on_memory_fault:` by name, or as a map with the key `convert`. */
enum { POLICY_CONVERT, POLICY_STOP, POLICY_RETURN };
extern const struct shape policy_name_shape;
extern const struct key_def policy_keys[];

enum { TEARDOWN_ALLOW, TEARDOWN_NUM };
enum { ALLOW_LEAKS, ALLOW_WARNS };
extern const struct key_def teardown_keys[];

enum fault_key {
	FAULT_POINT,
	FAULT_NTH,
	FAULT_ALWAYS,
	FAULT_ADDRESS,
	FAULT_STATUS,
	FAULT_CLASS,
	FAULT_INDEX,
	FAULT_STEP,
	FAULT_NUM,
};
extern const struct key_def fault_keys[];

enum step_key {
	KEY_NAME,
	KEY_WHY,
	KEY_REALM,
	KEY_VCPU,
	KEY_POLICY,
	KEY_HOSTILE,
	KEY_EXPECT,
	KEY_NOTE,
	KEY_REPEAT,
	KEY_SNAPSHOT,
	KEY_SAME_AS,
	KEY_USE,
	KEY_PARALLEL,
	KEY_NUM,
};
enum { REPEAT_TIMES, REPEAT_STEPS, REPEAT_NUM };
extern const struct key_def repeat_keys[];

enum {
	SCHEDULES_ALL,
	SCHEDULES_PREEMPTIONS,
	SCHEDULES_SEED,
	SCHEDULES_RUNS,
	SCHEDULES_NUM,
};
extern const struct key_def schedules_keys[];
enum { PARALLEL_ACTORS, PARALLEL_SCHEDULES, PARALLEL_SCHEDULE, PARALLEL_NUM };
extern const struct key_def parallel_keys[];

/* rmm_option.c */
extern const struct key_def rmm_keys[];
/* fault.c: the names of all fault points, as a scenario writes them. */
const char *const *fault_point_names(void);
extern const char *const fault_status_names[];
/* expect.c: the fields of an exit. */
extern const struct key_def exit_keys[];
/* rmi_argument_key - argument `index` of a command, as rmi_exact has it. */
struct key_def rmi_argument_key(const struct rmi_command *command, unsigned int index);

#endif
