/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shrink.c - works on the text of a scenario: a step is the lines from its place to the next one's, so that what
 * is left still says all that its author wrote.
 */
#include <sim/fuzz.h>

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <sim/result.h>
#include <string.h>

#define DEFAULT_ATTEMPTS 4000u

struct shrinking {
	const struct shrink_config *config;
	const char *path;
	char *id;      /* of the plan that fails */
	char *failure; /* its key */
	unsigned int attempts, max_attempts;
	char *head, *tail; /* the text before and behind the steps */
	GPtrArray *steps;  /* char *, whole lines */
};

/* --- does it still fail? ------------------------------------------------------------------------------ */

struct trial {
	const struct shrink_config *config;
	char *key, *id;	   /* of the first plan that fails */
	unsigned int step; /* line of the step in which it failed */
};

/* A word that names a function, so that the same condition elsewhere is another failure. */
static char *key_function(const char *reason, const char *subject)
{
	const char *at = reason + strlen(subject);
	size_t length;

	if (!g_str_has_prefix(reason, subject) || !g_str_has_prefix(at, ": "))
		return g_strdup("");
	at += 2;
	length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789()");
	return at[length] == ':' ? g_strndup(at, length) : g_strdup("");
}

static void trial_result(void *ctx, const struct result *result)
{
	struct trial *trial = ctx;
	const char *subject = "";
	char *function;

	if (trial->key || result->status == RESULT_PASSED || result->status == RESULT_SKIPPED)
		return;
	if (result->num_mismatches)
		subject = result->mismatches[0].subject;
	function = key_function(result->reason ? result->reason : "", subject);
	trial->key = g_strdup_printf("%s %s%s%s", result_status_name(result->status),
				     *subject	      ? subject
				     : result->reason ? result->reason
						      : "",
				     *function ? " in " : "", function);
	trial->id = g_strdup(result->plan->id);
	trial->step = result->has_place ? result->place.line : 0;
	g_free(function);
}

static struct kvm_module *trial_module(void *ctx, uint32_t page_size, char **reason)
{
	const struct trial *trial = ctx;

	return trial->config->module(trial->config->ctx, page_size, reason);
}

/* Runs the plans of `text` (`id`: only that one). 0, or -errno; trial->key is NULL if none fails. */
static int try_text(struct shrinking *shrinking, const char *text, const char *id,
		    struct trial *trial)
{
	struct scenario_set *set = scenario_set_create();
	GPtrArray *plans = g_ptr_array_new();
	struct campaign_config campaign = {
		.repeat = 1,
		.jobs = 1,
		.timeout_ms = shrinking->config->timeout_ms,
		.seed = shrinking->config->seed,
		.module = trial_module,
		.done = trial_result,
		.ctx = trial,
	};
	int err = 0;
	size_t i;

	*trial = (struct trial){.config = shrinking->config};
	shrinking->attempts++;
	scenario_set_add_text(set, shrinking->path, text, strlen(text));
	if (diagnostics_count(scenario_set_diagnostics(set)))
		err = -EINVAL;
	for (i = 0; !err && i < scenario_set_num_plans(set); i++) {
		const struct plan *plan = scenario_set_plan(set, i);

		if (!id || !strcmp(plan->id, id))
			g_ptr_array_add(plans, (void *)(uintptr_t)plan);
	}
	campaign.plans = (const struct plan *const *)plans->pdata;
	campaign.num_plans = plans->len;
	if (!err && plans->len)
		err = campaign_run(&campaign, NULL);
	g_ptr_array_unref(plans);
	scenario_set_destroy(set);
	return err;
}

static char *text_join(const struct shrinking *shrinking, const GPtrArray *steps)
{
	GString *text = g_string_new(shrinking->head);
	unsigned int i;

	for (i = 0; i < steps->len; i++)
		g_string_append(text, steps->pdata[i]);
	g_string_append(text, shrinking->tail);
	return g_string_free(text, FALSE);
}

/* Whether these steps fail in the same way. */
static bool steps_fail(struct shrinking *shrinking, const GPtrArray *steps)
{
	struct trial trial;
	char *text;
	bool same;

	if (!steps->len || shrinking->attempts >= shrinking->max_attempts)
		return false;
	text = text_join(shrinking, steps);
	same = !try_text(shrinking, text, shrinking->id, &trial) && trial.key &&
	       !strcmp(trial.key, shrinking->failure);
	g_free(trial.key);
	g_free(trial.id);
	g_free(text);
	return same;
}

/* --- what is tried ------------------------------------------------------------------------------------ */

static GPtrArray *without(const GPtrArray *steps, unsigned int first, unsigned int num)
{
	GPtrArray *rest = g_ptr_array_new();
	unsigned int i;

	for (i = 0; i < steps->len; i++) {
		if (i < first || i >= first + num)
			g_ptr_array_add(rest, steps->pdata[i]);
	}
	return rest;
}

/* True if anything went. */
static bool drop_chunks(struct shrinking *shrinking, unsigned int num)
{
	bool any = false;
	unsigned int at = shrinking->steps->len;

	/* From the end: what comes late depends on what comes early. */
	while (at) {
		unsigned int first = at > num ? at - num : 0;
		GPtrArray *rest = without(shrinking->steps, first, at - first);

		if (steps_fail(shrinking, rest)) {
			g_ptr_array_unref(shrinking->steps);
			shrinking->steps = rest;
			any = true;
		} else {
			g_ptr_array_unref(rest);
		}
		at = first;
	}
	return any;
}

static void drop_steps(struct shrinking *shrinking)
{
	unsigned int num = shrinking->steps->len / 2;
	bool any;

	for (; num > 1; num /= 2)
		drop_chunks(shrinking, num);
	do {
		any = drop_chunks(shrinking, 1);
	} while (any && shrinking->attempts < shrinking->max_attempts);
}

/* What a number may be instead, simplest first; NULL for no more. */
static const char *simple_number(unsigned int index)
{
	static const char *const numbers[] = {"0",  "1",	  "4K",	       "64K",
					      "2M", "0x80000000", "0x80001000"};

	return index < G_N_ELEMENTS(numbers) ? numbers[index] : NULL;
}

/* Length of the number that begins at `at`; 0: there is none. */
static size_t number_length(const char *text, const char *at)
{
	const char *end = at;

	if (!g_ascii_isdigit(*at) || (at > text && (g_ascii_isalnum(at[-1]) || at[-1] == '_')))
		return 0;
	while (g_ascii_isxdigit(*end) || *end == 'x' || *end == '_')
		end++;
	if (strchr("KMGT", *end) && *end)
		end++;
	return g_ascii_isalnum(*end) || *end == '.' ? 0 : (size_t)(end - at);
}

/* The first simpler value of that number with which it fails the same is taken. True: there was one. */
static bool simplify_number(struct shrinking *shrinking, unsigned int step, size_t offset,
			    size_t length)
{
	const char *text = shrinking->steps->pdata[step], *simple;
	unsigned int i;

	for (i = 0; (simple = simple_number(i)); i++) {
		char *changed;

		if (strlen(simple) == length && !strncmp(text + offset, simple, length))
			return false;
		changed = g_strdup_printf("%.*s%s%s", (int)offset, text, simple,
					  text + offset + length);
		shrinking->steps->pdata[step] = changed;
		if (steps_fail(shrinking, shrinking->steps))
			return true;
		shrinking->steps->pdata[step] = (void *)(uintptr_t)text;
		g_free(changed);
	}
	return false;
}

static void simplify_numbers(struct shrinking *shrinking)
{
	unsigned int step;
	size_t at;

	for (step = 0; step < shrinking->steps->len; step++) {
		for (at = 0; ((const char *)shrinking->steps->pdata[step])[at]; at++) {
			const char *text = shrinking->steps->pdata[step];
			size_t length = number_length(text, text + at);

			if (!length)
				continue;
			if (simplify_number(shrinking, step, at, length))
				text = shrinking->steps->pdata[step];
			at += number_length(text, text + at) - 1;
		}
	}
}

/* The key of a step that begins with line `at` of `lines`, with what belongs to it: its first line behind it. */
static unsigned int key_end(char **lines, unsigned int at)
{
	size_t indent = strspn(lines[at], " ");
	unsigned int end = at + 1;

	while (lines[end] && *lines[end] && strspn(lines[end], " ") > indent)
		end++;
	return end;
}

/*
 * Keys of a step behind its first line: what it was expected to answer, and what it was called. Expectations were
 * right before other steps went, and one that is wrong now would make the scenario fail of itself.
 */
static void drop_keys(struct shrinking *shrinking, unsigned int step)
{
	unsigned int at = 1;

	for (;;) {
		char *text = shrinking->steps->pdata[step];
		char **lines = g_strsplit(text, "\n", -1);
		GString *rest = g_string_new(NULL);
		unsigned int i, end;

		if (at >= g_strv_length(lines) || !*lines[at]) {
			g_string_free(rest, TRUE);
			g_strfreev(lines);
			return;
		}
		end = key_end(lines, at);
		for (i = 0; lines[i]; i++) {
			if ((i < at || i >= end) && (*lines[i] || lines[i + 1]))
				g_string_append_printf(rest, "%s\n", lines[i]);
		}
		g_strfreev(lines);
		shrinking->steps->pdata[step] = rest->str;
		if (steps_fail(shrinking, shrinking->steps)) {
			g_string_free(rest, FALSE);
		} else {
			shrinking->steps->pdata[step] = text;
			g_string_free(rest, TRUE);
			at = end;
		}
	}
}

static void drop_all_keys(struct shrinking *shrinking)
{
	unsigned int step;

	for (step = 0; step < shrinking->steps->len; step++)
		drop_keys(shrinking, step);
}

/* --- a text and its steps ----------------------------------------------------------------------------- */

/* Finds the steps of plan `id` in the text. False: there are none. */
static bool text_split(struct shrinking *shrinking, const char *text, unsigned int last_line)
{
	struct scenario_set *set = scenario_set_create();
	const struct plan *plan = NULL;
	char **lines = g_strsplit(text, "\n", -1);
	GString *head = g_string_new(NULL), *tail = g_string_new(NULL);
	unsigned int line = 0, num = g_strv_length(lines), indent = 0;
	size_t i;

	scenario_set_add_text(set, shrinking->path, text, strlen(text));
	for (i = 0; i < scenario_set_num_plans(set) && !plan; i++) {
		if (!strcmp(scenario_set_plan(set, i)->id, shrinking->id))
			plan = scenario_set_plan(set, i);
	}
	/* A step begins with its dash, which may stand on a line above its place: `- name: ...`. */
	while (line < num && !g_str_has_prefix(lines[line], "steps:"))
		g_string_append_printf(head, "%s\n", lines[line++]);
	if (line < num)
		g_string_append_printf(head, "%s\n", lines[line++]);
	for (; plan && line < num; line++) {
		const char *text_line = lines[line];
		unsigned int spaces = (unsigned int)strspn(text_line, " ");

		if (text_line[spaces] == '-' && (!indent || spaces + 1 <= indent)) {
			indent = spaces + 1;
			/* What comes behind the failure plays no part. */
			if (last_line && line + 1 > last_line && shrinking->steps->len)
				break;
			g_ptr_array_add(shrinking->steps, g_strdup_printf("%s\n", text_line));
		} else if (*text_line && !spaces && *text_line != '#') {
			break;
		} else if (shrinking->steps->len) {
			char **last = (char **)&shrinking->steps->pdata[shrinking->steps->len - 1];
			char *longer = *text_line || line + 1 < num
					       ? g_strdup_printf("%s%s\n", *last, text_line)
					       : g_strdup(*last);

			g_free(*last);
			*last = longer;
		} else {
			g_string_append_printf(head, "%s\n", text_line);
		}
	}
	/* Other keys may stand behind the steps. */
	for (; line < num; line++) {
		if (tail->len || (*lines[line] && !strchr(" -#", *lines[line])))
			g_string_append_printf(tail, "%s%s", lines[line],
					       line + 1 < num ? "\n" : "");
	}
	shrinking->head = g_string_free(head, FALSE);
	shrinking->tail = g_string_free(tail, FALSE);
	g_strfreev(lines);
	scenario_set_destroy(set);
	return shrinking->steps->len > 0;
}

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
	struct shrinking shrinking = {.config = config, .path = path};
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
	*failure = g_strdup(err		? "it cannot be loaded or run"
			    : trial.key ? trial.key
					: "nothing");
	g_free(trial.key);
	g_free(trial.id);
	g_free(text);
	return same;
}

int shrink_text(const char *path, const char *text, const struct shrink_config *config,
		struct shrink_result *result)
{
	struct shrinking shrinking = {.config = config, .path = path};
	struct trial trial;
	unsigned int last_line;
	int err;

	shrinking.max_attempts = config->max_attempts ? config->max_attempts : DEFAULT_ATTEMPTS;
	err = try_text(&shrinking, text, config->id, &trial);
	if (!err && (!trial.key || !key_matches(trial.key, config->failure)))
		err = -ENODATA;
	if (err)
		goto out;
	shrinking.id = trial.id;
	shrinking.failure = trial.key;
	last_line = trial.step;
	shrinking.steps = g_ptr_array_new();
	result->steps_before = 0;
	if (!text_split(&shrinking, text, 0)) {
		err = -EINVAL;
		goto out_steps;
	}
	result->steps_before = shrinking.steps->len;
	if (last_line > 0) {
		struct shrinking cut = shrinking;

		cut.steps = g_ptr_array_new();
		if (text_split(&cut, text, last_line) && steps_fail(&cut, cut.steps)) {
			cut.attempts++;
			shrinking = cut;
		} else {
			g_ptr_array_unref(cut.steps);
		}
	}
	drop_steps(&shrinking);
	drop_all_keys(&shrinking);
	simplify_numbers(&shrinking);
	drop_steps(&shrinking);
	result->text = text_join(&shrinking, shrinking.steps);
	result->failure = g_strdup(shrinking.failure);
	result->steps_after = shrinking.steps->len;
	result->attempts = shrinking.attempts;
out_steps:
	g_ptr_array_unref(shrinking.steps);
	g_free(shrinking.head);
	g_free(shrinking.tail);
out:
	g_free(trial.key);
	g_free(trial.id);
	return err;
}
