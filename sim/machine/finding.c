/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/stack.h>

#include "private.h"

#define STACK_BYTES 16384

/* Without memory for what was found, going on would hide it. */
static void *must(void *memory)
{
	if (!memory) {
		fputs("rmesim: out of memory for a finding\n", stderr);
		abort();
	}
	return memory;
}

static char *format_text(const char *format, va_list args)
{
	char *text = NULL;

	return vasprintf(&text, format, args) < 0 ? must(NULL) : text;
}

static void finding_trace(struct machine *machine, const struct finding *finding)
{
	struct trace_event event = {.kind = TRACE_FINDING, .actor = machine->actor};
	char *text = NULL;

	if (!trace_wants(machine->trace, TRACE_FINDING))
		return;
	if (asprintf(&text, "%s/%s: %s", finding->oracle, finding->condition, finding->message) < 0)
		must(NULL);
	event.text = text;
	trace_emit(machine->trace, &event);
	free(text);
}

void machine_report(struct machine *machine, const char *oracle, const char *condition,
		    const char *function, const char *format, ...)
{
	struct finding finding = {.step = trace_step(machine->trace), .stack = machine->stack};
	va_list args;

	machine->stack = NULL;

	if (machine->num_findings == machine->max_findings) {
		machine->max_findings = machine->max_findings ? 2 * machine->max_findings : 8;
		machine->findings = must(realloc(
			machine->findings, machine->max_findings * sizeof(*machine->findings)));
	}
	finding.oracle = must(strdup(oracle));
	finding.condition = must(strdup(condition));
	finding.function = must(strdup(function ? function : ""));
	va_start(args, format);
	finding.message = format_text(format, args);
	va_end(args);
	machine->findings[machine->num_findings++] = finding;
	finding_trace(machine, &finding);
}

void machine_stack_keep(struct machine *machine)
{
	char text[STACK_BYTES];

	free(machine->stack);
	machine->stack = NULL;
	if (stack_capture(machine->build, NULL, text, sizeof(text)))
		machine->stack = must(strdup(text));
}

size_t machine_num_findings(const struct machine *machine)
{
	return machine->num_findings;
}

const struct finding *machine_finding(const struct machine *machine, size_t index)
{
	return index < machine->num_findings ? &machine->findings[index] : NULL;
}

void machine_findings_clear(struct machine *machine)
{
	for (size_t i = 0; i < machine->num_findings; i++) {
		free(machine->findings[i].oracle);
		free(machine->findings[i].condition);
		free(machine->findings[i].function);
		free(machine->findings[i].message);
		free(machine->findings[i].stack);
	}
	free(machine->findings);
	free(machine->stack);
	machine->stack = NULL;
	machine->findings = NULL;
	machine->num_findings = 0;
	machine->max_findings = 0;
}
