/* SPDX-License-Identifier: BSD-3-Clause */
/* draw.c - what a seed makes of a machine and of steps on it. */
#include <rmm/rmi.h>
#include <rmm/rsi.h>
#include <string.h>

#include "point.h"
#include "sequence.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* Largest vCPU count that is asked for. */
#define MAX_VCPUS 8u
/* Steps of a sequence. */
#define USUAL_LENGTH 16u
#define LONG_LENGTH  150u
/* Sequences of which one has races, which cost more than other steps. */
#define RACES_ONE_IN 16u
#define RACE_SALT    UINT64_C(0x0e11ace5)
/* Sequences of which one has a slot split in two over its file, which no row draws step by step. */
#define SPLIT_ONE_IN 32u
#define SPLIT_SALT   UINT64_C(0x5b117)
#define SPLIT_STEPS  3u

/* --- machines ----------------------------------------------------------------------------------------- */

/* Few pages on both sides of an edge: a page, a table of level 3 or level 2, the end of the protected half. */
static struct world_slot small_slot(struct dice *dice, const struct shape *shape)
{
	const uint64_t half = 1ull << (shape->ipa_bits - 1);
	const uint64_t least = shape->page_size < 16 * KIB ? 16 * KIB : shape->page_size;
	const uint64_t side = least << dice_below(dice, 2);

	switch (dice_below(dice, 6)) {
	case 0:
		return (struct world_slot){.base = 2 * GIB + 2 * MIB - side, .size = 2 * side};
	case 1:
		return (struct world_slot){.base = 3 * GIB - side, .size = 2 * side};
	case 2:
		return (struct world_slot){.base = half - 2 * side, .size = 2 * side};
	default:
		return (struct world_slot){.base = 2 * GIB, .size = 2 * side};
	}
}

static bool slots_overlap(const struct world_slot *a, const struct world_slot *b)
{
	return a->base < b->base + b->size && b->base < a->base + a->size;
}

static void draw_small_slots(struct dice *dice, struct shape *shape)
{
	const struct world_slot *first = &shape->slots[0];
	struct world_slot second;

	shape->slots[shape->num_slots++] = small_slot(dice, shape);
	if (!dice_one_in(dice, 3))
		return;
	second = small_slot(dice, shape);
	if (dice_one_in(dice, 2))
		second.base = first->base - second.size;
	if (!slots_overlap(first, &second))
		shape->slots[shape->num_slots++] = second;
}

static void draw_big_slots(struct dice *dice, struct shape *shape)
{
	const uint64_t half = 1ull << (shape->ipa_bits - 1);

	shape->slots[shape->num_slots++] = (struct world_slot){
		.base = 2 * GIB, .size = dice_one_in(dice, 2) ? 4 * MIB : 16 * MIB};
	if (dice_one_in(dice, 2))
		shape->slots[shape->num_slots++] = (struct world_slot){
			.base = 2 * GIB + shape->slots[0].size, .size = 2 * MIB};
	if (dice_one_in(dice, 2))
		shape->slots[shape->num_slots++] =
			(struct world_slot){.base = half - 4 * MIB, .size = 4 * MIB};
}

void shape_draw(struct shape *shape, uint64_t seed, uint32_t page_size)
{
	static const uint32_t page_sizes[] = {4096, 4096, 4096, 16384, 65536};
	/*
	 * When a realm ends the host asks for each table that could be folded: with 33 or 34 bits, where the root is
	 * of level 2, these are thousands of calls. So these widths are the seldom ones of the seldom ones.
	 */
	static const uint8_t widths[] = {35, 35, 36}, wide[] = {33, 34, 40, 40, 40, 48, 48, 48};
	static const uint8_t auxiliaries[] = {0, 1, 2, 2, 2, 2, 4, 16};
	struct dice dice = {seed};

	*shape = (struct shape){
		.page_size = page_sizes[dice_below(&dice, G_N_ELEMENTS(page_sizes))],
		.ipa_bits = dice_one_in(&dice, 64)
				    ? wide[dice_below(&dice, G_N_ELEMENTS(wide))]
				    : widths[dice_below(&dice, G_N_ELEMENTS(widths))],
		.rec_aux = auxiliaries[dice_below(&dice, G_N_ELEMENTS(auxiliaries))],
		.quarantine = dice_one_in(&dice, 8) ? 8 : 0,
		.num_realms = dice_one_in(&dice, 6) ? 2 : 1,
		.vcpus = dice_one_in(&dice, 3) ? 2 : 1,
		.big = dice_one_in(&dice, 64),
	};
	if (page_size)
		shape->page_size = page_size;
	if (shape->big) {
		shape->blocks = shape->page_size == 4096 && dice_one_in(&dice, 2);
		draw_big_slots(&dice, shape);
	} else {
		draw_small_slots(&dice, shape);
	}
	/* What takes many steps to come about is not in short sequences, which make most of the runs. */
	shape->length = !shape->big && dice_one_in(&dice, 4) ? LONG_LENGTH : USUAL_LENGTH;
}

/* --- rows --------------------------------------------------------------------------------------------- */

/* Steps that a sequence is made of, and how likely they are. */
static const struct {
	const char *name;
	unsigned int weight;
	uint64_t max_size; /* of a range: each granule costs an access */
} likely[] = {
	{"guest.write", 12, 128 * KIB},
	{"guest.read", 10, 128 * KIB},
	{"guest.fetch", 1, 16 * KIB},
	{"guest.store", 2, 0},
	{"guest.load", 2, 0},
	{"guest.set_ripas", 14, 0},
	{"guest.get_ripas", 4, 0},
	{"guest.host_call", 1, 0},
	{"guest.realm_config", 1, 0},
	{"guest.measurement_read", 1, 0},
	{"guest.measurement_extend", 1, 0},
	{"guest.psci_version", 1, 0},
	{"guest.psci_features", 1, 0},
	{"guest.psci_cpu_suspend", 1, 0},
	{"guest.psci_cpu_off", 1, 0},
	{"guest.psci_cpu_on", 2, 0},
	{"guest.psci_affinity_info", 1, 0},
	{"guest.psci_system_off", 1, 0},
	{"guest.psci_system_reset", 1, 0},
	{"guest.hvc", 1, 0},
	{"guest.rsi", 3, 0},
	{"vmm.set_attributes", 10, 0},
	{"vmm.punch_hole", 6, 0},
	{"vmm.add_slot", 2, 4 * MIB},
	{"vmm.remove_slot", 2, 0},
	{"vmm.mmap", 2, 0},
	{"vmm.munmap", 2, 0},
	{"vmm.madvise", 2, 0},
	{"vmm.write", 4, 128 * KIB},
	{"vmm.read", 4, 128 * KIB},
	{"vmm.run", 2, 0},
	{"vmm.signal", 1, 0},
	{"vmm.init_ripas", 1, 0},
	{"vmm.populate", 2, 128 * KIB},
	{"vmm.activate", 1, 0},
	{"vmm.create_realm", 1, 0},
	{"vmm.create_vcpus", 1, 0},
	{"vmm.create_irqchip", 1, 0},
	{"vmm.finalize_vcpu", 1, 0},
	{"vmm.vcpu_events", 1, 0},
	{"vmm.one_reg", 1, 0},
	{"vmm.psci_complete", 1, 0},
	{"vmm.config", 1, 0},
	{"vmm.check_extension", 1, 0},
	{"vmm.ioctl", 3, 0},
	{"vmm.close", 1, 0},
	{"rmm.smc", 8, 0},
	/* Bytes name rows by their number: new ones stand here. */
	{"vmm.create_vm", 1, 0},
	{"vmm.oom_reap", 2, 0},
	{"vmm.smccc_filter", 1, 0},
	{"guest.event", 1, 0},
	{"rmm.set_gpt", 1, 0},
	{"rmm.set_gpf", 1, 0},
	{"vmm.memory_failure", 1, 0},
	{"guest.timer", 1, 0},
};
#define NUM_ROWS G_N_ELEMENTS(likely)

/* Steps that no sequence has. */
static const struct sequence_undrawn undrawn[] = {
	{"rmm.write", "it would change memory of the host itself, which then fails of that"},
	{"rmm.read", "it changes nothing, and what it reads is judged by the scenario that asks"},
};

const struct sequence_undrawn *sequence_undrawn(unsigned int index)
{
	return index < G_N_ELEMENTS(undrawn) ? &undrawn[index] : NULL;
}

static const struct step_def *row_defs[NUM_ROWS];

static void rows_find(void)
{
	size_t i;

	for (i = 0; i < NUM_ROWS; i++)
		row_defs[i] = step_find(likely[i].name);
}

const struct step_def *sequence_row(unsigned int row)
{
	if (!row_defs[NUM_ROWS - 1])
		rows_find();
	return row < NUM_ROWS ? row_defs[row] : NULL;
}

unsigned int sequence_row_of(const struct step_def *def)
{
	unsigned int row;

	if (!row_defs[NUM_ROWS - 1])
		rows_find();
	for (row = 0; row < NUM_ROWS && row_defs[row] != def; row++)
		;
	return row;
}

/* Bytes for raw ioctls: too few, zeros, ones, and a few that mean something to some request. */
#define EIGHT(byte) byte byte byte byte byte byte byte byte
static const char *const strings[] = {
	"00",
	EIGHT("00"),
	EIGHT("ff"),
	EIGHT("00") EIGHT("00"),
	"f400000000000000" EIGHT("00") EIGHT("00") EIGHT("00"),
	"f400000001000000" EIGHT("00") EIGHT("00") EIGHT("00"),
	"0500000004020000" EIGHT("00") EIGHT("00") EIGHT("00"),
	"0000008000000000"
	"0010000000000000"
	"0800000000000000" EIGHT("00"),
	EIGHT("00") "0000008000000000"
		    "0040000000000000" EIGHT("00") EIGHT("00") EIGHT("00"),
	EIGHT("ff") EIGHT("ff") EIGHT("ff") EIGHT("ff") EIGHT("ff") EIGHT("ff"),
};

const char *sequence_string(unsigned int index)
{
	return index < G_N_ELEMENTS(strings) ? strings[index] : NULL;
}

/* --- arguments ---------------------------------------------------------------------------------------- */

/* In a slot of megabytes: at edges of slots, of tables, of host pages. */
static uint64_t address_in_big(struct dice *dice, const struct world_slot *slot)
{
	static const uint64_t steps[] = {4 * KIB, 16 * KIB, 64 * KIB, 2 * MIB};
	uint64_t step = steps[dice_below(dice, G_N_ELEMENTS(steps))];

	return dice_one_in(dice, 4) ? slot->base + slot->size - step
				    : slot->base + dice_below(dice, 4) * step;
}

/* In a slot of some pages: any page, and more often its ends and its middle. */
static uint64_t address_in_small(struct dice *dice, const struct world_slot *slot)
{
	const uint64_t pages = slot->size / (4 * KIB);

	switch (dice_below(dice, 8)) {
	case 0:
	case 1:
		return slot->base;
	case 2:
		return slot->base + slot->size - 4 * KIB;
	case 3:
		return slot->base + slot->size / 2;
	default:
		return slot->base + dice_below(dice, pages) * 4 * KIB;
	}
}

static uint64_t draw_address(struct dice *dice, const struct shape *shape, bool unprotected)
{
	const struct world_slot *slot = &shape->slots[dice_below(dice, shape->num_slots)];
	uint64_t odd = dice_below(dice, 240);
	uint64_t at = shape->big ? address_in_big(dice, slot) : address_in_small(dice, slot);

	/* Just beside an edge, at an odd place, or outside of everything. */
	if (odd < 10)
		at += 4 * KIB;
	else if (odd < 20)
		at -= 4 * KIB;
	else if (odd < 26)
		at += dice_below(dice, 4 * KIB);
	else if (odd < 28)
		at = 1 * GIB;
	else if (odd < 30)
		at = 0;
	if (unprotected && dice_one_in(dice, 4))
		at |= 1ull << (shape->ipa_bits - 1);
	return at;
}

static uint64_t draw_size(struct dice *dice, const struct shape *shape, uint64_t max)
{
	static const uint64_t small[] = {4 * KIB, 4 * KIB, 4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB};
	static const uint64_t big[] = {4 * KIB,	  4 * KIB,	     16 * KIB, 64 * KIB,
				       128 * KIB, 2 * MIB - 4 * KIB, 2 * MIB,  2 * MIB + 4 * KIB,
				       4 * MIB,	  16 * MIB};
	uint64_t odd = dice_below(dice, 120), size;

	if (shape->big)
		size = big[dice_below(dice, G_N_ELEMENTS(big))];
	else if (dice_one_in(dice, 6))
		size = shape->slots[dice_below(dice, shape->num_slots)].size;
	else
		size = small[dice_below(dice, G_N_ELEMENTS(small))];
	if (odd < 3)
		size += dice_below(dice, 4 * KIB);
	else if (odd < 4)
		size = 0;
	else if (odd < 5)
		size = 2 * MIB;
	else if (odd < 6 && shape->big)
		size = 1 * GIB;
	return max && size > max ? 4 * KIB : size;
}

static uint64_t draw_number(struct dice *dice, const struct step_param *param)
{
	uint64_t few = dice_below(dice, 3);

	if (!strcmp(param->name, "value"))
		/* Each actor has its own bytes: see contract.h. */
		few = 1 + dice_below(dice, 30) + 32 * dice_below(dice, 7);
	else if (!strcmp(param->name, "width"))
		few = 1ull << dice_below(dice, 4);
	if (param->max && (few < param->min || few > param->max))
		few = param->min;
	if (param->max && dice_one_in(dice, 30))
		few = dice_one_in(dice, 2) ? param->min : MIN(param->max, MAX_VCPUS);
	return few;
}

/* Parameters that change the kind of a step, not its place, are mostly left as they are. */
static void draw_args(struct dice *dice, const struct shape *shape, struct step_call *call,
		      uint64_t max_size)
{
	bool guest = call->def->actor == STEP_ACTOR_GUEST;
	size_t i;

	for (i = 0; i < call->def->num_params; i++) {
		const struct step_param *param = &call->def->params[i];
		struct step_value *value = &call->args[i];
		unsigned int names;

		switch (param->type) {
		case STEP_ADDRESS:
			value->given = param->required || dice_one_in(dice, 8);
			value->number = draw_address(dice, shape, guest && *param->name == 'i');
			break;
		case STEP_SIZE:
			value->given = param->required || (max_size && !dice_one_in(dice, 4));
			value->number = draw_size(dice, shape, max_size);
			break;
		case STEP_NUMBER:
			value->given = param->required || dice_one_in(dice, 8);
			value->number = draw_number(dice, param);
			break;
		case STEP_BOOL:
			value->given = dice_one_in(dice, 6);
			value->number = dice_below(dice, 2);
			break;
		case STEP_ENUM:
			value->given = param->required || dice_one_in(dice, 3);
			for (names = 0; param->names[names]; names++)
				;
			value->number = dice_below(dice, names);
			break;
		case STEP_STRING:
			break;
		}
		if (!value->given)
			value->number = param->fallback;
	}
}

static void set_arg(struct step_call *call, const char *name, uint64_t value)
{
	int index = step_param_find(call->def, name);

	call->args[index].given = true;
	call->args[index].number = value;
}

/* Any request to any file descriptor, mostly with an argument of some bytes. */
static void draw_ioctl(struct dice *dice, struct step_call *call)
{
	const struct step_def *def = call->def;
	int request = step_param_find(def, "request"), data = step_param_find(def, "data");
	unsigned int names;

	for (names = 0; def->params[request].names[names]; names++)
		;
	/* The first stands for `number`. */
	set_arg(call, "request", 1 + dice_below(dice, names - 1));
	if (dice_one_in(dice, 3))
		set_arg(call, "fd", dice_below(dice, 5));
	if (dice_one_in(dice, 4)) {
		set_arg(call, "arg", dice_below(dice, 3) * 0x7ff);
		return;
	}
	call->args[data].given = true;
	call->args[data].number = dice_below(dice, G_N_ELEMENTS(strings));
}

static void draw_rsi(struct dice *dice, const struct shape *shape, struct step_call *call)
{
	uint64_t fid = RSI_FID_FIRST + dice_below(dice, 12);

	if (dice_one_in(dice, 8))
		fid = dice_one_in(dice, 2) ? 0x84000000u + dice_below(dice, 24) : dice_next(dice);
	set_arg(call, "x0", fid);
	set_arg(call, "x1",
		dice_one_in(dice, 6) ? dice_below(dice, 8) : draw_address(dice, shape, true));
	if (!dice_one_in(dice, 3))
		set_arg(call, "x2",
			dice_one_in(dice, 2) ? draw_address(dice, shape, true)
					     : dice_below(dice, 5));
	if (dice_one_in(dice, 2))
		set_arg(call, "x3", dice_below(dice, 4));
	if (dice_one_in(dice, 3))
		set_arg(call, "x4", dice_below(dice, 3));
}

/* One without a guest_memfd, which may be moved and whose writes are logged, has this number. */
#define ORDINARY_SLOT 3u

/*
 * As any other step; or a slot without a guest_memfd; or that one somewhere else, with the memory it has; or one more over
 * memory of another that is still there.
 */
static void draw_add_slot(struct dice *dice, const struct shape *shape, struct step_call *call,
			  uint64_t max_size)
{
	uint64_t kind = dice_below(dice, 8);

	draw_args(dice, shape, call, max_size);
	if (kind < 4) {
		set_arg(call, "size", MAX(16 * KIB, shape->page_size));
		set_arg(call, "gmem", 0);
		set_arg(call, "slot", ORDINARY_SLOT);
		if (kind < 2)
			set_arg(call, "gmem_of", ORDINARY_SLOT);
		set_arg(call, "log_dirty", dice_one_in(dice, 3));
	} else if (kind == 4) {
		set_arg(call, "gmem_of", dice_below(dice, shape->num_slots));
		set_arg(call, "gmem_offset", 0);
	}
}

/* Identifiers of PSCI, of the RSI, of a hypervisor's services, of the architecture's. */
static void draw_filter(struct dice *dice, const struct shape *shape, struct step_call *call)
{
	static const uint32_t functions[] = {0x84000000, 0xc4000000, RSI_FID_FIRST,
					     0x86000000, 0xc6000000, 0x80000000};

	draw_args(dice, shape, call, 0);
	set_arg(call, "function",
		functions[dice_below(dice, G_N_ELEMENTS(functions))] + dice_below(dice, 8));
	if (dice_one_in(dice, 2))
		set_arg(call, "count", dice_one_in(dice, 8) ? UINT32_MAX : dice_below(dice, 32));
}

/* Granules from here on are never handed out: a sequence needs far less memory. */
#define FAR_GRANULE UINT64_C(0xf000)

/* A granule near those that are in use, or one that nobody will use. */
static uint64_t draw_granule(struct dice *dice)
{
	return DRAM_DEFAULT_BASE +
	       (dice_one_in(dice, 4) ? FAR_GRANULE + dice_below(dice, 8) : dice_below(dice, 128)) *
		       RMM_GRANULE_SIZE;
}

static void draw_smc(struct dice *dice, const struct shape *shape, struct step_call *call)
{
	static const char *const names[] = {"x1", "x2", "x3", "x4"};
	int command = step_param_find(call->def, "command");
	unsigned int commands, i;

	for (commands = 0; call->def->params[command].names[commands]; commands++)
		;
	set_arg(call, "command", dice_below(dice, commands));
	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		uint64_t kind = dice_below(dice, 4);

		set_arg(call, names[i],
			i == 0 || kind == 0 ? draw_granule(dice)
			: kind == 1	    ? draw_address(dice, shape, true)
					    : dice_below(dice, 4));
	}
}

void sequence_draw_step(struct dice *dice, const struct shape *shape, unsigned int row,
			struct step_call *call)
{
	const struct step_def *def = sequence_row(row);

	step_call_init(call, def);
	call->realm = (unsigned int)dice_below(dice, shape->num_realms);
	call->vcpu = dice_one_in(dice, 4) ? (unsigned int)dice_below(dice, shape->vcpus) : 0;
	call->memory_fault = dice_one_in(dice, 3) ? (enum step_memory_fault)dice_below(dice, 4)
						  : STEP_CONVERT_KVMTOOL;
	if (!strcmp(def->name, "vmm.ioctl"))
		draw_ioctl(dice, call);
	else if (!strcmp(def->name, "guest.rsi"))
		draw_rsi(dice, shape, call);
	else if (!strcmp(def->name, "rmm.smc"))
		draw_smc(dice, shape, call);
	else if (!strcmp(def->name, "vmm.add_slot"))
		draw_add_slot(dice, shape, call, likely[row].max_size);
	else if (!strcmp(def->name, "vmm.smccc_filter"))
		draw_filter(dice, shape, call);
	else
		draw_args(dice, shape, call, likely[row].max_size);
}

/* --- races -------------------------------------------------------------------------------------------- */

unsigned int race_steps(const struct race *race)
{
	unsigned int num = 0, i;

	for (i = 0; i < race->num_actors; i++)
		num += race->num[i];
	return num;
}

const struct race *sequence_race(const struct sequence *sequence, unsigned int step)
{
	unsigned int i;

	for (i = 0; i < sequence->num_races; i++) {
		const struct race *race = &sequence->races[i];

		if (step >= race->first && step - race->first < race_steps(race))
			return race;
	}
	return NULL;
}

/* What takes a vCPU for itself, as in a scenario. */
static bool call_drives(const struct step_call *call)
{
	static const struct step_def *run;

	if (!run)
		run = step_find("vmm.run");
	return call->def->actor == STEP_ACTOR_GUEST || call->def == run;
}

bool sequence_race_fits(const struct sequence *sequence, const struct race *race)
{
	const unsigned int num = race_steps(race);
	unsigned int drivers[SEQUENCE_MAX_REALMS][MAX_VCPUS] = {{0}};
	unsigned int actor, i, step = race->first;
	bool activates = false, drives = false;

	if (race->num_actors < 2 || race->first >= sequence->num_steps ||
	    num > sequence->num_steps - race->first)
		return false;
	for (i = 0; i < sequence->num_races; i++) {
		const struct race *other = &sequence->races[i];

		if (other != race && other->first < race->first + num &&
		    race->first < other->first + race_steps(other))
			return false;
	}
	for (actor = 0; actor < race->num_actors; actor++) {
		if (!race->num[actor])
			return false;
		for (i = 0; i < race->num[actor]; i++, step++) {
			const struct step_call *call = &sequence->steps[step];
			unsigned int *driver;

			if (call->def->actor == STEP_ACTOR_RMM ||
			    !strcmp(call->def->name, "vmm.create_vcpus") || call->vcpu >= MAX_VCPUS ||
			    call->realm >= SEQUENCE_MAX_REALMS)
				return false;
			/* In era D that is the first KVM_RUN, in a vCPU's thread. */
			activates |= !strcmp(call->def->name, "vmm.activate");
			if (!call_drives(call))
				continue;
			drives = true;
			driver = &drivers[call->realm][call->vcpu];
			if (*driver && *driver != actor + 1)
				return false;
			*driver = actor + 1;
		}
	}
	return !activates || !drives;
}

/* What is likely to meet: what a guest does, and what a VMM does to it. */
struct racing {
	const char *name;
	unsigned int weight;
};
static const struct racing guest_racing[] = {
	{"guest.write", 8},	   {"guest.read", 3},	     {"guest.set_ripas", 6},
	{"guest.get_ripas", 1},	   {"guest.fetch", 1},	     {"guest.host_call", 1},
	{"guest.psci_cpu_off", 1}, {"guest.psci_system_off", 1},
};
static const struct racing vmm_racing[] = {
	{"vmm.set_attributes", 8}, {"vmm.punch_hole", 8}, {"vmm.remove_slot", 3},
	{"vmm.add_slot", 2},	   {"vmm.mmap", 3},	  {"vmm.munmap", 2},
	{"vmm.madvise", 3},	   {"vmm.oom_reap", 1},	  {"vmm.write", 2},
	{"vmm.read", 1},	   {"vmm.close", 3},	  {"vmm.memory_failure", 1},
	{"vmm.signal", 1},	   {"vmm.populate", 2},	  {"vmm.init_ripas", 1},
	{"vmm.finalize_vcpu", 1},  {"vmm.activate", 1},	  {"vmm.run", 1},
};

static const struct step_def *racing_draw(struct dice *dice, const struct racing *rows, size_t num)
{
	unsigned int total = 0;
	uint64_t at;
	size_t i;

	for (i = 0; i < num; i++)
		total += rows[i].weight;
	at = dice_below(dice, total);
	for (i = 0; at >= rows[i].weight; i++)
		at -= rows[i].weight;
	return step_find(rows[i].name);
}

/* Most of them are about the same one or two pages. */
static void race_aim(struct dice *dice, const struct shape *shape, struct step_call *call,
		     uint64_t hot)
{
	const uint64_t half = 1ull << (shape->ipa_bits - 1);
	size_t i;

	for (i = 0; i < call->def->num_params; i++) {
		const struct step_param *param = &call->def->params[i];
		struct step_value *value = &call->args[i];

		if (dice_one_in(dice, 10))
			continue;
		if (param->type == STEP_ADDRESS && (!strcmp(param->name, "base") || *param->name == 'i')) {
			value->given = true;
			value->number = hot + dice_below(dice, 3) / 2 * shape->page_size;
			if (*param->name == 'i' && dice_one_in(dice, 4))
				value->number |= half;
		} else if (param->type == STEP_SIZE && value->given) {
			value->number = shape->page_size * (1 + dice_below(dice, 3) / 2);
		}
	}
}

void sequence_draw_race(struct dice *dice, struct sequence *sequence)
{
	const struct shape *shape = sequence->shape;
	const struct world_slot *slot = &shape->slots[dice_below(dice, shape->num_slots)];
	const uint64_t pages = MIN(slot->size / shape->page_size, 8);
	const uint64_t hot = slot->base + dice_below(dice, pages) * shape->page_size;
	const unsigned int realm = (unsigned int)dice_below(dice, shape->num_realms);
	struct race *race = &sequence->races[sequence->num_races];
	unsigned int guests = 1, actor, i;

	if (shape->vcpus > 1 && dice_one_in(dice, 2))
		guests = 2;
	*race = (struct race){.first = sequence->num_steps,
			      .num_actors = dice_one_in(dice, 4) ? 3 : 2,
			      .seed = dice_next(dice)};
	if (dice_one_in(dice, 8))
		guests = 0;
	for (actor = 0; actor < race->num_actors; actor++) {
		race->num[actor] = dice_one_in(dice, 3) ? 2 : 1;
		for (i = 0; i < race->num[actor]; i++) {
			struct step_call *call = &sequence->steps[sequence->num_steps++];
			const struct step_def *def =
				actor < guests ? racing_draw(dice, guest_racing,
							     G_N_ELEMENTS(guest_racing))
					       : racing_draw(dice, vmm_racing,
							     G_N_ELEMENTS(vmm_racing));

			sequence_draw_step(dice, shape, sequence_row_of(def), call);
			if (call->realm != realm && !dice_one_in(dice, 8))
				call->realm = realm;
			if (actor < guests)
				call->vcpu = actor;
			race_aim(dice, shape, call, hot);
		}
	}
	if (sequence_race_fits(sequence, race))
		sequence->num_races++;
}

/* --- sequences ---------------------------------------------------------------------------------------- */

struct drawing {
	struct sequence *sequence;
	const struct shape *shape;
	struct dice dice;
	uint32_t on[NUM_ROWS]; /* weights of this sequence */
	uint32_t total;
};

static struct step_call *step_add(struct drawing *drawing)
{
	struct sequence *sequence = drawing->sequence;

	return &sequence->steps[sequence->num_steps++];
}

static void draw_step(struct drawing *drawing)
{
	uint64_t at = dice_below(&drawing->dice, drawing->total);
	unsigned int row;

	for (row = 0; at >= drawing->on[row]; row++)
		at -= drawing->on[row];
	sequence_draw_step(&drawing->dice, drawing->shape, row, step_add(drawing));
}

/* A granule of what is populated next, which tells it from the others. */
static void draw_source(struct drawing *drawing, unsigned int realm, const struct world_slot *slot)
{
	static const struct step_def *def;
	struct step_call *call = step_add(drawing);

	if (!def)
		def = step_find("vmm.write");
	sequence_draw_step(&drawing->dice, drawing->shape, sequence_row_of(def), call);
	call->realm = realm;
	set_arg(call, "base", slot->base + dice_below(&drawing->dice, 4) * 4 * KIB);
	set_arg(call, "size", 4 * KIB);
}

/* What makes a realm, mostly as it should be. */
static void draw_realm(struct drawing *drawing, unsigned int realm)
{
	static const struct {
		const char *name;
		bool range;
		unsigned int one_in; /* 1: always */
	} makers[] = {{"vmm.create_realm", false, 1},
		      {"vmm.init_ripas", true, 1},
		      {"vmm.populate", true, 8},
		      {"vmm.create_vcpus", false, 1},
		      {"vmm.activate", false, 1}};
	static const struct step_def *defs[G_N_ELEMENTS(makers)];
	const uint64_t populated = MAX(16 * KIB, drawing->shape->page_size);
	struct dice *dice = &drawing->dice;
	size_t i, s;

	for (i = 0; i < G_N_ELEMENTS(makers); i++) {
		if (!defs[i])
			defs[i] = step_find(makers[i].name);
		for (s = 0; s < (makers[i].range ? drawing->shape->num_slots : 1); s++) {
			const struct world_slot *slot = &drawing->shape->slots[s];
			struct step_call *call;

			/* One in many is left out. */
			if (dice_one_in(dice, 48) ||
			    (makers[i].one_in > 1 && !dice_one_in(dice, makers[i].one_in)))
				continue;
			if (makers[i].one_in > 1)
				draw_source(drawing, realm, slot);
			call = step_add(drawing);
			step_call_init(call, defs[i]);
			call->realm = realm;
			if (!makers[i].range)
				continue;
			/* Base and size are their first parameters. */
			call->args[0].given = call->args[1].given = true;
			call->args[0].number = slot->base;
			call->args[1].number = makers[i].one_in > 1 ? MIN(slot->size, populated)
					       : dice_one_in(dice, 6)
						       ? draw_size(dice, drawing->shape, slot->size)
						       : slot->size;
		}
	}
}

/* Swarm: each sequence leaves some steps out, and likes others. */
static void draw_weights(struct drawing *drawing)
{
	size_t i;

	drawing->total = 0;
	for (i = 0; i < NUM_ROWS; i++) {
		uint32_t weight = likely[i].weight;

		if (sequence_row((unsigned int)i)->hostile && !drawing->sequence->hostile)
			weight = 0;
		switch (dice_below(&drawing->dice, 4)) {
		case 0:
			weight = 0;
			break;
		case 1:
			weight *= 4;
			break;
		default:
			break;
		}
		drawing->on[i] = weight;
		drawing->total += weight;
	}
	if (!drawing->total)
		drawing->on[0] = drawing->total = 1;
}

void sequence_draw_fault(struct dice *dice, struct sequence *sequence)
{
	static int undelegate = -1, delegate = -1;
	uint64_t point = dice_below(dice, PORT_NUM_FAULTS + 2);

	if (delegate < 0) {
		delegate = point_find("rmi.GRANULE_DELEGATE");
		undelegate = point_find("rmi.GRANULE_UNDELEGATE");
	}
	if (point == PORT_NUM_FAULTS)
		point = (uint64_t)delegate;
	else if (point > PORT_NUM_FAULTS)
		point = (uint64_t)undelegate;
	sequence->faults[sequence->num_faults].point = (unsigned int)point;
	/* Early ones are likelier: most points are reached a few times. */
	sequence->faults[sequence->num_faults++].nth =
		1 + dice_below(dice, 2ull << dice_below(dice, 7));
}

static void draw_cpu_on(struct drawing *drawing, unsigned int target)
{
	struct step_call *call = step_add(drawing);

	step_call_init(call, step_find("guest.psci_cpu_on"));
	set_arg(call, "target", target);
}

/*
 * Two slots instead of one, of one guest_memfd: each has a half, mostly where it was; or the other's, so that memory
 * lies otherwise than addresses do; or the same, which KVM refuses.
 */
static void draw_split(struct drawing *drawing, struct dice *dice)
{
	const struct shape *shape = drawing->shape;
	const unsigned int realm = (unsigned int)dice_below(dice, shape->num_realms);
	const uint64_t number = dice_below(dice, shape->num_slots);
	const struct world_slot *slot = &shape->slots[number];
	const uint64_t half = slot->size / 2;
	const uint64_t kind = dice_below(dice, 8);
	const uint64_t offsets[] = {kind < 2 ? half : 0, kind < 2 || kind == 7 ? 0 : half};
	struct step_call *call = step_add(drawing);
	unsigned int i;

	step_call_init(call, step_find("vmm.remove_slot"));
	call->realm = realm;
	set_arg(call, "slot", number);
	for (i = 0; i < G_N_ELEMENTS(offsets); i++) {
		call = step_add(drawing);
		step_call_init(call, step_find("vmm.add_slot"));
		call->realm = realm;
		set_arg(call, "base", slot->base + i * half);
		set_arg(call, "size", half);
		set_arg(call, "slot", i ? shape->num_slots : number);
		set_arg(call, "gmem_of", number);
		set_arg(call, "gmem_offset", offsets[i]);
	}
}

void sequence_draw(struct sequence *sequence, const struct shape *shape, uint64_t seed,
		   unsigned int length)
{
	struct drawing drawing = {.sequence = sequence, .shape = shape, .dice = {seed}};
	/* Of its own, so that what other sequences are does not depend on it. */
	struct dice races = {seed ^ RACE_SALT}, splits = {seed ^ SPLIT_SALT};
	unsigned int left = dice_one_in(&races, RACES_ONE_IN) ? 1 + dice_one_in(&races, 3) : 0;
	bool split = dice_one_in(&splits, SPLIT_ONE_IN);
	unsigned int i, until, at, split_at;

	sequence->shape = shape;
	sequence->num_races = 0;
	sequence->num_steps = 0;
	sequence->num_faults = 0;
	sequence->hostile = dice_one_in(&drawing.dice, 64);
	draw_weights(&drawing);
	for (i = 0; i < shape->num_realms; i++)
		draw_realm(&drawing, i);
	until = MIN(length, SEQUENCE_MAX_STEPS);
	at = sequence->num_steps + (unsigned int)dice_below(&races, 5);
	split_at = sequence->num_steps + (unsigned int)dice_below(&splits, 6);
	while (sequence->num_steps < until) {
		if (split && sequence->num_steps >= split_at &&
		    until - sequence->num_steps >= SPLIT_STEPS) {
			draw_split(&drawing, &splits);
			split = false;
			continue;
		}
		if (left && sequence->num_steps >= at &&
		    until - sequence->num_steps >= RACE_MAX_ACTORS * RACE_MAX_STEPS) {
			/* All of them are on. */
			for (i = 1; i < shape->vcpus && sequence->num_races == 0; i++)
				draw_cpu_on(&drawing, i);
			sequence_draw_race(&races, sequence);
			left--;
			at = sequence->num_steps + (unsigned int)dice_below(&races, 8);
			continue;
		}
		draw_step(&drawing);
	}
	while (sequence->num_faults < SEQUENCE_MAX_FAULTS && dice_one_in(&drawing.dice, 4))
		sequence_draw_fault(&drawing.dice, sequence);
	sequence_settle(sequence);
}

/* --- bounds ------------------------------------------------------------------------------------------- */

static void settle_call(const struct shape *shape, struct step_call *call)
{
	const struct step_def *def = call->def;
	uint64_t max_size = likely[sequence_row_of(def)].max_size;
	size_t i;

	call->realm %= shape->num_realms;
	for (i = 0; i < def->num_params; i++) {
		const struct step_param *param = &def->params[i];
		struct step_value *value = &call->args[i];
		unsigned int names;

		if (!value->given)
			continue;
		switch (param->type) {
		case STEP_SIZE:
			if (max_size && value->number > max_size)
				value->number = 4 * KIB;
			break;
		case STEP_NUMBER:
			if (param->max && value->number > param->max)
				value->number = param->max;
			if (param->max && value->number < param->min)
				value->number = param->min;
			if (!strcmp(param->name, "count") && value->number > MAX_VCPUS)
				value->number = MAX_VCPUS;
			break;
		case STEP_BOOL:
			value->number &= 1;
			break;
		case STEP_ENUM:
			for (names = 0; param->names[names]; names++)
				;
			value->number %= names;
			break;
		case STEP_STRING:
			value->string = strings[value->number % G_N_ELEMENTS(strings)];
			break;
		case STEP_ADDRESS:
			break;
		}
	}
}

/* One of a few granules that nobody uses. */
static uint64_t far_granule(uint64_t number)
{
	return DRAM_DEFAULT_BASE + FAR_GRANULE * RMM_GRANULE_SIZE + number % (8 * RMM_GRANULE_SIZE);
}

/*
 * Memory that the host uses is not for others to take away or to write to: what came of that would be nobody's
 * defect. So only x1 names granules in use, and not in order to delegate them.
 */
static void settle_smc(struct step_call *call)
{
	const uint64_t far = DRAM_DEFAULT_BASE + FAR_GRANULE * RMM_GRANULE_SIZE;
	int command = step_param_find(call->def, "command");
	const char *name = call->def->params[command].names[call->args[command].number];
	bool takes = !strcmp(name, "GRANULE_DELEGATE");
	size_t i;

	for (i = 0; i < call->def->num_params; i++) {
		const char *param = call->def->params[i].name;
		struct step_value *value = &call->args[i];

		if (!strcmp(param, "fid"))
			value->given = false;
		if (*param != 'x' || (!strcmp(param, "x1") && !takes))
			continue;
		if (value->number >= DRAM_DEFAULT_BASE && value->number < far)
			value->number = far_granule(value->number);
	}
}

void sequence_settle(struct sequence *sequence)
{
	static const struct step_def *smc, *set_gpt;
	static int pa;
	unsigned int i;

	if (!smc) {
		smc = step_find("rmm.smc");
		set_gpt = step_find("rmm.set_gpt");
		pa = step_param_find(set_gpt, "pa");
	}
	sequence->hostile = false;
	for (i = 0; i < sequence->num_steps; i++) {
		struct step_call *call = &sequence->steps[i];

		settle_call(sequence->shape, call);
		sequence->hostile |= call->def->hostile;
		if (call->def == smc)
			settle_smc(call);
		if (call->def == set_gpt)
			call->args[pa].number = far_granule(call->args[pa].number);
	}
	for (i = 0; i < sequence->num_races;) {
		if (sequence_race_fits(sequence, &sequence->races[i]))
			i++;
		else
			sequence->races[i] = sequence->races[--sequence->num_races];
	}
}
