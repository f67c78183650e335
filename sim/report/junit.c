/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JUnit XML in the subset that Jenkins and GitLab both read (tests/cli/junit.xsd): a suite for each theme,
 * a case for each run. A suite's counts stand before its cases, so everything is kept until the end.
 */
#include "report.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct suite {
	char *name;
	GString *cases;
	size_t tests, failures, errors, skipped;
	uint64_t wall_us;
};

struct junit_state {
	GPtrArray *suites; /* struct suite, in the order of their first cases */
};

/* What no XML document may hold is shown by the picture that Unicode has of it, or as U+FFFD. */
static void append_character(GString *out, gunichar character)
{
	switch (character) {
	case '&':
		g_string_append(out, "&amp;");
		return;
	case '<':
		g_string_append(out, "&lt;");
		return;
	case '>':
		g_string_append(out, "&gt;");
		return;
	case '"':
		g_string_append(out, "&quot;");
		return;
	case '\n':
	case '\t':
	case '\r':
		/* Written out they would become spaces in an attribute. */
		g_string_append_printf(out, "&#%u;", character);
		return;
	default:
		break;
	}
	if (character < 0x20)
		character += 0x2400;
	else if (character == 0x7f)
		character = 0x2421;
	else if ((character > 0x7f && character < 0xa0) || (character & 0xfffe) == 0xfffe)
		character = 0xfffd;
	g_string_append_unichar(out, character);
}

static void append_escaped(GString *out, const char *text)
{
	char *valid = g_utf8_make_valid(text, -1);
	const char *at;

	for (at = valid; *at; at = g_utf8_next_char(at))
		append_character(out, g_utf8_get_char(at));
	g_free(valid);
}

/* In an element lines stay lines. */
static void append_lines(GString *out, const char *text)
{
	char **lines = g_strsplit(text, "\n", -1);
	unsigned int i;

	for (i = 0; lines[i]; i++) {
		if (i)
			g_string_append_c(out, '\n');
		append_escaped(out, lines[i]);
	}
	g_strfreev(lines);
}

static void append_attribute(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, " %s=\"", name);
	append_escaped(out, value);
	g_string_append_c(out, '"');
}

static void append_time(GString *out, uint64_t wall_us)
{
	g_string_append_printf(out, " time=\"%" PRIu64 ".%06" PRIu64 "\"", wall_us / 1000000,
			       wall_us % 1000000);
}

/* The first word of a dotted name. */
static struct suite *find_suite(struct junit_state *state, const char *scenario)
{
	char *name = g_strndup(scenario, strcspn(scenario, "."));
	struct suite *suite;
	unsigned int i;

	for (i = 0; i < state->suites->len; i++) {
		suite = state->suites->pdata[i];
		if (!strcmp(suite->name, name)) {
			g_free(name);
			return suite;
		}
	}
	suite = g_new0(struct suite, 1);
	suite->name = name;
	suite->cases = g_string_new(NULL);
	g_ptr_array_add(state->suites, suite);
	return suite;
}

static void suite_free(void *data)
{
	struct suite *suite = data;

	g_free(suite->name);
	g_string_free(suite->cases, TRUE);
	g_free(suite);
}

static void junit_begin(struct report *report)
{
	struct junit_state *state = report->state;

	state->suites = g_ptr_array_new_with_free_func(suite_free);
}

static void append_outcome(const struct report *report, const struct result *result,
			   struct suite *suite)
{
	const char *element = result->status == RESULT_FAILED ? "failure" : "error";
	char *text;

	if (result->status == RESULT_SKIPPED || result->status == RESULT_KNOWN) {
		suite->skipped++;
		g_string_append(suite->cases, "      <skipped");
		append_attribute(suite->cases, "message", result_reason(result));
		g_string_append(suite->cases, "/>\n");
		return;
	}
	if (result->status == RESULT_FAILED)
		suite->failures++;
	else
		suite->errors++;
	text = failure_text(result, &report->run);
	g_string_append_printf(suite->cases, "      <%s", element);
	append_attribute(suite->cases, "message", result_reason(result));
	append_attribute(suite->cases, "type", result_status_name(result->status));
	g_string_append_c(suite->cases, '>');
	append_lines(suite->cases, result_reason(result));
	g_string_append_c(suite->cases, '\n');
	append_lines(suite->cases, text);
	g_string_append_printf(suite->cases, "</%s>\n", element);
	free(text);
}

static void junit_result(struct report *report, const struct result *result)
{
	const struct plan *plan = result->plan;
	struct suite *suite = find_suite(report->state, plan->name);
	const struct place *place = result->has_place ? &result->place : &plan->place;
	char *name = result_name(result);

	suite->tests++;
	suite->wall_us += result->wall_us;
	g_string_append(suite->cases, "    <testcase");
	append_attribute(suite->cases, "classname", plan->name);
	append_attribute(suite->cases, "name", name);
	append_time(suite->cases, result->wall_us);
	append_attribute(suite->cases, "file", plan->place.source->path);
	g_string_append_printf(suite->cases, " line=\"%u\">\n", MAX(1u, place->line));
	if (result->status != RESULT_PASSED)
		append_outcome(report, result, suite);
	g_string_append_printf(suite->cases,
			       "      <system-out>%sseed %" PRIu64 ", %u steps, %" PRIu64
			       " RMI calls</system-out>\n    </testcase>\n",
			       plan->hostile ? "hostile: the host was not audited; " : "",
			       result->seed, result->num_steps, result->num_calls);
	g_free(name);
}

static void append_property(GString *out, const char *name, const char *value)
{
	g_string_append(out, "      <property");
	append_attribute(out, "name", name);
	append_attribute(out, "value", value);
	g_string_append(out, "/>\n");
}

static void append_counts(GString *out, const struct suite *counts)
{
	append_attribute(out, "name", counts->name);
	g_string_append_printf(out,
			       " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
			       counts->tests, counts->failures, counts->errors, counts->skipped);
	append_time(out, counts->wall_us);
}

static void append_suite(const struct report *report, const struct suite *suite, GString *out)
{
	char *seed = g_strdup_printf("%" PRIu64, report->run.seed);

	g_string_append(out, "  <testsuite");
	append_counts(out, suite);
	g_string_append(out, ">\n    <properties>\n");
	append_property(out, "rmesim", report->run.version);
	append_property(out, "kvm", report->run.kvm);
	append_property(out, "seed", seed);
	append_property(out, "level", plan_level_name(report->run.level));
	g_string_append(out, "    </properties>\n");
	fwrite(out->str, 1, out->len, report->out);
	fwrite(suite->cases->str, 1, suite->cases->len, report->out);
	g_string_assign(out, "  </testsuite>\n");
	g_free(seed);
}

static void junit_end(struct report *report, const struct report_summary *summary)
{
	static char program[] = "rmesim";
	struct junit_state *state = report->state;
	struct suite total = {.name = program};
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	unsigned int i;

	(void)summary;
	for (i = 0; i < state->suites->len; i++) {
		const struct suite *suite = state->suites->pdata[i];

		total.tests += suite->tests;
		total.failures += suite->failures;
		total.errors += suite->errors;
		total.skipped += suite->skipped;
		total.wall_us += suite->wall_us;
	}
	append_counts(out, &total);
	g_string_append(out, ">\n");
	for (i = 0; i < state->suites->len; i++)
		append_suite(report, state->suites->pdata[i], out);
	g_string_append(out, "</testsuites>\n");
	fwrite(out->str, 1, out->len, report->out);
	g_string_free(out, TRUE);
}

static void junit_clear(struct report *report)
{
	struct junit_state *state = report->state;

	if (state->suites)
		g_ptr_array_unref(state->suites);
}

const struct report_def report_junit = {
	.kind = "junit",
	.state_size = sizeof(struct junit_state),
	.begin = junit_begin,
	.result = junit_result,
	.end = junit_end,
	.clear = junit_clear,
};
