/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One page that holds everything and asks the network for nothing: for each run its steps, the realms'
 * IPA spaces after each as what changed since the step before, the tables, and the events in between with
 * loops folded. The page's script (html/report.js) reads a run's data when somebody looks at it.
 */
#include "event.h"
#include "html.h"
#include "report.h"

#include <inttypes.h>
#include <sim/json.h>
#include <stdlib.h>
#include <string.h>

/* Lines of events of one step that are kept: its beginning and its end. */
#define FIRST_LINES 300u
#define LAST_LINES  100u
/* Beyond this, runs that passed are listed without their steps. */
#define MAX_DETAIL_BYTES (48u << 20)

struct html_state {
	size_t bytes;	/* of details so far */
	GString *index; /* a JSON array of all runs */
};

/* --- text -------------------------------------------------------------------------------------------- */

/* JSON within a page: `<` could end the element. It only occurs in strings. */
static void put_json(FILE *out, const char *json)
{
	for (; *json; json++) {
		if (*json == '<')
			fputs("\\u003c", out);
		else
			fputc(*json, out);
	}
}

static void put_html(FILE *out, const char *text)
{
	char *plain = text_plain(text, true), *escaped = g_markup_escape_text(plain, -1);

	fputs(escaped, out);
	g_free(escaped);
	g_free(plain);
}

/* The template up to `mark`; returns what stands behind it. */
static const char *put_until(FILE *out, const char *from, const char *mark)
{
	const char *at = strstr(from, mark);

	if (!at)
		g_error("the page has no %s", mark);
	fwrite(from, 1, (size_t)(at - from), out);
	return at + strlen(mark);
}

static void put_key(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	json_put_text(out, text);
}

/* --- maps -------------------------------------------------------------------------------------------- */

static unsigned int interval_code(const struct survey_interval *interval)
{
	return interval->hipas + 5u * interval->ripas + 20u * (unsigned int)(interval->level + 1);
}

static bool same_interval(const struct survey_interval *a, const struct survey_interval *b)
{
	return a->base == b->base && interval_code(a) == interval_code(b);
}

static bool same_table(const struct survey_table *a, const struct survey_table *b)
{
	return a->base == b->base && a->pa == b->pa && a->level == b->level;
}

/* What is to be done to the list before: from where on, how many go, and what comes. */
struct splice {
	size_t start, removed, added;
};

#define SPLICE(before, after, list, num, same)                                                     \
	({                                                                                         \
		size_t head = 0, tail = 0;                                                         \
		while (head < (before)->num && head < (after)->num &&                              \
		       same(&(before)->list[head], &(after)->list[head]))                          \
			head++;                                                                    \
		while (tail + head < (before)->num && tail + head < (after)->num &&                \
		       same(&(before)->list[(before)->num - 1 - tail],                             \
			    &(after)->list[(after)->num - 1 - tail]))                              \
			tail++;                                                                    \
		(struct splice){.start = head,                                                     \
				.removed = (before)->num - head - tail,                            \
				.added = (after)->num - head - tail};                              \
	})

static void put_realm(FILE *out, const struct survey_realm *before,
		      const struct survey_realm *after)
{
	struct splice map = SPLICE(before, after, intervals, num_intervals, same_interval);
	struct splice tables = SPLICE(before, after, tables, num_tables, same_table);
	size_t i;

	if (before->exists == after->exists && before->state == after->state && !map.removed &&
	    !map.added && !tables.removed && !tables.added) {
		fputc('0', out);
		return;
	}
	fprintf(out, "{\"x\":%d,\"s\":%u,\"w\":%u,\"l\":%d,\"c\":%d,\"d\":[%zu,%zu", after->exists,
		after->state, after->ipa_width, after->level_start, after->cut, map.start,
		map.removed);
	for (i = map.start; i < map.start + map.added; i++)
		fprintf(out, ",%" PRIu64 ",%u", after->intervals[i].base / RMM_GRANULE_SIZE,
			interval_code(&after->intervals[i]));
	fprintf(out, "],\"t\":[%zu,%zu", tables.start, tables.removed);
	for (i = tables.start; i < tables.start + tables.added; i++)
		fprintf(out, ",%d,%" PRIu64 ",%" PRIu64, after->tables[i].level,
			after->tables[i].base / RMM_GRANULE_SIZE,
			after->tables[i].pa / RMM_GRANULE_SIZE);
	fputs("]}", out);
}

static void put_survey(FILE *out, const struct survey *before, const struct survey *after)
{
	static const struct survey_realm nothing;
	const struct kvm_inspect *host = &after->host;
	size_t i;

	fputs(",\"g\":[", out);
	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++)
		fprintf(out, "%s%" PRIu64, i ? "," : "", after->granules[i]);
	fputs("],\"h\":[", out);
	if (after->has_host)
		fprintf(out, "%" PRId64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%u",
			host->pgtable_pages, host->gmem_pages, host->user_pages, host->kernel_pages,
			host->slab_objects, host->locks_held);
	fputs("],\"m\":[", out);
	for (i = 0; i < after->num_realms; i++) {
		if (i)
			fputc(',', out);
		put_realm(out, before && i < before->num_realms ? &before->realms[i] : &nothing,
			  &after->realms[i]);
	}
	fputc(']', out);
}

/* --- events ------------------------------------------------------------------------------------------ */

/* What people read between two steps. */
static bool event_shown(const struct trace_event *event)
{
	return event->kind == TRACE_RMI || event->kind == TRACE_REALM ||
	       event->kind == TRACE_EXIT || event->kind == TRACE_FAULT ||
	       event->kind == TRACE_WARN || event->kind == TRACE_FINDING;
}

static char event_letter(enum trace_kind kind)
{
	switch (kind) {
	case TRACE_REALM:
		return 'G';
	case TRACE_EXIT:
		return 'X';
	case TRACE_FAULT:
		return 'D';
	case TRACE_WARN:
		return 'W';
	case TRACE_FINDING:
		return 'F';
	default:
		return 'R';
	}
}

/* A loop is [rounds, line, ...], a line its letter and its text. */
static void put_loop(FILE *out, const struct trace_event *const *events,
		     const struct event_loop *loop)
{
	size_t i;

	fprintf(out, "[%zu", loop->count);
	for (i = 0; i < loop->period; i++) {
		char *text = event_loop_text(events, loop, i);
		char *line =
			g_strdup_printf("%c%s", event_letter(events[loop->first + i]->kind), text);

		fputc(',', out);
		json_put_string(out, line);
		g_free(line);
		g_free(text);
	}
	fputc(']', out);
}

/* The events [first, end) of the result. */
static void put_events(FILE *out, const struct result *result, size_t first, size_t end)
{
	const struct trace_event **events = g_new(const struct trace_event *, end - first + 1);
	GArray *loops = g_array_new(FALSE, FALSE, sizeof(struct event_loop));
	size_t num = 0, at, i;

	for (at = first; at < end; at++) {
		if (event_shown(&result->events[at].event))
			events[num++] = &result->events[at].event;
	}
	for (at = 0; at < num;) {
		struct event_loop loop = event_loop_find(events, at, num);

		g_array_append_val(loops, loop);
		at += loop.period * loop.count;
	}
	fputs(",\"e\":[", out);
	for (i = 0; i < loops->len; i++) {
		const struct event_loop *loop = &g_array_index(loops, struct event_loop, i);

		if (i)
			fputc(',', out);
		if (i == FIRST_LINES && loops->len > FIRST_LINES + LAST_LINES) {
			const struct event_loop *next;

			i = loops->len - LAST_LINES;
			next = &g_array_index(loops, struct event_loop, i);
			fprintf(out, "%zu,", next->first - loop->first);
			loop = next;
		}
		put_loop(out, events, loop);
	}
	fputc(']', out);
	g_array_unref(loops);
	g_free(events);
}

/* --- runs -------------------------------------------------------------------------------------------- */

static bool is_failing_step(const struct result *result, size_t index)
{
	const struct result_step *step = &result->steps[index];

	return result_is_bad(result) && result->has_place && index + 1 == result->num_steps_kept &&
	       step->number == result->step && step->place.line == result->place.line;
}

static void put_step_head(FILE *out, uint32_t number, struct place place, const char *title,
			  const char *name, const char *outcome, bool bad)
{
	fprintf(out, "{\"n\":%u,\"line\":%u,\"bad\":%d", number, place.line, bad);
	put_key(out, "title", title);
	put_key(out, "name", name);
	put_key(out, "outcome", outcome);
}

/* Where the events of the step that begins at `first` end: behind its TRACE_STEP_END. */
static size_t step_events_end(const struct result *result, size_t first, uint32_t number)
{
	size_t at = first;

	while (at < result->num_events && result->events[at].event.step <= number) {
		const struct trace_event *event = &result->events[at++].event;

		if (event->step == number && event->kind == TRACE_STEP_END)
			break;
	}
	return at;
}

static void put_steps(FILE *out, const struct result *result)
{
	const struct survey *before = NULL;
	size_t at = 0, end, i;
	bool failing_shown = false;

	fputs(",\"steps\":[", out);
	for (i = 0; i < result->num_steps_kept; i++) {
		const struct result_step *step = &result->steps[i];
		bool bad = is_failing_step(result, i);

		if (i)
			fputs(",\n", out);
		failing_shown |= bad;
		put_step_head(out, step->number, step->place, step->title, step->name,
			      step->outcome, bad);
		put_survey(out, before, &step->survey);
		end = at;
		if (!i || step->outcome)
			end = step_events_end(result, at, step->number);
		put_events(out, result, at, end);
		fputc('}', out);
		at = end;
		before = &step->survey;
	}
	/* A process that died has told how its last step began, not what it left. */
	if (result_is_bad(result) && result->has_place && !failing_shown) {
		end = step_events_end(result, at, result->step);
		if (i)
			fputs(",\n", out);
		put_step_head(out, result->step, result->place, result->step_title,
			      result->step_name, result_reason(result), true);
		put_events(out, result, at, end);
		fputc('}', out);
		at = end;
		i++;
	}
	if (at < result->num_events) {
		if (i)
			fputs(",\n", out);
		put_step_head(out, 0, result->plan->place, "the end: the VMM exits", NULL, NULL,
			      result_is_bad(result) && !result->has_place);
		put_events(out, result, at, result->num_events);
		fputc('}', out);
	}
	fputc(']', out);
}

static void put_plan(FILE *out, const struct plan *plan)
{
	size_t i, j;

	fprintf(out, ",\"page\":%u,\"hostile\":%d,\"realms\":[", plan->machine.page_size,
		plan->hostile);
	for (i = 0; i < plan->num_realms; i++) {
		const struct world_realm *realm = &plan->realms[i];

		fprintf(out, "%s{\"name\":", i ? "," : "");
		json_put_text(out, realm->name);
		fprintf(out, ",\"bits\":%u,\"slots\":[", realm->ipa_bits);
		for (j = 0; j < realm->num_slots; j++)
			fprintf(out, "%s[%" PRIu64 ",%" PRIu64 "]", j ? "," : "",
				realm->slots[j].base, realm->slots[j].size);
		fputs("]}", out);
	}
	fputc(']', out);
	put_key(out, "about", plan->about);
}

static char *run_json(const struct report *report, const struct result *result)
{
	char *command = reproducer_text(result, &report->run), *text = NULL, *json = NULL;
	size_t size;
	FILE *out = open_memstream(&json, &size);

	if (!out)
		g_error("out of memory");
	fprintf(out, "{\"seed\":\"%" PRIu64 "\",\"calls\":%" PRIu64, result->seed,
		result->num_calls);
	put_key(out, "reproduce", command);
	if (result_is_bad(result)) {
		text = failure_text(result, &report->run);
		put_key(out, "failure", text);
		free(text);
	}
	put_plan(out, result->plan);
	put_steps(out, result);
	fputs("}", out);
	if (fclose(out))
		g_error("out of memory");
	g_free(command);
	return json;
}

static void html_begin(struct report *report)
{
	struct html_state *state = report->state;
	const char *page = html_page_html;
	char *header;

	state->index = g_string_new(NULL);
	page = put_until(report->out, page, "@STYLE@");
	fputs(html_report_css, report->out);
	page = put_until(report->out, page, "@HEADER@");
	/* All of the header but what does not decide the outcome, such as the number of jobs. */
	header = g_strdup_printf("%s; %s; seed %" PRIu64 "; level %s", report->run.version,
				 report->run.kvm, report->run.seed,
				 plan_level_name(report->run.level));
	put_html(report->out, header);
	g_free(header);
	put_until(report->out, page, "@DATA@");
}

static void html_result(struct report *report, const struct result *result)
{
	struct html_state *state = report->state;
	bool whole = result_is_bad(result) || state->bytes < MAX_DETAIL_BYTES;
	char *name = result_name(result), *entry = NULL, *json;
	size_t size;
	FILE *stream;

	if (whole && result->status != RESULT_SKIPPED) {
		json = run_json(report, result);
		state->bytes += strlen(json);
		fprintf(report->out, "<script type=\"application/json\" id=\"run%zu\">",
			report->num_results - 1);
		put_json(report->out, json);
		fputs("</script>\n", report->out);
		free(json);
	}
	stream = open_memstream(&entry, &size);
	if (!stream)
		g_error("out of memory");
	fputs("{\"id\":", stream);
	json_put_text(stream, name);
	put_key(stream, "file", result->plan->place.source->path);
	put_key(stream, "status", result_status_name(result->status));
	put_key(stream, "reason", result->status == RESULT_PASSED ? NULL : result_reason(result));
	fprintf(stream, ",\"steps\":%u,\"calls\":%" PRIu64 "}", result->num_steps,
		result->num_calls);
	if (fclose(stream))
		g_error("out of memory");
	g_string_append_printf(state->index, "%s%s", state->index->len ? ",\n" : "", entry);
	free(entry);
	g_free(name);
}

static void html_end(struct report *report, const struct report_summary *summary)
{
	struct html_state *state = report->state;
	const char *page = strstr(html_page_html, "@DATA@") + strlen("@DATA@");
	char *aborted = NULL;
	size_t size;
	FILE *stream = open_memstream(&aborted, &size);

	if (!stream)
		g_error("out of memory");
	json_put_text(stream, summary->aborted);
	if (fclose(stream))
		g_error("out of memory");
	fprintf(report->out,
		"<script type=\"application/json\" id=\"index\">{\"not_run\":%zu,\"aborted\":",
		summary->not_run);
	put_json(report->out, aborted);
	fputs(",\"runs\":[", report->out);
	put_json(report->out, state->index->str);
	fputs("]}</script>\n", report->out);
	page = put_until(report->out, page, "@SCRIPT@");
	fputs(html_report_js, report->out);
	fputs(page, report->out);
	free(aborted);
}

static void html_clear(struct report *report)
{
	struct html_state *state = report->state;

	if (state->index)
		g_string_free(state->index, TRUE);
}

const struct report_def report_html = {
	.kind = "html",
	.state_size = sizeof(struct html_state),
	.needs = REPORT_NEEDS_STEPS | REPORT_NEEDS_EVENTS,
	.begin = html_begin,
	.result = html_result,
	.end = html_end,
	.clear = html_clear,
};
