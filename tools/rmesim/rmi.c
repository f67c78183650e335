// SPDX-License-Identifier: BSD-3-Clause
/*
 * rmi.c - replays a text file of RMI calls on the model alone, one line of results a call, so that two
 * RMMs can be compared with diff. Lines are carried out as they arrive and the output is flushed before
 * the input can block, so that the other end of a pipe may wait for each answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <rmm/conditions.h>
#include <rmm/inspect.h>
#include <rmm/rmi.h>
#include <rmm/rmm.h>
#include <rmm/rsi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rmi.h"

#define DEFAULT_DRAM_BASE 0x100000000ull
#define DEFAULT_DRAM_SIZE 0x80000000ull
#define MAX_DRAM_SIZE	  (1ull << 44)
#define MAX_PHYS	  (1ull << 52)
#define MAX_RUNNING	  512u /* RECs at once: each takes some stack */
#define INPUT_SIZE	  (1u << 16)
#define MAX_WORDS	  (INPUT_SIZE / 2) /* as many as a line can have */
#define OUTPUT_SIZE	  (1u << 16)

enum realm_op_kind { OP_RSI, OP_ACCESS, OP_EVENT, OP_RMI, OP_HVC, OP_W64, OP_FILL };

struct place {
	unsigned long line;
	unsigned int column;
};

/* One thing that the Realm, or the Host on another CPU, does while a REC runs. */
struct realm_op {
	enum realm_op_kind kind;
	unsigned int detail; /* enum rmm_access_type or enum rmm_event */
	/* Registers of a call; IPA, value and size of an access; address and words of a write. */
	uint64_t x[18];
	size_t num; /* of x that were given */
	struct place place;
};

struct word {
	const char *text;
	size_t length;
	unsigned int column;
};

struct replay {
	const char *path;
	unsigned long line;
	bool verbose;
	bool check;    /* the RMM's invariants, after each call */
	bool violated; /* one of them did not hold */
	bool failed;

	uint64_t dram_base, dram_size;
	uint8_t *memory;
	uint8_t *written; /* one bit a granule: the Host or the RMM may have written to it */
	struct rmm_config config;
	struct rmm *rmm;
	bool started;

	unsigned int num_running; /* RECs */
	struct realm_op *ops;
	size_t next_op, num_ops, max_ops;
	uint64_t entry_regs[7];
	const struct rmm_command *last_command; /* files repeat themselves */
	uint64_t gpf_countdown;			/* 0: none; the access that brings it to 0 faults */

	struct word words[MAX_WORDS]; /* of the line */
	uint64_t values[MAX_WORDS];   /* that it has the Host write */
	char output[OUTPUT_SIZE];
	size_t output_used;
};

static void output_flush(struct replay *replay)
{
	size_t done = 0;

	while (done < replay->output_used) {
		ssize_t n = write(STDOUT_FILENO, replay->output + done, replay->output_used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!replay->failed)
				fprintf(stderr, "rmesim: error: cannot write the results: %s\n",
					strerror(errno));
			replay->failed = true;
			break;
		}
		done += (size_t)n;
	}
	replay->output_used = 0;
}

static void output_reserve(struct replay *replay, size_t size)
{
	if (replay->output_used + size > OUTPUT_SIZE)
		output_flush(replay);
}

static void output_char(struct replay *replay, char c)
{
	output_reserve(replay, 1);
	replay->output[replay->output_used++] = c;
}

static void output_text(struct replay *replay, const char *text)
{
	const size_t length = strlen(text);

	output_reserve(replay, length);
	memcpy(replay->output + replay->output_used, text, length);
	replay->output_used += length;
}

static void output_hex(struct replay *replay, uint64_t value)
{
	char digits[16];
	size_t n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	output_reserve(replay, n);
	while (n)
		replay->output[replay->output_used++] = digits[--n];
}

/* Words on one line, separated by a space. */
static void output_words(struct replay *replay, const uint64_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			output_char(replay, ' ');
		output_hex(replay, values[i]);
	}
}

static void error_at(struct replay *replay, unsigned int column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void error_at(struct replay *replay, unsigned int column, const char *format, ...)
{
	va_list args;

	output_flush(replay);
	fprintf(stderr, "%s:%lu:%u: error: ", replay->path, replay->line, column);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	replay->failed = true;
}

static bool platform_is_clean(void *ctx, uint64_t pa)
{
	const struct replay *replay = ctx;
	const uint64_t index = (pa - replay->dram_base) / RMM_GRANULE_SIZE;

	return !(replay->written[index / 8] & (1u << (index % 8)));
}

static void platform_ns_write(void *ctx, uint64_t pa)
{
	struct replay *replay = ctx;
	const uint64_t index = (pa - replay->dram_base) / RMM_GRANULE_SIZE;

	replay->written[index / 8] |= (uint8_t)(1u << (index % 8));
}

static void platform_gpt_changed(void *ctx, uint64_t pa, enum rmm_gpt gpt, bool clean)
{
	(void)gpt;
	if (!clean)
		platform_ns_write(ctx, pa);
}

static bool platform_ns_fault(void *ctx, uint64_t pa, bool write_access)
{
	struct replay *replay = ctx;

	(void)pa;
	(void)write_access;
	return replay->gpf_countdown && --replay->gpf_countdown == 0;
}

static void memory_unmap(struct replay *replay)
{
	if (replay->memory)
		munmap(replay->memory, replay->dram_size);
	if (replay->written)
		munmap(replay->written, replay->dram_size / RMM_GRANULE_SIZE / 8 + 1);
	replay->memory = NULL;
	replay->written = NULL;
}

static void *memory_map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void realm_run(void *ctx, struct rmm_cpu *cpu);

static void replay_stop(struct replay *replay)
{
	rmm_destroy(replay->rmm);
	replay->rmm = NULL;
	memory_unmap(replay);
	replay->started = false;
	replay->next_op = 0;
	replay->num_ops = 0;
	replay->gpf_countdown = 0;
	memset(replay->entry_regs, 0, sizeof(replay->entry_regs));
}

/* The RMM and its memory are made at the first line that needs them. */
static void invariant_violated(void *ctx, const char *label, const char *text)
{
	struct replay *replay = ctx;
	char line[24];

	snprintf(line, sizeof(line), "%lu", replay->line);
	output_text(replay, "# line ");
	output_text(replay, line);
	output_text(replay, ": invariant ");
	output_text(replay, label);
	output_text(replay, " does not hold: ");
	output_text(replay, text);
	output_char(replay, '\n');
	replay->violated = true;
}

static bool replay_start(struct replay *replay)
{
	struct rmm_bank bank = {.base = replay->dram_base, .size = replay->dram_size};
	int err;

	if (replay->started)
		return true;
	replay->memory = memory_map(replay->dram_size);
	replay->written = memory_map(replay->dram_size / RMM_GRANULE_SIZE / 8 + 1);
	if (!replay->memory || !replay->written) {
		error_at(replay, 1, "cannot map %" PRIx64 " bytes of DRAM", replay->dram_size);
		return false;
	}
	bank.view = replay->memory;
	replay->config.banks = &bank;
	replay->config.num_banks = 1;
	replay->config.platform = (struct rmm_platform){
		.ctx = replay,
		.is_clean = platform_is_clean,
		.gpt_changed = platform_gpt_changed,
		.ns_write = platform_ns_write,
		.ns_fault = platform_ns_fault,
	};
	replay->config.run = realm_run;
	replay->config.run_ctx = replay;
	if (replay->check) {
		replay->config.invariants = RMM_INVARIANTS_STEP;
		replay->config.violation = invariant_violated;
		replay->config.violation_ctx = replay;
	}
	err = rmm_create(&replay->config, &replay->rmm);
	if (err) {
		error_at(replay, 1, "the platform's settings do not fit together: %s",
			 strerror(-err));
		return false;
	}
	replay->started = true;
	return true;
}

static void call_print(struct replay *replay, const struct rmm_regs *regs)
{
	static const char *const statuses[] = {"SUCCESS", "INPUT", "REALM", "REC", "RTT"};

	output_words(replay, regs->x, 5);
	if (replay->verbose) {
		const struct rmm_call call = rmm_last_call(replay->rmm);
		const unsigned int status = RMI_RETURN_STATUS(regs->x[0]);

		if (regs->x[0] == SMCCC_NOT_SUPPORTED) {
			output_text(replay, " NOT_SUPPORTED");
		} else if (status < sizeof(statuses) / sizeof(statuses[0])) {
			output_char(replay, ' ');
			output_text(replay, statuses[status]);
			if (status == RMI_ERROR_RTT || RMI_RETURN_INDEX(regs->x[0])) {
				char index[8];

				snprintf(index, sizeof(index), "/%d",
					 (int)(int8_t)RMI_RETURN_INDEX(regs->x[0]));
				output_text(replay, index);
			}
		}
		if (call.condition) {
			output_char(replay, ' ');
			output_text(replay, call.condition);
		}
	}
	output_char(replay, '\n');
}

static void call_make(struct replay *replay, const uint64_t x[18])
{
	struct rmm_regs regs;

	memcpy(regs.x, x, sizeof(regs.x));
	rmm_smc(replay->rmm, &regs);
	call_print(replay, &regs);
}

/* The memory at [pa, pa + size) for the Host, or NULL after an error. */
static uint8_t *host_memory(struct replay *replay, unsigned int column, uint64_t pa, uint64_t size)
{
	const uint64_t offset = pa - replay->dram_base;

	if (offset >= replay->dram_size || size > replay->dram_size - offset) {
		error_at(replay, column, "%" PRIx64 "+%" PRIx64 " is not all in DRAM", pa, size);
		return NULL;
	}
	for (uint64_t at = pa & ~(uint64_t)(RMM_GRANULE_SIZE - 1); at < pa + size;
	     at += RMM_GRANULE_SIZE) {
		struct rmm_granule_view view;

		if (!rmm_inspect_granule(replay->rmm, at, &view) ||
		    (view.gpt != RMM_GPT_NS && view.gpt != RMM_GPT_AAP)) {
			error_at(replay, column, "the granule at %" PRIx64 " is not Non-secure",
				 at);
			return NULL;
		}
	}
	return replay->memory + offset;
}

static bool words_store(struct replay *replay, unsigned int column, uint64_t pa,
			const uint64_t *values, size_t num, size_t width)
{
	uint8_t *p = host_memory(replay, column, pa, num * width);

	if (!p)
		return false;
	for (size_t i = 0; i < num; i++) {
		platform_ns_write(replay, pa + i * width);
		platform_ns_write(replay, pa + i * width + width - 1);
		memcpy(p + i * width, &values[i], width);
	}
	return true;
}

static bool memory_fill(struct replay *replay, unsigned int column, uint64_t pa, uint64_t size,
			uint8_t byte)
{
	uint8_t *p = host_memory(replay, column, pa, size);

	if (!p)
		return false;
	for (uint64_t at = pa & ~(uint64_t)(RMM_GRANULE_SIZE - 1); at < pa + size;
	     at += RMM_GRANULE_SIZE)
		platform_ns_write(replay, at);
	memset(p, byte, size);
	return true;
}

/* One load, store or fetch; of a size that no register has it comes without a syndrome. */
static enum rmm_outcome realm_access(struct rmm_cpu *cpu, const struct realm_op *op)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);
	const uint32_t size = op->detail == RMM_FETCH ? 4 : (uint32_t)op->x[2];
	union {
		uint64_t value;
		uint8_t bytes[RMM_GRANULE_SIZE];
	} data = {.value = op->x[1]};
	struct rmm_access access = {
		.type = op->detail,
		.ipa = op->x[0],
		.size = size,
		.data = &data,
		.isv = op->detail != RMM_FETCH && size <= 8 && (size & (size - 1)) == 0,
		.sf = size == 8,
		.far = op->x[0],
	};
	enum rmm_outcome outcome;

	if (size > sizeof(data.value))
		memset(data.bytes, (uint8_t)op->x[1], size);
	if (access.type == RMM_WRITE)
		regs->gprs[0] = data.value;
	outcome = rmm_cpu_access(cpu, &access);
	if (outcome == RMM_CONTINUE) {
		if (access.type == RMM_READ && access.isv)
			regs->gprs[0] = data.value;
		regs->pc += 4;
	}
	return outcome;
}

static bool is_rec_enter(uint64_t fid)
{
	return ((uint32_t)fid & ~SMCCC_SVE_HINT_BIT) == RMI_REC_ENTER;
}

/* Performs one queued operation; false when the REC exits. */
static bool realm_perform(struct replay *replay, struct rmm_cpu *cpu, const struct realm_op *op)
{
	struct rmm_cpu_regs *regs = rmm_cpu_regs(cpu);
	const unsigned long line = replay->line;

	if (op->kind == OP_RMI && is_rec_enter(op->x[0]) && replay->num_running == MAX_RUNNING) {
		replay->line = op->place.line;
		error_at(replay, op->place.column, "more than %u RECs would run at once",
			 MAX_RUNNING);
		replay->line = line;
		return true;
	}
	switch (op->kind) {
	case OP_RSI:
		memcpy(regs->gprs, op->x, sizeof(op->x));
		return rmm_cpu_smc(cpu) != RMM_EXIT;
	case OP_ACCESS:
		return realm_access(cpu, op) != RMM_EXIT;
	case OP_HVC:
		return rmm_cpu_hvc(cpu) != RMM_EXIT;
	case OP_EVENT:
		return rmm_cpu_event(cpu, op->detail) != RMM_EXIT;
	case OP_RMI:
		call_make(replay, op->x);
		return true;
	case OP_W64:
	case OP_FILL:
		/* Only now can be said whether the Host may write there. */
		replay->line = op->place.line;
		if (op->kind == OP_W64)
			words_store(replay, op->place.column, op->x[0], op->x + 1, op->num - 1, 8);
		else
			memory_fill(replay, op->place.column, op->x[0], op->x[1],
				    (uint8_t)op->x[2]);
		replay->line = line;
		return true;
	}
	return true;
}

static void realm_run(void *ctx, struct rmm_cpu *cpu)
{
	struct replay *replay = ctx;

	memcpy(replay->entry_regs, rmm_cpu_regs(cpu)->gprs, sizeof(replay->entry_regs));
	replay->num_running++;
	while (replay->next_op < replay->num_ops && !replay->failed) {
		/* Copied, and taken off first: a call of the Host may enter another REC. */
		const struct realm_op op = replay->ops[replay->next_op++];

		if (!realm_perform(replay, cpu, &op))
			goto out;
	}
	/* FIQs always exit. */
	if (rmm_cpu_event(cpu, RMM_EVENT_FIQ) != RMM_EXIT)
		abort();
out:
	replay->num_running--;
}

static bool word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->length && memcmp(word->text, text, word->length) == 0;
}

static bool parse_hex(const char *text, size_t length, uint64_t *value)
{
	uint64_t v = 0;

	if (length == 0 || length > 16)
		return false;
	for (size_t i = 0; i < length; i++) {
		const char c = text[i];
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned int)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (unsigned int)(c - 'A') + 10;
		else
			return false;
		v = v << 4 | digit;
	}
	*value = v;
	return true;
}

static bool number_parse(struct replay *replay, const struct word *word, uint64_t *value)
{
	if (parse_hex(word->text, word->length, value))
		return true;
	error_at(replay, word->column,
		 "'%.*s' is not a number: expected 1 to 16 hexadecimal digits without prefix",
		 (int)word->length, word->text);
	return false;
}

/* Numbers from words[first] on into values; false after an error. */
static bool numbers_parse(struct replay *replay, const struct word *words, size_t num_words,
			  size_t first, uint64_t *values, size_t max, size_t *num)
{
	if (num_words > first + max) {
		error_at(replay, words[first + max].column,
			 "too many arguments: expected at most %zu", max);
		return false;
	}
	for (size_t i = first; i < num_words; i++) {
		if (!number_parse(replay, &words[i], &values[i - first]))
			return false;
	}
	if (num)
		*num = num_words - first;
	return true;
}

static bool arguments_expect(struct replay *replay, const struct word *words, size_t num_words,
			     size_t min, const char *usage)
{
	if (num_words > min)
		return true;
	error_at(replay, words[0].column, "expected '%.*s %s'", (int)words[0].length, words[0].text,
		 usage);
	return false;
}

/*
 * A command's name or its function identifier. Names are tried first; none of them is a hexadecimal
 * number.
 */
static bool command_parse(struct replay *replay, const struct word *word, uint64_t *fid)
{
	char name[32];
	const struct rmm_command *command;

	if (replay->last_command && word_is(word, replay->last_command->name)) {
		*fid = replay->last_command->fid;
		return true;
	}
	if (word->length < sizeof(name)) {
		memcpy(name, word->text, word->length);
		name[word->length] = '\0';
		command = rmm_command_by_name(RMM_INTERFACE_RMI, name);
		if (command) {
			replay->last_command = command;
			*fid = command->fid;
			return true;
		}
	}
	if (parse_hex(word->text, word->length, fid))
		return true;
	error_at(replay, word->column,
		 "'%.*s' is neither an RMI command (without the RMI_ prefix) nor a function "
		 "identifier",
		 (int)word->length, word->text);
	return false;
}

static bool call_parse(struct replay *replay, const struct word *words, size_t num_words,
		       uint64_t x[18])
{
	memset(x, 0, 18 * sizeof(x[0]));
	return command_parse(replay, &words[0], &x[0]) &&
	       numbers_parse(replay, words, num_words, 1, x + 1, 6, NULL);
}

static bool host_write(struct replay *replay, const struct word *words, size_t num_words,
		       size_t width)
{
	uint64_t *const values = replay->values, pa;
	size_t num;

	if (!arguments_expect(replay, words, num_words, 2, "ADDR VALUE..."))
		return false;
	if (!number_parse(replay, &words[1], &pa) ||
	    !numbers_parse(replay, words, num_words, 2, values, MAX_WORDS - 2, &num))
		return false;
	for (size_t i = 0; width == 1 && i < num; i++) {
		if (values[i] > 0xff) {
			error_at(replay, words[i + 2].column,
				 "%" PRIx64 " does not fit into a byte", values[i]);
			return false;
		}
	}
	return words_store(replay, words[1].column, pa, values, num, width);
}

static bool host_fill(struct replay *replay, const struct word *words, size_t num_words)
{
	uint64_t v[3];

	if (!arguments_expect(replay, words, num_words, 3, "ADDR LEN BYTE") ||
	    !numbers_parse(replay, words, num_words, 1, v, 3, NULL))
		return false;
	if (v[2] > 0xff) {
		error_at(replay, words[3].column, "%" PRIx64 " does not fit into a byte", v[2]);
		return false;
	}
	return memory_fill(replay, words[1].column, v[0], v[1], (uint8_t)v[2]);
}

static bool host_read(struct replay *replay, const struct word *words, size_t num_words)
{
	uint64_t v[2] = {0, 1};
	uint8_t *p;

	if (!arguments_expect(replay, words, num_words, 1, "ADDR [N]") ||
	    !numbers_parse(replay, words, num_words, 1, v, 2, NULL))
		return false;
	if (v[1] > replay->dram_size / 8) {
		error_at(replay, words[2].column, "%" PRIx64 " words are more than DRAM holds",
			 v[1]);
		return false;
	}
	p = host_memory(replay, words[1].column, v[0], v[1] * 8);
	if (!p)
		return false;
	for (uint64_t i = 0; i < v[1]; i++) {
		uint64_t value;

		memcpy(&value, p + i * 8, 8);
		if (i)
			output_char(replay, ' ');
		output_hex(replay, value);
	}
	output_char(replay, '\n');
	return true;
}

static bool op_queue(struct replay *replay, const struct realm_op *op)
{
	if (replay->next_op == replay->num_ops) {
		replay->next_op = 0;
		replay->num_ops = 0;
	}
	if (replay->num_ops == replay->max_ops) {
		const size_t max = replay->max_ops ? 2 * replay->max_ops : 64;
		struct realm_op *ops = realloc(replay->ops, max * sizeof(*ops));

		if (!ops) {
			error_at(replay, 1, "out of memory for what the Realm does next");
			return false;
		}
		replay->ops = ops;
		replay->max_ops = max;
	}
	replay->ops[replay->num_ops++] = *op;
	return true;
}

/* The arguments of a queued operation, in words[2] and behind; false after an error. */
static bool op_parse(struct replay *replay, const struct word *words, size_t num_words, size_t max,
		     struct realm_op *op)
{
	const struct word *size = NULL;

	if (op->kind == OP_RMI)
		return call_parse(replay, words + 2, num_words - 2, op->x);
	if (!numbers_parse(replay, words, num_words, 2, op->x, max, &op->num))
		return false;
	switch (op->kind) {
	case OP_ACCESS:
		if (op->detail == RMM_READ && op->num == 2) {
			op->x[2] = op->x[1];
			op->x[1] = 0;
			size = &words[3];
		} else if (op->num == 3) {
			size = &words[4];
		} else {
			op->x[2] = 8;
		}
		if (size && (op->x[2] == 0 || op->x[2] > RMM_GRANULE_SIZE)) {
			error_at(replay, size->column, "an access has 1 to %x bytes",
				 RMM_GRANULE_SIZE);
			return false;
		}
		return true;
	case OP_FILL:
		if (op->x[2] <= 0xff)
			return true;
		error_at(replay, words[4].column, "%" PRIx64 " does not fit into a byte", op->x[2]);
		return false;
	default:
		return true;
	}
}

static bool realm_queue(struct replay *replay, const struct word *words, size_t num_words)
{
	static const struct {
		const char *name;
		enum realm_op_kind kind;
		unsigned int detail;
		size_t min, max; /* arguments */
	} kinds[] = {
		{"rsi", OP_RSI, 0, 1, 18},
		{"read", OP_ACCESS, RMM_READ, 1, 2},
		{"write", OP_ACCESS, RMM_WRITE, 1, 3},
		{"fetch", OP_ACCESS, RMM_FETCH, 1, 1},
		{"hvc", OP_HVC, 0, 0, 0},
		{"wfi", OP_EVENT, RMM_EVENT_WFI, 0, 0},
		{"wfe", OP_EVENT, RMM_EVENT_WFE, 0, 0},
		{"wfit", OP_EVENT, RMM_EVENT_WFIT, 0, 0},
		{"wfet", OP_EVENT, RMM_EVENT_WFET, 0, 0},
		{"irq", OP_EVENT, RMM_EVENT_IRQ, 0, 0},
		{"fiq", OP_EVENT, RMM_EVENT_FIQ, 0, 0},
		{"serror", OP_EVENT, RMM_EVENT_SERROR, 0, 0},
		{"rmi", OP_RMI, 0, 1, 7},
		{"w64", OP_W64, 0, 2, 17},
		{"fill", OP_FILL, 0, 3, 3},
	};
	struct realm_op op = {0};

	if (!arguments_expect(replay, words, num_words, 1, "rsi|read|write|fetch|wfi|irq|rmi ..."))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!word_is(&words[1], kinds[i].name))
			continue;
		op.kind = kinds[i].kind;
		op.detail = kinds[i].detail;
		op.place = (struct place){replay->line, words[1].column};
		if (num_words - 2 < kinds[i].min) {
			error_at(replay, words[1].column, "'%s' needs at least %zu argument%s",
				 kinds[i].name, kinds[i].min, kinds[i].min == 1 ? "" : "s");
			return false;
		}
		return op_parse(replay, words, num_words, kinds[i].max, &op) &&
		       op_queue(replay, &op);
	}
	error_at(replay, words[1].column,
		 "'%.*s': expected rsi, read, write, fetch, hvc, wfi, wfe, wfit, wfet, irq, fiq, "
		 "serror, rmi, w64 or fill",
		 (int)words[1].length, words[1].text);
	return false;
}

static bool granule_print(struct replay *replay, const struct word *words, size_t num_words)
{
	uint8_t content[RMM_GRANULE_SIZE];
	struct rmm_granule_view view;
	bool zero = true;
	uint64_t pa;

	if (!arguments_expect(replay, words, num_words, 1, "PA") ||
	    !numbers_parse(replay, words, num_words, 1, &pa, 1, NULL))
		return false;
	if (!rmm_inspect_granule(replay->rmm, pa, &view) ||
	    !rmm_inspect_read(replay->rmm, pa, content, sizeof(content))) {
		error_at(replay, words[1].column,
			 "%" PRIx64 " is not the address of a granule in DRAM", pa);
		return false;
	}
	for (size_t i = 0; i < sizeof(content) && zero; i++)
		zero = content[i] == 0;
	output_text(replay, rmm_granule_state_name(view.state));
	output_char(replay, ' ');
	output_hex(replay, view.refcount);
	output_text(replay, zero ? " zero\n" : " nonzero\n");
	return true;
}

/* Another agent changes the GPT entry of a granule. */
static bool gpt_set(struct replay *replay, const struct word *words, size_t num_words)
{
	static const struct {
		const char *name;
		enum rmm_gpt gpt;
	} names[] = {{"ns", RMM_GPT_NS},
		     {"secure", RMM_GPT_SECURE},
		     {"root", RMM_GPT_ROOT},
		     {"aap", RMM_GPT_AAP}};
	uint64_t pa;

	if (!arguments_expect(replay, words, num_words, 2, "PA ns|secure|root|aap") ||
	    !number_parse(replay, &words[1], &pa))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!word_is(&words[2], names[i].name))
			continue;
		if (!rmm_set_gpt(replay->rmm, pa, names[i].gpt))
			return true;
		error_at(replay, words[1].column,
			 "%" PRIx64 " is not the address of an UNDELEGATED granule in DRAM", pa);
		return false;
	}
	error_at(replay, words[2].column, "'%.*s': expected ns, secure, root or aap",
		 (int)words[2].length, words[2].text);
	return false;
}

static bool dram_set(struct replay *replay, const struct word *words, size_t num_words)
{
	uint64_t v[2];

	if (!arguments_expect(replay, words, num_words, 2, "BASE SIZE") ||
	    !numbers_parse(replay, words, num_words, 1, v, 2, NULL))
		return false;
	if (replay->started) {
		error_at(replay, words[0].column,
			 ".dram must come before anything else, or after .reset");
		return false;
	}
	if (v[0] % RMM_GRANULE_SIZE || v[1] % RMM_GRANULE_SIZE || v[1] == 0 ||
	    v[1] > MAX_DRAM_SIZE || v[0] > MAX_PHYS - v[1]) {
		error_at(replay, words[1].column,
			 "DRAM is a range of whole granules of at most %llx bytes, below %llx",
			 MAX_DRAM_SIZE, MAX_PHYS);
		return false;
	}
	replay->dram_base = v[0];
	replay->dram_size = v[1];
	return true;
}

static bool platform_set_one(struct replay *replay, const struct word *word)
{
	struct rmm_config *config = &replay->config;
	const struct {
		const char *key;
		uint8_t *byte;
		bool *flag;
		uint64_t *wide;
	} settings[] = {
		{"s2sz", &config->s2sz, NULL, NULL},
		{"min_ipa_width", &config->min_ipa_width, NULL, NULL},
		{"lpa2", NULL, &config->lpa2, NULL},
		{"sve", NULL, &config->sve, NULL},
		{"sve_vl", &config->sve_vl, NULL, NULL},
		{"num_bps", &config->num_bps, NULL, NULL},
		{"num_wps", &config->num_wps, NULL, NULL},
		{"pmu", NULL, &config->pmu, NULL},
		{"pmu_num_ctrs", &config->pmu_num_ctrs, NULL, NULL},
		{"sha256", NULL, &config->hash_sha_256, NULL},
		{"sha512", NULL, &config->hash_sha_512, NULL},
		{"num_lrs", &config->gicv3_num_lrs, NULL, NULL},
		{"max_recs_order", &config->max_recs_order, NULL, NULL},
		{"vmid_bits", &config->vmid_bits, NULL, NULL},
		{"rec_aux", &config->rec_aux, NULL, NULL},
		{"tfrmm", NULL, NULL, &config->tfrmm},
		{"rem_zero_padded", NULL, &config->rem_zero_padded, NULL},
		{"wipe_pattern", NULL, NULL, &config->wipe_pattern},
	};
	const char *equals = memchr(word->text, '=', word->length);
	struct word key = *word, value = *word;
	uint64_t number;

	if (!equals) {
		error_at(replay, word->column, "expected KEY=VALUE");
		return false;
	}
	key.length = (size_t)(equals - word->text);
	value.text = equals + 1;
	value.length = word->length - key.length - 1;
	value.column += (unsigned int)key.length + 1;
	if (!number_parse(replay, &value, &number))
		return false;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const uint64_t max = settings[i].flag ? 1 : settings[i].byte ? 0xff : UINT64_MAX;

		if (!word_is(&key, settings[i].key))
			continue;
		if (number > max) {
			error_at(replay, value.column, "'%s' is at most %" PRIx64, settings[i].key,
				 max);
			return false;
		}
		if (settings[i].flag)
			*settings[i].flag = number != 0;
		else if (settings[i].byte)
			*settings[i].byte = (uint8_t)number;
		else
			*settings[i].wide = number;
		return true;
	}
	error_at(replay, key.column, "there is no platform setting '%.*s'", (int)key.length,
		 key.text);
	return false;
}

static bool platform_set(struct replay *replay, const struct word *words, size_t num_words)
{
	if (!arguments_expect(replay, words, num_words, 1, "KEY=VALUE..."))
		return false;
	if (replay->started) {
		error_at(replay, words[0].column,
			 ".platform must come before any call, or after .reset");
		return false;
	}
	for (size_t i = 1; i < num_words; i++) {
		if (!platform_set_one(replay, &words[i]))
			return false;
	}
	return true;
}

static bool directive(struct replay *replay, const struct word *words, size_t num_words)
{
	if (word_is(&words[0], ".dram"))
		return dram_set(replay, words, num_words);
	if (word_is(&words[0], ".platform"))
		return platform_set(replay, words, num_words);
	if (word_is(&words[0], ".reset")) {
		if (!numbers_parse(replay, words, num_words, 1, NULL, 0, NULL))
			return false;
		replay_stop(replay);
		return true;
	}
	if (!replay_start(replay))
		return false;
	if (word_is(&words[0], ".w64"))
		return host_write(replay, words, num_words, 8);
	if (word_is(&words[0], ".w8"))
		return host_write(replay, words, num_words, 1);
	if (word_is(&words[0], ".fill"))
		return host_fill(replay, words, num_words);
	if (word_is(&words[0], ".r64"))
		return host_read(replay, words, num_words);
	if (word_is(&words[0], ".realm"))
		return realm_queue(replay, words, num_words);
	if (word_is(&words[0], ".gran"))
		return granule_print(replay, words, num_words);
	if (word_is(&words[0], ".gpt"))
		return gpt_set(replay, words, num_words);
	if (word_is(&words[0], ".gpf"))
		return arguments_expect(replay, words, num_words, 1, "N") &&
		       numbers_parse(replay, words, num_words, 1, &replay->gpf_countdown, 1, NULL);
	if (word_is(&words[0], ".regs")) {
		if (!numbers_parse(replay, words, num_words, 1, NULL, 0, NULL))
			return false;
		output_words(replay, replay->entry_regs, 7);
		output_char(replay, '\n');
		return true;
	}
	error_at(replay, words[0].column,
		 "'%.*s': expected .dram, .platform, .reset, .w64, .w8, .fill, .r64, .realm, "
		 ".regs, .gran, .gpt or .gpf",
		 (int)words[0].length, words[0].text);
	return false;
}

/* Carries out one line without its newline; false after an error. */
static bool line_replay(struct replay *replay, const char *text, size_t length)
{
	struct word *const words = replay->words;
	size_t num_words = 0, i = 0;
	uint64_t x[18];

	for (;;) {
		size_t start;

		while (i < length && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r'))
			i++;
		if (i == length || text[i] == '#')
			break;
		start = i;
		while (i < length && text[i] != ' ' && text[i] != '\t' && text[i] != '\r' &&
		       text[i] != '#')
			i++;
		words[num_words++] =
			(struct word){text + start, i - start, (unsigned int)start + 1};
	}
	if (num_words == 0)
		return true;
	if (words[0].text[0] == '.')
		return directive(replay, words, num_words);
	if (!call_parse(replay, words, num_words, x) || !replay_start(replay))
		return false;
	call_make(replay, x);
	return !replay->failed;
}

/* Carries out all of `fd`; the last line need not end with a newline. */
static void file_replay(struct replay *replay, int fd)
{
	static char input[INPUT_SIZE];
	size_t used = 0;
	bool end = false;

	while (!end && !replay->failed) {
		size_t start = 0;
		ssize_t n;

		output_flush(replay);
		n = read(fd, input + used, sizeof(input) - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fprintf(stderr, "%s: error: cannot read: %s\n", replay->path,
				strerror(errno));
			replay->failed = true;
			return;
		}
		end = n == 0;
		used += (size_t)n;
		while (!replay->failed) {
			const char *newline = memchr(input + start, '\n', used - start);
			const size_t stop = newline ? (size_t)(newline - input) : used;

			if (!newline && (!end || start == used))
				break;
			replay->line++;
			if (!line_replay(replay, input + start, stop - start))
				replay->failed = true;
			start = newline ? stop + 1 : used;
		}
		if (!replay->failed && start == 0 && used == sizeof(input)) {
			replay->line++;
			error_at(replay, 1, "the line is longer than %u bytes", INPUT_SIZE);
		}
		memmove(input, input + start, used - start);
		used -= start;
	}
	output_flush(replay);
}

static const char usage[] =
	"Usage: rmesim rmi [-v] [--check] FILE|-\n"
	"\n"
	"Replays RMI calls on the RMM model alone and prints x0 x1 x2 x3 x4 of each, in hex.\n"
	"\n"
	"  -v   also print the decoded status (RTT/2) and the label of the failed condition\n"
	"  --check   check the RMM's invariants after each call; exit status 1 if one does not "
	"hold\n"
	"\n"
	"Lines of FILE; numbers are hex without prefix, # starts a comment:\n"
	"  NAME|FID x1 x2 ...           an RMI call (RTT_CREATE, or c400015d)\n"
	"  .dram BASE SIZE              before anything else (100000000 80000000)\n"
	"  .platform KEY=VALUE ...      before any call: s2sz, rec_aux, vmid_bits, ...\n"
	"  .reset                       memory and RMM as at the start; .dram and .platform\n"
	"                               stay, and may be said anew\n"
	"  .w64|.w8 ADDR VALUE...       the Host writes memory; .fill ADDR LEN BYTE\n"
	"  .r64 ADDR [N]                the Host reads N words\n"
	"  .realm rsi X0 X1 ...         what the Realm does when a REC runs next, in this order\n"
	"  .realm read IPA [SIZE]       a load to x0, of 8 bytes unless SIZE says otherwise\n"
	"  .realm write IPA [VALUE [SIZE]]   a store; more than 8 bytes all have the value's\n"
	"                               lowest byte, and no syndrome\n"
	"  .realm fetch IPA\n"
	"  .realm hvc|wfi|wfe|wfit|wfet|irq|fiq|serror\n"
	"  .realm rmi NAME|FID x1 ...   a call on another CPU while the REC runs\n"
	"  .realm w64 ADDR VALUE...     the Host writes memory meanwhile; .realm fill ADDR LEN "
	"BYTE\n"
	"  .regs                        x0..x6 of the Realm at its last entry\n"
	"  .gran PA                     state, reference count, zero or nonzero\n"
	"  .gpt PA ns|secure|root|aap   another agent changes the GPT\n"
	"  .gpf N                       the Nth next access to Non-secure memory faults\n"
	"\n"
	"Example:  printf 'VERSION 10000\\nFEATURES 0\\n' | rmesim rmi -v -\n";

int replay_command(int argc, char **argv)
{
	struct replay *replay;
	const char *path = NULL;
	bool verbose = false, check = false;
	int fd, exit_code;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			verbose = true;
		} else if (strcmp(argv[i], "--check") == 0) {
			check = true;
		} else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		} else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			fprintf(stderr, "rmesim rmi: error: unknown option '%s'\n", argv[i]);
			return 2;
		} else if (path) {
			fprintf(stderr,
				"rmesim rmi: error: one FILE is expected, '%s' is one too many\n",
				argv[i]);
			return 2;
		} else {
			path = argv[i];
		}
	}
	if (!path) {
		fputs("rmesim rmi: error: a FILE is expected, or - for standard input\n", stderr);
		return 2;
	}
	fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "%s: error: cannot open: %s\n", path, strerror(errno));
		return 2;
	}
	replay = calloc(1, sizeof(*replay));
	if (!replay) {
		fputs("rmesim rmi: error: out of memory\n", stderr);
		exit_code = 2;
		goto out;
	}
	replay->path = fd == STDIN_FILENO ? "<stdin>" : path;
	replay->verbose = verbose;
	replay->check = check;
	replay->dram_base = DEFAULT_DRAM_BASE;
	replay->dram_size = DEFAULT_DRAM_SIZE;
	rmm_config_init(&replay->config);
	file_replay(replay, fd);
	replay_stop(replay);
	exit_code = replay->failed ? 2 : replay->violated;
	free(replay->ops);
	free(replay);
out:
	if (fd != STDIN_FILENO)
		close(fd);
	return exit_code;
}
