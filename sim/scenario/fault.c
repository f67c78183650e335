/* SPDX-License-Identifier: BSD-3-Clause */
#include "fault.h"

#include "loader.h"
#include "rmi_text.h"
#include "tables.h"

#include <inttypes.h>
#include <rmm/rmi.h>
#include <string.h>

#define RMI_PREFIX "rmi."

/* --- what each RMI command can answer ---------------------------------------------------------------- */

/* To which level a command walks before it answers ERROR_RTT. */
enum walk {
	WALK_NONE,
	WALK_LEVEL,  /* that its argument names */
	WALK_PARENT, /* above it */
	WALK_PAGE,   /* 3 */
};

#define INPUT (1u << RMI_ERROR_INPUT)
#define REALM (1u << RMI_ERROR_REALM)
#define REC   (1u << RMI_ERROR_REC)
#define RTT   (1u << RMI_ERROR_RTT)

/* The failures that the specification lists, and what a fault's `address` is compared with. */
static const struct failure {
	uint32_t fid;
	uint8_t statuses;    /* bit of each status */
	const char *address; /* the argument */
	enum walk walk;
	bool environment; /* a correct RMM gives it when the granule is in use elsewhere */
} failures[] = {
	{RMI_VERSION, INPUT, NULL, WALK_NONE, false},
	{RMI_GRANULE_DELEGATE, INPUT, "addr", WALK_NONE, true},
	{RMI_GRANULE_UNDELEGATE, INPUT, "addr", WALK_NONE, true},
	{RMI_DATA_CREATE, INPUT | REALM | RTT, "ipa", WALK_PAGE, false},
	{RMI_DATA_CREATE_UNKNOWN, INPUT | RTT, "ipa", WALK_PAGE, false},
	{RMI_DATA_DESTROY, INPUT | RTT, "ipa", WALK_PAGE, false},
	{RMI_REALM_ACTIVATE, INPUT | REALM, "rd", WALK_NONE, false},
	{RMI_REALM_CREATE, INPUT, "rd", WALK_NONE, false},
	{RMI_REALM_DESTROY, INPUT | REALM, "rd", WALK_NONE, false},
	{RMI_REC_CREATE, INPUT | REALM, "rec", WALK_NONE, false},
	{RMI_REC_DESTROY, INPUT | REC, "rec", WALK_NONE, false},
	{RMI_REC_ENTER, INPUT | REALM | REC, "rec", WALK_NONE, false},
	{RMI_RTT_CREATE, INPUT | RTT, "ipa", WALK_PARENT, false},
	{RMI_RTT_DESTROY, INPUT | RTT, "ipa", WALK_PARENT, false},
	{RMI_RTT_MAP_UNPROTECTED, INPUT | RTT, "ipa", WALK_LEVEL, false},
	{RMI_RTT_READ_ENTRY, INPUT, "ipa", WALK_NONE, false},
	{RMI_RTT_UNMAP_UNPROTECTED, INPUT | RTT, "ipa", WALK_LEVEL, false},
	{RMI_PSCI_COMPLETE, INPUT, "calling_rec", WALK_NONE, false},
	{RMI_RTT_FOLD, INPUT | RTT, "ipa", WALK_PARENT, false},
	{RMI_REC_AUX_COUNT, INPUT, "rd", WALK_NONE, false},
	{RMI_RTT_INIT_RIPAS, INPUT | REALM | RTT, "base", WALK_PAGE, false},
	{RMI_RTT_SET_RIPAS, INPUT | REC | RTT, "base", WALK_PAGE, false},
};

static const struct failure *failure_find(const struct rmi_command *command)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(failures); i++) {
		if (failures[i].fid == command->fid)
			return &failures[i];
	}
	return NULL;
}

/* --- loading ----------------------------------------------------------------------------------------- */

/* The name at index i is of status RMI_ERROR_INPUT + i. */
const char *const fault_status_names[] = {"ERROR_INPUT", "ERROR_REALM", "ERROR_REC", "ERROR_RTT",
					  NULL};
_Static_assert(RMI_ERROR_INPUT == 1 && RMI_ERROR_RTT == 4,
	       "fault_status_names is indexed by status");

enum { CLASS_ENVIRONMENT, CLASS_RMM };

static void statuses_text(const struct failure *failure, char *text, size_t size)
{
	unsigned int i;

	*text = '\0';
	for (i = RMI_ERROR_INPUT; i <= RMI_ERROR_RTT; i++) {
		if (!(failure->statuses & 1u << i))
			continue;
		if (*text)
			g_strlcat(text, " ", size);
		g_strlcat(text, fault_status_names[i - RMI_ERROR_INPUT], size);
	}
}

bool fault_info_at(size_t index, struct fault_info *info)
{
	static const char *const help[] = {
		[PORT_FAULT_PAGE_ALLOC] = "alloc_page and its like find no page",
		[PORT_FAULT_PAGE_ZALLOC] = "the same, for zeroed pages",
		[PORT_FAULT_CACHE_TOPUP] = "a memory cache cannot be filled",
		[PORT_FAULT_KMALLOC] = "kmalloc and its like find no memory",
		[PORT_FAULT_BITMAP_ALLOC] = "a bitmap cannot be allocated",
		[PORT_FAULT_GMEM_PAGE] = "a guest_memfd finds no page",
		[PORT_FAULT_USER_PAGE] = "an anonymous page of the VMM cannot be faulted in",
		[PORT_FAULT_USER_ACCESS] = "a copy from or to the VMM's memory faults",
		[PORT_FAULT_SIGNAL] = "a signal is pending where the kernel looks",
		[PORT_FAULT_RESCHED] = "cond_resched drops the lock",
	};
	const struct failure *failure;

	_Static_assert(G_N_ELEMENTS(help) == PORT_NUM_FAULTS, "every point has a line of help");
	if (index < PORT_NUM_FAULTS) {
		*info = (struct fault_info){.name = port_fault_name((unsigned int)index),
					    .environment = true,
					    .help = help[index]};
		return true;
	}
	index -= PORT_NUM_FAULTS;
	if (index >= G_N_ELEMENTS(failures))
		return false;
	failure = &failures[index];
	*info = (struct fault_info){
		.name = rmi_command(failure->fid)->name,
		.environment = failure->environment,
		.rmm = true,
		.help = failure->environment ? "the granule is in use elsewhere"
					     : "the RMM answers with one of its failures",
	};
	statuses_text(failure, info->statuses, sizeof(info->statuses));
	return true;
}

const char *const *fault_point_names(void)
{
	static const char *names[PORT_NUM_FAULTS + G_N_ELEMENTS(failures) + 1];
	struct fault_info info;
	size_t i;

	for (i = 0; !names[i] && fault_info_at(i, &info); i++)
		names[i] = info.rmm ? g_strconcat(RMI_PREFIX, info.name, NULL) : info.name;
	return names;
}

static void point_unknown(struct loader *loader, const struct node *node, const char *text)
{
	const char *nearest = name_nearest(text, fault_point_names());

	load_error(
		loader, node,
		nearest ? "unknown fault point `%s`: did you mean `%s`?"
			: "unknown fault point `%s`: `rmesim list --faults` prints all of them%s",
		text, nearest ? nearest : "");
}

static bool point_load(struct loader *loader, const struct node *node, struct plan_fault *fault)
{
	const char *text;
	unsigned int i;

	if (!load_text(loader, node, "point", "a fault", &text))
		return false;
	if (g_str_has_prefix(text, RMI_PREFIX)) {
		fault->command = rmi_command_by_name(text + strlen(RMI_PREFIX));
		if (fault->command && failure_find(fault->command))
			return true;
		if (fault->command) {
			load_error(loader, node,
				   "%s cannot fail: the specification lists no failure for it",
				   fault->command->name);
			return false;
		}
	} else {
		for (i = 0; i < PORT_NUM_FAULTS; i++) {
			if (!strcmp(port_fault_name(i), text)) {
				fault->point = (enum port_fault)i;
				return true;
			}
		}
	}
	point_unknown(loader, node, text);
	return false;
}

/* A granule outside DRAM cannot be in use elsewhere: the RMM would never see it. */
static bool range_check(struct loader *loader, const struct node *node,
			const struct plan_fault *fault)
{
	const struct plan_machine *machine = &loader->plan->machine;

	if (!fault->command || !failure_find(fault->command)->environment)
		return true;
	if (fault->base - machine->base < machine->memory &&
	    fault->size <= machine->memory - (fault->base - machine->base))
		return true;
	load_error(loader, node,
		   "`address` of a fault: the machine has no memory there (0x%" PRIx64 "+%s only)",
		   machine->base, format_size(loader->arena, machine->memory));
	return false;
}

static bool status_load(struct loader *loader, const struct node *node, struct plan_fault *fault)
{
	char listed[64];
	uint64_t index;

	if (!load_key_value(loader, node, &fault_keys[FAULT_STATUS], "a fault", &index))
		return false;
	fault->status = (uint8_t)(RMI_ERROR_INPUT + index);
	if (failure_find(fault->command)->statuses & 1u << fault->status)
		return true;
	statuses_text(failure_find(fault->command), listed, sizeof(listed));
	load_error(loader, node, "%s cannot give %s: the specification lists %s",
		   fault->command->name, fault_status_names[index], listed);
	return false;
}

bool fault_load(struct loader *loader, const struct node *node, struct plan_fault *fault)
{
	const struct node *values[LOADER_MAX_KEYS], *map = load_map(loader, node, NULL, "a fault");
	uint64_t number, class = CLASS_ENVIRONMENT;
	GString *title;
	bool good;

	if (!map)
		return false;
	fault->place = map->place;
	good = load_keys(loader, map, "a fault", fault_keys, values);
	if (!values[FAULT_POINT] || !point_load(loader, values[FAULT_POINT], fault))
		return false;
	if (values[FAULT_NTH] && !load_key_value(loader, values[FAULT_NTH], &fault_keys[FAULT_NTH],
						 "a fault", &fault->nth))
		good = false;
	number = 0;
	if (values[FAULT_ALWAYS] && !load_key_value(loader, values[FAULT_ALWAYS],
						    &fault_keys[FAULT_ALWAYS], "a fault", &number))
		good = false;
	fault->always = number;
	if (good && fault->always == (fault->nth != 0)) {
		load_error(loader, map, "a fault: expected either `nth: N` or `always: true`");
		good = false;
	}
	if (values[FAULT_CLASS] && !load_key_value(loader, values[FAULT_CLASS],
						   &fault_keys[FAULT_CLASS], "a fault", &class))
		good = false;
	if (!fault->command) {
		if (values[FAULT_STATUS] || values[FAULT_INDEX]) {
			load_error(loader,
				   values[FAULT_STATUS] ? values[FAULT_STATUS]
							: values[FAULT_INDEX],
				   "a fault: only RMI calls have a status");
			good = false;
		}
		if (class == CLASS_RMM) {
			load_error(loader, values[FAULT_CLASS],
				   "`class` of a fault: %s is of class environment",
				   port_fault_name(fault->point));
			good = false;
		}
	} else {
		fault->status = RMI_ERROR_INPUT;
		if (values[FAULT_STATUS] && !status_load(loader, values[FAULT_STATUS], fault))
			good = false;
		if (class == CLASS_RMM && !values[FAULT_STATUS]) {
			load_error(loader, map, "a fault of class rmm: key `status` is missing");
			good = false;
		}
		if (class == CLASS_ENVIRONMENT && !failure_find(fault->command)->environment) {
			load_error(
				loader, map,
				"%s fails only if the RMM says so: add `class: rmm` and a `status`",
				fault->command->name);
			good = false;
		}
		if (values[FAULT_INDEX]) {
			/* The one status whose index is no level. */
			if (fault->command->fid != RMI_REC_ENTER ||
			    fault->status != RMI_ERROR_REALM) {
				load_error(loader, values[FAULT_INDEX],
					   "`index` of a fault: only ERROR_REALM of REC_ENTER has "
					   "one");
				good = false;
			} else if (load_key_value(loader, values[FAULT_INDEX],
						  &fault_keys[FAULT_INDEX], "a fault", &number)) {
				fault->index = (uint8_t)number;
			} else {
				good = false;
			}
		}
	}
	if (values[FAULT_ADDRESS] && fault->command && !failure_find(fault->command)->address) {
		load_error(loader, values[FAULT_ADDRESS], "`address` of a fault: %s has none",
			   fault->command->name);
		good = false;
	} else if (values[FAULT_ADDRESS]) {
		fault->has_range = true;
		if (!load_range(loader, values[FAULT_ADDRESS], "address", "a fault",
				RMM_GRANULE_SIZE, &fault->base, &fault->size) ||
		    !range_check(loader, values[FAULT_ADDRESS], fault))
			good = false;
	}
	if (values[FAULT_STEP]) {
		fault->step_place = values[FAULT_STEP]->place;
		if (!load_text(loader, values[FAULT_STEP], "step", "a fault", &fault->step))
			good = false;
	}
	title = g_string_new(NULL);
	g_string_append_printf(title, "%s%s", fault->command ? RMI_PREFIX : "",
			       fault->command ? fault->command->name
					      : port_fault_name(fault->point));
	if (fault->has_range)
		g_string_append_printf(title, " address=0x%" PRIx64 "+%s", fault->base,
				       format_size(loader->arena, fault->size));
	if (fault->always)
		g_string_append(title, " always");
	else
		g_string_append_printf(title, " nth=%" PRIu64, fault->nth);
	if (fault->command)
		g_string_append_printf(title, " status=%s",
				       fault_status_names[fault->status - RMI_ERROR_INPUT]);
	if (fault->step)
		g_string_append_printf(title, " step=%s", fault->step);
	fault->title = arena_copy(loader->arena, title->str, title->len);
	g_string_free(title, TRUE);
	return good;
}

static bool step_exists(const struct plan_step *steps, size_t num, const char *name)
{
	size_t i;

	for (i = 0; i < num; i++) {
		if (steps[i].name && !strcmp(steps[i].name, name))
			return true;
		if (step_exists(steps[i].body, steps[i].num_body, name))
			return true;
	}
	return false;
}

bool fault_steps_exist(struct loader *loader)
{
	const struct plan *plan = loader->plan;
	bool good = true;
	size_t i;

	for (i = 0; i < plan->num_faults; i++) {
		const struct plan_fault *fault = &plan->faults[i];

		if (!fault->step || !strcmp(fault->step, PLAN_TEARDOWN_STEP) ||
		    step_exists(plan->steps, plan->num_steps, fault->step))
			continue;
		diagnostics_add(loader->diagnostics, fault->step_place,
				"`step` of a fault: no step has the name `%s`", fault->step);
		good = false;
	}
	return good;
}

/* --- running ----------------------------------------------------------------------------------------- */

/* Counts an occurrence, and says whether it is one that fails. */
static bool fault_decide(const struct fault_injector *injector, struct fault_state *state,
			 const struct plan_fault *fault, uint64_t address)
{
	if (fault->step && (!injector->step || strcmp(fault->step, injector->step) != 0))
		return false;
	if (fault->has_range && address - fault->base >= fault->size)
		return false;
	state->seen++;
	if (!fault->always && state->seen != fault->nth)
		return false;
	state->fired++;
	return true;
}

static bool injector_point(void *ctx, enum port_fault point, uint64_t address)
{
	struct fault_injector *injector = ctx;
	bool fail = false;
	size_t i;

	for (i = 0; i < injector->plan->num_faults; i++) {
		const struct plan_fault *fault = &injector->plan->faults[i];

		if (!fault->command && fault->point == point &&
		    fault_decide(injector, &injector->states[i], fault, address))
			fail = true;
	}
	return fail;
}

static bool entry_is_live(const struct rmm_entry_view *entry)
{
	return entry->hipas == RMM_ASSIGNED || entry->hipas == RMM_ASSIGNED_NS ||
	       entry->hipas == RMM_TABLE;
}

/*
 * What a walk of the tables gives as `top` (SkipNonLive of the facts, section 2.5): the first live entry
 * from `ipa` on in the table where the walk ended, or the end of that table.
 */
static uint64_t walk_top(const struct rmm *rmm, uint64_t rd, uint64_t ipa,
			 const struct rmm_entry_view *end)
{
	uint64_t size = end->size, table_end = (ipa | (size * 512 - 1)) + 1, at;
	struct rmm_entry_view entry;

	if (entry_is_live(end))
		return ipa;
	for (at = end->ipa + size; at < table_end; at += size) {
		if (!rmm_inspect_entry(rmm, rd, at, end->level, &entry))
			continue;
		if (entry_is_live(&entry))
			return at;
	}
	return table_end;
}

/* Fills the registers as a refusing RMM would; false if its state does not allow the refusal. */
static bool call_refuse(const struct rmm *rmm, const struct rmi_command *command, uint8_t status,
			uint8_t index, struct rmm_regs *regs)
{
	const struct failure *failure = failure_find(command);
	uint64_t results[5] = {status | (uint64_t)index << 8};
	struct rmm_entry_view entry;
	unsigned int i;

	if (status == RMI_ERROR_RTT) {
		uint64_t rd = regs->x[rmi_arg_register(command, "rd")];
		uint64_t ipa = regs->x[rmi_arg_register(command, failure->address)];
		int level = 3;

		if (failure->walk != WALK_PAGE)
			level = (int)regs->x[rmi_arg_register(command, "level")];
		if (failure->walk == WALK_PARENT)
			level--;
		if (!rmm_inspect_entry(rmm, rd, ipa, level, &entry))
			return false;
		results[0] |= (uint64_t)(uint8_t)entry.level << 8;
		for (i = 0; i < command->num_outs; i++) {
			if (!strcmp(command->outs[i], "top"))
				results[i + 1] = walk_top(rmm, rd, ipa, &entry);
		}
	}
	memcpy(regs->x, results, sizeof(results));
	return true;
}

static bool refuse_call(struct fault_injector *injector, const struct plan_fault *fault,
			struct rmm_regs *regs)
{
	const struct rmi_command *command = fault->command;

	if (call_refuse(machine_rmm(injector->machine), command, fault->status, fault->index, regs))
		return true;
	g_free(injector->refused);
	injector->refused = g_strdup_printf(
		"%s answers ERROR_RTT only after a walk, and there is none for rd=0x%" PRIx64
		" ipa=0x%" PRIx64,
		command->name, regs->x[rmi_arg_register(command, "rd")],
		regs->x[rmi_arg_register(command, failure_find(command)->address)]);
	injector->refused_fault = fault;
	return false;
}

unsigned int fault_statuses(const struct rmi_command *command)
{
	const struct failure *failure = failure_find(command);

	return failure ? failure->statuses : 0;
}

bool fault_is_environment(const struct rmi_command *command)
{
	const struct failure *failure = failure_find(command);

	return failure && failure->environment;
}

bool fault_refuse(const struct machine *machine, const struct rmi_command *command, uint8_t status,
		  struct rmm_regs *regs)
{
	return call_refuse(machine_rmm(machine), command, status, 0, regs);
}

static bool injector_call(void *ctx, struct rmm_regs *regs)
{
	struct fault_injector *injector = ctx;
	const struct rmi_command *command = rmi_command(regs->x[0]);
	const struct plan_fault *first = NULL;
	size_t i;

	for (i = 0; i < injector->plan->num_faults; i++) {
		const struct plan_fault *fault = &injector->plan->faults[i];
		const struct failure *failure;
		unsigned int address = 0;

		if (!command || fault->command != command)
			continue;
		failure = failure_find(command);
		if (failure->address)
			address = rmi_arg_register(command, failure->address);
		if (fault_decide(injector, &injector->states[i], fault, regs->x[address]) && !first)
			first = fault;
	}
	return first && refuse_call(injector, first, regs);
}

void fault_injector_init(struct fault_injector *injector, const struct plan *plan)
{
	*injector = (struct fault_injector){.plan = plan};
	injector->states = g_new0(struct fault_state, plan->num_faults + 1);
}

void fault_injector_clear(struct fault_injector *injector)
{
	g_free(injector->states);
	g_free(injector->refused);
}

void fault_injector_attach(struct fault_injector *injector, struct machine *machine)
{
	injector->machine = machine;
	if (injector->plan->num_faults)
		machine_set_faults(machine, injector_point, injector_call, injector);
}
