/* SPDX-License-Identifier: BSD-3-Clause */
#include "rmi_log.h"

#include <inttypes.h>
#include <rmm/inspect.h>
#include <rmm/rmi.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sim/rmi_name.h>

/* RECs that run at once; as many as a test of a machine will want. */
#define MAX_RUNNING 64u
/* Words of memory on a line: what the reader takes, and what it takes for later. */
#define WORDS_NOW     32u
#define WORDS_LATER   16u
#define GRANULE_WORDS (RMM_GRANULE_SIZE / 8)

struct rmi_log {
	FILE *out;
	bool broken; /* what follows cannot be replayed */
	/* The RECs that run, in the order in which they were entered. */
	uint64_t running[MAX_RUNNING];
	unsigned int num_running;
};

struct rmi_log *rmi_log_create(FILE *out)
{
	struct rmi_log *log = calloc(1, sizeof(*log));

	if (log)
		log->out = out;
	return log;
}

void rmi_log_destroy(struct rmi_log *log)
{
	free(log);
}

/* The beginning of a line: calls and writes during a run are queued. */
static void line_begin(struct rmi_log *log, const char *queued, const char *direct)
{
	if (log->broken)
		fputs("# ", log->out);
	fputs(log->num_running ? queued : direct, log->out);
}

static void words_put(struct rmi_log *log, const uint64_t *words, size_t num)
{
	for (size_t i = 0; i < num; i++)
		fprintf(log->out, " %" PRIx64, words[i]);
}

static size_t words_trim(const uint64_t *words, size_t num)
{
	while (num && !words[num - 1])
		num--;
	return num;
}

static void log_break(struct rmi_log *log, const char *why)
{
	if (log->broken)
		return;
	fprintf(log->out, "#! cannot be replayed from here on: %s\n", why);
	log->broken = true;
}

void rmi_log_reset(struct rmi_log *log, uint64_t base, uint64_t size,
		   const struct rmm_config *config)
{
	if (!log)
		return;
	log->broken = false;
	log->num_running = 0;
	fprintf(log->out, ".reset\n.dram %" PRIx64 " %" PRIx64 "\n", base, size);
	fprintf(log->out,
		".platform s2sz=%x min_ipa_width=%x lpa2=%x sve=%x sve_vl=%x num_bps=%x num_wps=%x "
		"pmu=%x pmu_num_ctrs=%x\n",
		config->s2sz, config->min_ipa_width, config->lpa2, config->sve, config->sve_vl,
		config->num_bps, config->num_wps, config->pmu, config->pmu_num_ctrs);
	fprintf(log->out,
		".platform sha256=%x sha512=%x num_lrs=%x max_recs_order=%x vmid_bits=%x "
		"rec_aux=%x "
		"tfrmm=%" PRIx64 " rem_zero_padded=%x wipe_pattern=%" PRIx64 "\n",
		config->hash_sha_256, config->hash_sha_512, config->gicv3_num_lrs,
		config->max_recs_order, config->vmid_bits, config->rec_aux, config->tfrmm,
		config->rem_zero_padded, config->wipe_pattern);
}

/* `size` bytes of the Host's memory at `pa`, which the call will read; nothing if it cannot. */
static void memory_put(struct rmi_log *log, const struct rmm *rmm, uint64_t pa, size_t size)
{
	const size_t most = log->num_running ? WORDS_LATER : WORDS_NOW, num = size / 8;
	uint64_t words[GRANULE_WORDS];
	struct rmm_granule_view view;
	uint8_t first;
	size_t i, j;

	if (pa % RMM_GRANULE_SIZE || !rmm_inspect_granule(rmm, pa, &view) ||
	    (view.gpt != RMM_GPT_NS && view.gpt != RMM_GPT_AAP) ||
	    !rmm_inspect_read(rmm, pa, words, size))
		return;
	first = (uint8_t)words[0];
	for (i = 0; i < num && words[i] == first * UINT64_C(0x0101010101010101); i++)
		;
	line_begin(log, ".realm fill", ".fill");
	fprintf(log->out, " %" PRIx64 " %zx %x\n", pa, size, i == num ? first : 0);
	if (i == num)
		return;
	for (i = 0; i < num; i += j) {
		j = 1;
		if (!words[i])
			continue;
		j = num - i < most ? num - i : most;
		line_begin(log, ".realm w64", ".w64");
		fprintf(log->out, " %" PRIx64, pa + i * 8);
		words_put(log, words + i, words_trim(words + i, j));
		fputc('\n', log->out);
	}
}

static void call_put(FILE *out, const uint64_t in[7])
{
	const struct rmi_command *command = rmi_command(in[0]);

	if (command && command->fid == in[0])
		fputs(command->name, out);
	else
		fprintf(out, "%" PRIx64, in[0]);
}

static bool is_enter(const uint64_t in[7])
{
	const struct rmi_command *command = rmi_command(in[0]);

	return command && command->fid == RMI_REC_ENTER;
}

void rmi_log_announce(struct rmi_log *log, const uint64_t in[7])
{
	if (!log)
		return;
	fputs("#? ", log->out);
	call_put(log->out, in);
	words_put(log, in + 1, words_trim(in + 1, 6));
	fputc('\n', log->out);
}

void rmi_log_call(struct rmi_log *log, const struct rmm *rmm, const uint64_t in[7])
{
	const struct rmi_command *command;

	if (!log)
		return;
	command = rmi_command(in[0]);
	switch (command ? command->fid : 0) {
	case RMI_REALM_CREATE:
		memory_put(log, rmm, in[2], RMM_GRANULE_SIZE);
		break;
	case RMI_REC_CREATE:
		memory_put(log, rmm, in[3], RMM_GRANULE_SIZE);
		break;
	case RMI_DATA_CREATE:
		memory_put(log, rmm, in[4], RMM_GRANULE_SIZE);
		break;
	case RMI_REC_ENTER:
		memory_put(log, rmm, in[2], offsetof(struct rmi_rec_run, exit));
		break;
	default:
		break;
	}
	/* A call that waits in the queue stands before what its REC does; any other after it. */
	if (log->num_running) {
		line_begin(log, ".realm rmi ", "");
		call_put(log->out, in);
		words_put(log, in + 1, words_trim(in + 1, 6));
		fputc('\n', log->out);
	}
	if (!is_enter(in))
		return;
	if (log->num_running == MAX_RUNNING)
		log_break(log, "too many RECs run at once");
	else
		log->running[log->num_running++] = in[1];
}

static void result_put(struct rmi_log *log, const uint64_t out[5], const char *condition)
{
	char text[RMI_RESULT_TEXT_SIZE];

	fputs("#=", log->out);
	words_put(log, out, 5);
	fprintf(log->out, " %s%s%s\n", rmi_result_text(out[0], text), condition ? " " : "",
		condition ? condition : "");
}

void rmi_log_result(struct rmi_log *log, const uint64_t in[7], const uint64_t out[5],
		    const char *condition)
{
	if (!log)
		return;
	if (is_enter(in) && log->num_running) {
		if (log->running[log->num_running - 1] != in[1])
			log_break(log, "of two RECs that ran at once the first one left first");
		log->num_running--;
	}
	if (log->broken)
		fputs("# ", log->out);
	if (!log->num_running) {
		call_put(log->out, in);
		words_put(log, in + 1, words_trim(in + 1, 6));
		fputc(' ', log->out);
	}
	result_put(log, out, condition);
}

void rmi_log_injected(struct rmi_log *log, const uint64_t in[7], const uint64_t out[5])
{
	if (!log)
		return;
	fputs("# not a call of the RMM, the result was injected: ", log->out);
	call_put(log->out, in);
	words_put(log, in + 1, words_trim(in + 1, 6));
	fputs(" -> ", log->out);
	result_put(log, out, NULL);
}

/* What another agent did to the GPT. The replay has no way to say that it happened while a REC ran. */
static void gpt_put(struct rmi_log *log, const char *directive)
{
	if (log->num_running)
		log_break(log, "the GPT changed while a REC ran");
	if (log->broken)
		fputs("# ", log->out);
	fputs(directive, log->out);
}

void rmi_log_set_gpt(struct rmi_log *log, uint64_t pa, enum rmm_gpt gpt)
{
	static const char *const names[] = {
		[RMM_GPT_NS] = "ns",
		[RMM_GPT_SECURE] = "secure",
		[RMM_GPT_ROOT] = "root",
		[RMM_GPT_AAP] = "aap",
	};

	if (!log)
		return;
	gpt_put(log, ".gpt");
	fprintf(log->out, " %" PRIx64 " %s\n", pa, names[gpt]);
}

void rmi_log_set_gpf(struct rmi_log *log, uint64_t nth)
{
	if (!log)
		return;
	gpt_put(log, ".gpf");
	fprintf(log->out, " %" PRIx64 "\n", nth);
}

/* `.realm ` of the REC that runs; false if another one was entered since and runs still. */
static bool realm_begin(struct rmi_log *log, const struct rmm_cpu *cpu)
{
	if (!log)
		return false;
	if (!log->num_running || log->running[log->num_running - 1] != rmm_cpu_rec(cpu))
		log_break(log, "two RECs run at once, and take turns");
	if (log->broken)
		fputs("# ", log->out);
	fputs(".realm ", log->out);
	return true;
}

void rmi_log_realm_smc(struct rmi_log *log, const struct rmm_cpu *cpu, const uint64_t gprs[18])
{
	size_t num;

	if (!realm_begin(log, cpu))
		return;
	num = words_trim(gprs, 18);
	fputs("rsi", log->out);
	words_put(log, gprs, num ? num : 1);
	fputc('\n', log->out);
}

/* The first 8 bytes, or fewer, as a little-endian number. */
static uint64_t first_word(const uint8_t *data, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, data, size < sizeof(word) ? size : sizeof(word));
	return word;
}

static bool is_uniform(const uint8_t *data, size_t size)
{
	return size < 2 || !memcmp(data, data + 1, size - 1);
}

static void write_put(struct rmi_log *log, const struct rmm_access *access, bool done)
{
	const uint8_t *data = access->data;
	const size_t size = access->size;

	if (size <= 8 || !data || is_uniform(data, size) || !done) {
		fprintf(log->out, "write %" PRIx64 " %" PRIx64, access->ipa,
			data ? first_word(data, size) : 0);
		if (size != 8)
			fprintf(log->out, " %zx", size);
		fputc('\n', log->out);
		return;
	}
	/* Word by word: there is no other way to say it. */
	for (size_t at = 0; at < size; at += 8) {
		const size_t part = size - at < 8 ? size - at : 8;

		if (at)
			fputs(log->broken ? "# .realm " : ".realm ", log->out);
		fprintf(log->out, "write %" PRIx64 " %" PRIx64 " %zx\n", access->ipa + at,
			first_word(data + at, part), part);
	}
}

void rmi_log_realm_access(struct rmi_log *log, const struct rmm_cpu *cpu,
			  const struct rmm_access *access, enum rmm_outcome outcome)
{
	if (!realm_begin(log, cpu))
		return;
	switch (access->type) {
	case RMM_WRITE:
		write_put(log, access, outcome == RMM_CONTINUE);
		break;
	case RMM_READ:
		fprintf(log->out, "read %" PRIx64, access->ipa);
		if (access->size != 8)
			fprintf(log->out, " %" PRIx32, access->size);
		fputc('\n', log->out);
		break;
	case RMM_FETCH:
		fprintf(log->out, "fetch %" PRIx64 "\n", access->ipa);
		break;
	}
}

void rmi_log_realm_event(struct rmi_log *log, const struct rmm_cpu *cpu, enum rmm_event event)
{
	static const char *const names[] = {
		[RMM_EVENT_IRQ] = "irq",   [RMM_EVENT_FIQ] = "fiq", [RMM_EVENT_SERROR] = "serror",
		[RMM_EVENT_WFI] = "wfi",   [RMM_EVENT_WFE] = "wfe", [RMM_EVENT_WFIT] = "wfit",
		[RMM_EVENT_WFET] = "wfet",
	};

	if (!realm_begin(log, cpu))
		return;
	fprintf(log->out, "%s\n", names[event]);
}

void rmi_log_realm_hvc(struct rmi_log *log, const struct rmm_cpu *cpu)
{
	if (realm_begin(log, cpu))
		fputs("hvc\n", log->out);
}
