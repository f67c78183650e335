/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "rmi_text.h"

#include <string.h>

/* --- writing ----------------------------------------------------------------------------------------- */

static void put_u8(GByteArray *bytes, uint8_t value)
{
	g_byte_array_append(bytes, &value, 1);
}

static void put_u32(GByteArray *bytes, uint32_t value)
{
	g_byte_array_append(bytes, (const uint8_t *)&value, sizeof(value));
}

static void put_u64(GByteArray *bytes, uint64_t value)
{
	g_byte_array_append(bytes, (const uint8_t *)&value, sizeof(value));
}

/* NULL and "" are different texts. */
static void put_text(GByteArray *bytes, const char *text)
{
	put_u8(bytes, text != NULL);
	if (!text)
		return;
	put_u32(bytes, (uint32_t)strlen(text));
	g_byte_array_append(bytes, (const uint8_t *)text, (guint)strlen(text));
}

static void put_place(GByteArray *bytes, struct place place)
{
	put_u32(bytes, place.source ? place.source->order : 0);
	put_u32(bytes, place.line);
	put_u32(bytes, place.column);
	put_u32(bytes, place.width);
}

static void put_survey(GByteArray *bytes, const struct survey *survey)
{
	size_t i, j;

	put_u32(bytes, (uint32_t)survey->num_realms);
	for (i = 0; i < survey->num_realms; i++) {
		const struct survey_realm *realm = &survey->realms[i];

		put_u8(bytes, realm->exists);
		put_u8(bytes, realm->cut);
		put_u8(bytes, realm->state);
		put_u8(bytes, realm->ipa_width);
		put_u8(bytes, (uint8_t)realm->level_start);
		put_u32(bytes, (uint32_t)realm->num_intervals);
		for (j = 0; j < realm->num_intervals; j++) {
			put_u64(bytes, realm->intervals[j].base);
			put_u64(bytes, realm->intervals[j].size);
			put_u8(bytes, realm->intervals[j].hipas);
			put_u8(bytes, realm->intervals[j].ripas);
			put_u8(bytes, (uint8_t)realm->intervals[j].level);
		}
		put_u32(bytes, (uint32_t)realm->num_tables);
		for (j = 0; j < realm->num_tables; j++) {
			put_u64(bytes, realm->tables[j].base);
			put_u64(bytes, realm->tables[j].pa);
			put_u8(bytes, (uint8_t)realm->tables[j].level);
		}
	}
	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++)
		put_u64(bytes, survey->granules[i]);
	put_u8(bytes, survey->has_host);
	g_byte_array_append(bytes, (const uint8_t *)&survey->host, sizeof(survey->host));
}

static void send(struct recorder *recorder, enum record_type type, const void *data, size_t size)
{
	uint32_t header[2] = {type, (uint32_t)size};

	if (recorder->error)
		return;
	if (size > UINT32_MAX)
		recorder->error = -EFBIG;
	if (!recorder->error)
		recorder->error = recorder->write(recorder->ctx, header, sizeof(header));
	if (!recorder->error && size)
		recorder->error = recorder->write(recorder->ctx, data, size);
}

static void send_bytes(struct recorder *recorder, enum record_type type, GByteArray *bytes)
{
	send(recorder, type, bytes->data, bytes->len);
	g_byte_array_unref(bytes);
}

void record_step_begin(struct recorder *recorder, uint32_t number, const struct plan_step *step)
{
	GByteArray *bytes = g_byte_array_new();

	put_u32(bytes, number);
	put_place(bytes, step->place);
	put_text(bytes, step->title);
	put_text(bytes, step->name);
	put_text(bytes, step->expects.why ? step->expects.why : step->why);
	send_bytes(recorder, RECORD_STEP_BEGIN, bytes);
}

void record_step_kept(struct recorder *recorder, const struct result_step *step)
{
	GByteArray *bytes = g_byte_array_new();

	put_u32(bytes, step->number);
	put_place(bytes, step->place);
	put_text(bytes, step->title);
	put_text(bytes, step->name);
	put_text(bytes, step->outcome);
	put_text(bytes, step->calls);
	put_survey(bytes, &step->survey);
	send_bytes(recorder, RECORD_STEP_KEPT, bytes);
}

void record_mismatch(struct recorder *recorder, const struct result_mismatch *mismatch)
{
	GByteArray *bytes = g_byte_array_new();

	put_place(bytes, mismatch->place);
	put_text(bytes, mismatch->subject);
	put_text(bytes, mismatch->expected);
	put_text(bytes, mismatch->actual);
	send_bytes(recorder, RECORD_MISMATCH, bytes);
}

void record_block(struct recorder *recorder, const char *title, const char *text)
{
	GByteArray *bytes = g_byte_array_new();

	put_text(bytes, title);
	put_text(bytes, text);
	send_bytes(recorder, RECORD_BLOCK, bytes);
}

/* A call without pointers. */
struct sent_call {
	uint64_t x[7];
	uint64_t out[5];
	char condition[32];
};

void record_calls(struct recorder *recorder, const struct world_rmi_call *calls, size_t num)
{
	uint32_t header[2] = {RECORD_CALLS, (uint32_t)(num * sizeof(struct sent_call))};
	size_t i;

	if (!recorder->error)
		recorder->error = recorder->write(recorder->ctx, header, sizeof(header));
	for (i = 0; i < num && !recorder->error; i++) {
		struct sent_call sent = {0};

		memcpy(sent.x, calls[i].x, sizeof(sent.x));
		memcpy(sent.out, calls[i].out, sizeof(sent.out));
		if (calls[i].condition)
			strncpy(sent.condition, calls[i].condition, sizeof(sent.condition) - 1);
		recorder->error = recorder->write(recorder->ctx, &sent, sizeof(sent));
	}
}

void record_finding(struct recorder *recorder, const struct result_finding *finding)
{
	GByteArray *bytes = g_byte_array_new();

	put_text(bytes, finding->oracle);
	put_text(bytes, finding->condition);
	put_text(bytes, finding->function);
	put_text(bytes, finding->message);
	put_u8(bytes, finding->known);
	send_bytes(recorder, RECORD_FINDING, bytes);
}

void record_trace(struct recorder *recorder, const char *text, size_t size)
{
	send(recorder, RECORD_TRACE, text, size);
}

void record_rmi_log(struct recorder *recorder, const char *text, size_t size)
{
	send(recorder, RECORD_RMI_LOG, text, size);
}

void record_events(struct recorder *recorder, const void *data, size_t size)
{
	send(recorder, RECORD_EVENTS, data, size);
}

void record_event_append(GByteArray *bytes, const struct trace_event *event,
			 const uint64_t *granules)
{
	size_t i;

	put_u8(bytes, (uint8_t)event->kind);
	put_u32(bytes, event->step);
	put_u32(bytes, (uint32_t)event->actor);
	for (i = 0; i < G_N_ELEMENTS(event->value); i++)
		put_u64(bytes, event->value[i]);
	for (i = 0; i < G_N_ELEMENTS(event->result); i++)
		put_u64(bytes, event->result[i]);
	put_text(bytes, event->name);
	put_text(bytes, event->text);
	put_u8(bytes, granules != NULL);
	for (i = 0; granules && i < RMM_GRANULE_NUM_STATES; i++)
		put_u64(bytes, granules[i]);
}

void record_life(struct recorder *recorder, const struct trace_event *event, const char *changes)
{
	GByteArray *bytes = g_byte_array_new();

	record_event_append(bytes, event, NULL);
	put_text(bytes, changes);
	send_bytes(recorder, RECORD_LIFE, bytes);
}

void record_turn(struct recorder *recorder, const char *turn)
{
	GByteArray *bytes = g_byte_array_new();

	put_text(bytes, turn);
	send_bytes(recorder, RECORD_TURN, bytes);
}

void record_schedules(struct recorder *recorder, uint64_t num)
{
	GByteArray *bytes = g_byte_array_new();

	put_u64(bytes, num);
	send_bytes(recorder, RECORD_SCHEDULES, bytes);
}

void record_end(struct recorder *recorder, enum result_status status, const char *reason,
		uint32_t num_steps, uint64_t num_calls, bool at_step)
{
	GByteArray *bytes = g_byte_array_new();

	put_u8(bytes, (uint8_t)status);
	put_text(bytes, reason);
	put_u32(bytes, num_steps);
	put_u64(bytes, num_calls);
	put_u8(bytes, at_step);
	send_bytes(recorder, RECORD_END, bytes);
}

/* --- reading ----------------------------------------------------------------------------------------- */

struct reader {
	const uint8_t *at;
	size_t left;
	bool bad;
	const struct source *source;
	const struct plan *plan; /* NULL: all places are in `source` */
};

static void get_bytes(struct reader *reader, void *out, size_t size)
{
	if (reader->bad || reader->left < size) {
		reader->bad = true;
		memset(out, 0, size);
		return;
	}
	memcpy(out, reader->at, size);
	reader->at += size;
	reader->left -= size;
}

static uint8_t get_u8(struct reader *reader)
{
	uint8_t value;

	get_bytes(reader, &value, sizeof(value));
	return value;
}

static uint32_t get_u32(struct reader *reader)
{
	uint32_t value;

	get_bytes(reader, &value, sizeof(value));
	return value;
}

static uint64_t get_u64(struct reader *reader)
{
	uint64_t value;

	get_bytes(reader, &value, sizeof(value));
	return value;
}

static bool get_bool(struct reader *reader)
{
	uint8_t value = get_u8(reader);

	if (value > 1)
		reader->bad = true;
	return value == 1;
}

static char *get_text(struct reader *reader)
{
	uint32_t length;
	char *text;

	if (!get_bool(reader))
		return NULL;
	length = get_u32(reader);
	if (reader->bad || length > reader->left) {
		reader->bad = true;
		return NULL;
	}
	/* What a crashed child left may be anything; reports are UTF-8. */
	text = g_utf8_make_valid((const char *)reader->at, length);
	reader->at += length;
	reader->left -= length;
	return text;
}

static struct place get_place(struct reader *reader)
{
	struct place place = {.source = reader->source};
	uint32_t order = get_u32(reader);
	size_t i;

	/* A step of a prelude stands in another file. */
	for (i = 0; reader->plan && i < reader->plan->num_sources; i++) {
		if (reader->plan->sources[i]->order == order)
			place.source = reader->plan->sources[i];
	}
	place.line = get_u32(reader);
	place.column = get_u32(reader);
	place.width = get_u32(reader);
	return place;
}

/* At least this many bytes of a record stand for a realm, and for an interval. */
#define REALM_SIZE    13u
#define INTERVAL_SIZE 19u
#define TABLE_SIZE    17u

static void get_survey(struct reader *reader, struct survey *survey)
{
	uint32_t num = get_u32(reader), count, i, j;

	if (reader->bad || num > reader->left / REALM_SIZE) {
		reader->bad = true;
		return;
	}
	survey->num_realms = num;
	survey->realms = g_new0(struct survey_realm, num + 1);
	for (i = 0; i < num && !reader->bad; i++) {
		struct survey_realm *realm = &survey->realms[i];

		realm->exists = get_bool(reader);
		realm->cut = get_bool(reader);
		realm->state = get_u8(reader);
		realm->ipa_width = get_u8(reader);
		realm->level_start = (int8_t)get_u8(reader);
		count = get_u32(reader);
		if (reader->bad || count > reader->left / INTERVAL_SIZE) {
			reader->bad = true;
			return;
		}
		realm->num_intervals = count;
		realm->intervals = g_new0(struct survey_interval, count + 1);
		for (j = 0; j < count; j++) {
			struct survey_interval *interval = &realm->intervals[j];

			interval->base = get_u64(reader);
			interval->size = get_u64(reader);
			interval->hipas = get_u8(reader);
			interval->ripas = get_u8(reader);
			interval->level = (int8_t)get_u8(reader);
			if (interval->hipas > RMM_ASSIGNED_NS || interval->ripas > RMM_RIPAS_NONE ||
			    interval->level < -1 || interval->level > 3)
				reader->bad = true;
		}
		count = get_u32(reader);
		if (reader->bad || count > reader->left / TABLE_SIZE) {
			reader->bad = true;
			return;
		}
		realm->num_tables = count;
		realm->tables = g_new0(struct survey_table, count + 1);
		for (j = 0; j < count; j++) {
			realm->tables[j].base = get_u64(reader);
			realm->tables[j].pa = get_u64(reader);
			realm->tables[j].level = (int8_t)get_u8(reader);
			if (realm->tables[j].level < -1 || realm->tables[j].level > 3)
				reader->bad = true;
		}
	}
	for (i = 0; i < RMM_GRANULE_NUM_STATES; i++)
		survey->granules[i] = get_u64(reader);
	survey->has_host = get_bool(reader);
	get_bytes(reader, &survey->host, sizeof(survey->host));
}

static void step_clear(struct result_step *step)
{
	g_free(step->title);
	g_free(step->name);
	g_free(step->outcome);
	g_free(step->calls);
	survey_clear(&step->survey);
}

static void read_step_begin(struct reader *reader, struct result *result)
{
	result->step = get_u32(reader);
	result->place = get_place(reader);
	result->has_place = true;
	g_free(result->step_title);
	g_free(result->step_name);
	g_free(result->why);
	result->step_title = get_text(reader);
	result->step_name = get_text(reader);
	result->why = get_text(reader);
}

static void read_step_kept(struct reader *reader, struct result *result)
{
	struct result_step *step;

	result->steps = g_renew(struct result_step, result->steps, result->num_steps_kept + 1);
	step = &result->steps[result->num_steps_kept++];
	*step = (struct result_step){.number = get_u32(reader)};
	step->place = get_place(reader);
	step->title = get_text(reader);
	step->name = get_text(reader);
	step->outcome = get_text(reader);
	step->calls = get_text(reader);
	get_survey(reader, &step->survey);
	/* Half a step would be drawn as if it were whole. */
	if (reader->bad) {
		step_clear(step);
		result->num_steps_kept--;
	}
}

static void read_mismatch(struct reader *reader, struct result *result)
{
	struct result_mismatch *mismatch;

	result->mismatches =
		g_renew(struct result_mismatch, result->mismatches, result->num_mismatches + 1);
	mismatch = &result->mismatches[result->num_mismatches++];
	mismatch->place = get_place(reader);
	mismatch->subject = get_text(reader);
	mismatch->expected = get_text(reader);
	mismatch->actual = get_text(reader);
}

static void read_block(struct reader *reader, struct result *result)
{
	struct result_block *block;

	result->blocks = g_renew(struct result_block, result->blocks, result->num_blocks + 1);
	block = &result->blocks[result->num_blocks++];
	block->title = get_text(reader);
	block->text = get_text(reader);
}

/* As bytes, since pointers of a process that went wrong may point anywhere. */
static void read_calls(struct reader *reader, struct result *result)
{
	GString *text = g_string_new(NULL);

	while (reader->left && !reader->bad) {
		struct world_rmi_call call = {0};
		struct sent_call sent;
		char *condition;

		get_bytes(reader, &sent, sizeof(sent));
		sent.condition[sizeof(sent.condition) - 1] = '\0';
		condition = g_utf8_make_valid(sent.condition, -1);
		memcpy(call.x, sent.x, sizeof(call.x));
		memcpy(call.out, sent.out, sizeof(call.out));
		call.condition = *condition ? condition : NULL;
		if (!reader->bad) {
			rmi_call_print(&call, text);
			g_string_append_c(text, '\n');
		}
		g_free(condition);
	}
	if (text->len) {
		result->blocks =
			g_renew(struct result_block, result->blocks, result->num_blocks + 1);
		result->blocks[result->num_blocks++] =
			(struct result_block){.title = g_strdup("last RMI calls before it died"),
					      .text = g_strdup(text->str)};
	}
	g_string_free(text, TRUE);
}

static void read_finding(struct reader *reader, struct result *result)
{
	struct result_finding *finding;

	result->findings =
		g_renew(struct result_finding, result->findings, result->num_findings + 1);
	finding = &result->findings[result->num_findings++];
	finding->oracle = get_text(reader);
	finding->condition = get_text(reader);
	finding->function = get_text(reader);
	finding->message = get_text(reader);
	finding->known = get_bool(reader);
}

static void read_lines(struct reader *reader, char **text, size_t *size)
{
	*text = g_realloc(*text, *size + reader->left + 1);
	memcpy(*text + *size, reader->at, reader->left);
	*size += reader->left;
	(*text)[*size] = '\0';
	reader->left = 0;
}

/* A text that many events share is kept once. */
static const char *get_shared_text(struct reader *reader, struct result *result)
{
	char *text = get_text(reader);
	const char *shared = NULL;

	if (text)
		shared = g_string_chunk_insert_const(result->strings, text);
	g_free(text);
	return shared;
}

static void read_event(struct reader *reader, struct result *result, struct result_event *event)
{
	uint8_t kind = get_u8(reader);
	size_t i;

	if (!result->strings)
		result->strings = g_string_chunk_new(4096);
	*event = (struct result_event){.event.kind = (enum trace_kind)kind};
	event->event.step = get_u32(reader);
	event->event.actor = (int32_t)get_u32(reader);
	for (i = 0; i < G_N_ELEMENTS(event->event.value); i++)
		event->event.value[i] = get_u64(reader);
	for (i = 0; i < G_N_ELEMENTS(event->event.result); i++)
		event->event.result[i] = get_u64(reader);
	event->event.name = get_shared_text(reader, result);
	event->event.text = get_shared_text(reader, result);
	event->has_granules = get_bool(reader);
	for (i = 0; event->has_granules && i < RMM_GRANULE_NUM_STATES; i++)
		event->granules[i] = get_u64(reader);
	if (kind >= TRACE_NUM_KINDS)
		reader->bad = true;
}

static void read_events(struct reader *reader, struct result *result)
{
	while (reader->left && !reader->bad) {
		if (result->num_events == result->max_events) {
			result->max_events = MAX(64, 2 * result->max_events);
			result->events =
				g_renew(struct result_event, result->events, result->max_events);
		}
		read_event(reader, result, &result->events[result->num_events]);
		if (!reader->bad)
			result->num_events++;
	}
}

static void read_life(struct reader *reader, struct result *result)
{
	struct result_life *life;
	struct result_event event;

	if (result->num_lives == result->max_lives) {
		result->max_lives = MAX(64, 2 * result->max_lives);
		result->lives = g_renew(struct result_life, result->lives, result->max_lives);
	}
	life = &result->lives[result->num_lives];
	read_event(reader, result, &event);
	life->event = event.event;
	life->changes = get_shared_text(reader, result);
	if (!reader->bad)
		result->num_lives++;
}

static void read_turn(struct reader *reader, struct result *result)
{
	char *turn = get_text(reader), *was = result->schedule;

	if (turn && *turn && was && *was)
		result->schedule = g_strdup_printf("%s, %s", was, turn);
	else
		result->schedule = g_strdup(turn);
	g_free(was);
	g_free(turn);
}

static void read_end(struct reader *reader, struct result *result)
{
	uint8_t status = get_u8(reader);

	if (status >= RESULT_NUM_STATUSES)
		reader->bad = true;
	else
		result->status = (enum result_status)status;
	g_free(result->reason);
	result->reason = get_text(reader);
	result->num_steps = get_u32(reader);
	result->num_calls = get_u64(reader);
	result->has_place = get_bool(reader);
}

bool record_read(const uint8_t *data, size_t size, const struct source *source,
		 struct result *result)
{
	struct reader stream = {.at = data, .left = size, .source = source};
	bool ended = false;

	while (stream.left && !ended) {
		uint32_t type = get_u32(&stream), length = get_u32(&stream);
		struct reader chunk = {
			.at = stream.at, .left = length, .source = source, .plan = result->plan};

		if (stream.bad || length > stream.left)
			return false;
		switch (type) {
		case RECORD_STEP_BEGIN:
			read_step_begin(&chunk, result);
			break;
		case RECORD_STEP_KEPT:
			read_step_kept(&chunk, result);
			break;
		case RECORD_MISMATCH:
			read_mismatch(&chunk, result);
			break;
		case RECORD_BLOCK:
			read_block(&chunk, result);
			break;
		case RECORD_CALLS:
			read_calls(&chunk, result);
			break;
		case RECORD_FINDING:
			read_finding(&chunk, result);
			break;
		case RECORD_TRACE:
			read_lines(&chunk, &result->trace, &result->trace_size);
			break;
		case RECORD_RMI_LOG:
			read_lines(&chunk, &result->rmi_log, &result->rmi_log_size);
			break;
		case RECORD_EVENTS:
			read_events(&chunk, result);
			break;
		case RECORD_LIFE:
			read_life(&chunk, result);
			break;
		case RECORD_TURN:
			read_turn(&chunk, result);
			break;
		case RECORD_SCHEDULES:
			result->num_schedules = get_u64(&chunk);
			break;
		case RECORD_END:
			read_end(&chunk, result);
			ended = true;
			break;
		default:
			return false;
		}
		if (chunk.bad || chunk.left)
			return false;
		stream.at += length;
		stream.left -= length;
	}
	return ended && !stream.left;
}

const char *result_ways(const struct result *result)
{
	size_t i;

	for (i = 0; i < result->num_blocks; i++) {
		if (!strcmp(result->blocks[i].title, RESULT_WAYS))
			return result->blocks[i].text;
	}
	return NULL;
}

void result_clear(struct result *result)
{
	size_t i;

	for (i = 0; i < result->num_mismatches; i++) {
		g_free(result->mismatches[i].subject);
		g_free(result->mismatches[i].expected);
		g_free(result->mismatches[i].actual);
	}
	g_free(result->mismatches);
	for (i = 0; i < result->num_blocks; i++) {
		g_free(result->blocks[i].title);
		g_free(result->blocks[i].text);
	}
	g_free(result->blocks);
	for (i = 0; i < result->num_findings; i++) {
		g_free(result->findings[i].oracle);
		g_free(result->findings[i].condition);
		g_free(result->findings[i].function);
		g_free(result->findings[i].message);
	}
	g_free(result->findings);
	for (i = 0; i < result->num_steps_kept; i++)
		step_clear(&result->steps[i]);
	g_free(result->steps);
	g_free(result->step_title);
	g_free(result->step_name);
	g_free(result->why);
	g_free(result->reason);
	g_free(result->schedule);
	g_free(result->trace);
	g_free(result->rmi_log);
	g_free(result->events);
	g_free(result->lives);
	if (result->strings)
		g_string_chunk_free(result->strings);
	*result = (struct result){.plan = result->plan};
}

const char *result_status_name(enum result_status status)
{
	static const char *const names[] = {
		[RESULT_PASSED] = "passed",   [RESULT_FAILED] = "failed",
		[RESULT_ERROR] = "error",     [RESULT_CRASHED] = "crashed",
		[RESULT_TIMEOUT] = "timeout", [RESULT_INVALID] = "invalid",
		[RESULT_SKIPPED] = "skipped", [RESULT_KNOWN] = "known",
	};

	return names[status];
}
