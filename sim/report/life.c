/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of one page: what concerned it in each step, and each state that it came to. */
#include "event.h"
#include "report.h"

#include <glib.h>
#include <inttypes.h>

struct life {
	const struct result *result;
	FILE *out;
	const struct map_options *options;
	const struct trace_event **events; /* of result->lives */
};

#define PAINT(life, code) COLOR((life)->options->color, code)

/* The step that has this number; steps that only look share one with what they look at. */
static const struct result_step *find_step(const struct result *result, uint32_t number)
{
	size_t i;

	for (i = 0; i < result->num_steps_kept; i++) {
		if (result->steps[i].number == number && (!number || result->steps[i].outcome))
			return &result->steps[i];
	}
	return NULL;
}

static void print_step(const struct life *life, uint32_t number)
{
	const struct result_step *step = find_step(life->result, number);
	const char *text = number == FOLLOW_END ? "the end: the VMM exits"
			   : !number		? "before the first step"
			   : step		? step->title
						: life->result->step_title;
	char *title = text_plain(text, false);
	char *outcome = step ? text_plain(step->outcome, false) : NULL;

	if (number == FOLLOW_END)
		fprintf(life->out, "\n%s    %s%s", PAINT(life, "1"), title, PAINT(life, "0"));
	else
		fprintf(life->out, "\n%s%2u  %s%s", PAINT(life, "1"), number, title,
			PAINT(life, "0"));
	if (outcome && *outcome)
		fprintf(life->out, "  %s%s%s",
			g_str_has_prefix(outcome, "ok") ? PAINT(life, "32") : PAINT(life, "33"),
			outcome, PAINT(life, "0"));
	fputc('\n', life->out);
	g_free(title);
	g_free(outcome);
}

static void print_changes(const struct life *life, const char *changes)
{
	char **parts = g_strsplit(changes, "; ", -1);
	unsigned int i;

	for (i = 0; parts[i]; i++)
		fprintf(life->out, "      %s%s %s%s\n", PAINT(life, "36"),
			life->options->ascii ? "=>" : "⇒", parts[i], PAINT(life, "0"));
	g_strfreev(parts);
}

static bool is_call(const struct trace_event *event)
{
	return event->kind != TRACE_STEP_BEGIN && event->kind != TRACE_STEP_END;
}

static bool has_failed(const struct trace_event *event)
{
	return event->kind == TRACE_FAULT || event->kind == TRACE_WARN ||
	       event->kind == TRACE_FINDING || (event->kind == TRACE_RMI && event->result[0]);
}

/* Events from `first` that change nothing, as loops where they are. Returns the number that it printed. */
static size_t print_loop(const struct life *life, size_t first, size_t end)
{
	struct event_loop loop = event_loop_find(life->events, first, end);
	size_t i;

	if (loop.count > 1)
		fprintf(life->out, "    %s%zu times%s\n", PAINT(life, "1"), loop.count,
			PAINT(life, "0"));
	for (i = 0; i < loop.period; i++) {
		char *text = event_loop_text(life->events, &loop, i);
		char *plain = text_plain(text, false);

		if (is_call(life->events[first + i]))
			fprintf(life->out, "    %s%s%s%s\n", loop.count > 1 ? "  " : "",
				has_failed(life->events[first + i]) ? PAINT(life, "33") : "", plain,
				PAINT(life, "0"));
		g_free(plain);
		g_free(text);
	}
	return loop.count * loop.period;
}

void life_print(const struct result *result, const struct follow_target *target, FILE *out,
		const struct map_options *options)
{
	struct life life = {.result = result, .out = out, .options = options};
	uint32_t step = UINT32_MAX - 1; /* none */
	size_t at, end, i;

	life.events = g_new(const struct trace_event *, result->num_lives + 1);
	for (i = 0; i < result->num_lives; i++)
		life.events[i] = &result->lives[i].event;
	fprintf(out, "the life of %s 0x%" PRIx64 "\n", target->is_pa ? "the granule at" : "IPA",
		target->address);
	for (at = 0; at < result->num_lives; at = end) {
		const struct result_life *life_event = &result->lives[at];

		if (life_event->event.step != step) {
			step = life_event->event.step;
			print_step(&life, step);
		}
		/* A state that is new stands below what brought it; what brought none may be folded. */
		for (end = at; end < result->num_lives && !result->lives[end].changes &&
			       result->lives[end].event.step == step;
		     end++)
			;
		if (end > at) {
			end = at + print_loop(&life, at, end);
			continue;
		}
		end = at + 1;
		print_loop(&life, at, end);
		print_changes(&life, life_event->changes);
	}
	if (!result->num_lives)
		fputs("\nNothing ever concerned it.\n", out);
	g_free(life.events);
}
