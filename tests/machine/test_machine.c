/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine with and without a host: seams, findings with planted faults, reset, digest. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rmm/rmi.h>
#include <sim/machine.h>

#include "fake.h"

#if defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif

#define BASE	DRAM_DEFAULT_BASE
#define PAGE(n) (BASE + (n)*4096ull)

static struct machine *create(const struct machine_config *config)
{
	struct machine *machine = NULL;
	char *error = NULL;

	ck_assert_msg(!machine_create(config, &machine, &error), "%s", error);
	ck_assert_ptr_null(error);
	return machine;
}

static struct machine *create_without_host(void)
{
	struct machine_config config;

	machine_config_init(&config);
	config.rmm.rec_aux = 0;
	return create(&config);
}

static uint64_t rmi(struct machine *machine, uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3,
		    uint64_t x4)
{
	struct rmm_regs regs = {{fid, x1, x2, x3, x4}};

	machine_smc(machine, &regs);
	return regs.x[0];
}

/* Host memory at `pa`, about to be written. */
static void *host_memory(struct machine *machine, uint64_t pa)
{
	struct dram *dram = machine_dram(machine);

	dram_mark_dirty(dram, pa);
	return dram_host_view(dram) + (pa - BASE);
}

enum { PARAMS = 0, RD = 1, REC = 2, RUN = 3, ROOTS = 4, TABLE = 8, DATA = 9, NUM_PAGES = 10 };

/* An active realm with one REC and a page of RAM at IPA 0. */
static void make_realm(struct machine *machine)
{
	struct rmi_realm_params *params = host_memory(machine, PAGE(PARAMS));
	struct rmi_rec_params *rec;

	for (int i = 0; i < NUM_PAGES; i++)
		ck_assert_int_eq(dram_frame_alloc(machine_dram(machine), 0), i);
	memset(params, 0, sizeof(*params));
	/* 32 bits start at level 2 with four tables (section 2.1 of the facts). */
	params->s2sz = 32;
	params->num_bps = 1;
	params->num_wps = 1;
	params->rtt_base = PAGE(ROOTS);
	params->rtt_level_start = 2;
	params->rtt_num_start = 4;
	for (int i = RD; i < NUM_PAGES; i++) {
		if (i != RUN)
			ck_assert_uint_eq(rmi(machine, RMI_GRANULE_DELEGATE, PAGE(i), 0, 0, 0), 0);
	}
	ck_assert_uint_eq(rmi(machine, RMI_REALM_CREATE, PAGE(RD), PAGE(PARAMS), 0, 0), 0);
	rec = host_memory(machine, PAGE(PARAMS));
	memset(rec, 0, sizeof(*rec));
	rec->flags = RMI_REC_FLAG_RUNNABLE;
	ck_assert_uint_eq(rmi(machine, RMI_REC_CREATE, PAGE(RD), PAGE(REC), PAGE(PARAMS), 0), 0);
	ck_assert_uint_eq(rmi(machine, RMI_RTT_CREATE, PAGE(RD), PAGE(TABLE), 0, 3), 0);
	ck_assert_uint_eq(rmi(machine, RMI_RTT_INIT_RIPAS, PAGE(RD), 0, 4096, 0), 0);
	ck_assert_uint_eq(rmi(machine, RMI_DATA_CREATE_UNKNOWN, PAGE(RD), PAGE(DATA), 0, 0), 0);
	ck_assert_uint_eq(rmi(machine, RMI_REALM_ACTIVATE, PAGE(RD), 0, 0, 0), 0);
}

static const struct rmi_rec_exit *enter(struct machine *machine)
{
	ck_assert_uint_eq(rmi(machine, RMI_REC_ENTER, PAGE(REC), PAGE(RUN), 0, 0), 0);
	return &((const struct rmi_rec_run *)(dram_host_view(machine_dram(machine)) + RUN * 4096))
			->exit;
}

static uint8_t guest_byte = 0x42;

static void writing_guest(void *ctx, struct rmm_cpu *cpu)
{
	struct rmm_access access = {.type = RMM_WRITE, .ipa = 100, .size = 1, .data = ctx};

	ck_assert_int_eq(rmm_cpu_access(cpu, &access), RMM_CONTINUE);
	ck_assert_int_eq(rmm_cpu_event(cpu, RMM_EVENT_FIQ), RMM_EXIT);
}

START_TEST(a_machine_without_a_host_has_an_rmm)
{
	struct machine *machine = create_without_host();
	struct rmm_regs regs = {{RMI_VERSION, 0x10000, 2, 3, 4, 5, 6, 7}};

	ck_assert_ptr_null(machine_kvm(machine));
	ck_assert_uint_eq(machine_page_size(machine), 4096);
	ck_assert_uint_eq(dram_size(machine_dram(machine)), DRAM_DEFAULT_SIZE);
	machine_smc(machine, &regs);
	ck_assert_uint_eq(regs.x[0], RMI_SUCCESS);
	ck_assert_uint_eq(regs.x[1], 0x10000);
	ck_assert_uint_eq(regs.x[2], 0x10000);
	ck_assert_uint_eq(regs.x[7], 7);
	ck_assert_uint_eq(rmm_inspect_count(machine_rmm(machine), RMM_GRANULE_UNDELEGATED),
			  DRAM_DEFAULT_SIZE / 4096);
	machine_destroy(machine);
	machine_destroy(NULL);
}
END_TEST

START_TEST(bad_configurations_are_explained)
{
	struct machine_config config;
	struct machine *machine = NULL;
	char *error = NULL;

	machine_config_init(&config);
	config.dram.size = 12345;
	ck_assert_int_eq(machine_create(&config, &machine, &error), -EINVAL);
	ck_assert_msg(strstr(error, "0x3039"), "%s", error);
	free(error);
	machine_config_init(&config);
	config.rmm.vmid_bits = 9;
	ck_assert_int_eq(machine_create(&config, &machine, &error), -EINVAL);
	ck_assert_msg(strstr(error, "RMM"), "%s", error);
	free(error);
	machine_config_init(&config);
	config.dram.slot = 1000;
	ck_assert_int_eq(machine_create(&config, &machine, NULL), -EINVAL);
	ck_assert_ptr_null(machine);
}
END_TEST

START_TEST(a_realm_runs_and_the_machine_ends_it_without_a_guest)
{
	struct machine *machine = create_without_host();
	struct rmm_granule_view view;

	make_realm(machine);
	/* Nobody wrote to it, so it holds zeros: enter, without flags. */
	ck_assert(dram_is_clean(machine_dram(machine), PAGE(RUN)));
	ck_assert_uint_eq(enter(machine)->exit_reason, RMI_EXIT_IRQ);
	machine_set_guest(machine, writing_guest, &guest_byte);
	ck_assert(rmm_inspect_granule(machine_rmm(machine), PAGE(DATA), &view) && view.clean);
	ck_assert_uint_eq(enter(machine)->exit_reason, RMI_EXIT_FIQ);
	ck_assert(rmm_inspect_granule(machine_rmm(machine), PAGE(DATA), &view) && !view.clean);
	ck_assert_uint_eq(dram_rmm_view(machine_dram(machine))[DATA * 4096 + 100], 0x42);
	machine_set_guest(machine, NULL, NULL);
	ck_assert_uint_eq(enter(machine)->exit_reason, RMI_EXIT_IRQ);
	/* What the RMM wrote for the Host is known to be written. */
	ck_assert(!dram_is_clean(machine_dram(machine), PAGE(RUN)));
	ck_assert_uint_eq(machine_num_findings(machine), 0);
	machine_destroy(machine);
}
END_TEST

START_TEST(reset_and_end_leave_zeros)
{
	struct machine_config config;
	struct machine *machine;
	uint64_t fresh, used;
	struct stat st;
	uint8_t page[4096], zero[4096] = {0};

	machine_config_init(&config);
	config.rmm.rec_aux = 0;
	config.dram.memfd = dram_memfd_create();
	machine = create(&config);
	fresh = machine_hash(machine);
	make_realm(machine);
	machine_set_guest(machine, writing_guest, &guest_byte);
	enter(machine);
	machine_report(machine, "test", "condition", NULL, "one");
	trace_set_step(machine_trace(machine), 5);
	used = machine_hash(machine);
	ck_assert_uint_ne(used, fresh);
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(machine_reset(machine), 0);
		ck_assert_uint_eq(machine_hash(machine), fresh);
		ck_assert_uint_eq(machine_num_findings(machine), 0);
		ck_assert_uint_eq(trace_step(machine_trace(machine)), 0);
		for (uint64_t i = 0; i < NUM_PAGES; i++)
			ck_assert_mem_eq(dram_rmm_view(machine_dram(machine)) + i * 4096, zero,
					 4096);
		make_realm(machine);
		enter(machine);
		ck_assert_uint_eq(machine_hash(machine), used);
	}
	/* The realm still lives. */
	machine_destroy(machine);
	ck_assert_int_eq(fstat(config.dram.memfd, &st), 0);
	ck_assert_int_le(st.st_blocks * 512, (NUM_PAGES + 1) * 4096);
	for (int i = 0; i < NUM_PAGES; i++) {
		ck_assert_int_eq(pread(config.dram.memfd, page, 4096, i * 4096), 4096);
		ck_assert_mem_eq(page, zero, 4096);
	}
	close(config.dram.memfd);
}
END_TEST

START_TEST(what_the_rmm_fills_with_a_pattern_is_not_clean)
{
	struct machine_config config;
	struct machine *machine;
	const uint8_t *page;

	machine_config_init(&config);
	config.rmm.wipe_pattern = 0x5a5a;
	machine = create(&config);
	page = dram_host_view(machine_dram(machine));
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0), 0);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_UNDELEGATE, BASE, 0, 0, 0), 0);
	ck_assert(!dram_is_clean(machine_dram(machine), BASE));
	ck_assert(page[0] || memcmp(page, page + 1, 4095));
	ck_assert_int_eq(machine_reset(machine), 0);
	ck_assert(!page[0] && !memcmp(page, page + 1, 4095));
	machine_destroy(machine);
}
END_TEST

START_TEST(digests_see_what_the_realm_wrote)
{
	struct machine *machine = create_without_host();
	uint8_t byte = 0x42;
	uint64_t hash[3];

	for (int i = 0; i < 3; i++) {
		make_realm(machine);
		machine_set_guest(machine, writing_guest, &byte);
		byte = i == 1 ? 0x43 : 0x42;
		enter(machine);
		hash[i] = machine_hash(machine);
		ck_assert_int_eq(machine_reset(machine), 0);
	}
	ck_assert_uint_eq(hash[0], hash[2]);
	ck_assert_uint_ne(hash[0], hash[1]);
	machine_destroy(machine);
}
END_TEST

/* Calls as "name=x0:condition@actor ". */
struct log {
	char text[512];
};

static void log_sink(void *ctx, const struct trace_event *event)
{
	struct log *log = ctx;
	size_t at = strlen(log->text);

	if (event->kind == TRACE_RMI || event->kind == TRACE_RSI)
		snprintf(log->text + at, sizeof(log->text) - at, "%s=%llx:%s@%d ",
			 event->name ? event->name : "?", (unsigned long long)event->result[0],
			 event->text ? event->text : "-", event->actor);
	else
		snprintf(log->text + at, sizeof(log->text) - at, "<%s> ", event->text);
}

static bool refuse_undelegate(void *ctx, struct rmm_regs *regs)
{
	if (regs->x[0] != RMI_GRANULE_UNDELEGATE)
		return false;
	++*(int *)ctx;
	regs->x[0] = RMI_ERROR_INPUT;
	return true;
}

START_TEST(calls_are_traced_and_can_be_answered_by_a_hook)
{
	struct machine_config config;
	struct machine *machine;
	struct trace *trace = trace_create();
	struct log log = {""};
	int asked = 0;

	machine_config_init(&config);
	config.trace = trace;
	machine = create(&config);
	ck_assert_ptr_eq(machine_trace(machine), trace);
	ck_assert_int_eq(trace_add_sink(trace, TRACE_MASK(TRACE_RMI), log_sink, &log), 0);
	rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0);
	machine_set_actor(machine, 3);
	rmi(machine, RMI_GRANULE_DELEGATE, BASE + 1, 0, 0, 0);
	rmi(machine, 0xc4000163, 0, 0, 0, 0);
	machine_set_faults(machine, NULL, refuse_undelegate, &asked);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_UNDELEGATE, BASE, 0, 0, 0), RMI_ERROR_INPUT);
	ck_assert_uint_eq(rmm_inspect_count(machine_rmm(machine), RMM_GRANULE_DELEGATED), 1);
	machine_set_faults(machine, NULL, NULL, NULL);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_UNDELEGATE, BASE, 0, 0, 0), 0);
	ck_assert_int_eq(asked, 1);
	ck_assert_str_eq(log.text, "GRANULE_DELEGATE=0:-@-1 GRANULE_DELEGATE=1:gran_align@3 "
				   "?=ffffffffffffffff:-@3 GRANULE_UNDELEGATE=1:injected@3 "
				   "GRANULE_UNDELEGATE=0:-@3 ");
	trace_remove_sink(trace, log_sink, &log);
	machine_destroy(machine);
	/* The trace is still its owner's, and knows nothing of the machine any more. */
	ck_assert_int_eq(trace_add_sink(trace, TRACE_MASK_ALL, log_sink, &log), 0);
	trace_destroy(trace);
}
END_TEST

static void answer_sink(void *ctx, const struct trace_event *event)
{
	static const char letters[TRACE_NUM_ANSWERS] = {[TRACE_DONE] = 'd',
							[TRACE_FAILED] = 'f',
							[TRACE_AGAIN] = 'a',
							[TRACE_FOLD_AGAIN] = 'F'};
	char *text = ctx;

	text[strlen(text)] = letters[event->answer];
}

START_TEST(calls_tell_whether_they_failed_for_another_reason)
{
	struct machine_config config;
	struct machine *machine;
	char text[32] = "";
	int asked = 0;

	machine_config_init(&config);
	machine = create(&config);
	ck_assert_int_eq(
		trace_add_sink(machine_trace(machine), TRACE_MASK(TRACE_RMI), answer_sink, text),
		0);
	rmi(machine, RMI_GRANULE_DELEGATE, BASE + 1, 0, 0, 0); /* not aligned */
	rmi(machine, RMI_GRANULE_DELEGATE, BASE + 2, 0, 0, 0);
	rmi(machine, RMI_GRANULE_DELEGATE, 0x1000, 0, 0, 0); /* no memory there */
	rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0);
	rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0); /* has been */
	rmi(machine, RMI_RTT_FOLD, BASE, 0, 1, 0);	   /* no RD */
	rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0);
	rmi(machine, RMI_RTT_FOLD | 1u << 16, BASE, 0, 1, 0);
	rmi(machine, 0xc4000163, 0, 0, 0, 0); /* is no command */
	rmi(machine, 0xc4000163, 0, 0, 0, 0);
	ck_assert_str_eq(text, "fafdffaFff");
	ck_assert_uint_eq(machine_num_calls(machine), 10);
	machine_set_faults(machine, NULL, refuse_undelegate, &asked);
	rmi(machine, RMI_GRANULE_UNDELEGATE, BASE, 0, 0, 0);
	rmi(machine, RMI_GRANULE_UNDELEGATE, BASE, 0, 0, 0);
	ck_assert_str_eq(text + 10, "ff");
	machine_set_faults(machine, NULL, NULL, NULL);
	/* The same reason as before one that succeeded is not that of the last call. */
	rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0);
	rmi(machine, RMI_GRANULE_DELEGATE, PAGE(1), 0, 0, 0);
	rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0);
	ck_assert_str_eq(text + 12, "adf");
	ck_assert_int_eq(machine_reset(machine), 0);
	ck_assert_uint_eq(machine_num_calls(machine), 0);
	rmi(machine, RMI_RTT_FOLD, BASE, 0, 1, 0);
	ck_assert_str_eq(text + 15, "f");
	machine_destroy(machine);
}
END_TEST

struct fold_watch {
	struct machine *machine;
	char seen[32];
	unsigned int spent;
};

/* One is too many: now they are wanted. */
static void folds_spent(void *ctx)
{
	struct fold_watch *watch = ctx;

	watch->spent++;
	trace_set_answers(machine_trace(watch->machine), answer_sink, watch->seen,
			  TRACE_ANSWERS_ALL);
}

START_TEST(folds_that_fail_again_are_counted)
{
	struct fold_watch watch = {0};
	struct machine_config config;
	unsigned int i;

	machine_config_init(&config);
	watch.machine = create(&config);
	ck_assert_int_eq(trace_add_sink(machine_trace(watch.machine), TRACE_MASK(TRACE_RMI),
					answer_sink, watch.seen),
			 0);
	trace_set_answers(machine_trace(watch.machine), answer_sink, watch.seen,
			  TRACE_ANSWERS_ALL & ~(1u << TRACE_FOLD_AGAIN));
	ck_assert_uint_eq(machine_num_folds_again(watch.machine), 0);
	machine_set_fold_limit(watch.machine, 3, folds_spent, &watch);
	for (i = 0; i < 4; i++)
		rmi(watch.machine, RMI_RTT_FOLD, BASE, 0, 1, 0);
	rmi(watch.machine, RMI_GRANULE_DELEGATE, BASE + 1, 0, 0, 0);
	rmi(watch.machine, RMI_GRANULE_DELEGATE, BASE + 1, 0, 0, 0);
	ck_assert_str_eq(watch.seen, "ffa");
	ck_assert_uint_eq(watch.spent, 0);
	ck_assert_uint_eq(machine_num_folds_again(watch.machine), 3);
	/* Those that nobody sees are remembered all the same. */
	ck_assert_int_eq(machine_last_call(watch.machine, 2)->answer, TRACE_FOLD_AGAIN);
	ck_assert_str_eq(machine_last_call(watch.machine, 2)->name, "RTT_FOLD");
	/* The one beyond the limit is seen already. */
	rmi(watch.machine, RMI_RTT_FOLD, BASE, 0, 1, 0);
	ck_assert_uint_eq(watch.spent, 1);
	ck_assert_str_eq(watch.seen, "ffaF");
	rmi(watch.machine, RMI_RTT_FOLD, BASE, 0, 1, 0);
	ck_assert_uint_eq(watch.spent, 2);
	ck_assert_str_eq(watch.seen, "ffaFF");
	ck_assert_int_eq(machine_reset(watch.machine), 0);
	ck_assert_uint_eq(machine_num_folds_again(watch.machine), 0);
	machine_destroy(watch.machine);
}
END_TEST

static void busy_guest(void *ctx, struct rmm_cpu *cpu)
{
	static const uint64_t structure[3] = {0x11, 0x22, 0x33};
	struct machine *machine = ctx;
	struct rmm_access access = {
		.type = RMM_WRITE, .ipa = 0x100, .size = 24, .data = (void *)(uintptr_t)structure};
	struct rmm_access fault = {.type = RMM_READ, .ipa = 0x1000, .size = 8, .isv = true};

	ck_assert_int_eq(machine_cpu_access(machine, cpu, &access), RMM_CONTINUE);
	ck_assert_int_eq(machine_cpu_hvc(machine, cpu), RMM_CONTINUE);
	rmm_cpu_regs(cpu)->gprs[0] = 0xc4000190;
	rmm_cpu_regs(cpu)->gprs[1] = 0x10000;
	ck_assert_int_eq(machine_cpu_smc(machine, cpu), RMM_CONTINUE);
	/* The Host on another CPU: a REC that runs cannot be entered again. */
	*(uint64_t *)host_memory(machine, PAGE(PARAMS)) = 0;
	ck_assert_uint_eq(rmi(machine, RMI_REC_ENTER, PAGE(REC), PAGE(PARAMS), 0, 0),
			  RMI_ERROR_REC);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_DELEGATE, 0x123, 0, 0, 0), RMI_ERROR_INPUT);
	ck_assert_int_eq(machine_cpu_access(machine, cpu, &fault), RMM_SEA);
	ck_assert_int_eq(machine_cpu_event(machine, cpu, RMM_EVENT_FIQ), RMM_EXIT);
}

START_TEST(the_log_says_what_realm_and_host_did_while_a_rec_ran)
{
	static const char expected[] =
		".fill 800003000 800 0\n"
		".w64 800003000 4\n"
		".realm write 100 11 8\n"
		".realm write 108 22 8\n"
		".realm write 110 33 8\n"
		".realm hvc\n"
		".realm rsi c4000190 10000\n"
		".realm fill 800000000 800 0\n"
		".realm w64 800000008 1\n"
		".realm rmi REC_ENTER 800002000 800000000\n"
		"#= 3 0 0 0 0 REC rec_state\n"
		".realm rmi GRANULE_DELEGATE 123\n"
		"#= 1 0 0 0 0 INPUT gran_align\n"
		".realm read 1000\n"
		".realm fiq\n"
		"REC_ENTER 800002000 800003000 #= 0 0 0 0 0 SUCCESS\n"
		"# not a call of the RMM, the result was injected: "
		"GRANULE_UNDELEGATE 800009000 -> #= 1 800009000 0 0 0 INPUT\n";
	struct machine_config config;
	struct machine *machine;
	char *text = NULL;
	size_t size = 0, before;
	FILE *log = open_memstream(&text, &size);
	int asked = 0;

	ck_assert_ptr_nonnull(log);
	machine_config_init(&config);
	config.rmm.rec_aux = 0;
	config.rmi_log = log;
	machine = create(&config);
	make_realm(machine);
	ck_assert_int_eq(fflush(log), 0);
	ck_assert_int_eq(strncmp(text, ".reset\n.dram 800000000 ", 23), 0);
	before = size;
	machine_set_guest(machine, busy_guest, machine);
	memset(host_memory(machine, PAGE(PARAMS)), 0, 4096);
	((uint64_t *)host_memory(machine, PAGE(PARAMS)))[1] = 1;
	memset(host_memory(machine, PAGE(RUN)), 0, 4096);
	*(uint64_t *)host_memory(machine, PAGE(RUN)) = RMI_ENTER_FLAG_TRAP_WFI;
	enter(machine);
	machine_set_faults(machine, NULL, refuse_undelegate, &asked);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_UNDELEGATE, PAGE(DATA), 0, 0, 0),
			  RMI_ERROR_INPUT);
	machine_destroy(machine);
	ck_assert_int_eq(fclose(log), 0);
	ck_assert_str_eq(text + before, expected);
	free(text);
}
END_TEST

static bool count_calls(void *ctx, struct rmm_regs *regs)
{
	(void)regs;
	++*(int *)ctx;
	return false;
}

START_TEST(calls_are_remembered)
{
	struct machine_config config;
	struct machine *machine;
	int asked = 0;

	machine_config_init(&config);
	machine = create(&config);
	ck_assert_ptr_null(machine_last_call(machine, 0));
	for (uint64_t i = 1; i <= 200; i++) {
		rmi(machine, RMI_GRANULE_DELEGATE, i, i + 1, i + 2, 0);
		for (uint64_t back = 0; back < i && back < MACHINE_LAST_CALLS; back++) {
			const struct trace_event *call = machine_last_call(machine, back);

			ck_assert_uint_eq(call->value[0], RMI_GRANULE_DELEGATE);
			ck_assert_uint_eq(call->value[1], i - back);
			ck_assert_uint_eq(call->value[3], i - back + 2);
			ck_assert_uint_eq(call->result[0], RMI_ERROR_INPUT);
		}
		ck_assert_ptr_null(machine_last_call(
			machine, i < MACHINE_LAST_CALLS ? i : MACHINE_LAST_CALLS));
	}
	/* A hook is asked about all, but for one. */
	machine_set_faults(machine, NULL, count_calls, &asked);
	rmi(machine, RMI_RTT_FOLD, 1, 0, 0, 0);
	ck_assert_int_eq(asked, 1);
	machine_set_rmi_except(machine, RMI_RTT_FOLD);
	rmi(machine, RMI_RTT_FOLD, 2, 0, 0, 0);
	rmi(machine, RMI_GRANULE_DELEGATE, 3, 0, 0, 0);
	ck_assert_int_eq(asked, 2);
	ck_assert_uint_eq(machine_last_call(machine, 1)->value[1], 2);
	machine_set_faults(machine, NULL, count_calls, &asked);
	rmi(machine, RMI_RTT_FOLD, 4, 0, 0, 0);
	ck_assert_int_eq(asked, 3);
	ck_assert_int_eq(machine_reset(machine), 0);
	ck_assert_ptr_null(machine_last_call(machine, 0));
	machine_destroy(machine);
}
END_TEST

START_TEST(calls_while_a_rec_runs_are_over_before_its_own)
{
	struct machine_config config;
	struct machine *machine;

	machine_config_init(&config);
	config.rmm.rec_aux = 0;
	machine = create(&config);
	make_realm(machine);
	machine_set_guest(machine, busy_guest, machine);
	for (uint64_t hint = 0; hint <= 1u << 16; hint += 1u << 16) {
		const struct trace_event *call;

		memset(host_memory(machine, PAGE(RUN)), 0, 4096);
		rmi(machine, RMI_REC_ENTER | hint, PAGE(REC), PAGE(RUN), 0, 0);
		call = machine_last_call(machine, 0);
		ck_assert_uint_eq(call->value[0], RMI_REC_ENTER | hint);
		ck_assert_uint_eq(call->value[2], PAGE(RUN));
		ck_assert_uint_eq(call->result[0], RMI_SUCCESS);
		call = machine_last_call(machine, 1);
		ck_assert_uint_eq(call->value[0], RMI_GRANULE_DELEGATE);
		ck_assert_uint_eq(call->value[1], 0x123);
		call = machine_last_call(machine, 2);
		ck_assert_uint_eq(call->value[2], PAGE(PARAMS));
		ck_assert_uint_eq(call->result[0], RMI_ERROR_REC);
	}
	machine_destroy(machine);
}
END_TEST

/* RSI: VERSION 1.0 and 2.0 (sections 3.1, 5.1 of the facts); PSCI_VERSION; IPA_STATE_SET, at which the REC exits. */
static void calling_guest(void *ctx, struct rmm_cpu *cpu)
{
	static const uint64_t calls[][5] = {{0xc4000190, 0x10000},
					    {0xc4000190, 0x20000},
					    {0x84000000},
					    {0xc4000197, 0, 0x1000, RMI_RIPAS_EMPTY, 0}};
	enum rmm_outcome outcome = RMM_CONTINUE;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ck_assert_int_eq(outcome, RMM_CONTINUE);
		memcpy(rmm_cpu_regs(cpu)->gprs, calls[i], sizeof(calls[i]));
		outcome = machine_cpu_smc(ctx, cpu);
	}
	ck_assert_int_eq(outcome, RMM_EXIT);
}

START_TEST(rsi_calls_are_traced_with_the_condition_that_failed)
{
	struct machine_config config;
	struct machine *machine;
	struct log log = {""};

	machine_config_init(&config);
	config.rmm.rec_aux = 0;
	machine = create(&config);
	make_realm(machine);
	machine_set_guest(machine, calling_guest, machine);
	memset(host_memory(machine, PAGE(RUN)), 0, 4096);
	ck_assert_int_eq(
		trace_add_sink(machine_trace(machine), TRACE_MASK(TRACE_RSI), log_sink, &log), 0);
	enter(machine);
	ck_assert_str_eq(log.text,
			 "VERSION=0:-@-1 VERSION=1:version@-1 IPA_STATE_SET=c4000197:-@-1 ");
	machine_destroy(machine);
}
END_TEST

START_TEST(violated_invariants_of_the_rmm_are_findings)
{
	struct machine_config config;
	struct machine *machine;
	const struct finding *finding;

	machine_config_init(&config);
	ck_assert_uint_eq(config.rmm.invariants, RMM_INVARIANTS_STEP);
	machine = create(&config);
	memset(host_memory(machine, BASE), 7, 8);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_DELEGATE, BASE, 0, 0, 0), 0);
	ck_assert_uint_eq(machine_num_findings(machine), 0);
	/* Somebody writes to a page that is not the Host's. */
	memset(dram_rmm_view(machine_dram(machine)), 7, 8);
	ck_assert_uint_eq(rmi(machine, RMI_GRANULE_UNDELEGATE, BASE, 0, 0, 0), 0);
	finding = machine_finding(machine, 0);
	ck_assert_ptr_nonnull(finding);
	ck_assert_str_eq(finding->oracle, "rmm");
	ck_assert_str_eq(finding->condition, "I23");
	machine_destroy(machine);
}
END_TEST

START_TEST(findings_are_kept_and_traced)
{
	struct machine *machine = create_without_host();
	struct log log = {""};
	const struct finding *finding;

	ck_assert_int_eq(
		trace_add_sink(machine_trace(machine), TRACE_MASK(TRACE_FINDING), log_sink, &log),
		0);
	trace_set_step(machine_trace(machine), 9);
	machine_report(machine, "oracle", "condition", "function", "%d of %s", 7, "nine");
	machine_report(machine, "other", "one", NULL, "%s", "%s");
	ck_assert_uint_eq(machine_num_findings(machine), 2);
	finding = machine_finding(machine, 0);
	ck_assert_str_eq(finding->oracle, "oracle");
	ck_assert_str_eq(finding->condition, "condition");
	ck_assert_str_eq(finding->function, "function");
	ck_assert_str_eq(finding->message, "7 of nine");
	ck_assert_uint_eq(finding->step, 9);
	ck_assert_str_eq(machine_finding(machine, 1)->function, "");
	ck_assert_str_eq(machine_finding(machine, 1)->message, "%s");
	ck_assert_ptr_null(machine_finding(machine, 2));
	ck_assert_str_eq(log.text, "<oracle/condition: 7 of nine> <other/one: %s> ");
	for (int i = 0; i < 100; i++)
		machine_report(machine, "many", "times", NULL, "%d", i);
	ck_assert_uint_eq(machine_num_findings(machine), 102);
	ck_assert_str_eq(machine_finding(machine, 101)->message, "99");
	machine_destroy(machine);
}
END_TEST

static struct kvm_module *module;
static struct machine *hosted;

static void load_fake(void)
{
	char *error = NULL;

	ck_assert_msg(!kvm_module_load(FAKE_DIR "/fake_build.so", &module, &error), "%s", error);
}

static void setup_fake(void)
{
	struct machine_config config;

	load_fake();
	machine_config_init(&config);
	config.dram.page_size = 65536; /* the build decides */
	config.kvm = module;
	hosted = create(&config);
}

static void teardown_fake(void)
{
	machine_destroy(hosted);
	kvm_module_unload(module);
	hosted = NULL;
	module = NULL;
}

static int64_t tell(enum fake_cmd cmd, uint64_t arg)
{
	return machine_kvm(hosted)->sys_ioctl(1, 0, cmd, arg);
}

/* That there is one finding more, and which. */
static void expect_finding(size_t index, const char *oracle, const char *condition,
			   const char *function, const char *words)
{
	const struct finding *finding = machine_finding(hosted, index);

	ck_assert_uint_eq(machine_num_findings(hosted), index + 1);
	ck_assert_str_eq(finding->oracle, oracle);
	ck_assert_str_eq(finding->condition, condition);
	ck_assert_str_eq(finding->function, function);
	ck_assert_msg(strstr(finding->message, words), "%s", finding->message);
}

START_TEST(a_build_boots_over_the_port)
{
	ck_assert_ptr_eq(machine_kvm(hosted), kvm_module_build(module));
	ck_assert_uint_eq(machine_page_size(hosted), 4096);
	ck_assert_int_eq(tell(FAKE_ALLOC, 0), (int64_t)BASE);
	ck_assert_int_eq(tell(FAKE_ALLOC, 2), (int64_t)PAGE(4));
	ck_assert_int_eq(tell(FAKE_ALLOC, 0), (int64_t)PAGE(1));
	tell(FAKE_WRITE, BASE);
	ck_assert_uint_eq(dram_rmm_view(machine_dram(hosted))[0], 0xaa);
	ck_assert_int_eq(tell(FAKE_NONSECURE, BASE), 1);
	ck_assert_int_eq(tell(FAKE_DELEGATE, BASE), 0);
	ck_assert_int_eq(tell(FAKE_NONSECURE, BASE), 0);
	ck_assert_int_eq(tell(FAKE_NONSECURE, PAGE(1)), 1);
	ck_assert_int_eq(tell(FAKE_NONSECURE, BASE - 4096), 0);
	ck_assert_int_eq(tell(FAKE_NONSECURE, BASE + DRAM_DEFAULT_SIZE), 0);
	ck_assert_int_eq(tell(FAKE_NONSECURE, UINT64_MAX), 0);
	ck_assert_int_eq(tell(FAKE_UNDELEGATE, BASE), 0);
	ck_assert_int_eq(tell(FAKE_READ, BASE), 0); /* wiped */
	ck_assert_int_eq(tell(FAKE_FREE, PAGE(1)), 0);
	ck_assert_int_eq(tell(FAKE_ALLOC, 0), (int64_t)PAGE(1));
	ck_assert_uint_eq(machine_num_findings(hosted), 0);
}
END_TEST

START_TEST(a_planted_free_of_a_delegated_page_is_found)
{
	tell(FAKE_ALLOC, 0);
	tell(FAKE_DELEGATE, BASE);
	tell(FAKE_FREE, BASE);
	expect_finding(0, "host-audit", "freed-delegated", "fake_alloc", "0x800000000");
	ck_assert(strstr(machine_finding(hosted, 0)->message, "fake.c:77"));
}
END_TEST

START_TEST(a_planted_second_free_is_found)
{
	tell(FAKE_ALLOC, 0);
	tell(FAKE_FREE, BASE);
	ck_assert_uint_eq(machine_num_findings(hosted), 0);
	tell(FAKE_FREE, BASE);
	expect_finding(0, "host-audit", "bad-free", "fake_alloc", "0x800000000");
	tell(FAKE_FREE, BASE + DRAM_DEFAULT_SIZE);
	expect_finding(1, "host-audit", "bad-free", "", "0x804000000");
}
END_TEST

START_TEST(a_planted_warning_is_found)
{
	struct log log = {""};

	ck_assert_int_eq(
		trace_add_sink(machine_trace(hosted), TRACE_MASK(TRACE_WARN), log_sink, &log), 0);
	tell(FAKE_WARN, 0);
	expect_finding(0, "warn", "WARN", "fake_function", "fake.c:12: it is \"fake\"");
	ck_assert_str_eq(log.text, "<WARN fake.c:12 fake_function: it is \"fake\"> ");
}
END_TEST

static bool nth_fails(void *ctx, enum port_fault point, uint64_t address)
{
	int *left = ctx;

	ck_assert_uint_eq(address, 0x1234);
	return point == PORT_FAULT_KMALLOC && --*left == 0;
}

START_TEST(faults_are_decided_by_the_hook)
{
	int left = 2;

	ck_assert_int_eq(tell(FAKE_FAULT, PORT_FAULT_KMALLOC), 0);
	machine_set_faults(hosted, nth_fails, NULL, &left);
	ck_assert_int_eq(tell(FAKE_FAULT, PORT_FAULT_KMALLOC), 0);
	ck_assert_int_eq(tell(FAKE_FAULT, PORT_FAULT_SIGNAL), 0);
	ck_assert_int_eq(tell(FAKE_FAULT, PORT_FAULT_KMALLOC), 1);
	ck_assert_int_eq(tell(FAKE_FAULT, PORT_FAULT_KMALLOC), 0);
}
END_TEST

static bool all_fail(void *ctx, struct rmm_regs *regs)
{
	(void)ctx;
	regs->x[0] = RMI_ERROR_INPUT;
	return true;
}

START_TEST(hooks_stay_at_reset_but_do_not_disturb_the_boot)
{
	machine_set_faults(hosted, NULL, all_fail, NULL);
	ck_assert_int_eq(machine_reset(hosted), 0);
	ck_assert_int_eq(tell(FAKE_DELEGATE, BASE), RMI_ERROR_INPUT);
}
END_TEST

START_TEST(events_are_made_only_when_somebody_wants_them)
{
	struct log log = {""};

	ck_assert_int_eq(tell(FAKE_EVENT, 0), 0);
	ck_assert_int_eq(
		trace_add_sink(machine_trace(hosted), TRACE_MASK(TRACE_HOST), log_sink, &log), 0);
	ck_assert_int_eq(tell(FAKE_EVENT, 0), (1 << PORT_EVENT_NUM_KINDS) - 1);
	ck_assert_str_eq(log.text, "<hello> ");
	trace_remove_sink(machine_trace(hosted), log_sink, &log);
	ck_assert_int_eq(tell(FAKE_EVENT, 0), 0);
	ck_assert_str_eq(log.text, "<hello> ");
}
END_TEST

START_TEST(reset_restores_the_variables_of_a_build_but_not_its_coverage)
{
	int64_t counters = tell(FAKE_COUNTERS, 0);
	uint64_t fresh = machine_hash(hosted);

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(tell(FAKE_COUNT, 0), 1000);
		ck_assert_int_eq(tell(FAKE_COUNT, 7), 7 + 1007 + 7);
		/* A leak in the host's books is part of the state. */
		ck_assert_uint_ne(machine_hash(hosted), fresh);
		counters += 3;
		ck_assert_int_eq(tell(FAKE_COUNTERS, 1), counters);
		ck_assert_int_eq(tell(FAKE_ALLOC, 0), (int64_t)BASE);
		ck_assert_int_eq(tell(FAKE_DELEGATE, BASE), 0);
		ck_assert_int_eq(machine_reset(hosted), 0);
		ck_assert_uint_eq(machine_hash(hosted), fresh);
		ck_assert_int_eq(tell(FAKE_COUNTERS, 0), counters);
	}
	/* So does the end of a machine, for the next. */
	tell(FAKE_COUNT, 7);
	machine_destroy(hosted);
	kvm_module_unload(module);
	setup_fake();
	ck_assert_int_eq(tell(FAKE_COUNT, 0), 1000);
}
END_TEST

START_TEST(a_build_serves_one_machine_at_a_time)
{
	struct machine_config config;
	struct machine *other = NULL;
	struct kvm_module *second = NULL;
	char *error = NULL;

	machine_config_init(&config);
	config.kvm = module;
	config.dram.slot = 1;
	ck_assert_int_eq(machine_create(&config, &other, &error), -EBUSY);
	ck_assert_msg(strstr(error, "fake_build.so"), "%s", error);
	free(error);
	/* Its failure gave nothing away. */
	ck_assert_int_eq(machine_create(&config, &other, NULL), -EBUSY);
	/* Two builds side by side. */
	ck_assert_int_eq(kvm_module_load(FAKE_DIR "/fake_build_16k.so", &second, &error), 0);
	config.kvm = second;
	other = create(&config);
	ck_assert_uint_eq(machine_page_size(other), 16384);
	ck_assert_int_eq(machine_kvm(other)->sys_ioctl(1, 0, FAKE_ALLOC, 0), (int64_t)BASE);
	ck_assert_int_eq(machine_kvm(other)->sys_ioctl(1, 0, FAKE_ALLOC, 0), (int64_t)BASE + 16384);
	ck_assert_int_eq(tell(FAKE_ALLOC, 0), (int64_t)BASE);
	/* One of four granules of a page is enough. */
	ck_assert_uint_eq(rmi(other, RMI_GRANULE_DELEGATE, BASE + 4096, 0, 0, 0), 0);
	machine_kvm(other)->sys_ioctl(1, 0, FAKE_FREE, BASE);
	ck_assert_uint_eq(machine_num_findings(other), 1);
	ck_assert_str_eq(machine_finding(other, 0)->condition, "freed-delegated");
	machine_destroy(other);
	kvm_module_unload(second);
	ck_assert_uint_eq(machine_num_findings(hosted), 0);
}
END_TEST

START_TEST(a_build_that_does_not_boot_is_explained)
{
	struct machine_config config;
	struct machine *machine = NULL;
	char *error = NULL;

	load_fake();
	machine_config_init(&config);
	config.kvm = module;
	config.boot.vmid_bits = 16; /* the fake's way to fail */
	ck_assert_int_eq(machine_create(&config, &machine, &error), -ENODEV);
	ck_assert_msg(strstr(error, "fake_build.so does not boot"), "%s", error);
	free(error);
	config.boot.vmid_bits = 8;
	machine = create(&config);
	machine_destroy(machine);
	kvm_module_unload(module);
	module = NULL;
}
END_TEST

static uint64_t history_hash(void)
{
	struct machine *machine = create_without_host();
	uint64_t hash;

	make_realm(machine);
	machine_set_guest(machine, writing_guest, &guest_byte);
	enter(machine);
	hash = machine_hash(machine);
	machine_destroy(machine);
	return hash;
}

/* For another process: the digest is all that goes to standard output. */
START_TEST(print_digest)
{
	printf("%llx\n", (unsigned long long)history_hash());
}
END_TEST

static char self[4096];

START_TEST(digests_do_not_depend_on_the_address_space)
{
	char command[sizeof(self) + 16], line[64], expected[64];

	snprintf(expected, sizeof(expected), "%llx\n", (unsigned long long)history_hash());
	snprintf(command, sizeof(command), "'%s' --hash", self);
	for (int i = 0; i < 4; i++) {
		FILE *pipe = popen(command, "r");

		ck_assert_ptr_nonnull(pipe);
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), pipe));
		ck_assert_int_eq(pclose(pipe), 0);
		ck_assert_str_eq(line, expected);
	}
}
END_TEST

#ifdef TEST_ASAN
/* What a child that runs `act` prints before it dies. */
static const char *death_of(void (*act)(void))
{
	static char text[65536];
	size_t size = 0;
	ssize_t got;
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		act();
		_exit(0);
	}
	close(fds[1]);
	while (size < sizeof(text) - 1 &&
	       (got = read(fds[0], text + size, sizeof(text) - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = 0;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!WIFEXITED(status) || WEXITSTATUS(status));
	return text;
}

static void touch_rd(void)
{
	struct machine *machine = create_without_host();

	make_realm(machine);
	dram_host_view(machine_dram(machine))[RD * 4096 + 8] = 1;
}

static void touch_data(void)
{
	struct machine *machine = create_without_host();

	make_realm(machine);
	dram_host_view(machine_dram(machine))[DATA * 4096 + 8] = 1;
}

static void touch_by_build(void)
{
	setup_fake();
	tell(FAKE_ALLOC, 0);
	tell(FAKE_DELEGATE, BASE);
	tell(FAKE_WRITE, BASE);
}

START_TEST(a_planted_touch_of_a_delegated_page_is_reported_with_its_owner)
{
	const char *report = death_of(touch_rd);

	ck_assert_msg(strstr(report, "use-after-poison"), "%s", report);
	ck_assert_msg(strstr(report, "physical address 0x800001000, which the RMM has in state RD"),
		      "%s", report);
	ck_assert_msg(strstr(report, "  REALM_ACTIVATE 0x800001000 = SUCCESS\n"), "%s", report);
	report = death_of(touch_data);
	ck_assert_msg(
		strstr(report, "in state DATA, mapped at IPA 0x0 of the realm with RD 0x800001000"),
		"%s", report);
	report = death_of(touch_by_build);
	ck_assert_msg(strstr(report, "in state DELEGATED"), "%s", report);
	ck_assert_msg(strstr(report, "in fake_ioctl"), "%s", report);
	ck_assert_msg(strstr(report, "allocated by fake_alloc fake.c:77"), "%s", report);
	ck_assert_msg(strstr(report, "  GRANULE_DELEGATE 0x800000000 = SUCCESS\n"), "%s", report);
}
END_TEST
#endif

int main(int argc, char **argv)
{
	Suite *suite = suite_create("machine");
	TCase *bare = tcase_create("bare"), *host;
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc > 1 && !strcmp(argv[1], "--hash")) {
		tcase_add_test(bare, print_digest);
		suite_add_tcase(suite, bare);
		srunner_run_all(runner, CK_SILENT);
		failed = srunner_ntests_failed(runner);
		srunner_free(runner);
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return EXIT_FAILURE;
	tcase_add_test(bare, a_machine_without_a_host_has_an_rmm);
	tcase_add_test(bare, bad_configurations_are_explained);
	tcase_add_test(bare, a_realm_runs_and_the_machine_ends_it_without_a_guest);
	tcase_add_test(bare, reset_and_end_leave_zeros);
	tcase_add_test(bare, what_the_rmm_fills_with_a_pattern_is_not_clean);
	tcase_add_test(bare, digests_see_what_the_realm_wrote);
	tcase_add_test(bare, calls_are_traced_and_can_be_answered_by_a_hook);
	tcase_add_test(bare, calls_tell_whether_they_failed_for_another_reason);
	tcase_add_test(bare, folds_that_fail_again_are_counted);
	tcase_add_test(bare, calls_are_remembered);
	tcase_add_test(bare, calls_while_a_rec_runs_are_over_before_its_own);
	tcase_add_test(bare, rsi_calls_are_traced_with_the_condition_that_failed);
	tcase_add_test(bare, the_log_says_what_realm_and_host_did_while_a_rec_ran);
	tcase_add_test(bare, violated_invariants_of_the_rmm_are_findings);
	tcase_add_test(bare, findings_are_kept_and_traced);
	tcase_add_test(bare, a_build_that_does_not_boot_is_explained);
	tcase_add_test(bare, digests_do_not_depend_on_the_address_space);
#ifdef TEST_ASAN
	tcase_add_test(bare, a_planted_touch_of_a_delegated_page_is_reported_with_its_owner);
#endif
	host = tcase_create("host");
	tcase_add_checked_fixture(host, setup_fake, teardown_fake);
	tcase_add_test(host, a_build_boots_over_the_port);
	tcase_add_test(host, a_planted_free_of_a_delegated_page_is_found);
	tcase_add_test(host, a_planted_second_free_is_found);
	tcase_add_test(host, a_planted_warning_is_found);
	tcase_add_test(host, faults_are_decided_by_the_hook);
	tcase_add_test(host, hooks_stay_at_reset_but_do_not_disturb_the_boot);
	tcase_add_test(host, events_are_made_only_when_somebody_wants_them);
	tcase_add_test(host, reset_restores_the_variables_of_a_build_but_not_its_coverage);
	tcase_add_test(host, a_build_serves_one_machine_at_a_time);
	suite_add_tcase(suite, bare);
	suite_add_tcase(suite, host);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
