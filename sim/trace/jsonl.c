/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/trace.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sim/rmi_name.h>

/* Bytes of the UTF-8 character at `text`, 0 if it is none (overlong, surrogate, too large, cut off). */
static size_t utf8_length(const unsigned char *text)
{
	uint32_t value, least;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if ((text[0] & 0xe0) == 0xc0) {
		length = 2;
		value = text[0] & 0x1f;
		least = 0x80;
	} else if ((text[0] & 0xf0) == 0xe0) {
		length = 3;
		value = text[0] & 0x0f;
		least = 0x800;
	} else if ((text[0] & 0xf8) == 0xf0) {
		length = 4;
		value = text[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	return length;
}

static void put_string(FILE *file, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	putc('"', file);
	while (*text) {
		size_t length = utf8_length(text);

		if (!length) {
			fputs("\\ufffd", file);
			length = 1;
		} else if (*text == '"' || *text == '\\') {
			fprintf(file, "\\%c", *text);
		} else if (*text == '\n') {
			fputs("\\n", file);
		} else if (*text == '\t') {
			fputs("\\t", file);
		} else if (*text < 0x20 || *text == 0x7f) {
			fprintf(file, "\\u%04x", *text);
		} else {
			fwrite(text, 1, length, file);
		}
		text += length;
	}
	putc('"', file);
}

static void put_text(FILE *file, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(file, ",\"%s\":", key);
	put_string(file, text);
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
	case TRACE_WARN:
	case TRACE_FINDING:
		put_text(file, "text", event->text);
		break;
	case TRACE_NUM_KINDS:
		break;
	}
	fputs("}\n", file);
}
