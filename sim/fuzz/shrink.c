/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shrink.c - works on the text of a scenario, so that what is left still says all that its author wrote. What is tried
 * is made by lines and by the elements of {} and []; whether it is still a scenario is the loader's to say.
 */
#include <sim/fuzz.h>

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <sim/result.h>
#include <string.h>

#define DEFAULT_ATTEMPTS 4000u
/* A run that hangs is mostly not one that is slow: most attempts wait no longer for it. */
#define HANG_MS 1000u
/* Attempts to find the step in which a fault happens. */
#define MAX_FAULT_ATTEMPTS 400u
#define TEXT_WIDTH	   100u
#define MAX_ABOUT	   400u

struct shrinking {
	const struct shrink_config *config;
	const char *path;
	char *id;	     /* of the plan that fails */
	char *failure;	     /* its key */
	size_t unmet;	     /* expectations that do not hold */
	bool warns_expected; /* some of the WARNs that it fails of, too */
	int64_t extra_warns; /* beside those */
	unsigned int attempts, max_attempts;
	unsigned int timeout_ms;
	char *text; /* the smallest that fails so */
};

/* --- does it still fail? ------------------------------------------------------------------------------ */

struct trial {
	const struct shrink_config *config;
	char *key, *id; /* of the first plan that fails */
	char *words;	/* what it fails of, for people */
	char *about;	/* of that plan */
	char *variant;	/* its values of the matrix */
	size_t unmet;	/* its expectations that do not hold */
	bool warns_expected;
	int64_t extra_warns;
	unsigned int step; /* line of the step in which it failed */
};

static void trial_clear(struct trial *trial)
{
	g_free(trial->key);
	g_free(trial->id);
	g_free(trial->words);
	g_free(trial->about);
	g_free(trial->variant);
	*trial = (struct trial){0};
}

/* The reason, without addresses, which depend on what was done before. */
static char *reason_without_addresses(const char *reason)
{
	GString *text = g_string_new(NULL);

	while (*reason) {
		size_t digits = strspn(reason, "0123456789abcdefABCDEFx_");

		if (digits > 6 && reason[0] == '0' && reason[1] == 'x') {
			g_string_append(text, "0x#");
			reason += digits;
		} else {
			g_string_append_c(text, *reason++);
		}
	}
	return g_string_free(text, FALSE);
}

/* Of what a run failed, in words that are alike exactly where it is the same. */
static void trial_failure(struct trial *trial, const struct result *result)
{
	const struct result_finding *finding = NULL;
	const char *reason = result->reason ? result->reason : "";
	char *step, *place;
	size_t i;

	for (i = 0; i < result->num_findings && !finding; i++) {
		if (!result->findings[i].known)
			finding = &result->findings[i];
	}
	if (finding && strcmp(finding->oracle, "expectation")) {
		trial->words = g_strdup_printf("%s/%s%s%s", finding->oracle, finding->condition,
					       *finding->function ? " in " : "", finding->function);
		trial->key =
			g_strdup_printf("%s %s", result_status_name(result->status), trial->words);
		return;
	}
	/* What one step was expected to answer is not what another one was. */
	step = result->step_title ? g_strndup(result->step_title, strcspn(result->step_title, " "))
				  : g_strdup("the end");
	place = result->status == RESULT_TIMEOUT ? g_strdup("") : reason_without_addresses(reason);
	trial->words = *place ? g_strdup_printf("%s in %s", reason, step) : g_strdup("a timeout");
	trial->key = g_strdup_printf("%s %s%s%s", result_status_name(result->status), place,
				     *place ? " in " : "", *place ? step : "");
	g_free(place);
	g_free(step);
}

/* WARNs of the step that fails, beside those that are expected of it. */
static void trial_warns(struct trial *trial, const struct result *result)
{
	size_t i;

	for (i = 0; i < result->num_mismatches; i++) {
		const struct result_mismatch *mismatch = &result->mismatches[i];
		int64_t expected;

		if (strcmp(mismatch->subject, "warns") != 0)
			continue;
		expected = g_ascii_strtoll(mismatch->expected, NULL, 10);
		trial->warns_expected |= expected != 0;
		trial->extra_warns += g_ascii_strtoll(mismatch->actual, NULL, 10) - expected;
	}
}

static void trial_result(void *ctx, const struct result *result)
{
	struct trial *trial = ctx;
	size_t i;

	if (trial->key || result->status == RESULT_PASSED || result->status == RESULT_SKIPPED)
		return;
	trial_failure(trial, result);
	for (i = 0; i < result->num_findings; i++)
		trial->unmet += !strcmp(result->findings[i].oracle, "expectation");
	trial_warns(trial, result);
	trial->id = g_strdup(result->plan->id);
	trial->about = g_strdup(result->plan->about);
	trial->variant = g_strdup(result->plan->variant);
	trial->step = result->has_place ? result->place.line : 0;
}

static struct kvm_module *trial_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct trial *trial = ctx;

	return trial->config->module(trial->config->ctx, page_size, reason);
}

/*
 * Runs the plans of `text` (`id`: only that one, or the only one that there is). 0, -ENOENT: there is no such plan, or
 * -errno; trial->key is NULL if none fails.
 */
static int try_text(struct shrinking *shrinking, const char *text, const char *id,
		    struct trial *trial)
{
	struct scenario_set *set = scenario_set_create();
	GPtrArray *plans = g_ptr_array_new();
	struct campaign_config campaign = {
		.repeat = 1,
		.jobs = 1,
		.timeout_ms = shrinking->timeout_ms,
		.seed = shrinking->config->seed,
		.module = trial_module,
		.done = trial_result,
		.ctx = trial,
	};
	size_t num, i;
	int err = 0;

	*trial = (struct trial){.config = shrinking->config};
	shrinking->attempts++;
	scenario_set_add_text(set, shrinking->path, text, strlen(text));
	if (diagnostics_count(scenario_set_diagnostics(set)))
		err = -EINVAL;
	num = scenario_set_num_plans(set);
	for (i = 0; !err && i < num; i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		if (!id || !strcmp(plan->id, id) || (num == 1 && shrinking->id))
			g_ptr_array_add(plans, (void *)(uintptr_t)plan);
	}
	campaign.plans = (const struct plan *const *)plans->pdata;
	campaign.num_plans = plans->len;
	if (!err && !plans->len)
		err = -ENOENT;
	if (!err)
		err = campaign_run(&campaign, NULL);
	g_ptr_array_unref(plans);
	scenario_set_destroy(set);
	return err;
}

static bool is_over(const struct shrinking *shrinking)
{
	const struct shrink_config *config = shrinking->config;

	return shrinking->attempts >= shrinking->max_attempts || (config->stop && *config->stop);
}

/*
 * Whether it failed in the same way, and of no expectation that held: without the defect it is to pass, or at least to
 * come as far as it did. So WARNs that are expected beside the one that is the defect stay so.
 */
static bool is_same(const struct shrinking *shrinking, const struct trial *trial)
{
	return trial->key && !strcmp(trial->key, shrinking->failure) &&
	       trial->unmet <= shrinking->unmet &&
	       (!shrinking->warns_expected || trial->extra_warns == shrinking->extra_warns);
}

/* Whether this text fails in the same way. */
static bool text_fails(struct shrinking *shrinking, const char *text)
{
	struct trial trial;
	bool same;

	if (is_over(shrinking))
		return false;
	same = !try_text(shrinking, text, shrinking->id, &trial) && is_same(shrinking, &trial);
	trial_clear(&trial);
	if (shrinking->config->progress)
		shrinking->config->progress(shrinking->config->ctx, shrinking->attempts);
	return same;
}

/* Takes the text, which replaces the one so far if it fails in the same way. */
static bool text_accept(struct shrinking *shrinking, char *text)
{
	if (!strcmp(text, shrinking->text) || !text_fails(shrinking, text)) {
		g_free(text);
		return false;
	}
	g_free(shrinking->text);
	shrinking->text = text;
	return true;
}

/* --- a text and its steps ----------------------------------------------------------------------------- */

/* Lines of a text, without their ends. */
static GPtrArray *lines_split(const char *text)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	while (*text) {
		size_t length = strcspn(text, "\n");

		g_ptr_array_add(lines, g_strndup(text, length));
		text += length + (text[length] == '\n');
	}
	return lines;
}

static const char *line_at(const GPtrArray *lines, unsigned int line)
{
	return lines->pdata[line];
}

/* The text of all lines but [first, end). */
static char *lines_join(const GPtrArray *lines, unsigned int first, unsigned int end)
{
	GString *text = g_string_new(NULL);
	unsigned int i;

	for (i = 0; i < lines->len; i++) {
		if (i < first || i >= end)
			g_string_append_printf(text, "%s\n", line_at(lines, i));
	}
	return g_string_free(text, FALSE);
}

static unsigned int line_indent(const char *line)
{
	return (unsigned int)strspn(line, " ");
}

static bool line_is_blank(const char *line)
{
	return !line[strspn(line, " \t\r")];
}

/* The line behind what begins in `line`: lines that are indented further belong to it, empty ones between them too. */
static unsigned int block_end(const GPtrArray *lines, unsigned int line)
{
	unsigned int indent = line_indent(line_at(lines, line)), end = line + 1, i;

	for (i = end; i < lines->len; i++) {
		if (line_is_blank(line_at(lines, i)))
			continue;
		if (line_indent(line_at(lines, i)) <= indent)
			break;
		end = i + 1;
	}
	return end;
}

/* The line with this key of the scenario, or lines->len. */
static unsigned int key_line(const GPtrArray *lines, const char *key)
{
	unsigned int i;

	for (i = 0; i < lines->len; i++) {
		if (g_str_has_prefix(line_at(lines, i), key) &&
		    line_at(lines, i)[strlen(key)] == ':')
			break;
	}
	return i;
}

/*
 * The lines in which the steps begin, and the line behind the last one. A step ends where the next one begins: with its
 * dash, which may stand on a line above its place (`- name: ...`).
 */
static GArray *steps_find(const GPtrArray *lines)
{
	GArray *steps = g_array_new(FALSE, FALSE, sizeof(unsigned int));
	unsigned int line = key_line(lines, "steps"), end = line + 1, indent = 0;

	while (++line < lines->len) {
		const char *text = line_at(lines, line);
		unsigned int spaces = line_indent(text);

		if (text[spaces] == '-' && (!steps->len || spaces <= indent)) {
			indent = spaces;
			g_array_append_val(steps, line);
		} else if (!line_is_blank(text) && !spaces && *text != '#') {
			break;
		}
		if (!line_is_blank(text))
			end = line + 1;
	}
	if (steps->len)
		g_array_append_val(steps, end);
	return steps;
}

static unsigned int steps_num(const char *text)
{
	GPtrArray *lines = lines_split(text);
	GArray *steps = steps_find(lines);
	unsigned int num = steps->len ? steps->len - 1 : 0;

	g_array_unref(steps);
	g_ptr_array_unref(lines);
	return num;
}

/* --- what is tried ------------------------------------------------------------------------------------ */

/* Without steps [first, first + num). */
static bool drop_range(struct shrinking *shrinking, unsigned int first, unsigned int num)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	bool done = false;

	if (first + num < steps->len && num + 1 < steps->len)
		done = text_accept(shrinking,
				   lines_join(lines, g_array_index(steps, unsigned int, first),
					      g_array_index(steps, unsigned int, first + num)));
	g_array_unref(steps);
	g_ptr_array_unref(lines);
	return done;
}

/* What comes behind the step of that line plays no part, if it was done. */
static void drop_behind(struct shrinking *shrinking, unsigned int line)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	unsigned int first = 0;

	while (first + 1 < steps->len && g_array_index(steps, unsigned int, first) < line)
		first++;
	if (first && first + 1 < steps->len)
		drop_range(shrinking, first, steps->len - 1 - first);
	g_array_unref(steps);
	g_ptr_array_unref(lines);
}

/* True if anything went. From the end: what comes late depends on what comes early. */
static bool drop_chunks(struct shrinking *shrinking, unsigned int num)
{
	unsigned int at = steps_num(shrinking->text);
	bool any = false;

	while (at && !is_over(shrinking)) {
		unsigned int first = at > num ? at - num : 0;

		any |= drop_range(shrinking, first, at - first);
		at = first;
	}
	return any;
}

static bool drop_steps(struct shrinking *shrinking)
{
	unsigned int num = steps_num(shrinking->text) / 2;
	bool any = false, more = true;

	for (; num > 1; num /= 2)
		any |= drop_chunks(shrinking, num);
	while (more && !is_over(shrinking)) {
		more = drop_chunks(shrinking, 1);
		any |= more;
	}
	return any;
}

/*
 * What is no affair of the failure's: what the loader would not do without, words, and what the scenario is: it is to
 * pass where the defect is not.
 */
static bool line_is_kept(const GPtrArray *lines, unsigned int line, unsigned int *end)
{
	static const char *const keys[] = {"scenario", "about",	  "tags",  "level",
					   "teardown", "hostile", "since", "own_host"};
	size_t i;

	*end = line + 1;
	if (line_is_blank(line_at(lines, line)) || *line_at(lines, line) == '#')
		return true;
	for (i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (key_line(lines, keys[i]) == line) {
			*end = block_end(lines, line);
			return true;
		}
	}
	return false;
}

/*
 * Keys of the scenario, of steps and of what is in them, steps within steps: each with all that belongs to it. Also what
 * steps were expected to answer: that was right before other steps went.
 */
static bool drop_blocks(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	unsigned int line = 0, end;
	bool any = false;

	while (line < lines->len && !is_over(shrinking)) {
		if (line_is_kept(lines, line, &end)) {
			line = end;
		} else if (text_accept(shrinking,
				       lines_join(lines, line, block_end(lines, line)))) {
			g_ptr_array_unref(lines);
			lines = lines_split(shrinking->text);
			any = true;
		} else {
			line++;
		}
	}
	g_ptr_array_unref(lines);
	return any;
}

/* The steps of `- repeat:` in its place. */
static char *unwrap_repeat(const GPtrArray *lines, unsigned int line)
{
	unsigned int end = block_end(lines, line), indent = line_indent(line_at(lines, line));
	unsigned int inner = line + 1, shift = 0, i;
	GString *text;

	if (strcmp(line_at(lines, line) + indent, "- repeat:"))
		return NULL;
	while (inner < end &&
	       strcmp(line_at(lines, inner) + line_indent(line_at(lines, inner)), "steps:"))
		inner++;
	if (inner + 1 >= end)
		return NULL;
	text = g_string_new(NULL);
	shift = line_indent(line_at(lines, inner + 1)) - indent;
	for (i = 0; i < lines->len; i++) {
		const char *at = line_at(lines, i);

		if (i > inner && i < block_end(lines, inner))
			g_string_append_printf(text, "%s\n", at + MIN(shift, line_indent(at)));
		else if (i < line || i >= end)
			g_string_append_printf(text, "%s\n", at);
	}
	return g_string_free(text, FALSE);
}

static bool unwrap_repeats(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	bool any = false;
	unsigned int i;

	for (i = 0; i < lines->len; i++) {
		char *text = unwrap_repeat(lines, i);

		if (!text || !text_accept(shrinking, text))
			continue;
		g_ptr_array_unref(lines);
		lines = lines_split(shrinking->text);
		any = true;
	}
	g_ptr_array_unref(lines);
	return any;
}

/* The end of the element of {} or [] that begins at `at`: its comma or bracket, or NULL if it does not end in the line. */
static const char *element_end(const char *at)
{
	unsigned int depth = 0;
	char quote = 0;

	for (; *at && *at != '\n'; at++) {
		if (quote) {
			quote = *at == quote ? 0 : quote;
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (*at == '{' || *at == '[') {
			depth++;
		} else if (*at == '}' || *at == ']') {
			if (!depth--)
				return at;
		} else if (*at == ',' && !depth) {
			return at;
		}
	}
	return NULL;
}

/* The text without the element that begins at `offset`. */
static char *without_element(const char *text, size_t offset)
{
	const char *at = text + offset, *end = element_end(at);

	if (!end || end == at)
		return NULL;
	if (*end == ',') {
		end += 1 + strspn(end + 1, " ");
	} else {
		/* The last one: with the comma before it. */
		while (at > text && at[-1] == ' ')
			at--;
		if (at > text && at[-1] == ',')
			at--;
	}
	return g_strdup_printf("%.*s%s", (int)(at - text), text, end);
}

static size_t line_offset(const GPtrArray *lines, unsigned int line)
{
	size_t offset = 0;
	unsigned int i;

	for (i = 0; i < line; i++)
		offset += strlen(line_at(lines, i)) + 1;
	return offset;
}

/* Elements of {} and [] in one line. */
static bool drop_elements_of(struct shrinking *shrinking, size_t start)
{
	bool any = false;
	size_t at;

	for (at = start; shrinking->text[at] && shrinking->text[at] != '\n'; at++) {
		char before = at > start ? shrinking->text[at - 1] : 0, *text;
		size_t first = at + strspn(shrinking->text + at, " ");

		if (before != '{' && before != '[' && before != ',')
			continue;
		/* As long as something goes, the next one stands there. */
		while (!is_over(shrinking) && (text = without_element(shrinking->text, first)) &&
		       text_accept(shrinking, text))
			any = true;
	}
	return any;
}

static bool drop_elements(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	unsigned int line = 0, end;
	bool any = false;

	while (line < lines->len && !is_over(shrinking)) {
		if (!line_is_kept(lines, line, &end) &&
		    drop_elements_of(shrinking, line_offset(lines, line))) {
			g_ptr_array_unref(lines);
			lines = lines_split(shrinking->text);
			any = true;
		}
		line = end;
	}
	g_ptr_array_unref(lines);
	return any;
}

/* What a number may be instead, simplest first. */
static const struct {
	const char *text;
	uint64_t value;
} simple_numbers[] = {
	{"0", 0},
	{"1", 1},
	{"4K", UINT64_C(1) << 12},
	{"64K", UINT64_C(1) << 16},
	{"2M", UINT64_C(1) << 21},
	{"0x80000000", UINT64_C(0x80000000)},
	{"0x80001000", UINT64_C(0x80001000)},
};

/* Length of the number that begins at `at`, and its value; 0: there is none. */
static size_t number_length(const char *text, const char *at, uint64_t *value)
{
	static const char units[] = "KMGT";
	const char *end = at, *unit;
	unsigned int base = 10;

	*value = 0;
	if (!g_ascii_isdigit(*at) || (at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '_')))
		return 0;
	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		end += 2;
	}
	for (; *end == '_' || (base == 16 ? g_ascii_isxdigit(*end) : g_ascii_isdigit(*end));
	     end++) {
		if (*end != '_')
			*value = *value * base + (uint64_t)g_ascii_xdigit_value(*end);
	}
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		*value <<= 10 * (unit - units + 1);
		end++;
	}
	return g_ascii_isalnum(*end) || *end == '.' ? 0 : (size_t)(end - at);
}

/* The first smaller of them with which it fails the same is taken. */
static bool simplify_number(struct shrinking *shrinking, size_t offset, size_t length,
			    uint64_t value)
{
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(simple_numbers) && simple_numbers[i].value < value; i++) {
		const char *text = shrinking->text;

		if (text_accept(shrinking,
				g_strdup_printf("%.*s%s%s", (int)offset, text,
						simple_numbers[i].text, text + offset + length)))
			return true;
	}
	return false;
}

/* Length of the rest of a line that is words for people. */
static size_t words_length(const char *text, size_t at)
{
	static const char *const keys[] = {"name: ", "why: ", "note: "};
	size_t i;

	if (at && text[at - 1] != ' ')
		return 0;
	for (i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (g_str_has_prefix(text + at, keys[i]))
			return strcspn(text + at, "\n");
	}
	return 0;
}

/* Numbers in the block that begins with this key. */
static bool simplify_numbers_of(struct shrinking *shrinking, const char *key)
{
	GPtrArray *lines = lines_split(shrinking->text);
	unsigned int first = key_line(lines, key), end = first;
	size_t at, length, behind;
	bool any = false;
	uint64_t value;

	while (end < lines->len && (end == first || line_is_blank(line_at(lines, end)) ||
				    strchr(" -#", *line_at(lines, end))))
		end++;
	behind = strlen(shrinking->text) - line_offset(lines, end);
	for (at = line_offset(lines, first); at + behind < strlen(shrinking->text); at++) {
		at += words_length(shrinking->text, at);
		length = number_length(shrinking->text, shrinking->text + at, &value);
		if (!length)
			continue;
		any |= simplify_number(shrinking, at, length, value);
		at += number_length(shrinking->text, shrinking->text + at, &value) - 1;
	}
	g_ptr_array_unref(lines);
	return any;
}

/* Takes the text; `setting` NAME=VALUE stands in it for $NAME and $(NAME). */
static char *with_value(char *text, const char *setting)
{
	const char *value = strchr(setting, '=');
	char *pattern, *result;
	GRegex *regex;

	if (!value)
		return text;
	pattern = g_strdup_printf("\\$(\\(%.*s\\)|%.*s(?![a-z0-9_]))", (int)(value - setting),
				  setting, (int)(value - setting), setting);
	regex = g_regex_new(pattern, 0, 0, NULL);
	result = regex ? g_regex_replace_literal(regex, text, -1, 0, value + 1, 0, NULL) : NULL;
	if (regex)
		g_regex_unref(regex);
	g_free(pattern);
	if (!result)
		return text;
	g_free(text);
	return result;
}

/* The matrix goes, and the values of the run that fails stand in its place. */
static void drop_matrix(struct shrinking *shrinking, const char *variant)
{
	GPtrArray *lines = lines_split(shrinking->text);
	unsigned int line = key_line(lines, "matrix");
	char **values = g_strsplit(variant, ",", -1);
	unsigned int i;

	if (line < lines->len && *variant) {
		char *text = lines_join(lines, line, block_end(lines, line));

		for (i = 0; values[i]; i++)
			text = with_value(text, values[i]);
		text_accept(shrinking, text);
	}
	g_strfreev(values);
	g_ptr_array_unref(lines);
}

/* --- faults ------------------------------------------------------------------------------------------- */

/* The text with that fault happening in a step of that name, which step number `step` gets if it has none. */
static char *fault_in_step(const GPtrArray *lines, const GArray *steps, unsigned int step,
			   size_t fault_line, const char *at, size_t length, unsigned int nth)
{
	unsigned int line = g_array_index(steps, unsigned int, step), i;
	const char *first = line_at(lines, line), *dash = first + line_indent(first);
	const char *name = g_str_has_prefix(dash, "- name: ") ? dash + strlen("- name: ") : NULL;
	char *own = g_strdup_printf("step %u", step + 1);
	GString *text = g_string_new(NULL);

	for (i = 0; i < lines->len; i++) {
		const char *here = line_at(lines, i);

		if (i == fault_line)
			g_string_append_printf(text, "%.*s%u, step: %s%s\n", (int)(at - here), here,
					       nth, name ? name : own, at + length);
		else if (i == line && !name)
			g_string_append_printf(text, "%.*s- name: %s\n%.*s  %s\n",
					       (int)(dash - first), first, own, (int)(dash - first),
					       first, dash + 1 + strspn(dash + 1, " "));
		else
			g_string_append_printf(text, "%s\n", here);
	}
	g_free(own);
	return g_string_free(text, FALSE);
}

/* The number behind `nth: ` in a fault that is written in one line and names no step. */
static const char *fault_nth(const char *line)
{
	const char *nth = strstr(line, "nth: ");

	if (!nth || !strstr(line, "point: ") || strstr(line, "step: ") || !strchr(nth, '}'))
		return NULL;
	return nth + strlen("nth: ");
}

/*
 * A fault that is counted from the first step on holds all that reach its point before it. Counted within its step it
 * leaves them to go.
 */
static void bind_fault(struct shrinking *shrinking, unsigned int fault_line)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	const char *at = fault_nth(line_at(lines, fault_line));
	unsigned int last = shrinking->attempts + MAX_FAULT_ATTEMPTS, nth, step;
	size_t length = 0;
	uint64_t value = 0;
	bool done = false;

	if (at)
		length = number_length(line_at(lines, fault_line), at, &value);
	for (nth = 1; length && nth <= value && !done; nth++) {
		for (step = steps->len; step > 1 && !done && shrinking->attempts < last; step--)
			done = text_accept(shrinking, fault_in_step(lines, steps, step - 2,
								    fault_line, at, length, nth));
	}
	g_array_unref(steps);
	g_ptr_array_unref(lines);
}

/* The text without that fault, without `faults:` if it is the only one, and without that step. */
static char *without_fault_and_step(const GPtrArray *lines, unsigned int fault, bool only,
				    unsigned int first, unsigned int end)
{
	unsigned int fault_end = block_end(lines, fault), i;
	GString *text = g_string_new(NULL);

	fault -= only;
	for (i = 0; i < lines->len; i++) {
		if ((i < fault || i >= fault_end) && (i < first || i >= end))
			g_string_append_printf(text, "%s\n", line_at(lines, i));
	}
	return g_string_free(text, FALSE);
}

/* A fault and the step that expects what comes of it hold each other. */
static bool drop_faults(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	unsigned int first = key_line(lines, "faults"), end, fault, step;
	bool done = false;

	end = first < lines->len ? block_end(lines, first) : first;
	for (fault = first + 1; fault < end && !done; fault = block_end(lines, fault)) {
		bool only = fault == first + 1 && block_end(lines, fault) == end;

		for (step = steps->len; step > 2 && !done; step--)
			done = text_accept(shrinking,
					   without_fault_and_step(
						   lines, fault, only,
						   g_array_index(steps, unsigned int, step - 2),
						   g_array_index(steps, unsigned int, step - 1)));
	}
	g_array_unref(steps);
	g_ptr_array_unref(lines);
	return done;
}

static void bind_faults(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	unsigned int first = key_line(lines, "faults"), end, i;

	end = first < lines->len ? block_end(lines, first) : first;
	/* From the end: a name that a step gets is a new line, which may stand above. */
	for (i = end; i > first; i--) {
		unsigned int was = lines->len;

		bind_fault(shrinking, i - 1);
		g_ptr_array_unref(lines);
		lines = lines_split(shrinking->text);
		i += first > key_line(lines, "steps") ? lines->len - was : 0;
	}
	g_ptr_array_unref(lines);
}

/* --- all of it ---------------------------------------------------------------------------------------- */

/* Keys begin with a status: "failed contract/backed in KVM_RUN". */
static bool key_matches(const char *key, const char *failure)
{
	const char *what = strchr(key, ' ');

	if (!failure)
		return true;
	/* A process that dies says it in its own words. */
	if (!strcmp(failure, "crashed") || !strcmp(failure, "timeout"))
		return g_str_has_prefix(key, failure);
	if (!what || !g_str_has_prefix(what + 1, failure))
		return false;
	/* Without a function any will do. */
	what += 1 + strlen(failure);
	return !*what || (!strstr(failure, " in ") && g_str_has_prefix(what, " in "));
}

bool shrink_check(const char *path, const struct shrink_config *config, char **failure)
{
	struct shrinking shrinking = {
		.config = config, .path = path, .timeout_ms = config->timeout_ms};
	struct trial trial = {0};
	GError *error = NULL;
	bool same = false;
	char *text;
	int err;

	if (!g_file_get_contents(path, &text, NULL, &error)) {
		*failure = g_strdup(error->message);
		g_error_free(error);
		return false;
	}
	err = try_text(&shrinking, text, config->id, &trial);
	if (!err && trial.key)
		same = key_matches(trial.key, config->failure);
	*failure = g_strdup(err ? "it cannot be loaded or run" : trial.key ? trial.key : "nothing");
	trial_clear(&trial);
	g_free(text);
	return same;
}

/* `about:` with these words, in lines. */
static char *about_block(const char *words)
{
	char **list = g_strsplit_set(words, " \t\r\n", -1);
	GString *text = g_string_new("about: >");
	unsigned int column = TEXT_WIDTH, i;

	for (i = 0; list[i]; i++) {
		unsigned int length = (unsigned int)strlen(list[i]);

		if (!length)
			continue;
		if (column + 1 + length > TEXT_WIDTH) {
			g_string_append_printf(text, "\n  %s", list[i]);
			column = 2 + length;
		} else {
			g_string_append_printf(text, " %s", list[i]);
			column += 1 + length;
		}
	}
	g_strfreev(list);
	return g_string_free(text, FALSE);
}

/* The text, with an `about:` that says what it fails of. */
static char *text_with_about(const char *text, struct trial *trial)
{
	GPtrArray *lines = lines_split(text);
	unsigned int line = key_line(lines, "about"), end, i;
	GString *result, *words;
	char *block;

	if (line == lines->len || strstr(trial->about, trial->words)) {
		g_ptr_array_unref(lines);
		return g_strdup(text);
	}
	words = g_string_new(NULL);
	g_string_append(words, g_strchomp(trial->about));
	g_string_append_printf(words, "%s Made small, it fails of %.*s.",
			       words->len && strchr(".!?", words->str[words->len - 1]) ? "" : ".",
			       (int)MAX_ABOUT, trial->words);
	for (i = 0; i < words->len; i++) {
		if (g_ascii_iscntrl(words->str[i]))
			words->str[i] = ' ';
	}
	block = about_block(words->str);
	end = block_end(lines, line);
	result = g_string_new(NULL);
	for (i = 0; i < lines->len; i++) {
		if (i == line)
			g_string_append_printf(result, "%s\n", block);
		else if (i < line || i >= end)
			g_string_append_printf(result, "%s\n", line_at(lines, i));
	}
	g_free(block);
	g_string_free(words, TRUE);
	g_ptr_array_unref(lines);
	return g_string_free(result, FALSE);
}

static void make_small(struct shrinking *shrinking, const struct trial *trial)
{
	bool any = true;

	drop_behind(shrinking, trial->step);
	drop_matrix(shrinking, trial->variant);
	drop_steps(shrinking);
	drop_blocks(shrinking);
	bind_faults(shrinking);
	while (any && !is_over(shrinking)) {
		any = drop_steps(shrinking);
		any |= drop_blocks(shrinking);
		any |= unwrap_repeats(shrinking);
		any |= drop_faults(shrinking);
		any |= drop_elements(shrinking);
		any |= simplify_numbers_of(shrinking, "steps");
		any |= simplify_numbers_of(shrinking, "faults");
	}
}

/* Makes what failed in that trial small, and runs the result again, as any reader of it would. */
static int shrink_from(struct shrinking *shrinking, const char *text, struct trial *trial,
		       struct shrink_result *result)
{
	GPtrArray *lines = lines_split(text);
	struct trial last;
	char *named;
	bool same;
	int err;

	shrinking->text = lines_join(lines, 0, 0);
	g_ptr_array_unref(lines);
	make_small(shrinking, trial);
	shrinking->timeout_ms = shrinking->config->timeout_ms;
	named = text_with_about(shrinking->text, trial);
	g_free(shrinking->text);
	shrinking->text = NULL;
	err = try_text(shrinking, named, shrinking->id, &last);
	same = !err && is_same(shrinking, &last);
	if (same) {
		result->text = named;
		result->failure = g_strdup(last.words);
		result->steps_after = steps_num(named);
	} else {
		g_free(named);
	}
	trial_clear(&last);
	result->attempts = shrinking->attempts;
	return err ? err : same ? 0 : -EAGAIN;
}

int shrink_text(const char *path, const char *text, const struct shrink_config *config,
		struct shrink_result *result)
{
	struct shrinking shrinking = {
		.config = config, .path = path, .timeout_ms = config->timeout_ms};
	struct trial trial;
	int err;

	*result = (struct shrink_result){0};
	shrinking.max_attempts = config->max_attempts ? config->max_attempts : DEFAULT_ATTEMPTS;
	err = try_text(&shrinking, text, config->id, &trial);
	if (!err && (!trial.key || !key_matches(trial.key, config->failure)))
		err = -ENODATA;
	result->steps_before = steps_num(text);
	if (!err && !result->steps_before)
		err = -ENOTSUP;
	if (!err) {
		bool hangs = g_str_has_prefix(trial.key, result_status_name(RESULT_TIMEOUT));

		shrinking.id = g_strdup(trial.id);
		shrinking.failure = g_strdup(trial.key);
		shrinking.unmet = trial.unmet;
		shrinking.warns_expected = trial.warns_expected;
		shrinking.extra_warns = trial.extra_warns;
		if (hangs && (!config->timeout_ms || config->timeout_ms > HANG_MS))
			shrinking.timeout_ms = HANG_MS;
		err = shrink_from(&shrinking, text, &trial, result);
		/* It was slow, and did not hang. */
		if (err == -EAGAIN && hangs && config->timeout_ms > HANG_MS)
			err = shrink_from(&shrinking, text, &trial, result);
	}
	g_free(shrinking.id);
	g_free(shrinking.failure);
	trial_clear(&trial);
	return err;
}
