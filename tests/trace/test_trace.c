/* SPDX-License-Identifier: BSD-3-Clause */
/* The event stream, its JSON Lines form, and RMI calls in words. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/rmi_name.h>
#include <sim/trace.h>

struct log {
	char text[256];
};

static void log_sink(void *ctx, const struct trace_event *event)
{
	struct log *log = ctx;
	size_t length = strlen(log->text);

	snprintf(log->text + length, sizeof(log->text) - length, "%u:%s ", event->step,
		 event->text ? event->text : "-");
}

static void emit(struct trace *trace, enum trace_kind kind, const char *text)
{
	struct trace_event event = {.kind = kind, .actor = -1, .text = text, .step = 999};

	trace_emit(trace, &event);
}

static void count_change(void *ctx)
{
	++*(int *)ctx;
}

START_TEST(sinks_get_what_they_asked_for)
{
	struct trace *trace = trace_create();
	struct log one = {""}, two = {""};
	int changes = 0;

	ck_assert(!trace_wants(trace, TRACE_RMI));
	emit(trace, TRACE_RMI, "nobody");
	trace_on_change(trace, count_change, &changes);
	ck_assert_int_eq(trace_add_sink(trace, TRACE_MASK(TRACE_RMI), log_sink, &one), 0);
	ck_assert_int_eq(
		trace_add_sink(trace, TRACE_MASK_ALL & ~TRACE_MASK(TRACE_WARN), log_sink, &two), 0);
	ck_assert_int_eq(changes, 2);
	ck_assert(trace_wants(trace, TRACE_RMI));
	ck_assert(trace_wants(trace, TRACE_FINDING));
	ck_assert(!trace_wants(trace, TRACE_WARN));
	trace_set_step(trace, 7);
	ck_assert_uint_eq(trace_step(trace), 7);
	emit(trace, TRACE_RMI, "a");
	emit(trace, TRACE_HOST, "b");
	emit(trace, TRACE_WARN, "c");
	trace_remove_sink(trace, log_sink, &changes); /* there is none */
	ck_assert_int_eq(changes, 2);
	trace_remove_sink(trace, log_sink, &two);
	ck_assert_int_eq(changes, 3);
	ck_assert(!trace_wants(trace, TRACE_FINDING));
	trace_set_step(trace, 8);
	emit(trace, TRACE_RMI, "d");
	emit(trace, TRACE_HOST, "e");
	ck_assert_str_eq(one.text, "7:a 8:d ");
	ck_assert_str_eq(two.text, "7:a 7:b ");
	trace_destroy(trace);
	trace_destroy(NULL);
}
END_TEST

static void order_sink(void *ctx, const struct trace_event *event)
{
	(void)event;
	strcat(*(char **)ctx, "x");
}

START_TEST(many_sinks_in_the_order_they_came)
{
	struct trace *trace = trace_create();
	struct log log = {""};
	char buffer[64] = "", *text = buffer;

	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(trace_add_sink(trace, TRACE_MASK(TRACE_HOST), order_sink, &text),
				 0);
	ck_assert_int_eq(trace_add_sink(trace, TRACE_MASK(TRACE_HOST), log_sink, &log), 0);
	emit(trace, TRACE_HOST, "t");
	ck_assert_str_eq(buffer, "xxxxxxxxxxxxxxxxxxxx");
	ck_assert_str_eq(log.text, "0:t ");
	trace_destroy(trace);
}
END_TEST

static const char *json(struct trace_event *event)
{
	static char text[2048];
	struct trace *trace = trace_create();
	FILE *file = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(file);
	trace_set_step(trace, 3);
	ck_assert_int_eq(trace_add_sink(trace, TRACE_MASK_ALL, trace_jsonl_sink, file), 0);
	trace_emit(trace, event);
	fclose(file);
	trace_destroy(trace);
	return text;
}

static void emit_call(struct trace *trace, enum trace_answer answer, const char *text)
{
	struct trace_event event = {.kind = TRACE_RMI, .answer = answer, .text = text};

	trace_emit(trace, &event);
}

static void emit_answers(struct trace *trace)
{
	emit_call(trace, TRACE_DONE, "done");
	emit_call(trace, TRACE_FAILED, "failed");
	emit_call(trace, TRACE_AGAIN, "again");
	emit_call(trace, TRACE_FOLD_AGAIN, "fold");
	emit(trace, TRACE_HOST, "host");
}

START_TEST(sinks_may_leave_answers_out)
{
	struct trace *trace = trace_create();
	struct log all = {""}, news = {""};
	uint32_t mask = TRACE_MASK(TRACE_RMI) | TRACE_MASK(TRACE_HOST);

	ck_assert_int_eq(trace_add_sink(trace, mask, log_sink, &news), 0);
	ck_assert_int_eq(trace_add_sink(trace, mask, log_sink, &all), 0);
	trace_set_answers(trace, log_sink, &news, 1u << TRACE_DONE | 1u << TRACE_FAILED);
	trace_set_answers(trace, log_sink, &mask, 0); /* there is none */
	emit_answers(trace);
	ck_assert_str_eq(news.text, "0:done 0:failed 0:host ");
	ck_assert_str_eq(all.text, "0:done 0:failed 0:again 0:fold 0:host ");
	/* Another sink's coming and going changes nothing. */
	trace_remove_sink(trace, log_sink, &all);
	news.text[0] = 0;
	emit_answers(trace);
	ck_assert_str_eq(news.text, "0:done 0:failed 0:host ");
	trace_set_answers(trace, log_sink, &news, TRACE_ANSWERS_ALL);
	news.text[0] = 0;
	emit_answers(trace);
	ck_assert_str_eq(news.text, "0:done 0:failed 0:again 0:fold 0:host ");
	trace_destroy(trace);
}
END_TEST

/* The keys, their order and the spelling of values are a format that other programs read. */
START_TEST(events_as_lines_of_json)
{
	ck_assert_str_eq(
		json(&(struct trace_event){
			.kind = TRACE_STEP_BEGIN, .actor = -1, .text = "vmm.run"}),
		"{\"step\":3,\"actor\":-1,\"kind\":\"step_begin\",\"text\":\"vmm.run\"}\n");
	ck_assert_str_eq(
		json(&(struct trace_event){.kind = TRACE_STEP_END, .value = {(uint64_t)-EPERM}}),
		"{\"step\":3,\"actor\":0,\"kind\":\"step_end\",\"result\":\"-EPERM\"}\n");
	ck_assert_str_eq(json(&(struct trace_event){.kind = TRACE_STEP_END}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"step_end\",\"result\":\"0x0\"}\n");
	/* 0xc400015e is RTT_DESTROY: rd, ipa, level in; rtt, top out (section 3.12 of the facts). */
	ck_assert_str_eq(
		json(&(struct trace_event){
			.kind = TRACE_RMI,
			.value = {0xc400015e, 0x800001000, 0x80000000, 3, 9, 9, 9},
			.result = {0x204, 0, 0x80200000, 9, 9},
			.text = "rtt_walk"}),
		"{\"step\":3,\"actor\":0,\"kind\":\"rmi\",\"name\":\"RTT_DESTROY\",\"args\":"
		"{\"rd\":\"0x800001000\",\"ipa\":\"0x80000000\",\"level\":\"0x3\"},\"result\":"
		"\"RTT/"
		"2\",\"out\":{\"rtt\":\"0x0\",\"top\":\"0x80200000\"},\"condition\":\"rtt_walk\"}"
		"\n");
	ck_assert_str_eq(json(&(struct trace_event){.kind = TRACE_RMI,
						    .value = {0xc4000160, 1, 2, 3, 4, 5, 6},
						    .result = {~0ull, 1, 2, 3, 4}}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"rmi\",\"fid\":\"0xc4000160\",\"args\":"
			 "{\"x1\":\"0x1\","
			 "\"x2\":\"0x2\",\"x3\":\"0x3\",\"x4\":\"0x4\",\"x5\":\"0x5\",\"x6\":"
			 "\"0x6\"},\"result\":"
			 "\"NOT_SUPPORTED\",\"out\":{\"x1\":\"0x1\",\"x2\":\"0x2\",\"x3\":\"0x3\","
			 "\"x4\":\"0x4\"}}\n");
	ck_assert_str_eq(
		json(&(struct trace_event){.kind = TRACE_RSI,
					   .value = {0xc4000198, 0x1000, 0x3000},
					   .result = {0, 0x2000, 1, 0},
					   .name = "IPA_STATE_GET"}),
		"{\"step\":3,\"actor\":0,\"kind\":\"rsi\",\"name\":\"IPA_STATE_GET\",\"args\":"
		"{\"x1\":\"0x1000\",\"x2\":\"0x3000\"},\"result\":\"0x0\",\"out\":{\"x1\":"
		"\"0x2000\",\"x2\":\"0x1\",\"x3\":\"0x0\"}}\n");
	ck_assert_str_eq(json(&(struct trace_event){.kind = TRACE_RSI,
						    .value = {0xc4000199, 0x1008},
						    .result = {1},
						    .name = "HOST_CALL",
						    .text = "addr_align"}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"rsi\",\"name\":\"HOST_CALL\",\"args\":"
			 "{\"x1\":\"0x1008\"},\"result\":\"0x1\",\"out\":{\"x1\":\"0x0\",\"x2\":"
			 "\"0x0\",\"x3\":\"0x0\"},\"condition\":\"addr_align\"}\n");
	/* The call goes to the Host: no register holds its result yet. */
	ck_assert_str_eq(json(&(struct trace_event){.kind = TRACE_RSI,
						    .value = {0xc4000199, 0x1000},
						    .result = {0xc4000199, 0x1000, 0, 0, 1},
						    .name = "HOST_CALL"}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"rsi\",\"name\":\"HOST_CALL\",\"args\":"
			 "{\"x1\":\"0x1000\"},\"result\":\"exit\"}\n");
	ck_assert_str_eq(
		json(&(struct trace_event){
			.kind = TRACE_REALM, .value = {0x1000, 8, 1}, .text = "write"}),
		"{\"step\":3,\"actor\":0,\"kind\":\"realm\",\"ipa\":\"0x1000\",\"size\":\"0x8\","
		"\"outcome\":\"0x1\",\"text\":\"write\"}\n");
	ck_assert_str_eq(
		json(&(struct trace_event){.kind = TRACE_SYSCALL,
					   .value = {3, 0xae80, 0, 0},
					   .result = {(uint64_t)-EINTR},
					   .text = "ioctl"}),
		"{\"step\":3,\"actor\":0,\"kind\":\"syscall\",\"name\":\"ioctl\",\"args\":[\"0x3\","
		"\"0xae80\",\"0x0\",\"0x0\"],\"result\":\"-EINTR\"}\n");
	ck_assert_str_eq(json(&(struct trace_event){.kind = TRACE_EXIT,
						    .value = {39, 8, 0x2000, 0x1000},
						    .result = {(uint64_t)-EFAULT}}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"exit\",\"reason\":\"0x27\","
			 "\"details\":[\"0x8\","
			 "\"0x2000\",\"0x1000\"],\"result\":\"-EFAULT\"}\n");
	ck_assert_str_eq(
		json(&(struct trace_event){.kind = TRACE_HOST,
					   .value = {1, 0x800003000, 0, 0, 0},
					   .text = "kmalloc",
					   .name = "page_alloc"}),
		"{\"step\":3,\"actor\":0,\"kind\":\"host\",\"name\":\"page_alloc\",\"values\":"
		"[\"0x800003000\",\"0x0\",\"0x0\",\"0x0\"],\"text\":\"kmalloc\"}\n");
	ck_assert_str_eq(json(&(struct trace_event){
				 .kind = TRACE_FAULT, .name = "user_access", .value = {0x1000}}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"fault\",\"name\":\"user_access\","
			 "\"address\":\"0x1000\"}\n");
	ck_assert_str_eq(
		json(&(struct trace_event){.kind = TRACE_WARN, .text = "WARN rme.c:1 f: x"}),
		"{\"step\":3,\"actor\":0,\"kind\":\"warn\",\"text\":\"WARN rme.c:1 f: x\"}\n");
	ck_assert_str_eq(json(&(struct trace_event){.kind = TRACE_FINDING}),
			 "{\"step\":3,\"actor\":0,\"kind\":\"finding\"}\n");
}
END_TEST

START_TEST(text_is_escaped)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"plain", "plain"},
		{"q\"b\\s/", "q\\\"b\\\\s/"},
		{"a\nb\tc\rd\x01\x7f", "a\\nb\\tc\\u000dd\\u0001\\u007f"},
		{"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		 "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xff", "\\ufffd"},				      /* never in UTF-8 */
		{"\xc3", "\\ufffd"},				      /* cut off */
		{"\xc0\xaf", "\\ufffd\\ufffd"},			      /* overlong */
		{"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},	      /* a surrogate */
		{"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"}, /* above U+10FFFF */
		{"\xe2\x82z", "\\ufffd\\ufffdz"},
	};
	char expected[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(expected, sizeof(expected),
			 "{\"step\":3,\"actor\":0,\"kind\":\"warn\",\"text\":\"%s\"}\n",
			 cases[i].shown);
		ck_assert_str_eq(
			json(&(struct trace_event){.kind = TRACE_WARN, .text = cases[i].text}),
			expected);
	}
}
END_TEST

START_TEST(commands_by_number_and_name)
{
	/* Section 3 of the facts. */
	static const struct {
		uint32_t fid;
		const char *name;
		unsigned int args, outs;
	} facts[] = {
		{0xc4000150, "VERSION", 1, 2},
		{0xc4000151, "GRANULE_DELEGATE", 1, 0},
		{0xc4000152, "GRANULE_UNDELEGATE", 1, 0},
		{0xc4000153, "DATA_CREATE", 5, 0},
		{0xc4000154, "DATA_CREATE_UNKNOWN", 3, 0},
		{0xc4000155, "DATA_DESTROY", 2, 2},
		{0xc4000157, "REALM_ACTIVATE", 1, 0},
		{0xc4000158, "REALM_CREATE", 2, 0},
		{0xc4000159, "REALM_DESTROY", 1, 0},
		{0xc400015a, "REC_CREATE", 3, 0},
		{0xc400015b, "REC_DESTROY", 1, 0},
		{0xc400015c, "REC_ENTER", 2, 0},
		{0xc400015d, "RTT_CREATE", 4, 0},
		{0xc400015e, "RTT_DESTROY", 3, 2},
		{0xc400015f, "RTT_MAP_UNPROTECTED", 4, 0},
		{0xc4000161, "RTT_READ_ENTRY", 3, 4},
		{0xc4000162, "RTT_UNMAP_UNPROTECTED", 3, 1},
		{0xc4000164, "PSCI_COMPLETE", 3, 0},
		{0xc4000165, "FEATURES", 1, 1},
		{0xc4000166, "RTT_FOLD", 3, 1},
		{0xc4000167, "REC_AUX_COUNT", 1, 1},
		{0xc4000168, "RTT_INIT_RIPAS", 3, 1},
		{0xc4000169, "RTT_SET_RIPAS", 4, 1},
	};
	const size_t count = sizeof(facts) / sizeof(facts[0]);
	bool taken[RMI_COMMAND_SLOTS] = {false};
	char prefixed[64];

	for (size_t i = 0; i < count; i++) {
		const struct rmi_command *command = rmi_command(facts[i].fid);

		ck_assert_ptr_nonnull(command);
		ck_assert_uint_lt(rmi_command_slot(command), RMI_COMMAND_SLOTS);
		ck_assert(!taken[rmi_command_slot(command)]);
		taken[rmi_command_slot(command)] = true;
		ck_assert_ptr_eq(rmi_command_at(i), command);
		ck_assert_str_eq(command->name, facts[i].name);
		ck_assert_uint_eq(command->num_args, facts[i].args);
		ck_assert_uint_eq(command->num_outs, facts[i].outs);
		ck_assert_ptr_eq(rmi_command_by_name(facts[i].name), command);
		snprintf(prefixed, sizeof(prefixed), "RMI_%s", facts[i].name);
		ck_assert_ptr_eq(rmi_command_by_name(prefixed), command);
		ck_assert_ptr_eq(rmi_command(facts[i].fid | 1u << 16), command);
	}
	ck_assert_ptr_null(rmi_command_at(count));
	ck_assert_ptr_null(rmi_command(0xc4000156));
	ck_assert_ptr_null(rmi_command(0xc4000160));
	ck_assert_ptr_null(rmi_command(0xc4000163));
	ck_assert_ptr_null(rmi_command(0xc400016a));
	ck_assert_ptr_null(rmi_command(0xc4000190)); /* RSI_VERSION */
	ck_assert_ptr_null(rmi_command(0x1c4000150));
	ck_assert_ptr_null(rmi_command_by_name("RTT_CREATE_"));
	ck_assert_ptr_null(rmi_command_by_name(""));
}
END_TEST

START_TEST(results_in_words)
{
	char text[RMI_RESULT_TEXT_SIZE];

	/* Status in bits 7:0, index in bits 15:8 (section 0.3 of the facts). */
	ck_assert_str_eq(rmi_result_text(0, text), "SUCCESS");
	ck_assert_str_eq(rmi_result_text(1, text), "INPUT");
	ck_assert_str_eq(rmi_result_text(2, text), "REALM/0");
	ck_assert_str_eq(rmi_result_text(0x102, text), "REALM/1");
	ck_assert_str_eq(rmi_result_text(3, text), "REC");
	ck_assert_str_eq(rmi_result_text(4, text), "RTT/0");
	ck_assert_str_eq(rmi_result_text(0x204, text), "RTT/2");
	ck_assert_str_eq(rmi_result_text(0xff04, text), "RTT/-1");
	ck_assert_str_eq(rmi_result_text(0x300, text), "SUCCESS/3");
	ck_assert_str_eq(rmi_result_text(5, text), "0x5");
	ck_assert_str_eq(rmi_result_text(0x10204, text), "0x10204");
	ck_assert_str_eq(rmi_result_text(~0ull, text), "NOT_SUPPORTED");
	ck_assert_str_eq(rmi_result_text(~1ull, text), "0xfffffffffffffffe");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace");
	TCase *tcase = tcase_create("trace");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, sinks_get_what_they_asked_for);
	tcase_add_test(tcase, many_sinks_in_the_order_they_came);
	tcase_add_test(tcase, sinks_may_leave_answers_out);
	tcase_add_test(tcase, events_as_lines_of_json);
	tcase_add_test(tcase, text_is_escaped);
	tcase_add_test(tcase, commands_by_number_and_name);
	tcase_add_test(tcase, results_in_words);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
