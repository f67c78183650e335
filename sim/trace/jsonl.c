/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/trace.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sim/json.h>
#include <sim/rmi_name.h>

static void put_text(FILE *file, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(file, ",\"%s\":", key);
	json_put_string(file, text);
}

static void put_value(FILE *file, const char *key, uint64_t value)
{
	fprintf(file, ",\"%s\":\"0x%" PRIx64 "\"", key, value);
}

static void put_result(FILE *file, uint64_t value)
{
	const char *name;

	if (value < -4095ull) {
		put_value(file, "result", value);
		return;
	}
	name = strerrorname_np((int)-value);
	if (name)
		fprintf(file, ",\"result\":\"-%s\"", name);
	else
		fprintf(file, ",\"result\":\"%" PRId64 "\"", (int64_t)value);
}

static void put_values(FILE *file, const char *key, const uint64_t *values, size_t count)
{
	fprintf(file, ",\"%s\":[", key);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%s\"0x%" PRIx64 "\"", i ? "," : "", values[i]);
	putc(']', file);
}

/* Registers by the names of the specification, or as x1, x2, ... where there are none. */
static void put_registers(FILE *file, const char *key, const char *const *names,
			  const uint64_t *values, size_t count)
{
	fprintf(file, ",\"%s\":{", key);
	for (size_t i = 0; i < count; i++) {
		if (names)
			fprintf(file, "%s\"%s\":", i ? "," : "", names[i]);
		else
			fprintf(file, "%s\"x%zu\":", i ? "," : "", i + 1);
		fprintf(file, "\"0x%" PRIx64 "\"", values[i]);
	}
	putc('}', file);
}

static void put_rmi(FILE *file, const struct trace_event *event)
{
	const struct rmi_command *command = rmi_command(event->value[0]);
	char result[RMI_RESULT_TEXT_SIZE];

	if (command) {
		put_text(file, "name", command->name);
		put_registers(file, "args", command->args, event->value + 1, command->num_args);
	} else {
		put_value(file, "fid", event->value[0]);
		put_registers(file, "args", NULL, event->value + 1, 6);
	}
	put_text(file, "result", rmi_result_text(event->result[0], result));
	if (command)
		put_registers(file, "out", command->outs, event->result + 1, command->num_outs);
	else
		put_registers(file, "out", NULL, event->result + 1, 4);
	put_text(file, "condition", event->text);
}

static void put_rsi(FILE *file, const struct trace_event *event)
{
	size_t num = 6;

	put_text(file, "name", event->name);
	while (num && !event->value[num])
		num--;
	put_registers(file, "args", NULL, event->value + 1, num);
	if (event->result[4]) {
		put_text(file, "result", "exit");
	} else {
		put_value(file, "result", event->result[0]);
		put_registers(file, "out", NULL, event->result + 1, 3);
	}
	put_text(file, "condition", event->text);
}

void trace_jsonl_sink(void *ctx, const struct trace_event *event)
{
	FILE *file = ctx;

	fprintf(file, "{\"step\":%" PRIu32 ",\"actor\":%" PRId32 ",\"kind\":\"%s\"", event->step,
		event->actor, trace_kind_name(event->kind));
	switch (event->kind) {
	case TRACE_STEP_BEGIN:
		put_text(file, "text", event->text);
		break;
	case TRACE_STEP_END:
		put_result(file, event->value[0]);
		put_text(file, "text", event->text);
		break;
	case TRACE_RMI:
		put_rmi(file, event);
		break;
	case TRACE_RSI:
		put_rsi(file, event);
		break;
	case TRACE_REALM:
		put_value(file, "ipa", event->value[0]);
		put_value(file, "size", event->value[1]);
		put_value(file, "outcome", event->value[2]);
		put_text(file, "text", event->text);
		break;
	case TRACE_SYSCALL:
		put_text(file, "name", event->name ? event->name : event->text);
		put_values(file, "args", event->value, 4);
		put_result(file, event->result[0]);
		break;
	case TRACE_EXIT:
		put_value(file, "reason", event->value[0]);
		put_values(file, "details", event->value + 1, 3);
		put_result(file, event->result[0]);
		put_text(file, "text", event->text);
		break;
	case TRACE_HOST:
		put_text(file, "name", event->name);
		put_values(file, "values", event->value + 1, 4);
		put_text(file, "text", event->text);
		break;
	case TRACE_FAULT:
		put_text(file, "name", event->name);
		put_value(file, "address", event->value[0]);
		break;
	case TRACE_WARN:
	case TRACE_FINDING:
		put_text(file, "text", event->text);
		break;
	case TRACE_NUM_KINDS:
		break;
	}
	fputs("}\n", file);
}
