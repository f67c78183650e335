/* SPDX-License-Identifier: BSD-3-Clause */
/* reference.c - the reference manual of the scenario language, from the tables of the language. */
#include "loader.h"
#include "rmi_text.h"
#include "tables.h"

#include <inttypes.h>
#include <string.h>

static const char introduction[] =
	"# The scenario language: reference\n"
	"\n"
	"`rmesim docs scenario-reference` writes this from the tables that the program reads "
	"scenarios by. To begin,\n"
	"read [writing-scenarios.md](writing-scenarios.md); an editor that knows YAML schemas "
	"completes and checks while\n"
	"you type if the first line of a file is\n"
	"\n"
	"```yaml\n"
	"# yaml-language-server: $schema=../../schema/scenario.schema.json\n"
	"```\n"
	"\n"
	"A scenario is one YAML file: a machine, a realm, steps, expectations. One file is one "
	"test. After the last step\n"
	"everything is closed, and the closing checks run by themselves: nothing leaked, nothing "
	"still delegated, all\n"
	"accounts at zero, no WARN. A step expects success unless its `expect:` says otherwise; "
	"what `expect:` does not\n"
	"mention is not compared.\n"
	"\n";

static const char values[] =
	"## Values\n"
	"\n"
	"| value | how it is written |\n"
	"|---|---|\n"
	"| number | `12`, `0xff`, `1_000`; no leading zeros, no octal |\n"
	"| size, address | a number with K, M, G or T (1024) behind it if you like: `4K`, "
	"`0x8000_0000` |\n"
	"| boolean | `true` or `false`; never `yes`, `no`, `on`, `off` |\n"
	"| range | `BASE+SIZE`, or `BASE..END` with END exclusive; where pages are meant, a lone "
	"address is its granule |\n"
	"| count | a number, or a comparison in quotes: `\">=1\"`, `\"<5\"`, `\"!=0\"` |\n"
	"| hexadecimal | digits in pairs, in quotes: `\"00ff\"` |\n"
	"| text | anything that no YAML reader takes for something else; quotes help |\n"
	"\n"
	"`$name` or `$(name)` anywhere in a value or a key is the value that the matrix has for "
	"this run, `$$` a dollar\n"
	"sign. `{by: name, VALUE: this, OTHER: that}` is one value for each value of that name; "
	"all of them must be there.\n"
	"Anchors (`&a`) and aliases (`*a`) stand for whole values: at most 200 anchors and 1000 "
	"aliases, 32 levels, 100000\n"
	"values with every alias and prelude followed. Merge keys (`<<`) and tags (`!x`) are "
	"refused, and so are unknown and\n"
	"duplicate keys. Everything that is wrong is said at once, with its place, and the places "
	"that it came through.\n"
	"\n";

static const char preludes[] = "## Preludes\n"
			       "\n"
			       "Beginnings that several scenarios share. `boot/kvmtool` is the "
			       "file `preludes/boot/kvmtool.yaml` in the directory\n"
			       "of the file that uses it, or in the nearest directory above it "
			       "that has one, or else where rmesim is installed.\n"
			       "`use:` at the top of a scenario takes the prelude's machine and "
			       "realm where the scenario says nothing else, key by\n"
			       "key, and performs its steps first; as a step (`- use: "
			       "boot/kvmtool`) it performs the steps there. `$name` in a\n"
			       "prelude is a name of the matrix of the scenario that uses it. "
			       "Preludes may use others, but not themselves.\n"
			       "\n";

/* --- words for shapes ---------------------------------------------------------------------------------- */

static void put_escaped(GString *text, const char *words)
{
	for (; *words; words++) {
		if (*words == '|')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *words);
	}
}

static void put_bound(GString *text, const struct shape *shape, uint64_t value)
{
	if (shape->unit && value && !(value & 0xfffff)) {
		struct arena *arena = arena_create();

		g_string_append(text, format_size(arena, value));
		arena_destroy(arena);
	} else if (value == UINT64_MAX) {
		g_string_append(text, "2^64-1");
	} else {
		g_string_append_printf(text, value < 1u << 20 ? "%" PRIu64 : "0x%" PRIx64, value);
	}
}

/* "size, 2M to 1T, a multiple of 2M" */
static void put_shape(GString *text, const struct shape *shape)
{
	const char *const *name;
	size_t i;

	switch (shape->kind) {
	case SHAPE_NUMBER:
	case SHAPE_COUNT:
		g_string_append(text, shape->kind == SHAPE_COUNT ? "count"
				      : shape->unit		 ? "size"
								 : "number");
		if (shape->max) {
			g_string_append(text, ", ");
			put_bound(text, shape, shape->min);
			g_string_append(text, " to ");
			put_bound(text, shape, shape->max);
		}
		if (shape->multiple) {
			g_string_append(text, ", a multiple of ");
			put_bound(text, shape, shape->multiple);
		}
		break;
	case SHAPE_BOOL:
		g_string_append(text, "boolean");
		break;
	case SHAPE_NAME:
		for (name = shape_names(shape), i = 0; name[i] && i < 20; i++)
			g_string_append_printf(text, "%s`%s`", i ? ", " : "", name[i]);
		if (name[i])
			g_string_append(text, ", ...");
		break;
	case SHAPE_RANGE:
		g_string_append(text, "range");
		break;
	case SHAPE_BYTES:
		g_string_append_printf(text, "hexadecimal, %" PRIu64 " to %" PRIu64 " bytes",
				       shape->min, shape->max);
		break;
	case SHAPE_LIST:
		g_string_append(text, "list of: ");
		put_shape(text, shape->item);
		break;
	case SHAPE_MAP:
		g_string_append(text, "map: ");
		for (i = 0; shape->keys[i].name; i++)
			g_string_append_printf(text, "%s`%s`", i ? ", " : "", shape->keys[i].name);
		break;
	case SHAPE_TABLE:
		g_string_append(text, "map from ");
		if (shape->key->kind == SHAPE_NAME || shape->key->kind == SHAPE_RANGE)
			put_shape(text, shape->key);
		else
			g_string_append(text, "names");
		g_string_append(text, " to: ");
		put_shape(text, shape->item);
		break;
	case SHAPE_EITHER:
		for (i = 0; shape->any[i]; i++) {
			if (i)
				g_string_append(text, "; or ");
			/* A list of what stands alone already needs no second enumeration. */
			if (shape->any[i]->kind == SHAPE_LIST)
				g_string_append(text, "a list of them");
			else
				put_shape(text, shape->any[i]);
		}
		break;
	case SHAPE_STEPS:
		g_string_append(text, "list of steps");
		break;
	case SHAPE_EXPECT:
		g_string_append(text, "map of [expectations](#expectations)");
		break;
	case SHAPE_RMI_CALL:
		g_string_append(text, "an RMI command, or {COMMAND: {argument: number}}");
		break;
	case SHAPE_VALUE:
		g_string_append(text, "value");
		break;
	default:
		g_string_append(text, "text");
		break;
	}
}

static void put_keys(GString *text, const struct key_def *keys)
{
	g_string_append(text, "| key | value | default | |\n|---|---|---|---|\n");
	for (; keys->name; keys++) {
		g_string_append_printf(text, "| `%s` | ", keys->name);
		put_shape(text, &keys->shape);
		g_string_append_printf(text, " | %s | ",
				       keys->required	? "required"
				       : keys->fallback ? keys->fallback
							: "");
		put_escaped(text, keys->help);
		g_string_append(text, " |\n");
	}
	g_string_append_c(text, '\n');
}

/* --- steps --------------------------------------------------------------------------------------------- */

/* A value that a parameter can have. */
static void put_sample(GString *text, const struct step_param *param)
{
	switch (param->type) {
	case STEP_ADDRESS:
		g_string_append(text, strcmp(param->name, "pa") ? "0x8020_0000" : "0x8_0000_0000");
		break;
	case STEP_SIZE:
		g_string_append(text, param->max && param->max < 65536 ? "8" : "64K");
		break;
	case STEP_NUMBER:
		g_string_append_printf(text, "%" PRIu64,
				       MAX(param->min, param->max ? MIN(param->max, 1) : 1));
		break;
	case STEP_BOOL:
		g_string_append(text, param->fallback ? "false" : "true");
		break;
	case STEP_ENUM:
		g_string_append(text, param->names[0]);
		break;
	case STEP_STRING:
		g_string_append(text, "\"00ff\"");
		break;
	}
}

static void put_step(GString *text, const struct step_def *def)
{
	struct key_def keys[STEP_MAX_PARAMS + 1] = {{.name = NULL}};
	char fallbacks[STEP_MAX_PARAMS][32];
	const char *separator = "{";
	size_t i;

	g_string_append_printf(
		text, "### %s\n\n%s%s%s\n\n```yaml\n- %s:", def->name, def->help,
		def->raw ? " *Raw: one call, and nothing is decided for you.*" : "",
		def->hostile ? " *Hostile: needs `hostile: true` or `kvm: none`.*" : "", def->name);
	for (i = 0; i < def->num_params; i++) {
		keys[i] = language_param(&def->params[i], fallbacks[i], sizeof(fallbacks[i]));
		if (!def->params[i].required)
			continue;
		g_string_append_printf(text, "%s%s: ", *separator == '{' ? " {" : separator,
				       def->params[i].name);
		put_sample(text, &def->params[i]);
		separator = ", ";
	}
	g_string_append_printf(text, "%s\n```\n\n", *separator == '{' ? "" : "}");
	if (def->num_params)
		put_keys(text, keys);
}

static void put_steps(GString *text, enum step_actor actor, const char *title, const char *words)
{
	const struct step_def *def;
	size_t i;

	g_string_append_printf(text, "## %s\n\n%s\n\n", title, words);
	for (i = 0; (def = step_at(i)); i++) {
		if (def->actor == actor)
			put_step(text, def);
	}
}

/* --- expectations and faults --------------------------------------------------------------------------- */

static void put_expectations(GString *text, bool of_state)
{
	struct key_def key;
	bool state;
	size_t i;

	g_string_append(text, "| key | value | |\n|---|---|---|\n");
	for (i = 0; language_expect(i, &key, &state); i++) {
		if (state != of_state)
			continue;
		g_string_append_printf(text, "| `%s` | ", key.name);
		put_shape(text, &key.shape);
		g_string_append(text, " | ");
		put_escaped(text, key.help);
		g_string_append(text, " |\n");
	}
	g_string_append_c(text, '\n');
}

static void put_faults(GString *text)
{
	struct fault_info info;
	size_t i;

	g_string_append(text,
			"### Fault points\n\n| point | class | statuses | |\n|---|---|---|---|\n");
	for (i = 0; fault_info_at(i, &info); i++)
		g_string_append_printf(text, "| `%s%s` | %s | %s | %s |\n", info.rmm ? "rmi." : "",
				       info.name,
				       info.environment && info.rmm ? "environment, rmm"
				       : info.rmm		    ? "rmm"
								    : "environment",
				       info.statuses, info.help);
	g_string_append_c(text, '\n');
}

static void put_outcomes(GString *text)
{
	const char *name;
	unsigned int i;

	g_string_append(text, "### Outcomes\n\n| outcome | |\n|---|---|\n");
	for (i = 0; (name = step_outcome_name((enum step_outcome)i)); i++)
		g_string_append_printf(text, "| `%s` | %s |\n", name,
				       step_outcome_help((enum step_outcome)i));
	g_string_append_c(text, '\n');
}

char *reference_text(void)
{
	GString *text = g_string_new(introduction);

	g_string_append(text, "## A file\n\n");
	put_keys(text, scenario_keys);
	g_string_append(text,
			"### matrix\n\n"
			"```yaml\nmatrix:\n  page_size: [4K, 16K, 64K]\n  vcpus: [1, 2]\n```\n\n"
			"Six runs, called `NAME[page_size=4K,vcpus=1]` and so on. A name that "
			"nothing uses is an "
			"error.\n\n");
	g_string_append(text, "### machine\n\n");
	put_keys(text, machine_keys);
	g_string_append(text, "### rmm, in machine\n\n");
	put_keys(text, rmm_keys);
	g_string_append(text, "### realm, or each of realms\n\n");
	put_keys(text, realm_keys);
	g_string_append(text, "### Each of slots, in realm\n\n");
	put_keys(text, slot_keys);
	g_string_append(text, "### Each of faults\n\nExactly one of `nth` and `always` must be "
			      "there. A fault that never "
			      "happens fails the scenario; one\nthat the model's state contradicts "
			      "is invalid input.\n\n");
	put_keys(text, fault_keys);
	put_faults(text);
	g_string_append(text, "### teardown\n\n");
	put_keys(text, teardown_keys);
	g_string_append(text, values);
	g_string_append(text, preludes);
	put_keys(text, prelude_keys);
	g_string_append(text, "## Keys of a step\n\n"
			      "An item of `steps:` is one step: `vmm.*` and `guest.*` below, or "
			      "`expect`, `note`, `repeat`, "
			      "`snapshot`, `same_as`,\n`use`, `parallel`. These keys may stand "
			      "beside it, or are the "
			      "step.\n\n");
	put_keys(text, step_item_keys);
	g_string_append(text, "### repeat\n\n");
	put_keys(text, repeat_keys);
	g_string_append(text, "### parallel\n\n");
	put_keys(text, parallel_keys);
	g_string_append(text, "### schedules, in parallel\n\n");
	put_keys(text, schedules_keys);
	put_steps(text, STEP_ACTOR_VMM, "Steps of the VMM",
		  "What a VMM process can do: ioctls, and the system calls that KVM observes.");
	put_steps(text, STEP_ACTOR_GUEST, "Steps of the guest",
		  "What happens inside KVM_RUN. A step goes on, through as many exits as the VMM "
		  "answers, until the "
		  "guest\nhas done it.");
	put_steps(text, STEP_ACTOR_RMM, "Steps of the RMM by hand",
		  "For machines without a host, or behind its back.");
	g_string_append(text,
			"## Expectations\n\n### What a step answered\n\nOnly under that step.\n\n");
	put_expectations(text, false);
	put_outcomes(text);
	g_string_append(text, "### Each of exits\n\n");
	put_keys(text, exit_keys);
	g_string_append(text, "### The state of the machine\n\nUnder a step, or as a step of its "
			      "own (`- expect: {...}`).\n\n");
	put_expectations(text, true);
	g_string_append(text, "`why:` beside any of them names the fact that it rests on; a "
			      "failure prints it.\n");
	return g_string_free(text, FALSE);
}
