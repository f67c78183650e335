/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shrink.c - works on the text of a scenario, so that what is left is in its author's words. What is tried is made by
 * lines and by the elements of {} and []; whether it is still a scenario is the loader's to say.
 */
#include <sim/fuzz.h>

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <sim/result.h>
#include <string.h>

#include "rewrite.h"
#include "text.h"

#define DEFAULT_ATTEMPTS 4000u
/* A run that hangs is mostly not one that is slow: most attempts wait no longer for it. */
#define HANG_MS 1000u
/* Attempts to find the step in which a fault happens. */
#define MAX_FAULT_ATTEMPTS 400u
/* Attempts that come to nothing before what failed is tried again. */
#define MAX_REJECTED 64u
/* Steps of which each pair is tried. */
#define MAX_PAIRED 20u
/* Numbers up to this one are how many there are of something, not where it is. */
#define MAX_COUNT  256u
#define TEXT_WIDTH 100u
#define MAX_ABOUT  400u

/* What came of one attempt. */
struct trial {
	fuzz_module_fn module;
	void *ctx;	     /* of it */
	char *key, *id;	     /* of the first plan that fails; NULL: none does */
	char *words;	     /* what it fails of, for people */
	char *about;	     /* of that plan */
	char *variant;	     /* its values of the matrix */
	size_t unmet;	     /* its expectations that do not hold */
	bool warns_expected; /* some of the WARNs that it fails of, too */
	int64_t extra_warns; /* beside those */
	unsigned int
		step;  /* line of the step in which it failed, from 1; 0: in none of this file */
	bool invalid;  /* it asks for something impossible */
	bool passed;   /* some plan did */
	bool expected; /* it fails of an expectation, not of an oracle */
};

/* What a sound host makes of the text as it was, and so of all that is made of it. */
enum soundness {
	SOUND_UNKNOWN, /* there is none, or it fails in the same way */
	SOUND_DIFFERS, /* it does not fail in the same way */
	SOUND_PASSES,
};

struct shrinking {
	const struct shrink_config *config;
	const char *path;
	struct trial first; /* of the text as it was */
	unsigned int attempts, max_attempts;
	unsigned int timeout_ms;
	char *text;	   /* the smallest that fails as the first one did */
	unsigned int step; /* that of its trial */
	enum soundness sound;
	bool asks;	       /* the sound host each time; else only in the end */
	unsigned int rejected; /* attempts, one after the other */
	bool lost;	       /* what failed fails no more */
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

/* --- does it still fail? ------------------------------------------------------------------------------ */

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

	/* The death of a process is its last finding, and what comes of it then. */
	for (i = 0; i < result->num_findings; i++) {
		if (!result->findings[i].known && (!finding || result->status == RESULT_CRASHED))
			finding = &result->findings[i];
	}
	if (finding && strcmp(finding->oracle, "expectation")) {
		trial->words = g_strdup_printf("%s/%s%s%s", finding->oracle, finding->condition,
					       *finding->function ? " in " : "", finding->function);
		trial->key =
			g_strdup_printf("%s %s", result_status_name(result->status), trial->words);
		return;
	}
	trial->expected = true;
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

	trial->passed |= result->status == RESULT_PASSED;
	if (trial->key || result->status == RESULT_PASSED || result->status == RESULT_SKIPPED)
		return;
	trial_failure(trial, result);
	for (i = 0; i < result->num_findings; i++)
		trial->unmet += !strcmp(result->findings[i].oracle, "expectation");
	trial_warns(trial, result);
	trial->id = g_strdup(result->plan->id);
	trial->about = g_strdup(result->plan->about);
	trial->variant = g_strdup(result->plan->variant);
	/* It may stand in a prelude. */
	if (result->has_place && result->place.source == result->plan->place.source)
		trial->step = result->place.line;
	trial->invalid = result->status == RESULT_INVALID;
}

static struct kvm_module *trial_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct trial *trial = ctx;

	return trial->module(trial->ctx, page_size, reason);
}

/*
 * Runs the plans of `text` (`id`: only that one, or the only one that there is) on builds of `module`. 0, -ENOENT: there is
 * no such plan, or -errno; trial->key is NULL if none fails.
 */
static int try_text(struct shrinking *shrinking, const char *text, const char *id,
		    fuzz_module_fn module, struct trial *trial)
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

	*trial = (struct trial){.module = module, .ctx = shrinking->config->ctx};
	shrinking->attempts++;
	scenario_set_add_text(set, shrinking->path, text, strlen(text));
	if (diagnostics_count(scenario_set_diagnostics(set)))
		err = -EINVAL;
	num = scenario_set_num_plans(set);
	for (i = 0; !err && i < num; i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		if (!id || !strcmp(plan->id, id) || (num == 1 && shrinking->first.id))
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

	return shrinking->lost || shrinking->attempts >= shrinking->max_attempts ||
	       (config->stop && *config->stop);
}

/*
 * Whether it failed in the same way, and of no expectation that held: without the defect it is to pass, or at least to
 * come as far as it did. So WARNs that are expected beside the one that is the defect stay so.
 */
static bool is_same(const struct shrinking *shrinking, const struct trial *trial)
{
	const struct trial *first = &shrinking->first;

	return trial->key && !strcmp(trial->key, first->key) && trial->unmet <= first->unmet &&
	       (!first->warns_expected || trial->extra_warns == first->extra_warns);
}

static enum soundness text_soundness(struct shrinking *shrinking, const char *text)
{
	enum soundness sound = SOUND_UNKNOWN;
	struct trial trial;
	int err;

	if (!shrinking->config->sound)
		return SOUND_UNKNOWN;
	err = try_text(shrinking, text, shrinking->first.id, shrinking->config->sound, &trial);
	if (!err && trial.passed && !trial.key)
		sound = SOUND_PASSES;
	else if (!err && trial.key && strcmp(trial.key, shrinking->first.key))
		sound = SOUND_DIFFERS;
	trial_clear(&trial);
	return sound;
}

/* Whether this text fails in the same way, 0 or -errno of running it. The trial is the caller's to clear. */
static int text_try(struct shrinking *shrinking, const char *text, struct trial *trial, bool *same)
{
	int err = try_text(shrinking, text, shrinking->first.id, shrinking->config->module, trial);

	*same = !err && is_same(shrinking, trial) &&
		(!shrinking->asks || text_soundness(shrinking, text) >= shrinking->sound);
	return err;
}

/* Whether this text fails in the same way; if so, `step` is where. */
static bool text_fails(struct shrinking *shrinking, const char *text)
{
	struct trial trial;
	bool same;

	/* A text that is no scenario does not fail in the same way. */
	(void)text_try(shrinking, text, &trial, &same);
	if (same)
		shrinking->step = trial.step;
	trial_clear(&trial);
	if (shrinking->config->progress)
		shrinking->config->progress(shrinking->config->ctx, shrinking->attempts);
	return same;
}

/* Takes the text (NULL: there is nothing to be tried), which replaces the one so far if it fails in the same way. */
static bool text_accept(struct shrinking *shrinking, char *text)
{
	if (!text || is_over(shrinking) || !strcmp(text, shrinking->text)) {
		g_free(text);
		return false;
	}
	if (text_fails(shrinking, text)) {
		g_free(shrinking->text);
		shrinking->text = text;
		shrinking->rejected = 0;
		return true;
	}
	g_free(text);
	/* Nothing can be left out, or nothing fails any more. */
	if (++shrinking->rejected % MAX_REJECTED == 0)
		shrinking->lost = !text_fails(shrinking, shrinking->text);
	return false;
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

/* What comes behind the step that failed plays no part, if it was done. */
static void drop_behind(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	unsigned int first = 0;

	while (first + 1 < steps->len &&
	       g_array_index(steps, unsigned int, first) < shrinking->step)
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

/* Without two steps that undo each other, or of which one needs the other. */
static bool drop_pair(struct shrinking *shrinking, unsigned int first, unsigned int second)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	bool done = false;

	if (second + 1 < steps->len) {
		char *text = lines_join(lines, g_array_index(steps, unsigned int, second),
					g_array_index(steps, unsigned int, second + 1));
		GPtrArray *left = lines_split(text);

		done = text_accept(shrinking,
				   lines_join(left, g_array_index(steps, unsigned int, first),
					      g_array_index(steps, unsigned int, first + 1)));
		g_ptr_array_unref(left);
		g_free(text);
	}
	g_array_unref(steps);
	g_ptr_array_unref(lines);
	return done;
}

static bool drop_pairs(struct shrinking *shrinking)
{
	unsigned int num = steps_num(shrinking->text), first, second;

	if (num > MAX_PAIRED || num < 3)
		return false;
	for (second = num - 1; second > 0; second--) {
		for (first = second; first-- > 0;) {
			if (drop_pair(shrinking, first, second))
				return true;
		}
	}
	return false;
}

/*
 * What is no affair of the failure's: what the loader would not do without, words of its author's, and what the scenario
 * is: it is to pass where the defect is not.
 */
static bool line_is_kept(const GPtrArray *lines, unsigned int line, unsigned int *end)
{
	static const char *const keys[] = {"scenario", "about", "teardown",
					   "hostile",  "since", "own_host"};
	static const char *const words[] = {"name", "why"};
	const char *text = line_at(lines, line);
	size_t i;

	*end = line + 1;
	if (line_is_blank(text) || *text == '#')
		return true;
	/* A step that begins with its name is a step all the same. */
	for (i = 0; i < G_N_ELEMENTS(words) && !line_is_item(text); i++) {
		if (line_key(text, words[i], NULL)) {
			*end = block_end(lines, line);
			return true;
		}
	}
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

/* Steps of `repeat:` and of `parallel:` in its place. */
static bool unwrap_steps(struct shrinking *shrinking)
{
	GPtrArray *lines = lines_split(shrinking->text);
	bool any = false, done;
	unsigned int i, way;
	char *text;

	for (i = 0; i < lines->len; i++) {
		done = text_accept(shrinking, rewrite_unrepeat(lines, i));
		for (way = 0; !done && (text = rewrite_unparallel(lines, i, way)); way++)
			done = text_accept(shrinking, text);
		if (!done)
			continue;
		g_ptr_array_unref(lines);
		lines = lines_split(shrinking->text);
		any = true;
	}
	g_ptr_array_unref(lines);
	return any;
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
		/* Why it is expected goes with what is expected. */
		if (g_str_has_prefix(shrinking->text + first, "why:"))
			continue;
		/* As long as something goes, the next one stands there. */
		while (!is_over(shrinking) &&
		       (text = text_without_element(shrinking->text, first)) &&
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

#define WIDTH "ipa_bits: "

static bool number_accept(struct shrinking *shrinking, size_t offset, size_t *length,
			  const char *text)
{
	const char *now = shrinking->text;

	if (!text_accept(shrinking, g_strdup_printf("%.*s%s%s", (int)offset, now, text,
						    now + offset + *length)))
		return false;
	*length = strlen(text);
	return true;
}

/* The first smaller of them with which it fails the same is taken; a small number becomes as small as can be. */
static bool simplify_number(struct shrinking *shrinking, size_t offset, size_t length,
			    uint64_t value)
{
	/* That 0 means 40 is not simple. */
	const bool width = offset >= strlen(WIDTH) &&
			   !strncmp(shrinking->text + offset - strlen(WIDTH), WIDTH, strlen(WIDTH));
	bool any = false, more = true;
	size_t i;

	for (i = 0; !width && i < G_N_ELEMENTS(simple_numbers) && simple_numbers[i].value < value;
	     i++) {
		if (number_accept(shrinking, offset, &length, simple_numbers[i].text))
			return true;
	}
	while (more && value > 2 && value <= MAX_COUNT) {
		char *half = g_strdup_printf("%" PRIu64, value / 2);
		char *less = g_strdup_printf("%" PRIu64, value - 1);

		if (value / 2 > 1 && number_accept(shrinking, offset, &length, half))
			value /= 2;
		else if (number_accept(shrinking, offset, &length, less))
			value--;
		else
			more = false;
		any |= more;
		g_free(half);
		g_free(less);
	}
	return any;
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

/*
 * The matrix goes, and the values of the run that fails stand in its place. A choice by a name that has one value has one
 * left, so that both go at once.
 */
static void drop_matrix(struct shrinking *shrinking)
{
	char **settings = g_strsplit(shrinking->first.variant, ",", -1);
	char *all = g_strdup(shrinking->text), *next;
	unsigned int i;

	for (i = 0; settings[i] && (next = rewrite_unname(all, settings[i])); i++) {
		g_free(all);
		all = next;
	}
	if (!text_accept(shrinking, all)) {
		text_accept(shrinking, rewrite_narrow(shrinking->text, shrinking->first.variant));
		for (i = 0; settings[i]; i++)
			text_accept(shrinking, rewrite_unname(shrinking->text, settings[i]));
	}
	g_strfreev(settings);
}

/* --- faults ------------------------------------------------------------------------------------------- */

/* The text with that fault happening in step number `step`, which gets a name if it has none. */
static char *fault_in_step(const GPtrArray *lines, const GArray *steps, unsigned int step,
			   size_t fault_line, const char *at, size_t length, unsigned int nth)
{
	unsigned int line = g_array_index(steps, unsigned int, step), i;
	unsigned int named = step_key(lines, line, "name");
	char *own = g_strdup_printf("step %u", step + 1);
	const char *name = own;
	GString *text = g_string_new(NULL);

	if (named < lines->len)
		line_key(line_at(lines, named), "name", &name);
	for (i = 0; i < lines->len; i++) {
		const char *here = line_at(lines, i);
		const int column = (int)key_column(here);

		if (i == fault_line)
			g_string_append_printf(text, "%.*s%u, step: %s%s\n", (int)(at - here), here,
					       nth, name, at + length);
		else if (i == line && named == lines->len)
			g_string_append_printf(text, "%.*sname: %s\n%*s%s\n", column, here, own,
					       column, "", here + column);
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
static void bind_fault(struct shrinking *shrinking, unsigned int line)
{
	GPtrArray *lines = lines_split(shrinking->text);
	GArray *steps = steps_find(lines);
	const char *at = fault_nth(line_at(lines, line));
	unsigned int last = shrinking->attempts + MAX_FAULT_ATTEMPTS, nth, step;
	size_t length = 0;
	uint64_t value = 0;
	bool done = false;

	if (at)
		length = number_length(line_at(lines, line), at, &value);
	for (nth = 1; length && nth <= value && !done; nth++) {
		for (step = steps->len; step > 1 && !done && shrinking->attempts < last; step--)
			done = text_accept(shrinking, fault_in_step(lines, steps, step - 2, line,
								    at, length, nth));
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

/* The line of fault number `index`, or lines->len. */
static unsigned int fault_line(const GPtrArray *lines, unsigned int index)
{
	unsigned int faults = key_line(lines, "faults"), line = faults + 1, end;

	end = faults < lines->len ? block_end(lines, faults) : 0;
	for (; line < end && index; index--)
		line = block_end(lines, line);
	return line < end ? line : lines->len;
}

static void bind_faults(struct shrinking *shrinking)
{
	unsigned int i;
	bool more = true;

	for (i = 0; more && !is_over(shrinking); i++) {
		GPtrArray *lines = lines_split(shrinking->text);
		unsigned int line = fault_line(lines, i);

		more = line < lines->len;
		if (more)
			bind_fault(shrinking, line);
		g_ptr_array_unref(lines);
	}
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
	err = try_text(&shrinking, text, config->id, config->module, &trial);
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
static char *text_with_about(const char *text, const struct trial *trial)
{
	GPtrArray *lines = lines_split(text);
	unsigned int line = key_line(lines, "about"), end, i;
	GString *result, *words;
	char *block, *about, *failure;

	if (line == lines->len || strstr(trial->about, trial->words)) {
		g_ptr_array_unref(lines);
		return g_strdup(text);
	}
	about = g_strchomp(g_strdup(trial->about));
	words = g_string_new(about);
	g_free(about);
	failure = g_utf8_strlen(trial->words, -1) > MAX_ABOUT
			  ? g_utf8_substring(trial->words, 0, MAX_ABOUT)
			  : g_strdup(trial->words);
	g_string_append_printf(words, "%s Made small, it fails of %s.",
			       words->len && strchr(".!?", words->str[words->len - 1]) ? "" : ".",
			       failure);
	g_free(failure);
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

/* The text of a prelude that the scenario uses. */
static char *prelude_find(void *ctx, const char *name)
{
	const struct plan *plan = ctx;
	char *ending = g_strdup_printf("preludes/%s.yaml", name), *text = NULL;
	size_t i;

	for (i = 0; i < plan->num_sources && !text; i++) {
		if (g_str_has_suffix(plan->sources[i]->path, ending))
			text = g_strdup(plan->sources[i]->text);
	}
	g_free(ending);
	return text;
}

/* Whoever gets the result may not have the preludes, and of what they do some may play no part. */
static void inline_preludes(struct shrinking *shrinking)
{
	struct scenario_set *set = scenario_set_create();
	char *text = NULL;

	scenario_set_add_text(set, shrinking->path, shrinking->text, strlen(shrinking->text));
	if (scenario_set_num_plans(set))
		text = rewrite_inline(shrinking->text, prelude_find,
				      (void *)(uintptr_t)scenario_set_plan(set, 0));
	scenario_set_destroy(set);
	text_accept(shrinking, text);
}

static void make_small(struct shrinking *shrinking)
{
	bool any = true;

	drop_behind(shrinking);
	drop_matrix(shrinking);
	drop_steps(shrinking);
	drop_blocks(shrinking);
	bind_faults(shrinking);
	while (any && !is_over(shrinking)) {
		any = drop_steps(shrinking);
		any |= drop_blocks(shrinking);
		any |= unwrap_steps(shrinking);
		any |= drop_faults(shrinking);
		any |= drop_elements(shrinking);
		any |= text_accept(shrinking, rewrite_one_realm(shrinking->text));
		any |= text_accept(shrinking, rewrite_names(shrinking->text));
		any |= simplify_numbers_of(shrinking, "steps");
		any |= simplify_numbers_of(shrinking, "faults");
		any |= simplify_numbers_of(shrinking, "realm");
		any |= simplify_numbers_of(shrinking, "realms");
		any |= simplify_numbers_of(shrinking, "machine");
		if (!any)
			any = drop_pairs(shrinking);
	}
	text_accept(shrinking, rewrite_tidy(shrinking->text));
}

/* What was made of it, with an `about:` of the failure that it has now, is run again as any reader of it would. */
static int shrink_confirm(struct shrinking *shrinking, struct shrink_result *result)
{
	struct trial last;
	char *named = NULL;
	bool same;
	int err;

	shrinking->asks = shrinking->sound;
	err = text_try(shrinking, shrinking->text, &last, &same);
	if (same) {
		named = text_with_about(shrinking->text, &last);
		trial_clear(&last);
		err = text_try(shrinking, named, &last, &same);
	}
	if (same) {
		result->text = named;
		result->failure = g_strdup(last.words);
		result->steps_after = steps_num(named);
		result->sound = shrinking->sound == SOUND_PASSES;
	} else {
		g_free(named);
	}
	trial_clear(&last);
	return err ? err : same ? 0 : -EAGAIN;
}

/* Makes `text` small, which failed in the first trial. */
static int shrink_from(struct shrinking *shrinking, const char *text, struct shrink_result *result)
{
	GPtrArray *lines = lines_split(text);
	int err = -EAGAIN;

	shrinking->text = lines_join(lines, 0, 0);
	g_ptr_array_unref(lines);
	shrinking->step = shrinking->first.step;
	shrinking->rejected = 0;
	shrinking->lost = false;
	if (text_fails(shrinking, shrinking->text)) {
		inline_preludes(shrinking);
		text_accept(shrinking, rewrite_expand(shrinking->text));
		result->steps_before = steps_num(shrinking->text);
		if (result->steps_before)
			make_small(shrinking);
		shrinking->timeout_ms = shrinking->config->timeout_ms;
		err = result->steps_before ? shrink_confirm(shrinking, result) : -ENOTSUP;
	}
	g_clear_pointer(&shrinking->text, g_free);
	result->attempts = shrinking->attempts;
	return err;
}

int shrink_text(const char *path, const char *text, const struct shrink_config *config,
		struct shrink_result *result)
{
	struct shrinking shrinking = {
		.config = config,
		.path = path,
		.timeout_ms = config->timeout_ms,
		.max_attempts = config->max_attempts ? config->max_attempts : DEFAULT_ATTEMPTS,
	};
	int err;

	*result = (struct shrink_result){0};
	err = try_text(&shrinking, text, config->id, config->module, &shrinking.first);
	if (!err && shrinking.first.invalid)
		err = -EINVAL;
	else if (!err &&
		 (!shrinking.first.key || !key_matches(shrinking.first.key, config->failure)))
		err = -ENODATA;
	if (!err) {
		bool hangs =
			g_str_has_prefix(shrinking.first.key, result_status_name(RESULT_TIMEOUT));
		bool hurries = hangs && (!config->timeout_ms || config->timeout_ms > HANG_MS);

		bool asks;

		shrinking.sound = text_soundness(&shrinking, text);
		/* What an oracle says of one host it hardly ever says of the other. */
		asks = shrinking.sound && shrinking.first.expected;
		shrinking.asks = asks;
		if (hurries)
			shrinking.timeout_ms = HANG_MS;
		err = shrink_from(&shrinking, text, result);
		/* It was slow, and did not hang; or the sound host was to be asked. */
		if (err == -EAGAIN && (hurries || (shrinking.sound && !asks))) {
			shrinking.timeout_ms = config->timeout_ms;
			shrinking.asks = shrinking.sound;
			err = shrink_from(&shrinking, text, result);
		}
	}
	trial_clear(&shrinking.first);
	return err;
}
