/* SPDX-License-Identifier: BSD-3-Clause */
#include "expect.h"

#include "rmi_text.h"
#include "tables.h"
#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAX_ERRNO 133

const char *errno_text(int error)
{
	const char *name = error ? strerrorname_np(error < 0 ? -error : error) : "0";

	return name ? name : "an unknown error";
}

char *count_text(struct plan_count count)
{
	static const char *const signs[] = {[PLAN_EQ] = "",   [PLAN_NE] = "!=", [PLAN_LT] = "<",
					    [PLAN_LE] = "<=", [PLAN_GT] = ">",	[PLAN_GE] = ">="};

	return g_strdup_printf(count.value < 0x100000 ? "%s%" PRIu64 : "%s0x%" PRIx64,
			       signs[count.relation], count.value);
}

static char *number_text(uint64_t number)
{
	return g_strdup_printf(number < 0x100000 ? "%" PRIu64 : "0x%" PRIx64, number);
}

void expect_mismatch_at(const struct checker *checker, const struct plan_expect *item,
			char *subject, char *expected, char *actual, uint64_t address)
{
	checker->mismatch(checker->ctx, item, subject, expected, actual, true, address);
	g_free(subject);
	g_free(expected);
	g_free(actual);
}

void expect_mismatch(const struct checker *checker, const struct plan_expect *item, char *subject,
		     char *expected, char *actual)
{
	checker->mismatch(checker->ctx, item, subject, expected, actual, false, 0);
	g_free(subject);
	g_free(expected);
	g_free(actual);
}

/* --- lists of names: errno, outcome ----------------------------------------------------------------- */

/* One value, or a list of which any is right. */
struct choice {
	unsigned int *values;
	size_t num;
};

static bool choice_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	/* The first of the shapes is the name; the second is a list of them. */
	const char *const *names = shape_names(item->def->shape.any[0]), *key = item->def->name;
	const struct node *resolved = load_resolve(loader, node);
	struct choice *choice = arena_alloc(loader->arena, sizeof(*choice));
	size_t i;

	item->data = choice;
	if (!resolved)
		return false;
	if (resolved->kind != NODE_SEQUENCE) {
		choice->values = arena_alloc(loader->arena, sizeof(*choice->values));
		choice->num = 1;
		return load_name(loader, resolved, key, "expect", names, choice->values);
	}
	if (!resolved->num) {
		load_error(loader, resolved, "`%s` of expect: the list is empty", key);
		return false;
	}
	choice->values = arena_alloc(loader->arena, resolved->num * sizeof(*choice->values));
	choice->num = resolved->num;
	for (i = 0; i < resolved->num; i++) {
		if (!load_name(loader, resolved->items[i], key, "expect", names,
			       &choice->values[i]))
			return false;
	}
	return true;
}

static bool choice_has(const struct choice *choice, unsigned int value)
{
	size_t i;

	for (i = 0; i < choice->num; i++) {
		if (choice->values[i] == value)
			return true;
	}
	return false;
}

static void choice_check(const struct checker *checker, const struct plan_expect *item,
			 unsigned int actual, const char *const *names, const char *actual_text)
{
	const struct choice *choice = item->data;
	GString *expected;
	size_t i;

	if (choice_has(choice, actual))
		return;
	expected = g_string_new(NULL);
	for (i = 0; i < choice->num; i++)
		g_string_append_printf(expected, "%s%s", i ? " or " : "", names[choice->values[i]]);
	expect_mismatch(checker, item, g_strdup(item->def->name), g_string_free(expected, FALSE),
			g_strdup(actual_text));
}

/* "none", then the names of all errors; errno_numbers[i] is the number of errno_names[i]. */
static const char *errno_names[MAX_ERRNO + 2];
static int errno_numbers[MAX_ERRNO + 2];

static const char *const *errno_name_list(void)
{
	size_t num = 0;
	int i;

	if (errno_names[0])
		return errno_names;
	errno_numbers[num] = 0;
	for (i = 1; i <= MAX_ERRNO; i++) {
		const char *name = strerrorname_np(i);

		if (!name)
			continue;
		errno_numbers[++num] = i;
		errno_names[num] = name;
	}
	errno_names[0] = "none";
	return errno_names;
}

static const struct shape errno_shape = {SHAPE_NAME, .list_names = errno_name_list};
static const struct shape errnos_shape = {SHAPE_LIST, .min = 1, .item = &errno_shape};
static const struct shape *const errno_shapes[] = {&errno_shape, &errnos_shape, NULL};

/* Where the list has it; UINT32_MAX: nowhere. */
static unsigned int errno_index(int error)
{
	const char *const *names = errno_name_list();
	unsigned int i;

	for (i = 0; names[i] && errno_numbers[i] != error; i++)
		;
	return names[i] ? i : UINT32_MAX;
}

static void errno_check(const struct checker *checker, const struct plan_expect *item)
{
	int error = -checker->result->err;

	choice_check(checker, item, errno_index(error), errno_name_list(),
		     error ? errno_text(error) : "none");
}

bool expect_names_errno(const struct plan_expects *expects, int error)
{
	size_t i;

	for (i = 0; i < expects->num; i++) {
		const struct plan_expect *item = &expects->items[i];

		if (item->def->check == errno_check && choice_has(item->data, errno_index(error)))
			return true;
	}
	return false;
}

static const char *const *outcome_name_list(void)
{
	static const char *names[STEP_NUM_OUTCOMES + 1];
	unsigned int i;

	for (i = 0; i < STEP_NUM_OUTCOMES; i++)
		names[i] = step_outcome_name((enum step_outcome)i);
	return names;
}

static const struct shape outcome_shape = {SHAPE_NAME, .list_names = outcome_name_list};
static const struct shape outcomes_shape = {SHAPE_LIST, .min = 1, .item = &outcome_shape};
static const struct shape *const outcome_shapes[] = {&outcome_shape, &outcomes_shape, NULL};

GString *expect_answer_begin(const struct step_result *result)
{
	GString *text = g_string_new(step_outcome_name(result->outcome));

	if (result->err)
		g_string_append_printf(text, ", %s", errno_text(result->err));
	if (result->has_response)
		g_string_append_printf(text, ", response %s",
				       result->rejected ? "reject" : "accept");
	if (result->done)
		g_string_append_printf(text, ", done 0x%" PRIx64, result->done);
	return text;
}

char *expect_outcome_text(const struct step_result *result)
{
	GString *text = expect_answer_begin(result);
	size_t i;

	for (i = 0; i < result->num_exits && i < 4; i++) {
		const struct step_exit *exit = &result->exits[i];
		const char *reason = step_exit_reason_name(exit->reason);

		g_string_append_printf(text, "; exit %s gpa=0x%" PRIx64 " size=0x%" PRIx64 "%s",
				       reason ? reason : "?", exit->gpa, exit->size,
				       exit->is_private ? " private" : "");
	}
	if (i < result->num_exits)
		g_string_append_printf(text, "; and %zu more exits", result->num_exits - i);
	return g_string_free(text, FALSE);
}

static void outcome_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct step_result *result = checker->result;
	char *actual = expect_outcome_text(result);

	choice_check(checker, item, result->outcome, outcome_name_list(), actual);
	g_free(actual);
}

/* --- exits ------------------------------------------------------------------------------------------ */

enum exit_field {
	EXIT_REASON,
	EXIT_GPA,
	EXIT_SIZE,
	EXIT_PRIVATE,
	EXIT_WRITE,
	EXIT_DATA,
	EXIT_ERRNO,
	EXIT_NUM
};
/* Exit reasons are small numbers with gaps. */
#define MAX_EXIT_REASON 64u

static const char *exit_reason_names[MAX_EXIT_REASON + 1];
static uint32_t exit_reason_numbers[MAX_EXIT_REASON];

static const char *const *exit_reason_list(void)
{
	unsigned int i, num = 0;

	for (i = 0; i < MAX_EXIT_REASON; i++) {
		const char *name = step_exit_reason_name(i);

		if (!name)
			continue;
		exit_reason_numbers[num] = i;
		exit_reason_names[num++] = name;
	}
	return exit_reason_names;
}

const struct key_def exit_keys[] = {
	[EXIT_REASON] = {"reason",
			 "Its exit_reason, by name.",
			 true,
			 NULL,
			 {SHAPE_NAME, .list_names = exit_reason_list}},
	[EXIT_GPA] = {"gpa",
		      "Guest physical address, in bytes.",
		      false,
		      "any",
		      {SHAPE_NUMBER, .unit = true}},
	[EXIT_SIZE] = {"size", "Length, in bytes.", false, "any", {SHAPE_NUMBER, .unit = true}},
	[EXIT_PRIVATE] = {"private",
			  "Whether KVM_MEMORY_EXIT_FLAG_PRIVATE is set.",
			  false,
			  "any",
			  {.kind = SHAPE_BOOL}},
	[EXIT_WRITE] =
		{"write", "Whether an MMIO access is a write.", false, "any", {.kind = SHAPE_BOOL}},
	[EXIT_DATA] = {"data",
		       "What an MMIO access writes, or the type of a system event.",
		       false,
		       "any",
		       {SHAPE_NUMBER, .unit = true}},
	[EXIT_ERRNO] = {"errno",
			"What KVM_RUN returned with it, by name, or `none`.",
			false,
			"any",
			{SHAPE_NAME, .list_names = errno_name_list}},
	[EXIT_NUM] = {0},
};
static const struct shape exit_shape = {SHAPE_MAP, .keys = exit_keys};

struct exit_pattern {
	unsigned int given; /* bit of each field */
	uint64_t fields[EXIT_NUM];
};
struct exit_patterns {
	struct exit_pattern *items;
	size_t num;
};

static bool exit_field_load(struct loader *loader, const struct node *node, enum exit_field field,
			    uint64_t *out)
{
	if (!load_key_value(loader, node, &exit_keys[field], "an exit", out))
		return false;
	if (field == EXIT_REASON)
		*out = exit_reason_numbers[*out];
	else if (field == EXIT_ERRNO)
		*out = (uint64_t)errno_numbers[*out];
	return true;
}

static bool exits_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	const struct node *list = load_list(loader, node, "exits", "expect");
	struct exit_patterns *patterns = arena_alloc(loader->arena, sizeof(*patterns));
	const struct node *values[LOADER_MAX_KEYS], *map;
	bool good = true;
	unsigned int j;
	size_t i;

	item->data = patterns;
	if (!list)
		return false;
	patterns->num = list->num;
	/* And the first one too many. */
	loader->plan->keep_calls = MAX(loader->plan->keep_calls, list->num + 1);
	patterns->items = arena_alloc(loader->arena, list->num * sizeof(*patterns->items));
	for (i = 0; i < list->num; i++) {
		map = load_map(loader, list->items[i], NULL, "an exit");
		if (!map || !load_keys(loader, map, "an exit", exit_keys, values)) {
			good = false;
			continue;
		}
		for (j = 0; j < EXIT_NUM; j++) {
			if (!values[j])
				continue;
			patterns->items[i].given |= 1u << j;
			if (!exit_field_load(loader, values[j], (enum exit_field)j,
					     &patterns->items[i].fields[j]))
				good = false;
		}
	}
	return good;
}

static void exit_fields(const struct step_exit *exit, uint64_t fields[EXIT_NUM])
{
	fields[EXIT_REASON] = exit->reason;
	fields[EXIT_GPA] = exit->gpa;
	fields[EXIT_SIZE] = exit->size;
	fields[EXIT_PRIVATE] = exit->is_private;
	fields[EXIT_WRITE] = exit->is_write;
	fields[EXIT_DATA] = exit->data;
	fields[EXIT_ERRNO] = (uint64_t)-exit->err;
}

static char *exit_text(const uint64_t fields[EXIT_NUM], unsigned int given)
{
	GString *text = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < EXIT_NUM; i++) {
		const char *reason = step_exit_reason_name((uint32_t)fields[EXIT_REASON]);

		if (!(given & 1u << i))
			continue;
		if (i != EXIT_REASON)
			g_string_append_printf(text, " %s=", exit_keys[i].name);
		if (i == EXIT_REASON && reason)
			g_string_append(text, reason);
		else if (i == EXIT_PRIVATE || i == EXIT_WRITE)
			g_string_append(text, fields[i] ? "true" : "false");
		else if (i == EXIT_ERRNO)
			g_string_append(text, fields[i] ? errno_text((int)fields[i]) : "none");
		else
			g_string_append_printf(text, "0x%" PRIx64, fields[i]);
	}
	return g_string_free(text, FALSE);
}

/* The fields that say something about an exit nobody described. */
#define EXIT_PLAIN (1u << EXIT_REASON | 1u << EXIT_GPA | 1u << EXIT_SIZE | 1u << EXIT_PRIVATE)

static void exits_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct exit_patterns *patterns = item->data;
	const struct step_result *result = checker->result;
	uint64_t fields[EXIT_NUM];
	size_t i;
	unsigned int j;

	if (patterns->num != result->num_exits)
		expect_mismatch(checker, item, g_strdup("exits"),
				g_strdup_printf("%zu", patterns->num),
				g_strdup_printf("%zu", result->num_exits));
	for (i = 0; i < MAX(patterns->num, result->num_exits); i++) {
		const struct exit_pattern *pattern = i < patterns->num ? &patterns->items[i] : NULL;
		const struct step_exit *exit = i < result->num_exits ? &result->exits[i] : NULL;
		char *expected, *actual;

		/* A storm of exits is described by its beginning. */
		if (i == patterns->num + 8)
			break;
		if (exit)
			exit_fields(exit, fields);
		for (j = 0; pattern && exit && j < EXIT_NUM; j++) {
			if ((pattern->given & 1u << j) && pattern->fields[j] != fields[j])
				break;
		}
		if (pattern && exit && j == EXIT_NUM)
			continue;
		expected = pattern ? exit_text(pattern->fields, pattern->given) : g_strdup("-");
		actual = exit ? exit_text(fields,
					  pattern ? pattern->given | 1u << EXIT_REASON : EXIT_PLAIN)
			      : g_strdup("-");
		expect_mismatch_at(checker, item, g_strdup_printf("exits[%zu]", i), expected,
				   actual, exit ? exit->gpa : pattern->fields[EXIT_GPA]);
	}
}

/* --- RMI calls -------------------------------------------------------------------------------------- */

struct rmi_counts {
	struct {
		const char *command;
		struct plan_count count;
	} * items;
	size_t num;
};

static bool rmi_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	const struct node *map = load_map(loader, node, "rmi", "expect");
	struct rmi_counts *counts = arena_alloc(loader->arena, sizeof(*counts));
	bool good = true;
	size_t i, j;

	item->data = counts;
	if (!map)
		return false;
	counts->num = map->num;
	counts->items = arena_alloc(loader->arena, map->num * sizeof(*counts->items));
	for (i = 0; i < map->num; i++) {
		const char *text = load_key(loader, map->pairs[i].key);
		const struct rmi_command *command = text ? rmi_command_by_name(text) : NULL;

		if (!text || !command) {
			if (text)
				load_unknown(loader, map->pairs[i].key, "RMI command", text,
					     rmi_command_names());
			good = false;
			continue;
		}
		for (j = 0; j < i; j++) {
			if (counts->items[j].command == command->name) {
				load_duplicate(loader, map->pairs[i].key, text, map->pairs[j].key);
				good = false;
			}
		}
		counts->items[i].command = command->name;
		if (!load_count(loader, map->pairs[i].value, command->name, "rmi", 0,
				&counts->items[i].count))
			good = false;
	}
	return good;
}

static void rmi_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct rmi_counts *counts = item->data;
	size_t i;

	for (i = 0; i < counts->num; i++) {
		uint64_t actual = world_rmi_count(checker->world, counts->items[i].command);

		if (!plan_count_holds(counts->items[i].count, actual))
			expect_mismatch(checker, item,
					g_strdup_printf("rmi.%s", counts->items[i].command),
					count_text(counts->items[i].count), number_text(actual));
	}
}

struct rmi_pattern {
	const struct rmi_command *command;
	unsigned int given; /* bit of each argument register */
	uint64_t args[7];
};
struct rmi_patterns {
	struct rmi_pattern *items;
	size_t num;
};

struct key_def rmi_argument_key(const struct rmi_command *command, unsigned int index)
{
	return (struct key_def){
		.name = command->args[index],
		.help = "What this argument of the call was.",
		.fallback = "any",
		.shape = {SHAPE_NUMBER, .unit = true, .negative = true},
	};
}

static bool rmi_pattern_load(struct loader *loader, const struct node *node,
			     struct rmi_pattern *pattern)
{
	const struct node *resolved = load_resolve(loader, node), *name = resolved, *args = NULL;
	const struct node *values[LOADER_MAX_KEYS];
	struct key_def keys[G_N_ELEMENTS(pattern->command->args) + 1] = {0};
	const char *text;
	bool good = true;
	unsigned int i;

	if (!resolved)
		return false;
	if (resolved->kind == NODE_MAPPING && resolved->num == 1) {
		name = resolved->pairs[0].key;
		args = resolved->pairs[0].value;
	} else if (resolved->kind != NODE_SCALAR || node_is_empty(resolved)) {
		load_error(loader, resolved,
			   "an RMI call: expected a name such as RTT_CREATE, or {RTT_CREATE: "
			   "{level: 3}}, "
			   "found %s",
			   node_describe(resolved, loader->arena));
		return false;
	}
	text = load_key(loader, name);
	pattern->command = text ? rmi_command_by_name(text) : NULL;
	if (!pattern->command) {
		if (text)
			load_unknown(loader, name, "RMI command", text, rmi_command_names());
		return false;
	}
	if (!args)
		return true;
	for (i = 0; i < pattern->command->num_args; i++)
		keys[i] = rmi_argument_key(pattern->command, i);
	args = load_map(loader, args, NULL, pattern->command->name);
	if (!args || !load_keys(loader, args, pattern->command->name, keys, values))
		return false;
	for (i = 0; keys[i].name; i++) {
		if (!values[i])
			continue;
		pattern->given |= 1u << (i + 1);
		if (!load_key_value(loader, values[i], &keys[i], pattern->command->name,
				    &pattern->args[i + 1]))
			good = false;
	}
	return good;
}

static bool rmi_exact_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	const struct node *list = load_list(loader, node, "rmi_exact", "expect");
	struct rmi_patterns *patterns = arena_alloc(loader->arena, sizeof(*patterns));
	bool good = true;
	size_t i;

	item->data = patterns;
	if (!list)
		return false;
	patterns->num = list->num;
	patterns->items = arena_alloc(loader->arena, list->num * sizeof(*patterns->items));
	for (i = 0; i < list->num; i++) {
		if (!rmi_pattern_load(loader, list->items[i], &patterns->items[i]))
			good = false;
	}
	return good;
}

static char *rmi_pattern_text(const struct rmi_pattern *pattern)
{
	GString *text = g_string_new(pattern->command->name);
	unsigned int i;

	for (i = 1; i < 7; i++) {
		if (pattern->given & 1u << i)
			g_string_append_printf(text, " %s=0x%" PRIx64,
					       pattern->command->args[i - 1], pattern->args[i]);
	}
	return g_string_free(text, FALSE);
}

static void rmi_exact_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct rmi_patterns *patterns = item->data;
	size_t num, i;
	const struct world_rmi_call *calls = world_rmi_calls(checker->world, &num);
	uint64_t total = world_rmi_count(checker->world, NULL);
	unsigned int j;

	if (total != patterns->num)
		expect_mismatch(checker, item, g_strdup("rmi_exact"),
				g_strdup_printf("%zu calls", patterns->num),
				g_strdup_printf("%" PRIu64 " calls", total));
	/* The first call that differs; those behind it usually only follow from it. */
	for (i = 0; i < MAX(patterns->num, num); i++) {
		const struct rmi_pattern *pattern = i < patterns->num ? &patterns->items[i] : NULL;
		const struct world_rmi_call *call = i < num ? &calls[i] : NULL;
		GString *actual;

		if (pattern && call && call->command &&
		    !strcmp(pattern->command->name, call->command)) {
			for (j = 1; j < 7; j++) {
				if ((pattern->given & 1u << j) && pattern->args[j] != call->x[j])
					break;
			}
			if (j == 7)
				continue;
		}
		actual = g_string_new(NULL);
		if (call)
			rmi_call_print(call, actual);
		else
			g_string_append(actual, "-");
		expect_mismatch(checker, item, g_strdup_printf("rmi_exact[%zu]", i),
				pattern ? rmi_pattern_text(pattern) : g_strdup("-"),
				g_string_free(actual, FALSE));
		break;
	}
}

/* --- numbers ---------------------------------------------------------------------------------------- */

static bool number_load(struct loader *loader, const struct node *node, struct plan_expect *item)
{
	struct plan_count *count = arena_alloc(loader->arena, sizeof(*count));

	item->data = count;
	return load_count(loader, node, item->def->name, "expect", shape_flags(&item->def->shape),
			  count);
}

static void number_check(const struct checker *checker, const struct plan_expect *item,
			 uint64_t actual)
{
	const struct plan_count *count = item->data;

	if (!plan_count_holds(*count, actual))
		expect_mismatch(checker, item, g_strdup(item->def->name), count_text(*count),
				number_text(actual));
}

static void warns_check(const struct checker *checker, const struct plan_expect *item)
{
	number_check(checker, item, world_num_warns(checker->world));
}

static void value_check(const struct checker *checker, const struct plan_expect *item)
{
	number_check(checker, item, checker->result->value);
}

static void done_check(const struct checker *checker, const struct plan_expect *item)
{
	number_check(checker, item, checker->result->done);
}

static const char *const response_names[] = {"accept", "reject", "none", NULL};

static const struct shape response_shape = {SHAPE_NAME, .names = response_names};
static const struct shape responses_shape = {SHAPE_LIST, .min = 1, .item = &response_shape};
static const struct shape *const response_shapes[] = {&response_shape, &responses_shape, NULL};

static void response_check(const struct checker *checker, const struct plan_expect *item)
{
	const struct step_result *result = checker->result;
	unsigned int actual = !result->has_response ? 2 : result->rejected ? 1 : 0;

	choice_check(checker, item, actual, response_names, response_names[actual]);
}

/* --- the table -------------------------------------------------------------------------------------- */

static const struct shape rmi_command_shape = {SHAPE_NAME, .list_names = rmi_command_names};
static const struct shape count_shape = {.kind = SHAPE_COUNT};
static const struct shape rmi_call_shape = {.kind = SHAPE_RMI_CALL};

static const struct expect_def step_defs[] = {
	{.name = "errno",
	 .help = "The step's system call fails with this error, by name, or `none`; a list: any of "
		 "them.",
	 .shape = {SHAPE_EITHER, .any = errno_shapes},
	 .load = choice_load,
	 .check = errno_check},
	{.name = "outcome",
	 .help = "How the step ended; a list: any of them.",
	 .shape = {SHAPE_EITHER, .any = outcome_shapes},
	 .load = choice_load,
	 .check = outcome_check},
	{.name = "exits",
	 .help = "What KVM_RUN returned on the way: all of it, in order; of each exit, the fields "
		 "named.",
	 .shape = {SHAPE_LIST, .item = &exit_shape},
	 .load = exits_load,
	 .check = exits_check},
	{.name = "rmi",
	 .help = "How many RMI calls of each command named the step made.",
	 .way = true,
	 .shape = {SHAPE_TABLE, .key = &rmi_command_shape, .item = &count_shape},
	 .load = rmi_load,
	 .check = rmi_check},
	{.name = "rmi_exact",
	 .help = "All RMI calls of the step, in order; of each call, the arguments named.",
	 .way = true,
	 .shape = {SHAPE_LIST, .item = &rmi_call_shape},
	 .load = rmi_exact_load,
	 .check = rmi_exact_check},
	{.name = "warns",
	 .help = "How many WARNs fired during the step.",
	 .shape = {.kind = SHAPE_COUNT},
	 .load = number_load,
	 .check = warns_check},
	{.name = "response",
	 .help = "What the Realm was answered: accept, reject, or none.",
	 .shape = {SHAPE_EITHER, .any = response_shapes},
	 .load = choice_load,
	 .check = response_check},
	{.name = "value",
	 .help = "What the step read or was told.",
	 .shape = {SHAPE_COUNT, .negative = true},
	 .load = number_load,
	 .check = value_check},
	{.name = "done",
	 .help = "Bytes (or items) that the step got through.",
	 .shape = {SHAPE_COUNT, .unit = true},
	 .load = number_load,
	 .check = done_check},
};

static const struct expect_def *expect_def_at(size_t index)
{
	if (index < G_N_ELEMENTS(step_defs))
		return &step_defs[index];
	index -= G_N_ELEMENTS(step_defs);
	return index < expect_num_state_defs ? &expect_state_defs[index] : NULL;
}

bool expect_info_at(size_t index, struct expect_info *info)
{
	const struct expect_def *def = expect_def_at(index);

	if (!def)
		return false;
	*info = (struct expect_info){.name = def->name, .help = def->help, .state = def->state};
	return true;
}

bool language_expect(size_t index, struct key_def *key, bool *state)
{
	const struct expect_def *def = expect_def_at(index);

	if (!def)
		return false;
	*key = (struct key_def){.name = def->name, .help = def->help, .shape = def->shape};
	*state = def->state;
	return true;
}

static const struct expect_def *expect_find(const char *name)
{
	const struct expect_def *def;
	size_t i;

	for (i = 0; (def = expect_def_at(i)) && strcmp(def->name, name); i++)
		;
	return def;
}

static void expect_unknown(struct loader *loader, const struct node *key, const char *text)
{
	const char *names[64] = {NULL};
	const struct expect_def *def;
	size_t i;

	for (i = 0; (def = expect_def_at(i)) && i < G_N_ELEMENTS(names) - 2; i++)
		names[i] = def->name;
	names[i] = "why";
	load_unknown(loader, key, "expectation", text, names);
}

const char *expect_name(const struct plan_expect *item)
{
	return item->def ? item->def->name : "";
}

bool expect_load(struct loader *loader, const struct node *node, bool result, unsigned int realm,
		 struct plan_expects *out)
{
	const struct node *map = load_map(loader, node, "expect", NULL);
	bool good = true;
	size_t i, j;

	if (!map)
		return false;
	if (!map->num) {
		load_error(loader, map, "`expect` is empty: expected at least one expectation");
		return false;
	}
	out->items = arena_alloc(loader->arena, map->num * sizeof(*out->items));
	for (i = 0; i < map->num; i++) {
		const struct node *key = map->pairs[i].key, *value = map->pairs[i].value;
		const char *text = load_key(loader, key);
		struct plan_expect *item = &out->items[out->num];

		if (!text) {
			good = false;
			continue;
		}
		if (!strcmp(text, "why")) {
			if (out->why) {
				load_error(loader, key, "duplicate key `why`");
				good = false;
			} else if (!load_text(loader, value, "why", "expect", &out->why)) {
				good = false;
			}
			continue;
		}
		item->def = expect_find(text);
		item->place = key->place;
		if (!item->def) {
			expect_unknown(loader, key, text);
			good = false;
			continue;
		}
		for (j = 0; j < out->num && out->items[j].def != item->def; j++)
			;
		if (j < out->num) {
			load_error(loader, key, "duplicate key `%s`", text);
			diagnostics_note(loader->diagnostics, out->items[j].place,
					 "it stands here already");
			good = false;
			continue;
		}
		out->num++;
		if (!item->def->state && !result) {
			load_error(loader, key,
				   "`%s` describes what a step answered: write it under that step",
				   text);
			good = false;
		} else if (item->def->realm && realm >= loader->plan->num_realms) {
			if (!loader->broken_use)
				load_error(loader, key,
					   "`%s` needs a realm, and the scenario has none", text);
			good = false;
		} else if (!item->def->load(loader, value, item)) {
			good = false;
		}
		out->has_errno |= !strcmp(text, "errno");
		out->has_outcome |= !strcmp(text, "outcome");
		out->has_response |= !strcmp(text, "response");
		out->has_warns |= !strcmp(text, "warns");
	}
	if (good && !out->num && !result) {
		load_error(loader, map, "`expect` has nothing but `why`: expected an expectation");
		good = false;
	}
	return good;
}

void expect_check(const struct checker *checker, const struct plan_expects *expects)
{
	size_t i;

	for (i = 0; i < expects->num; i++) {
		if (!checker->applies || checker->applies(checker->ctx, &expects->items[i]))
			expects->items[i].def->check(checker, &expects->items[i]);
	}
}
