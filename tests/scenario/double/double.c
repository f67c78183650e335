/* SPDX-License-Identifier: BSD-3-Clause */
#include "double.h"

#include <errno.h>
#include <inttypes.h>
#include <rmm/rmi.h>
#include <sim/parallel.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE	     4096ull
#define NUM_PAGES    (DOUBLE_SIZE / PAGE)
#define NUM_BLOCKS   (DOUBLE_SIZE / DOUBLE_BLOCK)
#define MAX_FINDINGS 8u
#define MAX_CALLS    4096u

struct page {
	uint8_t ripas;
	bool assigned;
	uint8_t value;
};

struct double_realm {
	bool created;
	struct page pages[NUM_PAGES];
	bool table[NUM_BLOCKS]; /* the block is described page by page */
};

struct kvm_module {
	struct kvm_build build;
	char path[256];
};

struct machine {
	struct machine_config config;
	struct trace *trace;
	machine_fault_fn fault;
	machine_rmi_fn rmi;
	void *fault_ctx;
	struct finding findings[MAX_FINDINGS];
	size_t num_findings;
	struct world *world;
};

struct rmm {
	struct world *world;
};

static void double_sched_point(void);

struct world {
	struct machine machine;
	struct rmm rmm;
	struct world_config config;
	struct double_realm realms[4];
	struct world_rmi_call calls[MAX_CALLS];
	size_t num_calls, first_call; /* of the run; of the step */
	unsigned int warns;
	uint32_t step;
	bool leak;
};

static struct world *the_world;

static int fail(char **error, int err, const char *text)
{
	if (error)
		*error = strdup(text);
	return err;
}

/* --- modules and the machine ------------------------------------------------------------------------- */

static void double_inspect(struct kvm_inspect *out)
{
	size_t i, j;

	*out = (struct kvm_inspect){.vms = 1};
	for (i = 0; i < the_world->config.num_realms; i++) {
		for (j = 0; j < NUM_PAGES; j++)
			out->gmem_pages += the_world->realms[i].pages[j].assigned;
		for (j = 0; j < NUM_BLOCKS; j++)
			out->pgtable_pages += the_world->realms[i].table[j];
	}
}

static void double_coverage_flush(void)
{
}

int kvm_module_load(const char *path, struct kvm_module **out, char **error)
{
	const char *name = strrchr(path, '/');
	struct kvm_module *module;
	unsigned int kib;

	name = name ? name + 1 : path;
	if (sscanf(name, "double-%uk.so", &kib) != 1)
		return fail(error, -ENOENT, "no such KVM build");
	module = calloc(1, sizeof(*module));
	if (!module)
		return -ENOMEM;
	snprintf(module->path, sizeof(module->path), "%s", path);
	module->build.info = (struct kvm_build_info){.abi_version = SIM_PORT_ABI,
						     .page_size = kib * 1024,
						     .uapi_era = KVM_UAPI_ERA_C,
						     .series = "double",
						     .compiler = "none"};
	module->build.inspect = double_inspect;
	module->build.coverage_flush = double_coverage_flush;
	*out = module;
	return 0;
}

void kvm_module_unload(struct kvm_module *module)
{
	free(module);
}

const struct kvm_build *kvm_module_build(const struct kvm_module *module)
{
	return &module->build;
}

bool kvm_module_is_foreign(const struct kvm_module *module)
{
	(void)module;
	return double_build.foreign;
}

const char *kvm_module_path(const struct kvm_module *module)
{
	return module->path;
}

char *kvm_module_default_path(uint32_t page_size)
{
	char *path = NULL;

	if (page_size != 4096 && page_size != 16384 && page_size != 65536)
		return NULL;
	if (asprintf(&path, "double-%uk.so", page_size / 1024) < 0)
		return NULL;
	return path;
}

void machine_config_init(struct machine_config *config)
{
	*config = (struct machine_config){
		.dram = {.base = DRAM_DEFAULT_BASE,
			 .size = DRAM_DEFAULT_SIZE,
			 .page_size = 4096,
			 .memfd = -1},
		.rmm = {.s2sz = 48, .min_ipa_width = 32, .vmid_bits = 8, .rec_aux = 16},
		.boot = {.size = sizeof(config->boot), .vmid_bits = 8},
	};
}

struct rmm *machine_rmm(const struct machine *machine)
{
	return &machine->world->rmm;
}

const struct kvm_build *machine_kvm(const struct machine *machine)
{
	return machine->config.kvm ? &machine->config.kvm->build : NULL;
}

void machine_set_faults(struct machine *machine, machine_fault_fn fault, machine_rmi_fn rmi,
			void *ctx)
{
	machine->fault = fault;
	machine->rmi = rmi;
	machine->fault_ctx = ctx;
}

void machine_report(struct machine *machine, const char *oracle, const char *condition,
		    const char *function, const char *format, ...)
{
	struct finding *finding = &machine->findings[machine->num_findings];
	va_list args;

	if (machine->num_findings == MAX_FINDINGS)
		abort();
	machine->num_findings++;
	finding->oracle = strdup(oracle);
	finding->condition = strdup(condition);
	finding->function = strdup(function ? function : "");
	va_start(args, format);
	if (vasprintf(&finding->message, format, args) < 0)
		abort();
	va_end(args);
}

size_t machine_num_findings(const struct machine *machine)
{
	return machine->num_findings;
}

const struct finding *machine_finding(const struct machine *machine, size_t index)
{
	return &machine->findings[index];
}

uint64_t machine_hash(const struct machine *machine)
{
	const unsigned char *bytes = (const unsigned char *)machine->world->realms;
	uint64_t hash = 0xcbf29ce484222325ull;
	size_t i;

	for (i = 0; i < sizeof(machine->world->realms); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}

/* --- inspection -------------------------------------------------------------------------------------- */

const char *rmm_granule_state_name(enum rmm_granule_state state)
{
	static const char *const names[] = {"UNDELEGATED", "DELEGATED", "RD", "REC",
					    "REC_AUX",	   "DATA",	"RTT"};

	return names[state];
}

const char *rmm_hipas_name(enum rmm_hipas hipas)
{
	static const char *const names[] = {"UNASSIGNED", "ASSIGNED", "TABLE", "UNASSIGNED_NS",
					    "ASSIGNED_NS"};

	return names[hipas];
}

const char *rmm_ripas_name(enum rmm_ripas ripas)
{
	static const char *const names[] = {"EMPTY", "RAM", "DESTROYED", "NONE"};

	return names[ripas];
}

bool rmm_inspect_granule(const struct rmm *rmm, uint64_t pa, struct rmm_granule_view *view)
{
	(void)rmm;
	(void)pa;
	*view = (struct rmm_granule_view){.state = RMM_GRANULE_UNDELEGATED};
	return true;
}

size_t rmm_inspect_realms(const struct rmm *rmm, uint64_t *rds, size_t max)
{
	(void)rmm;
	(void)rds;
	(void)max;
	return 0;
}

uint32_t machine_page_size(const struct machine *machine)
{
	(void)machine;
	return PAGE;
}

uint64_t rmm_inspect_count(const struct rmm *rmm, enum rmm_granule_state state)
{
	struct kvm_inspect inspect;

	(void)rmm;
	double_inspect(&inspect);
	if (state == RMM_GRANULE_DATA)
		return inspect.gmem_pages;
	if (state == RMM_GRANULE_RTT)
		return (uint64_t)inspect.pgtable_pages;
	return 0;
}

/* RDs are made up: 0x1000 for the first realm, 0x2000 for the second, ... */
static struct double_realm *realm_at(const struct rmm *rmm, uint64_t rd)
{
	uint64_t index = rd / PAGE - 1;

	if (!rd || index >= rmm->world->config.num_realms || !rmm->world->realms[index].created)
		return NULL;
	return &rmm->world->realms[index];
}

bool rmm_inspect_realm(const struct rmm *rmm, uint64_t rd, struct rmm_realm_view *view)
{
	if (!realm_at(rmm, rd))
		return false;
	*view = (struct rmm_realm_view){
		.rd = rd, .ipa_width = rmm->world->config.realms[rd / PAGE - 1].ipa_bits};
	memset(view->measurements[0], 0xab, 32);
	return true;
}

bool rmm_inspect_entry(const struct rmm *rmm, uint64_t rd, uint64_t ipa, int level,
		       struct rmm_entry_view *view)
{
	const struct double_realm *realm = realm_at(rmm, rd);
	uint8_t bits = realm ? rmm->world->config.realms[rd / PAGE - 1].ipa_bits : 0;
	const struct page *page;

	if (!realm || ipa >> bits)
		return false;
	*view = (struct rmm_entry_view){.hipas = RMM_UNASSIGNED, .ripas = RMM_EMPTY, .level = 2};
	view->size = DOUBLE_BLOCK;
	view->ipa = ipa & ~(DOUBLE_BLOCK - 1);
	if (ipa >> (bits - 1)) {
		view->hipas = RMM_UNASSIGNED_NS;
		view->ripas = RMM_RIPAS_NONE;
		return true;
	}
	if (ipa - DOUBLE_BASE >= DOUBLE_SIZE)
		return true;
	if (realm->table[(ipa - DOUBLE_BASE) / DOUBLE_BLOCK]) {
		if (level < 3) {
			view->hipas = RMM_TABLE;
			view->ripas = RMM_RIPAS_NONE;
			return true;
		}
		view->level = 3;
		view->size = PAGE;
		view->ipa = ipa & ~(PAGE - 1);
	}
	page = &realm->pages[(view->ipa - DOUBLE_BASE) / PAGE];
	view->ripas = page->ripas;
	view->hipas = page->assigned ? RMM_ASSIGNED : RMM_UNASSIGNED;
	view->pa = view->ipa;
	return true;
}

/* Runs of one entry are runs, too. */
bool rmm_inspect_run(const struct rmm *rmm, uint64_t rd, uint64_t ipa, int level,
		     struct rmm_entry_view *view, uint64_t *end)
{
	if (!rmm_inspect_entry(rmm, rd, ipa, level, view))
		return false;
	*end = view->ipa + view->size;
	return true;
}

bool rmm_inspect_read(const struct rmm *rmm, uint64_t pa, void *buffer, size_t size)
{
	uint8_t *bytes = buffer;
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = rmm->world->realms[0].pages[(pa + i - DOUBLE_BASE) / PAGE].value;
	return true;
}

/* --- the world --------------------------------------------------------------------------------------- */

int world_create(const struct world_config *config, struct world **out, char **error)
{
	struct world *world;

	if (config->num_realms > 4)
		return fail(error, -EINVAL, "the double has at most four realms");
	if (config->machine.rmm.s2sz == 33)
		return fail(error, -EINVAL, "the double does not like this RMM");
	world = calloc(1, sizeof(*world));
	if (!world)
		return -ENOMEM;
	world->config = *config;
	world->machine.config = config->machine;
	world->machine.trace = config->machine.trace;
	world->machine.world = world;
	world->rmm.world = world;
	the_world = world;
	*out = world;
	return 0;
}

void world_teardown(struct world *world, bool allow_leaks)
{
	if (world->leak && !allow_leaks)
		machine_report(&world->machine, "host-audit", "still-delegated", NULL,
			       "1 granule is left");
}

static void findings_clear(struct world *world)
{
	size_t i;

	for (i = 0; i < world->machine.num_findings; i++) {
		free(world->machine.findings[i].oracle);
		free(world->machine.findings[i].condition);
		free(world->machine.findings[i].function);
		free(world->machine.findings[i].message);
	}
	world->machine.num_findings = 0;
}

int world_reset(struct world *world, char **error)
{
	const struct machine machine = world->machine;
	const struct world_config config = world->config;

	*error = NULL;
	findings_clear(world);
	memset(world, 0, sizeof(*world));
	world->config = config;
	world->machine.config = machine.config;
	world->machine.trace = machine.trace;
	world->machine.world = world;
	world->rmm.world = world;
	return 0;
}

void world_destroy(struct world *world)
{
	if (!world)
		return;
	findings_clear(world);
	free(world);
}

struct machine *world_machine(const struct world *world)
{
	return (struct machine *)(uintptr_t)&world->machine;
}

uint64_t world_rd(struct world *world, unsigned int realm)
{
	return world->realms[realm].created ? (realm + 1) * PAGE : 0;
}

size_t world_num_realms(const struct world *world)
{
	return world->config.num_realms;
}

struct double_build double_build = {.series = 10};

unsigned int world_series(const struct world *world)
{
	(void)world;
	return double_build.series;
}

bool world_accounts_tables(const struct world *world)
{
	(void)world;
	return double_build.series >= 9;
}

bool world_measures_alike(const struct world *world)
{
	(void)world;
	return double_build.series < 12;
}

bool world_is_behind(const struct world *world)
{
	(void)world;
	return double_build.behind;
}

unsigned int world_num_warns(const struct world *world)
{
	return world->warns;
}

uint64_t world_rmi_count(const struct world *world, const char *command)
{
	uint64_t count = 0;
	size_t i;

	for (i = world->first_call; i < world->num_calls; i++)
		count += !command || !strcmp(world->calls[i].command, command);
	return count;
}

const struct world_rmi_call *world_rmi_calls(const struct world *world, size_t *num)
{
	*num = world->num_calls - world->first_call;
	return &world->calls[world->first_call];
}

size_t world_last_calls(const struct world *world, struct world_rmi_call *calls, size_t max)
{
	size_t num = world->num_calls < max ? world->num_calls : max;

	memcpy(calls, &world->calls[world->num_calls - num], num * sizeof(*calls));
	return num;
}

int world_perform(struct world *world, struct step_call *call, char **error)
{
	struct trace_event event = {.kind = TRACE_STEP_BEGIN, .actor = -1, .text = call->def->name};
	int err;

	*error = NULL;
	double_sched_point();
	world->first_call = world->num_calls;
	world->warns = 0;
	world->step++;
	if (world->machine.trace) {
		trace_set_step(world->machine.trace, world->step);
		trace_emit(world->machine.trace, &event);
	}
	err = call->def->perform(world, call, error);
	call->result.elsewhere = double_build.elsewhere;
	if (double_build.unsupported && !strcmp(call->def->name, "guest.read")) {
		*error = strdup("double: nothing reads here");
		err = -EOPNOTSUPP;
	}
	if (world->machine.trace) {
		event.kind = TRACE_STEP_END;
		event.text = NULL;
		event.value[0] = (uint64_t)(int64_t)call->result.err;
		trace_emit(world->machine.trace, &event);
	}
	return err;
}

/* --- steps ------------------------------------------------------------------------------------------- */

/* An RMI call that always succeeds, unless a fault is injected. False: it was refused. */
static bool rmi_call(struct world *world, uint64_t fid, const char *command, uint64_t x1,
		     uint64_t x2, uint64_t x3)
{
	struct rmm_regs regs = {.x = {fid, x1, x2, x3}};
	struct world_rmi_call *record = &world->calls[world->num_calls];

	if (world->num_calls == MAX_CALLS)
		abort();
	world->num_calls++;
	*record = (struct world_rmi_call){.x = {fid, x1, x2, x3}, .command = command};
	if (world->machine.rmi && world->machine.rmi(world->machine.fault_ctx, &regs)) {
		memcpy(record->out, regs.x, sizeof(record->out));
		record->condition = "injected";
		return false;
	}
	return true;
}

static int create_realm(struct world *world, struct step_call *call, char **error)
{
	(void)error;
	world->realms[call->realm].created = true;
	return 0;
}

static struct page *page_at(struct world *world, const struct step_call *call, uint64_t ipa)
{
	struct double_realm *realm = &world->realms[call->realm];

	if (ipa - DOUBLE_BASE >= DOUBLE_SIZE)
		return NULL;
	return &realm->pages[(ipa - DOUBLE_BASE) / PAGE];
}

static int set_range(struct world *world, struct step_call *call, uint64_t ripas, char **error)
{
	uint64_t base = call->args[0].number, size = call->args[1].number, at;

	for (at = base; at < base + size; at += PAGE) {
		struct page *page = page_at(world, call, at);

		if (!page)
			return fail(error, -ERANGE, "outside the window of the double");
		if (!ripas && !rmi_call(world, RMI_DATA_DESTROY, "DATA_DESTROY",
					(call->realm + 1) * PAGE, at, 0)) {
			call->result.outcome = STEP_ERROR;
			call->result.err = -ENXIO;
			return 0;
		}
		if (size % DOUBLE_BLOCK || base % DOUBLE_BLOCK)
			world->realms[call->realm].table[(at - DOUBLE_BASE) / DOUBLE_BLOCK] = true;
		page->ripas = (uint8_t)ripas;
		if (!ripas)
			page->assigned = false;
	}
	call->result.done = size;
	return 0;
}

static int init_ripas(struct world *world, struct step_call *call, char **error)
{
	rmi_call(world, RMI_RTT_INIT_RIPAS, "RTT_INIT_RIPAS", PAGE, call->args[0].number,
		 call->args[0].number + call->args[1].number);
	return set_range(world, call, 1, error);
}

static int set_ripas(struct world *world, struct step_call *call, char **error)
{
	static struct step_exit exit;

	exit = (struct step_exit){.reason = 39,
				  .err = -EFAULT,
				  .gpa = call->args[0].number,
				  .size = call->args[1].number,
				  .is_private = call->args[2].number == 1};
	call->result.exits = &exit;
	call->result.num_exits = 1;
	call->result.has_response = true;
	if (call->memory_fault == STEP_CONVERT_RETURN) {
		call->result.outcome = STEP_STOPPED;
		call->result.err = -EFAULT;
		return 0;
	}
	return set_range(world, call, call->args[2].number, error);
}

static int guest_write(struct world *world, struct step_call *call, char **error)
{
	uint64_t base = call->args[0].number, size = call->args[1].number, at;

	for (at = base & ~(PAGE - 1); at < base + size; at += PAGE) {
		struct page *page = page_at(world, call, at);

		if (!page)
			return fail(error, -ERANGE, "outside the window of the double");
		if (page->ripas != 1) {
			call->result.outcome = STEP_SEA;
			return 0;
		}
		if (world->machine.fault &&
		    world->machine.fault(world->machine.fault_ctx, PORT_FAULT_GMEM_PAGE, at)) {
			call->result.outcome = STEP_ERROR;
			call->result.err = -ENOMEM;
			return 0;
		}
		if (!page->assigned &&
		    !rmi_call(world, RMI_DATA_CREATE_UNKNOWN, "DATA_CREATE_UNKNOWN",
			      (call->realm + 1) * PAGE, at, at)) {
			call->result.outcome = STEP_ERROR;
			call->result.err = -ENXIO;
			return 0;
		}
		world->realms[call->realm].table[(at - DOUBLE_BASE) / DOUBLE_BLOCK] = true;
		page->assigned = true;
		page->value = (uint8_t)call->args[2].number;
		call->result.done += PAGE;
	}
	return 0;
}

static int guest_read(struct world *world, struct step_call *call, char **error)
{
	const struct page *page = page_at(world, call, call->args[0].number);

	(void)error;
	if (page && page->ripas == 1)
		call->result.value = page->value;
	else
		call->result.outcome = STEP_SEA;
	return 0;
}

static int vmm_fail(struct world *world, struct step_call *call, char **error)
{
	(void)world;
	(void)error;
	call->result.err = -(int)call->args[0].number;
	call->result.outcome = STEP_ERROR;
	return 0;
}

#ifdef __has_feature
static const bool sanitized = __has_feature(address_sanitizer);
#elif defined(__SANITIZE_ADDRESS__)
static const bool sanitized = true;
#else
static const bool sanitized;
#endif

static const char *const breakages[] = {"crash", "abort", "hang",   "exit",  "finding", "warn",
					"leak",	 "error", "reject", "print", NULL};
enum { CRASH, ABORT, HANG, EXIT, FINDING, WARN, LEAK, ERROR, REJECT, PRINT };

static int vmm_break(struct world *world, struct step_call *call, char **error)
{
	switch (call->args[0].number) {
	case CRASH:
		/* Past a sanitizer's handler, which would turn it into an exit. */
		if (sanitized)
			signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		break;
	case ABORT:
		fputs("about to abort\nwith a second line\n", stderr);
		abort();
	case HANG:
		for (;;)
			pause();
	case EXIT:
		_exit(3);
	case FINDING:
		machine_report(&world->machine, "host-audit", "locks-held", "kvm_double",
			       "a lock is held");
		break;
	case WARN:
		world->warns++;
		machine_report(&world->machine, "warn", "WARN", "kvm_double", "a WARN fired");
		break;
	case LEAK:
		world->leak = true;
		break;
	case ERROR:
		return fail(error, -ENOENT, "there is nothing to break");
	case REJECT:
		call->result.has_response = true;
		call->result.rejected = true;
		break;
	case PRINT:
		fputs("noise on stderr\n", stderr);
		break;
	}
	return 0;
}

static int do_nothing(struct world *world, struct step_call *call, char **error)
{
	(void)world;
	(void)error;
	call->result.value = call->args[2].number;
	return 0;
}

static const char *const modes[] = {"first", "second", NULL};
static const char *const ripas_names[] = {"empty", "ram", NULL};

static const struct step_param range_params[] = {
	{.name = "base", .type = STEP_ADDRESS, .required = true, .help = "First address."},
	{.name = "size", .type = STEP_SIZE, .required = true, .help = "Length in bytes."},
};
static const struct step_param set_ripas_params[] = {
	{.name = "base", .type = STEP_ADDRESS, .required = true, .help = "First address."},
	{.name = "size", .type = STEP_SIZE, .required = true, .help = "Length in bytes."},
	{.name = "ripas",
	 .type = STEP_ENUM,
	 .required = true,
	 .names = ripas_names,
	 .help = "New RIPAS."},
};
static const struct step_param write_params[] = {
	{.name = "ipa", .type = STEP_ADDRESS, .required = true, .help = "First address."},
	{.name = "size",
	 .type = STEP_SIZE,
	 .fallback = 1,
	 .min = 1,
	 .max = 1ull << 40,
	 .help = "Length."},
	{.name = "value", .type = STEP_NUMBER, .min = 0, .max = 255, .help = "The byte."},
};
static const struct step_param read_params[] = {
	{.name = "ipa", .type = STEP_ADDRESS, .required = true, .help = "The address."},
};
static const struct step_param fail_params[] = {
	{.name = "errno",
	 .type = STEP_NUMBER,
	 .required = true,
	 .min = 1,
	 .max = 133,
	 .help = "The error."},
};
static const struct step_param break_params[] = {
	{.name = "how",
	 .type = STEP_ENUM,
	 .required = true,
	 .names = breakages,
	 .help = "What breaks."},
};
static const struct step_param types_params[] = {
	{.name = "address", .type = STEP_ADDRESS, .help = "An address."},
	{.name = "size", .type = STEP_SIZE, .help = "A size."},
	{.name = "number", .type = STEP_NUMBER, .help = "Any number."},
	{.name = "bounded",
	 .type = STEP_NUMBER,
	 .min = 1,
	 .max = 10,
	 .fallback = 5,
	 .help = "1 to 10."},
	{.name = "flag", .type = STEP_BOOL, .help = "A flag."},
	{.name = "mode", .type = STEP_ENUM, .names = modes, .help = "A mode."},
	{.name = "text", .type = STEP_STRING, .help = "A text."},
};
static const struct step_param smc_params[] = {
	{.name = "fid", .type = STEP_NUMBER, .required = true, .help = "The function."},
};

#define PARAMS(array) .params = array, .num_params = sizeof(array) / sizeof((array)[0])

static const struct step_def defs[] = {
	{.name = "vmm.create_realm",
	 .actor = STEP_ACTOR_VMM,
	 .help = "Makes it.",
	 .perform = create_realm},
	{.name = "vmm.init_ripas",
	 .actor = STEP_ACTOR_VMM,
	 .help = "Makes RAM.",
	 PARAMS(range_params),
	 .perform = init_ripas},
	{.name = "vmm.fail",
	 .actor = STEP_ACTOR_VMM,
	 .help = "Fails.",
	 PARAMS(fail_params),
	 .perform = vmm_fail},
	{.name = "vmm.break",
	 .actor = STEP_ACTOR_VMM,
	 .help = "Breaks.",
	 PARAMS(break_params),
	 .perform = vmm_break},
	{.name = "vmm.types",
	 .actor = STEP_ACTOR_VMM,
	 .help = "Has a parameter of each type.",
	 PARAMS(types_params),
	 .perform = do_nothing},
	{.name = "guest.set_ripas",
	 .actor = STEP_ACTOR_GUEST,
	 .help = "Changes RIPAS.",
	 PARAMS(set_ripas_params),
	 .perform = set_ripas},
	{.name = "guest.write",
	 .actor = STEP_ACTOR_GUEST,
	 .help = "Writes.",
	 PARAMS(write_params),
	 .perform = guest_write},
	{.name = "guest.read",
	 .actor = STEP_ACTOR_GUEST,
	 .help = "Reads.",
	 PARAMS(read_params),
	 .perform = guest_read},
	{.name = "rmm.smc",
	 .actor = STEP_ACTOR_RMM,
	 .help = "Calls the RMM.",
	 .raw = true,
	 .hostile = true,
	 PARAMS(smc_params),
	 .perform = vmm_fail},
};

const struct step_def *step_at(size_t index)
{
	return index < sizeof(defs) / sizeof(defs[0]) ? &defs[index] : NULL;
}

const struct step_def *step_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(defs) / sizeof(defs[0]); i++) {
		if (!strcmp(defs[i].name, name))
			return &defs[i];
	}
	return NULL;
}

void step_call_init(struct step_call *call, const struct step_def *def)
{
	size_t i;

	*call = (struct step_call){.def = def};
	for (i = 0; i < def->num_params; i++)
		call->args[i].number = def->params[i].fallback;
}

void step_result_clear(struct step_result *result)
{
	*result = (struct step_result){0};
}

const char *step_outcome_name(enum step_outcome outcome)
{
	static const char *const names[] = {"ok",
					    "sea",
					    "undefined",
					    "stopped",
					    "error",
					    "data_abort_exit",
					    "instruction_abort_exit",
					    "shutdown",
					    "incomplete"};

	return names[outcome];
}

const char *step_exit_reason_name(uint32_t reason)
{
	switch (reason) {
	case 0:
		return "unknown";
	case 6:
		return "mmio";
	case 39:
		return "memory_fault";
	default:
		return NULL;
	}
}

/* --- several actors ----------------------------------------------------------------------------------- */

/* Each step is one scheduling point, before what it does. */
struct parallel {
	struct parallel_config config;
	struct actors *actors;
};

static struct parallel *running;

static void double_sched_point(void)
{
	if (running)
		actors_point(running->actors);
}

int parallel_create(const struct parallel_config *config, struct parallel **out)
{
	struct parallel *parallel = calloc(1, sizeof(*parallel));
	struct actors_config actors = {.num = config->num,
				       .stack_size = 1u << 20,
				       .max_points = 100000,
				       .ctx = config->ctx,
				       .run = config->run,
				       .enter = config->enter,
				       .leave = config->leave};

	if (!parallel)
		return -ENOMEM;
	if (actors_create(&actors, &parallel->actors)) {
		free(parallel);
		return -ENOMEM;
	}
	*out = parallel;
	return 0;
}

void parallel_destroy(struct parallel *parallel)
{
	if (!parallel)
		return;
	actors_destroy(parallel->actors);
	free(parallel);
}

int parallel_run(struct parallel *parallel, struct world *world, struct schedule *schedule,
		 char **error)
{
	enum actors_end end;

	(void)world;
	running = parallel;
	end = actors_run(parallel->actors, schedule);
	running = NULL;
	if (end == ACTORS_ENDED)
		return 0;
	*error = strdup(end == ACTORS_MISFIT ? schedule_misfit(schedule) : "it did not end");
	return -EINVAL;
}

const char *parallel_place(struct parallel *parallel, unsigned int actor)
{
	(void)parallel;
	(void)actor;
	return "a step";
}

bool world_offers_realms(struct world *world)
{
	(void)world;
	return !double_build.no_realms;
}

uint64_t world_num_tables(const struct world *world)
{
	(void)world;
	return rmm_inspect_count(NULL, RMM_GRANULE_RTT);
}
