/* SPDX-License-Identifier: BSD-3-Clause */
#include "sequence.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "point.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)

/* --- drawing ------------------------------------------------------------------------------------------ */

struct dice {
	uint64_t state;
};

static uint64_t dice_next(struct dice *dice)
{
	uint64_t value = dice->state += 0x9e3779b97f4a7c15ull;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ value >> 27) * 0x94d049bb133111ebull;
	return value ^ value >> 31;
}

static uint64_t dice_below(struct dice *dice, uint64_t bound)
{
	return dice_next(dice) % bound;
}

static bool dice_one_in(struct dice *dice, uint64_t bound)
{
	return !dice_below(dice, bound);
}

void shape_draw(struct shape *shape, uint64_t seed)
{
	static const uint32_t page_sizes[] = {4096, 4096, 4096, 16384, 65536};
	static const uint8_t widths[] = {33, 33, 36, 40, 48};
	struct dice dice = {seed};
	uint64_t half;

	*shape = (struct shape){
		.page_size = page_sizes[dice_below(&dice, G_N_ELEMENTS(page_sizes))],
		.ipa_bits = widths[dice_below(&dice, G_N_ELEMENTS(widths))],
		.num_realms = dice_one_in(&dice, 4) ? 2 : 1,
		.vcpus = 1 + (unsigned int)dice_below(&dice, 2),
	};
	half = 1ull << (shape->ipa_bits - 1);
	shape->slots[shape->num_slots++] = (struct world_slot){
		.base = 0x80000000, .size = dice_one_in(&dice, 2) ? 4 * MIB : 16 * MIB};
	/* Beside the first, and at the end of the protected half. */
	if (dice_one_in(&dice, 2))
		shape->slots[shape->num_slots++] = (struct world_slot){
			.base = 0x80000000 + shape->slots[0].size, .size = 2 * MIB};
	if (dice_one_in(&dice, 2))
		shape->slots[shape->num_slots++] =
			(struct world_slot){.base = half - 4 * MIB, .size = 4 * MIB};
}

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
	{"guest.hvc", 1, 0},
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
	{"vmm.finalize_vcpu", 1, 0},
	{"vmm.vcpu_events", 1, 0},
	{"vmm.psci_complete", 1, 0},
	{"vmm.config", 1, 0},
	{"vmm.check_extension", 1, 0},
	{"vmm.close", 1, 0},
};

struct drawing {
	struct sequence *sequence;
	const struct shape *shape;
	struct dice dice;
	uint32_t on[G_N_ELEMENTS(likely)]; /* weights of this sequence */
	uint32_t total;
};

/* Where things happen: at edges of slots, of tables, of host pages. */
static uint64_t draw_address(struct drawing *drawing, bool unprotected)
{
	static const uint64_t steps[] = {4 * KIB, 16 * KIB, 64 * KIB, 2 * MIB};
	const struct shape *shape = drawing->shape;
	struct dice *dice = &drawing->dice;
	const struct world_slot *slot = &shape->slots[dice_below(dice, shape->num_slots)];
	uint64_t step = steps[dice_below(dice, G_N_ELEMENTS(steps))], at;

	if (dice_one_in(dice, 4))
		at = slot->base + slot->size - step;
	else
		at = slot->base + dice_below(dice, 4) * step;
	/* Just beside an edge, outside of everything, or at an odd place. */
	if (dice_one_in(dice, 12))
		at += 4 * KIB;
	if (dice_one_in(dice, 24))
		at -= 4 * KIB;
	if (dice_one_in(dice, 40))
		at += dice_below(dice, 4 * KIB);
	if (dice_one_in(dice, 60))
		at = dice_one_in(dice, 2) ? 1 * GIB : 0;
	if (unprotected && dice_one_in(dice, 4))
		at |= 1ull << (shape->ipa_bits - 1);
	return at;
}

static uint64_t draw_size(struct drawing *drawing, uint64_t max)
{
	static const uint64_t sizes[] = {4 * KIB,   4 * KIB,	       16 * KIB, 64 * KIB,
					 128 * KIB, 2 * MIB - 4 * KIB, 2 * MIB,	 2 * MIB + 4 * KIB,
					 4 * MIB,   16 * MIB};
	struct dice *dice = &drawing->dice;
	uint64_t size = sizes[dice_below(dice, G_N_ELEMENTS(sizes))];

	if (dice_one_in(dice, 40))
		size += dice_below(dice, 4 * KIB);
	if (dice_one_in(dice, 60))
		size = dice_one_in(dice, 2) ? 0 : 1 * GIB;
	return max && size > max ? 4 * KIB : size;
}

static uint64_t draw_number(struct drawing *drawing, const struct step_param *param)
{
	struct dice *dice = &drawing->dice;
	uint64_t few = dice_below(dice, 3);

	if (!strcmp(param->name, "value"))
		/* Each actor has its own bytes: see contract.h. */
		few = 1 + dice_below(dice, 30) + 32 * dice_below(dice, 7);
	if (!strcmp(param->name, "width"))
		few = 1ull << dice_below(dice, 4);
	if (param->max && (few < param->min || few > param->max))
		few = param->min;
	if (param->max && dice_one_in(dice, 30))
		few = dice_one_in(dice, 2) ? param->min : MIN(param->max, 8);
	return few;
}

static void step_add(struct drawing *drawing, const struct step_call *call)
{
	struct sequence *sequence = drawing->sequence;

	if (sequence->num_steps < SEQUENCE_MAX_STEPS)
		sequence->steps[sequence->num_steps++] = *call;
}

static void set_arg(struct step_call *call, const char *name, uint64_t value)
{
	int index = step_param_find(call->def, name);

	call->args[index].given = true;
	call->args[index].number = value;
}

/* Parameters that change the kind of a step, not its place, are mostly left as they are. */
static void draw_args(struct drawing *drawing, struct step_call *call, uint64_t max_size)
{
	struct dice *dice = &drawing->dice;
	bool guest = call->def->actor == STEP_ACTOR_GUEST;
	size_t i;

	for (i = 0; i < call->def->num_params; i++) {
		const struct step_param *param = &call->def->params[i];
		struct step_value *value = &call->args[i];

		/* Two slots over one mapping of the VMM are more than the host audit can follow. */
		if (!strcmp(param->name, "gmem_of"))
			continue;
		switch (param->type) {
		case STEP_ADDRESS:
			value->given = param->required || dice_one_in(dice, 8);
			value->number = draw_address(drawing, guest && *param->name == 'i');
			break;
		case STEP_SIZE:
			value->given = param->required || (max_size && !dice_one_in(dice, 4));
			value->number = draw_size(drawing, max_size);
			break;
		case STEP_NUMBER:
			value->given = param->required || dice_one_in(dice, 8);
			value->number = draw_number(drawing, param);
			break;
		case STEP_BOOL:
			value->given = dice_one_in(dice, 6);
			value->number = dice_below(dice, 2);
			break;
		case STEP_ENUM:
			value->given = param->required || dice_one_in(dice, 3);
			value->number =
				dice_below(dice, g_strv_length((char **)(uintptr_t)param->names));
			break;
		case STEP_STRING:
			break;
		}
		if (!value->given)
			value->number = param->fallback;
	}
}

static void draw_step(struct drawing *drawing)
{
	struct dice *dice = &drawing->dice;
	uint64_t at = dice_below(dice, drawing->total);
	struct step_call call;
	size_t i;

	for (i = 0; at >= drawing->on[i]; i++)
		at -= drawing->on[i];
	step_call_init(&call, step_find(likely[i].name));
	call.realm = (unsigned int)dice_below(dice, drawing->shape->num_realms);
	call.vcpu =
		dice_one_in(dice, 4) ? (unsigned int)dice_below(dice, drawing->shape->vcpus) : 0;
	call.memory_fault = dice_one_in(dice, 3) ? (enum step_memory_fault)dice_below(dice, 4)
						 : STEP_CONVERT_KVMTOOL;
	draw_args(drawing, &call, likely[i].max_size);
	step_add(drawing, &call);
}

/* What makes a realm, mostly as it should be. */
static void draw_realm(struct drawing *drawing, unsigned int realm)
{
	static const char *const names[] = {"vmm.create_realm", "vmm.init_ripas", "vmm.populate",
					    "vmm.create_vcpus", "vmm.activate"};
	struct dice *dice = &drawing->dice;
	struct step_call call;
	size_t i, s;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		bool range = i == 1 || i == 2;

		for (s = 0; s < (range ? drawing->shape->num_slots : 1); s++) {
			const struct world_slot *slot = &drawing->shape->slots[s];

			/* One in many is left out; populating is an exception in itself. */
			if (dice_one_in(dice, 48) || (i == 2 && !dice_one_in(dice, 4)))
				continue;
			step_call_init(&call, step_find(names[i]));
			call.realm = realm;
			if (range) {
				set_arg(&call, "base", slot->base);
				set_arg(&call, "size",
					i == 2		       ? 64 * KIB
					: dice_one_in(dice, 3) ? draw_size(drawing, slot->size)
							       : slot->size);
			}
			step_add(drawing, &call);
		}
	}
}

/* Swarm: each sequence leaves some steps out, and likes others. */
static void draw_weights(struct drawing *drawing)
{
	size_t i;

	drawing->total = 0;
	for (i = 0; i < G_N_ELEMENTS(likely); i++) {
		uint32_t weight = likely[i].weight;

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

void sequence_draw(struct sequence *sequence, const struct shape *shape, uint64_t seed,
		   unsigned int length)
{
	struct drawing drawing = {.sequence = sequence, .shape = shape, .dice = {seed}};
	int delegate = point_find("rmi.GRANULE_DELEGATE");
	unsigned int i;

	sequence->shape = shape;
	sequence->num_steps = 0;
	sequence->num_faults = 0;
	draw_weights(&drawing);
	for (i = 0; i < shape->num_realms; i++)
		draw_realm(&drawing, i);
	for (i = 0; i < length; i++)
		draw_step(&drawing);
	while (sequence->num_faults < SEQUENCE_MAX_FAULTS && dice_one_in(&drawing.dice, 4)) {
		uint64_t point = dice_below(&drawing.dice, PORT_NUM_FAULTS + 1);

		if (point == PORT_NUM_FAULTS)
			point = (uint64_t)delegate;
		sequence->faults[sequence->num_faults].point = (unsigned int)point;
		sequence->faults[sequence->num_faults++].nth = 1 + dice_below(&drawing.dice, 80);
	}
}

/* --- as a scenario ------------------------------------------------------------------------------------ */

static void yaml_size(GString *out, uint64_t size)
{
	if (size && size % MIB == 0)
		g_string_append_printf(out, "%" PRIu64 "M", size / MIB);
	else if (size && size % KIB == 0)
		g_string_append_printf(out, "%" PRIu64 "K", size / KIB);
	else
		g_string_append_printf(out, "%" PRIu64, size);
}

static void yaml_expect(GString *out, const struct life_answer *answer)
{
	static const struct {
		int number;
		const char *name;
	} errnos[] = {
		{EPERM, "EPERM"},   {ENOENT, "ENOENT"},		{EINTR, "EINTR"},
		{EIO, "EIO"},	    {ENXIO, "ENXIO"},		{E2BIG, "E2BIG"},
		{EBADF, "EBADF"},   {EAGAIN, "EAGAIN"},		{ENOMEM, "ENOMEM"},
		{EFAULT, "EFAULT"}, {EBUSY, "EBUSY"},		{EEXIST, "EEXIST"},
		{ENODEV, "ENODEV"}, {EINVAL, "EINVAL"},		{ENOSPC, "ENOSPC"},
		{ENOTTY, "ENOTTY"}, {EOPNOTSUPP, "EOPNOTSUPP"},
	};
	size_t i;

	for (i = 0; answer->err && i < G_N_ELEMENTS(errnos); i++) {
		if (errnos[i].number == -answer->err) {
			g_string_append_printf(out, "    expect: {errno: %s}\n", errnos[i].name);
			return;
		}
	}
	if (answer->outcome != STEP_OK)
		g_string_append_printf(out, "    expect: {outcome: %s}\n",
				       step_outcome_name(answer->outcome));
	else if (answer->has_response && answer->rejected)
		g_string_append(out, "    expect: {response: reject}\n");
}

static void yaml_step(GString *out, const struct sequence *sequence, const struct step_call *call)
{
	static const char *const policies[] = {[STEP_CONVERT_KVMTOOL] = NULL,
					       [STEP_CONVERT_QEMU] = "{convert: qemu}",
					       [STEP_CONVERT_STOP] = "stop",
					       [STEP_CONVERT_RETURN] = "return"};
	bool first = true;
	size_t i;

	g_string_append_printf(out, "  - %s:", call->def->name);
	for (i = 0; i < call->def->num_params; i++) {
		const struct step_param *param = &call->def->params[i];
		uint64_t number = call->args[i].number;

		if (!call->args[i].given)
			continue;
		g_string_append_printf(out, "%s%s: ", first ? " {" : ", ", param->name);
		first = false;
		if (param->type == STEP_ENUM)
			g_string_append(out, param->names[number]);
		else if (param->type == STEP_BOOL)
			g_string_append(out, number ? "true" : "false");
		else if (param->type == STEP_SIZE)
			yaml_size(out, number);
		else
			g_string_append_printf(out, "0x%" PRIx64, number);
	}
	g_string_append(out, first ? "\n" : "}\n");
	if (sequence->shape->num_realms > 1)
		g_string_append_printf(out, "    realm: r%u\n", call->realm);
	if (call->vcpu)
		g_string_append_printf(out, "    vcpu: %u\n", call->vcpu);
	if (policies[call->memory_fault] && call->def->actor == STEP_ACTOR_GUEST)
		g_string_append_printf(out, "    on_memory_fault: %s\n",
				       policies[call->memory_fault]);
}

static void yaml_realm(GString *out, const struct shape *shape, const char *indent)
{
	size_t i;

	g_string_append_printf(out, "%sipa_bits: %u\n%svcpus: %u\n%sslots:\n", indent,
			       shape->ipa_bits, indent, shape->vcpus, indent);
	for (i = 0; i < shape->num_slots; i++) {
		g_string_append_printf(out, "%s  - {base: 0x%" PRIx64 ", size: ", indent,
				       shape->slots[i].base);
		yaml_size(out, shape->slots[i].size);
		g_string_append(out, "}\n");
	}
}

char *sequence_yaml(const struct sequence *sequence, const struct life_answer *answers,
		    unsigned int num_answers, unsigned int fired, const char *id, const char *about)
{
	const struct shape *shape = sequence->shape;
	GString *out = g_string_new(NULL);
	unsigned int i;

	g_string_append_printf(
		out,
		"# SPDX-License-Identifier: BSD-3-Clause\nscenario: %s\nabout: >\n  %s\n"
		"machine: {memory: 256M, page_size: %uK}\n",
		id, about, shape->page_size / 1024);
	if (shape->num_realms == 1) {
		g_string_append(out, "realm:\n");
		yaml_realm(out, shape, "  ");
	} else {
		g_string_append(out, "realms:\n");
		for (i = 0; i < shape->num_realms; i++) {
			g_string_append_printf(out, "  r%u:\n", i);
			yaml_realm(out, shape, "    ");
		}
	}
	if (fired) {
		g_string_append(out, "faults:\n");
		for (i = 0; i < sequence->num_faults; i++) {
			if (fired & 1u << i)
				g_string_append_printf(out, "  - {point: %s, nth: %" PRIu64 "}\n",
						       point_name(sequence->faults[i].point),
						       sequence->faults[i].nth);
		}
	}
	g_string_append(out, "steps:\n");
	for (i = 0; i < sequence->num_steps; i++) {
		if (i < num_answers && answers[i].refused)
			continue;
		yaml_step(out, sequence, &sequence->steps[i]);
		if (i < num_answers)
			yaml_expect(out, &answers[i]);
	}
	return g_string_free(out, FALSE);
}
