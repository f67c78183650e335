/* SPDX-License-Identifier: BSD-3-Clause */
/* Performing plans on the double, what is compared, and the record that a run sends to its parent. */
#include "run.h"
#include "support.h"

#include "double/double.h"

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

static struct scenario_set *set;
static GByteArray *record;
static struct result result;
static bool exact; /* run_config.exact */

static int append(void *ctx, const void *data, size_t size)
{
	g_byte_array_append(ctx, data, (guint)size);
	return 0;
}

static void run_plan(bool trace, bool keep_steps)
{
	const struct plan *plan = only_plan(set);
	struct kvm_module *module = NULL;
	struct run_config config = {
		.seed = 1, .memfd = -1, .exact = exact, .trace_kinds = trace ? TRACE_MASK_ALL : 0, .keep_steps = keep_steps};
	struct recorder recorder = {.write = append};

	ck_assert_int_eq(kvm_module_load("double-4k.so", &module, NULL), 0);
	config.module = plan->machine.no_kvm ? NULL : module;
	record = g_byte_array_new();
	recorder.ctx = record;
	plan_run(plan, &config, &recorder);
	ck_assert_int_eq(recorder.error, 0);
	result = (struct result){.plan = plan};
	ck_assert(record_read(record->data, record->len, plan->place.source, &result));
	kvm_module_unload(module);
}

/* Runs these steps after the realm was made and has 16M of RAM. */
static void run_steps(const char *steps)
{
	char *text = g_strconcat("  - vmm.create_realm:\n"
				 "  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}\n",
				 steps, NULL);

	set = set_from_steps(text);
	run_plan(false, false);
	g_free(text);
}

static void run_text(const char *text)
{
	set = set_from_text(text);
	run_plan(false, false);
}

static void finish(void)
{
	result_clear(&result);
	g_byte_array_unref(record);
	scenario_set_destroy(set);
}

static void passes(const char *steps)
{
	run_steps(steps);
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	ck_assert_ptr_null(result.reason);
	ck_assert_uint_eq(result.num_mismatches, 0);
	finish();
}

/* The steps fail with exactly this disagreement. */
static void fails(const char *steps, const char *subject, const char *expected, const char *actual)
{
	run_steps(steps);
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_uint_eq(result.num_mismatches, 1);
	ck_assert_str_eq(result.mismatches[0].subject, subject);
	ck_assert_str_eq(result.mismatches[0].expected, expected);
	ck_assert_str_eq(result.mismatches[0].actual, actual);
	finish();
}

#define WRITE_4 "  - guest.write: {ipa: 0x8020_0000, size: 16K, value: 0x11}\n"
#define GIVE	"  - guest.set_ripas: {base: 0x8020_0000, size: 8K, ripas: empty}\n"

START_TEST(test_success)
{
	passes(WRITE_4);
	/* What a step is not said to answer must be success. */
	fails("  - vmm.fail: {errno: 1}\n", "outcome", "ok", "error, EPERM");
	fails("  - guest.read: {ipa: 0}\n", "outcome", "ok", "sea");
	fails("  - vmm.break: {how: reject}\n", "response", "accept", "reject");
	passes("  - vmm.break: {how: reject}\n    expect: {response: reject}\n");
	/* Expecting one thing does not waive the rest. */
	fails("  - vmm.fail: {errno: 1}\n    expect: {done: 0}\n", "outcome", "ok", "error, EPERM");
	/* A step that ends at the first exit on request has succeeded. */
	passes("  - guest.set_ripas: {base: 0x8020_0000, size: 8K, ripas: empty}\n"
	       "    on_memory_fault: return\n");
}
END_TEST

START_TEST(test_answers)
{
	passes("  - vmm.fail: {errno: 1}\n    expect: {errno: EPERM}\n");
	passes("  - vmm.fail: {errno: 1}\n    expect: {errno: [EINVAL, EPERM], outcome: error}\n");
	fails("  - vmm.fail: {errno: 1}\n    expect: {errno: [EINVAL, ENXIO]}\n", "errno",
	      "EINVAL or ENXIO", "EPERM");
	fails(WRITE_4 "    expect: {errno: EPERM}\n", "errno", "EPERM", "none");
	fails("  - vmm.fail: {errno: 1}\n    expect: {errno: none}\n", "errno", "none", "EPERM");
	passes("  - guest.read: {ipa: 0}\n    expect: {outcome: sea}\n");
	fails("  - guest.read: {ipa: 0x8000_0000}\n    expect: {outcome: [sea, stopped]}\n",
	      "outcome", "sea or stopped", "ok");
	passes(WRITE_4 "  - guest.read: {ipa: 0x8020_1000}\n    expect: {value: 0x11}\n");
	fails(WRITE_4 "  - guest.read: {ipa: 0x8020_1000}\n    expect: {value: 18}\n", "value",
	      "18", "17");
	passes(GIVE "    expect: {done: 8K, response: accept}\n");
	fails(GIVE "    expect: {done: \">8K\"}\n", "done", ">8192", "8192");
	fails(GIVE "    expect: {response: none}\n", "response", "none", "accept");
	fails(WRITE_4 "    expect: {response: accept}\n", "response", "accept", "none");
}
END_TEST

START_TEST(test_exits)
{
	passes(GIVE "    expect: {exits: [{reason: memory_fault, gpa: 0x8020_0000, size: 8K, "
		    "private: false,\n"
		    "      write: false, data: 0, errno: EFAULT}]}\n");
	passes(WRITE_4 "    expect: {exits: []}\n");
	fails(GIVE "    expect: {exits: [{reason: memory_fault, private: true}]}\n", "exits[0]",
	      "memory_fault private=true", "memory_fault private=false");
	fails(GIVE "    expect: {exits: [{reason: mmio}]}\n", "exits[0]", "mmio", "memory_fault");

	/* One too few and one too many: the count, and the exit that has no partner. */
	run_steps(GIVE "    expect: {exits: []}\n");
	ck_assert_uint_eq(result.num_mismatches, 2);
	ck_assert_str_eq(result.mismatches[0].expected, "0");
	ck_assert_str_eq(result.mismatches[1].actual,
			 "memory_fault gpa=0x80200000 size=0x2000 private=false");
	finish();
	run_steps(WRITE_4 "    expect: {exits: [{reason: mmio, gpa: 4K}]}\n");
	ck_assert_uint_eq(result.num_mismatches, 2);
	ck_assert_str_eq(result.mismatches[1].expected, "mmio gpa=0x1000");
	ck_assert_str_eq(result.mismatches[1].actual, "-");
	finish();
}
END_TEST

START_TEST(test_calls)
{
	passes(WRITE_4 "    expect: {rmi: {DATA_CREATE_UNKNOWN: 4, RTT_CREATE: 0}}\n");
	fails(WRITE_4 "    expect: {rmi: {DATA_CREATE_UNKNOWN: \"<=3\"}}\n",
	      "rmi.DATA_CREATE_UNKNOWN", "<=3", "4");
	passes(WRITE_4
	       "    expect: {rmi_exact: [DATA_CREATE_UNKNOWN, DATA_CREATE_UNKNOWN: {ipa: "
	       "0x8020_1000},\n"
	       "      DATA_CREATE_UNKNOWN, DATA_CREATE_UNKNOWN: {ipa: 0x8020_3000, rd: 4K}]}\n");
	fails("  - guest.write: {ipa: 0x8020_0000}\n    expect: {rmi_exact: [RTT_CREATE: {level: "
	      "3}]}\n",
	      "rmi_exact[0]", "RTT_CREATE level=0x3",
	      "DATA_CREATE_UNKNOWN rd=0x1000 data=0x80200000 ipa=0x80200000 -> SUCCESS");
	fails("  - guest.write: {ipa: 0x8020_0000}\n"
	      "    expect: {rmi_exact: [DATA_CREATE_UNKNOWN: {ipa: 0x8020_1000}]}\n",
	      "rmi_exact[0]", "DATA_CREATE_UNKNOWN ipa=0x80201000",
	      "DATA_CREATE_UNKNOWN rd=0x1000 data=0x80200000 ipa=0x80200000 -> SUCCESS");
	/* Calls of the steps before do not count. */
	passes(WRITE_4 WRITE_4 "    expect: {rmi_exact: []}\n");
	run_steps(WRITE_4 "    expect: {rmi_exact: [DATA_CREATE_UNKNOWN]}\n");
	ck_assert_uint_eq(result.num_mismatches, 2);
	ck_assert_str_eq(result.mismatches[0].actual, "4 calls");
	ck_assert_str_eq(result.mismatches[1].subject, "rmi_exact[1]");
	ck_assert_str_eq(result.mismatches[1].expected, "-");
	finish();
}
END_TEST

START_TEST(test_state)
{
	passes(WRITE_4 GIVE
	       "  - expect:\n"
	       "      ripas: {0x8000_0000+2M: ram, 0x8020_0000+8K: empty, "
	       "0x8020_2000..0x8100_0000: ram}\n"
	       "      hipas: {0x8020_0000+8K: unassigned, 0x8020_2000+8K: assigned}\n"
	       "      backed: {0x8020_0000+8K: false, 0x8020_2000+8K: true, 0x1_8000_0000+16M: "
	       "false}\n"
	       "      level: {0x8020_0000+2M: 3, 0x8040_0000: 2}\n"
	       "      contents: {0x8020_2000+4K: 0x11, 0x8020_3001: 17}\n"
	       "      granules: {data: 2, rtt: \">0\", rd: 0}\n"
	       "      pgtable_pages: 1\n"
	       "      gmem_pages: 2\n"
	       "      user_pages: 0\n"
	       "      rim: abababababababababababababababababababababababababababababababab\n");
	/* One wrong page among many, by its address: the first, one inside, the last. */
	fails(WRITE_4 "  - expect: {hipas: {0x8020_0000+2M: unassigned}}\n",
	      "hipas 0x80200000..0x80400000", "unassigned", "assigned at 0x80200000");
	fails(WRITE_4 "  - expect: {backed: {0x8000_0000+4M: false}}\n",
	      "backed 0x80000000..0x80400000", "false", "true at 0x80200000");
	fails(WRITE_4 "  - expect: {hipas: {0x8020_0000+20K: assigned}}\n",
	      "hipas 0x80200000..0x80205000", "assigned", "unassigned at 0x80204000");
	fails("  - expect: {ripas: {0x80ff_f000+8K: ram}}\n", "ripas 0x80fff000..0x81001000", "ram",
	      "empty at 0x81000000");
	fails("  - expect: {ripas: {0x1_8000_0000: empty}}\n", "ripas 0x180000000..0x180001000",
	      "empty", "none at 0x180000000");
	fails("  - expect: {ripas: {0x1_ffff_f000+8K: none}}\n", "ripas 0x1fffff000..0x200001000",
	      "none", "outside the IPA space");
	fails(WRITE_4 "  - expect: {level: {0x8020_0000: 2}}\n", "level 0x80200000..0x80201000",
	      "2", "3 at 0x80200000");
	fails(WRITE_4 "  - expect: {contents: {0x8020_0800+4K: 0x12}}\n",
	      "contents 0x80200800..0x80201800", "0x12", "0x11 at 0x80200800");
	fails(WRITE_4 "  - expect: {contents: {0x8020_3000+8K: 0x11}}\n",
	      "contents 0x80203000..0x80205000", "0x11", "not backed at 0x80204000");
	fails(WRITE_4 "  - expect: {granules: {data: 5}}\n", "granules.data", "5", "4");
	fails(WRITE_4 "  - expect: {gmem_pages: 0}\n", "gmem_pages", "0", "4");
	fails(WRITE_4 "  - expect: {pgtable_pages: \"!=1\"}\n", "pgtable_pages", "!=1", "1");
	fails("  - expect: {rim: "
	      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd}\n",
	      "rim", "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	      "abababababababababababababababababababababababababababababababab");
}
END_TEST

START_TEST(test_no_realm_yet)
{
	set = set_from_steps("  - expect: {ripas: {0+4K: empty}}\n");
	run_plan(false, false);
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_str_eq(result.mismatches[0].actual, "the realm does not exist");
	finish();
}
END_TEST

/* Each realm has tables of its own. */
START_TEST(test_second_realm)
{
	run_text("scenario: a\nabout: x\nrealms: {one: {ipa_bits: 33}, two: {ipa_bits: "
		 "33}}\nsteps:\n"
		 "  - vmm.create_realm:\n"
		 "  - {realm: two, vmm.create_realm: }\n"
		 "  - {realm: two, vmm.init_ripas: {base: 0x8000_0000, size: 2M}}\n"
		 "  - {realm: two, expect: {ripas: {0x8000_0000+2M: ram}}}\n"
		 "  - expect: {ripas: {0x8000_0000+2M: empty}}\n");
	ck_assert_int_eq(result.status, RESULT_PASSED);
	finish();
}
END_TEST

/* The run ends at the step that failed, and says where it stands. */
START_TEST(test_place)
{
	run_steps("  - note: nothing\n"
		  "  - name: the culprit\n"
		  "    why: it is said so\n"
		  "    vmm.fail: {errno: 2}\n"
		  "  - vmm.break: {how: abort}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert(result.has_place);
	ck_assert_uint_eq(result.step, 3);
	ck_assert_uint_eq(result.num_steps, 3);
	ck_assert_uint_eq(result.place.line, 10);
	ck_assert_uint_eq(result.place.column, 5);
	ck_assert_str_eq(result.step_title, "vmm.fail errno=2");
	ck_assert_str_eq(result.step_name, "the culprit");
	ck_assert_str_eq(result.why, "it is said so");
	ck_assert_str_eq(result.reason, "outcome: expected ok, found error, ENOENT");
	finish();
}
END_TEST

/* A failure comes with the last RMI calls and the tables around the address that it is about. */
START_TEST(test_explanation)
{
	const struct result_block *block;

	run_steps(WRITE_4
		  "  - expect: {hipas: {0x8020_0000+8K: assigned, 0x8020_4000+4K: assigned}}\n");
	ck_assert_uint_ge(result.num_blocks, 3);
	ck_assert_str_eq(result.blocks[0].title, "last RMI calls");
	ck_assert_ptr_nonnull(strstr(
		result.blocks[0].text,
		"DATA_CREATE_UNKNOWN rd=0x1000 data=0x80203000 ipa=0x80203000 -> SUCCESS\n"));
	block = &result.blocks[1];
	ck_assert_str_eq(block->title, "RIPAS, HIPAS and tables around 0x80204000 of realm");
	/* The write backed the first pages; before it nothing was. */
	ck_assert_ptr_nonnull(strstr(
		block->text, "  0x0080200000..0x0080204000  RAM       UNASSIGNED    level 2   RAM "
			     "      ASSIGNED      level 3\n"));
	ck_assert_ptr_nonnull(
		strstr(block->text, "> 0x0080204000..0x0080400000  RAM       UNASSIGNED"));
	block = &result.blocks[2];
	ck_assert_str_eq(block->title, "the machine after the step (and what the step changed)");
	ck_assert_ptr_nonnull(strstr(block->text, "granules  DATA 4 (+4), RTT 1"));
	ck_assert_ptr_nonnull(strstr(block->text, "gmem_pages 4 (+4),"));
	finish();
	/* Without an address in the disagreement, the step's first one. */
	run_steps("  - guest.write: {size: 4K, value: 1, ipa: 0x8040_0000}\n    expect: {value: "
		  "3}\n");
	ck_assert_str_eq(result.blocks[1].title,
			 "RIPAS, HIPAS and tables around 0x80400000 of realm");
	finish();
}
END_TEST

/* What must not happen fails a scenario, whatever it expects. */
static void skips(const char *steps, const char *reason)
{
	run_steps(steps);
	ck_assert_int_eq(result.status, RESULT_SKIPPED);
	ck_assert_msg(strstr(result.reason, reason), "%s", result.reason);
	ck_assert_uint_eq(result.num_mismatches, 0);
	finish();
}

/* A KVM build of another posting than the scenario was written for: skipped with a reason, never silently. */
START_TEST(test_eras)
{
	static const char since[] = "scenario: a\nabout: x\nrealm: {ipa_bits: 33}\nsince: v9\n"
				    "steps:\n  - vmm.create_realm:\n";

	double_build.series = 8;
	run_text(since);
	ck_assert_int_eq(result.status, RESULT_SKIPPED);
	ck_assert_ptr_nonnull(strstr(result.reason, "v8"));
	ck_assert_ptr_nonnull(strstr(result.reason, "v9 and later"));
	finish();
	/* The tables that there are count where the host does not count all of them. */
	fails(WRITE_4 "  - expect: {pgtable_pages: \"!=1\"}\n", "pgtable_pages", "!=1", "1");
	double_build.series = 9;
	run_text(since);
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	finish();
	double_build.series = 10;

	double_build.unsupported = true;
	skips("  - guest.read: {ipa: 0x8000_0000}\n  - expect: {gmem_pages: 77}\n", "double: nothing reads here");
	/* What was found before is found. */
	fails("  - vmm.break: {how: finding}\n  - guest.read: {ipa: 0x8000_0000}\n", "host-audit/locks-held", "nothing",
	      "kvm_double: a lock is held");
	double_build.unsupported = false;

	double_build.elsewhere = true;
	skips("  - guest.read: {ipa: 0x8000_0000}\n    expect: {rmi: {DATA_CREATE: 3}}\n", "no call");
	skips("  - guest.read: {ipa: 0x8000_0000}\n    expect: {errno: EPERM}\n  - expect: {gmem_pages: 77}\n",
	      "an error is expected");
	passes("  - guest.read: {ipa: 0x8000_0000}\n");
	double_build.elsewhere = false;

	double_build.behind = true;
	skips("  - expect: {gmem_pages: 77}\n", "before the first KVM_RUN");
	double_build.behind = false;
}
END_TEST

/* The run passes, and says what the host did in a way of its own. */
static void passes_with(const char *text, const char *way)
{
	run_text(text);
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	ck_assert_uint_eq(result.num_mismatches, 0);
	ck_assert_ptr_nonnull(result_ways(&result));
	ck_assert_msg(strstr(result_ways(&result), way), "%s", result_ways(&result));
	finish();
}

#define FOREIGN(keys)                                                                              \
	"scenario: a\nabout: x\nrealm: {ipa_bits: 33}\n" keys "steps:\n  - vmm.create_realm:\n"        \
	"  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}\n"
#define REFUSED                                                                                    \
	"faults:\n  - {point: rmi.DATA_CREATE_UNKNOWN, nth: 2, status: ERROR_INPUT, class: rmm}\n"

/* A host of somebody else's is judged by what it promises, not by how it does it. */
START_TEST(test_foreign_host)
{
	static const char way[] = FOREIGN("") WRITE_4 "    expect: {rmi: {DATA_CREATE_UNKNOWN: 3}}\n";
	static const char own[] = FOREIGN("own_host: it maps by blocks\n") WRITE_4;
	static const char warns[] = "    expect: {warns: 1, outcome: error}\n";
	char *text;

	run_text(own);
	ck_assert_int_eq(result.status, RESULT_PASSED);
	finish();
	double_build.foreign = true;
	run_text(own);
	ck_assert_int_eq(result.status, RESULT_SKIPPED);
	ck_assert_str_eq(result.reason, "only rmesim's own host is judged by it: it maps by blocks");
	finish();

	passes_with(way, "rmi.DATA_CREATE_UNKNOWN: expected 3, found 4");
	passes_with(FOREIGN("") WRITE_4 "  - expect: {pgtable_pages: 7, gmem_pages: 4}\n",
		    "pgtable_pages: expected 7, found 1");
	/* What everybody can see is promised. */
	fails(WRITE_4 "  - expect: {pgtable_pages: 7}\n  - expect: {gmem_pages: 5}\n", "gmem_pages", "5", "4");
	fails(WRITE_4 "    expect: {errno: EPERM}\n", "errno", "EPERM", "none");
	/* It may warn of an RMM that fails, or not; but not of nothing. */
	fails(WRITE_4 "    expect: {warns: 1}\n", "warns", "1", "0");
	text = g_strconcat(FOREIGN(REFUSED) WRITE_4, warns, NULL);
	passes_with(text, "warns: expected 1, found 0");
	/* What is never done cannot fail. */
	run_text(FOREIGN("faults:\n  - {point: rmi.RTT_FOLD, nth: 9, status: ERROR_INPUT, class: rmm}\n") WRITE_4);
	ck_assert_int_eq(result.status, RESULT_SKIPPED);
	ck_assert_ptr_nonnull(strstr(result.reason, "makes no call that was to fail"));
	finish();

	/* A host that offers no Realms is asked for none, unless pages of 4K are what the kernel is for. */
	double_build.no_realms = true;
	run_text("scenario: a\nabout: x\nmachine: {page_size: 16K}\nrealm: {ipa_bits: 33}\nsteps:\n" WRITE_4);
	ck_assert_int_eq(result.status, RESULT_SKIPPED);
	ck_assert_ptr_nonnull(strstr(result.reason, "no Realms with pages of 16K"));
	finish();
	fails(WRITE_4 "    expect: {errno: EPERM}\n", "errno", "EPERM", "none");
	double_build.no_realms = false;

	/* Asked to, it is judged like rmesim's own. */
	set = set_from_text(way);
	exact = true;
	run_plan(false, false);
	exact = false;
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_ptr_null(result_ways(&result));
	finish();
	g_free(text);
	double_build.foreign = false;
}
END_TEST

START_TEST(test_findings)
{
	fails("  - vmm.break: {how: finding}\n", "host-audit/locks-held", "nothing",
	      "kvm_double: a lock is held");
	fails("  - vmm.break: {how: warn}\n", "warn/WARN", "nothing", "kvm_double: a WARN fired");
	passes("  - vmm.break: {how: warn}\n    expect: {warns: 1}\n");
	fails("  - vmm.break: {how: warn}\n    expect: {warns: 2}\n", "warns", "2", "1");
	/* Counting WARNs excuses nothing else. */
	fails("  - vmm.break: {how: finding}\n    expect: {warns: 0}\n", "host-audit/locks-held",
	      "nothing", "kvm_double: a lock is held");

	run_steps("  - vmm.break: {how: leak}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert(!result.has_place);
	ck_assert_str_eq(result.mismatches[0].subject, "host-audit/still-delegated");
	finish();
}
END_TEST

START_TEST(test_permissions)
{
	run_text("scenario: a\nabout: x\nrealm: {ipa_bits: 33}\nteardown: {allow: [leaks]}\n"
		 "steps:\n  - vmm.break: {how: leak}\n");
	ck_assert_int_eq(result.status, RESULT_PASSED);
	finish();
	run_text("scenario: a\nabout: x\nrealm: {ipa_bits: 33}\nhostile: true\n"
		 "steps:\n  - vmm.break: {how: finding}\n  - vmm.break: {how: warn}\n");
	ck_assert_int_eq(result.status, RESULT_PASSED);
	finish();
	/* Allowed at the end is not allowed on the way. */
	run_text("scenario: a\nabout: x\nrealm: {ipa_bits: 33}\nteardown: {allow: [warns]}\n"
		 "steps:\n  - vmm.break: {how: warn}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	finish();
}
END_TEST

START_TEST(test_errors)
{
	run_steps("  - vmm.break: {how: error}\n");
	ck_assert_int_eq(result.status, RESULT_ERROR);
	ck_assert_str_eq(result.reason,
			 "the step cannot be carried out: there is nothing to break");
	finish();
	run_text("scenario: a\nabout: x\nmachine: {rmm: {s2sz: 33}}\nrealm: {ipa_bits: 33}\n"
		 "steps:\n  - vmm.create_realm:\n");
	ck_assert_int_eq(result.status, RESULT_ERROR);
	ck_assert(!result.has_place);
	ck_assert_str_eq(result.reason,
			 "the machine cannot be made: the double does not like this RMM");
	finish();
}
END_TEST

#define FAULTY(faults)                                                                             \
	"scenario: a\nabout: x\nrealm: {ipa_bits: 33}\nfaults:\n" faults "steps:\n"                \
	"  - vmm.create_realm:\n  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}\n"

/* Counted in the step of that name only, and over again each time that it comes. */
START_TEST(test_faults_of_a_step)
{
	run_text(FAULTY("  - {point: gmem_page, nth: 2, step: second}\n")
		 "  - guest.write: {ipa: 0x8020_0000, size: 12K}\n"
		 "  - name: second\n"
		 "    guest.write: {ipa: 0x8021_0000, size: 12K}\n"
		 "    expect: {errno: ENOMEM, done: 4K}\n"
		 "  - guest.write: {ipa: 0x8022_0000, size: 12K}\n");
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	finish();
	run_text(FAULTY("  - {point: gmem_page, nth: 2, step: second}\n")
		 "  - guest.write: {ipa: 0x8020_0000, size: 12K}\n"
		 "  - name: second\n"
		 "    guest.write: {ipa: 0x8021_0000, size: 4K}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_str_eq(result.reason, "the fault gmem_page nth=2 step=second never happened: its "
					"point was reached 1 times");
	finish();
}
END_TEST

START_TEST(test_faults)
{
	/* The third page, and only that. */
	run_text(FAULTY(
		"  - {point: gmem_page, nth: 3}\n") "  - guest.write: {ipa: 0x8020_0000, size: "
						    "16K}\n    expect: {errno: ENOMEM, done: 8K}\n"
						    "  - guest.write: {ipa: 0x8020_0000, size: "
						    "16K}\n");
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	finish();
	/* The second time at one address, whatever happens elsewhere. */
	run_text(FAULTY(
		"  - {point: gmem_page, nth: 2, address: 0x8020_1000}\n") "  - guest.write: {ipa: "
									  "0x8020_0000, size: "
									  "16K}\n"
									  "  - guest.write: {ipa: "
									  "0x8020_0000, size: "
									  "16K}\n    expect: "
									  "{errno: ENOMEM, done: "
									  "4K}\n");
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	finish();
	run_text(FAULTY(
		"  - {point: gmem_page, always: true, address: 0x8020_1000+8K}\n") "  - "
										   "guest.write: "
										   "{ipa: "
										   "0x8020_0000, "
										   "size: 4K}\n"
										   "  - "
										   "guest.write: "
										   "{ipa: "
										   "0x8020_1000, "
										   "size: 4K}\n    "
										   "expect: "
										   "{errno: "
										   "ENOMEM}\n"
										   "  - "
										   "guest.write: "
										   "{ipa: "
										   "0x8020_2000, "
										   "size: 4K}\n    "
										   "expect: "
										   "{errno: "
										   "ENOMEM}\n"
										   "  - "
										   "guest.write: "
										   "{ipa: "
										   "0x8020_3000, "
										   "size: 4K}\n");
	ck_assert_msg(result.status == RESULT_PASSED, "%s", result.reason);
	finish();
	/* A fault that never happens is no test. */
	run_text(FAULTY("  - {point: gmem_page, nth: 5}\n") "  - guest.write: {ipa: 0x8020_0000, "
							    "size: 16K}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_str_eq(result.mismatches[0].subject, "gmem_page nth=5");
	ck_assert_str_eq(result.mismatches[0].actual, "4 times");
	finish();
}
END_TEST

/*
 * An injected ERROR_RTT has the level and `top` of a real walk (facts 2.4, 2.5, 3.18): of DATA_DESTROY where
 * a table of level 3 has its next live entry behind the address, and where the walk ends above.
 */
START_TEST(test_fault_rtt)
{
	run_text(FAULTY("  - {point: rmi.DATA_CREATE_UNKNOWN, nth: 2, status: ERROR_RTT, class: "
			"rmm}\n") "  - guest.write: {ipa: 0x8020_0000, size: 8K}\n"
				  "    expect: {errno: ENXIO, done: 4K, rmi: {DATA_CREATE_UNKNOWN: "
				  "2}}\n"
				  "  - vmm.fail: {errno: 1}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	/* The block became a table with the first page, so the second walk ends at level 3. */
	ck_assert_ptr_nonnull(
		strstr(result.blocks[0].text, "ipa=0x80201000 -> RTT/3 [injected]\n"));
	finish();
	run_text(FAULTY("  - {point: rmi.DATA_CREATE_UNKNOWN, nth: 1, status: ERROR_RTT, class: "
			"rmm}\n") "  - guest.write: {ipa: 0x8020_0000, size: 8K}\n");
	ck_assert_ptr_nonnull(
		strstr(result.blocks[0].text, "ipa=0x80200000 -> RTT/2 [injected]\n"));
	finish();
	/*
	 * DATA_DESTROY has a `top`. In a table of level 3 with pages at +0 and +0x3000: the page itself, the
	 * next one, the end of the table. Where the walk ends at level 2: the next table, the end of that one.
	 */
	{
		static const struct {
			const char *ipa, *answer;
		} tops[] = {
			{"0x80200000", "-> RTT/3 top=0x80200000 [injected]\n"},
			{"0x80201000", "-> RTT/3 top=0x80203000 [injected]\n"},
			{"0x80204000", "-> RTT/3 top=0x80400000 [injected]\n"},
			{"0x80401000", "-> RTT/2 top=0x80600000 [injected]\n"},
			{"0x80801000", "-> RTT/2 top=0xc0000000 [injected]\n"},
		};
		size_t i;

		for (i = 0; i < G_N_ELEMENTS(tops); i++) {
			char *text = g_strdup_printf(
				FAULTY("  - {point: rmi.DATA_DESTROY, nth: 1, status: ERROR_RTT, "
				       "class: rmm}\n") "  - guest.write: {ipa: 0x8020_0000}\n"
							"  - guest.write: {ipa: 0x8020_3000}\n"
							"  - guest.write: {ipa: 0x8060_0000}\n"
							"  - guest.set_ripas: {base: %s, size: 4K, "
							"ripas: empty}\n",
				tops[i].ipa);

			run_text(text);
			ck_assert_int_eq(result.status, RESULT_FAILED);
			ck_assert_msg(strstr(result.blocks[0].text, tops[i].answer) != NULL,
				      "%s: %s", tops[i].ipa, result.blocks[0].text);
			finish();
			g_free(text);
		}
	}
	/* No realm, no walk, no such answer. */
	run_text("scenario: a\nabout: x\nrealm: {ipa_bits: 33}\nfaults:\n"
		 "  - {point: rmi.RTT_INIT_RIPAS, nth: 1, status: ERROR_RTT, class: rmm}\n"
		 "steps:\n  - vmm.init_ripas: {base: 0x8000_0000, size: 16M}\n");
	ck_assert_int_eq(result.status, RESULT_INVALID);
	finish();
}
END_TEST

START_TEST(test_control)
{
	passes("  - repeat:\n      times: 3\n      steps:\n"
	       "        - guest.write: {ipa: 0x8020_0000}\n"
	       "          expect: {rmi: {DATA_CREATE_UNKNOWN: \"<=1\"}}\n");
	passes("  - snapshot: s\n" WRITE_4
	       "  - guest.set_ripas: {base: 0x8020_0000, size: 16K, ripas: empty}\n"
	       "  - snapshot: t\n"
	       "  - guest.set_ripas: {base: 0x8020_0000, size: 16K, ripas: empty}\n"
	       "  - same_as: t\n");
	run_steps("  - snapshot: s\n" WRITE_4 "  - same_as: s\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_str_eq(result.mismatches[0].subject, "same_as");
	finish();
	run_steps("  - repeat: {times: 5, steps: [vmm.create_realm: ]}\n");
	ck_assert_uint_eq(result.num_steps, 7);
	finish();
}
END_TEST

START_TEST(test_kept_steps)
{
	set = set_from_steps("  - vmm.create_realm:\n"
			     "  - vmm.init_ripas: {base: 0x8000_0000, size: 4M}\n"
			     "  - guest.write: {ipa: 0x8000_1000, size: 8K}\n"
			     "  - expect: {gmem_pages: 2}\n");
	run_plan(true, true);
	ck_assert_uint_eq(result.num_steps_kept, 5);
	ck_assert(!result.steps[0].survey.realms[0].exists);
	ck_assert_str_eq(result.steps[3].title, "guest.write ipa=0x8000_1000 size=8K");
	ck_assert_str_eq(result.steps[3].calls, "DATA_CREATE_UNKNOWN 2");
	ck_assert_str_eq(result.steps[4].title, "expect gmem_pages");
	{
		const struct survey_realm *realm = &result.steps[3].survey.realms[0];
		const struct survey_interval *interval = survey_find(realm, 0x80001000);

		ck_assert_uint_eq(interval->base, 0x80001000);
		ck_assert_uint_eq(interval->size, 0x2000);
		ck_assert_int_eq(interval->level, 3);
		ck_assert_uint_eq(interval->ripas, RMM_RAM);
		ck_assert_uint_eq(interval->hipas, RMM_ASSIGNED);
		ck_assert_uint_eq(survey_find(realm, 0x80003000)->size, 0x200000 - 0x3000);
		ck_assert_uint_eq(survey_find(realm, 0x80200000)->size, 0x200000);
		ck_assert_uint_eq(survey_find(realm, 0)->size, 0x80000000);
		ck_assert_ptr_null(survey_find(realm, 1ull << 33));
	}
	ck_assert_ptr_nonnull(strstr(result.trace, "vmm.init_ripas"));
	finish();
}
END_TEST

/* A record that was cut or overwritten is never taken for a whole one, and never does harm. */
START_TEST(test_record)
{
	struct result other;
	uint8_t *copy;
	guint at;

	run_steps(WRITE_4 "    expect: {rmi: {DATA_CREATE_UNKNOWN: 5}}\n");
	for (at = 0; at < record->len; at++) {
		/* A copy of just that size, so that a reader that goes too far is seen. */
		copy = g_memdup2(record->data, at + 1);
		other = (struct result){.plan = result.plan};
		ck_assert(!record_read(copy, at, result.plan->place.source, &other));
		result_clear(&other);
		g_free(copy);
		copy = g_memdup2(record->data, record->len);
		copy[at] ^= 0xff;
		other = (struct result){.plan = result.plan};
		record_read(copy, record->len, result.plan->place.source, &other);
		result_clear(&other);
		g_free(copy);
	}
	finish();
}
END_TEST

START_TEST(test_seeds)
{
	ck_assert_uint_eq(seed_derive(7, 0), 7);
	ck_assert_uint_ne(seed_derive(7, 1), seed_derive(7, 2));
	ck_assert_uint_ne(seed_derive(7, 1), seed_derive(8, 1));
	ck_assert_uint_ne(seed_derive(7, 1), 7);
}
END_TEST

#define PARALLEL(how, second)                                                                      \
	"  - parallel:\n      " how "\n      actors:\n"                                            \
	"        vcpu0:\n"                                                                         \
	"          - guest.write: {ipa: 0x8020_0000, size: 4K, value: 1}\n"                        \
	"          - guest.read: {ipa: 0x8020_0000}\n"                                             \
	"            expect: {value: 1}\n"                                                         \
	"        vcpu1:\n"                                                                         \
	"          - guest.write: {ipa: " second ", size: 4K, value: 2}\n"

/* One scheduling point a step, before it: vcpu0 has three pieces to run and vcpu1 two. */
START_TEST(test_parallel)
{
	static const struct {
		const char *how;
		uint64_t schedules;
	} counts[] = {
		/* Who begins. */
		{"schedules: {all: true, preemptions: 0}", 2},
		/* And which piece but an actor's last is followed by the other actor. */
		{"schedules: {all: true, preemptions: 1}", 2 + 2 + 1},
		/* All orders of three and two: 5! / (3! 2!). */
		{"schedules: {all: true, preemptions: 9}", 10},
		{"schedules: {seed: 3, runs: 17}", 17},
		{"schedule: [vcpu1*1, vcpu0, vcpu1]", 0},
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(counts); i++) {
		char *steps = g_strdup_printf(PARALLEL("%s", "0x8030_0000"), counts[i].how);

		run_steps(steps);
		ck_assert_msg(result.status == RESULT_PASSED, "%s: %s", counts[i].how,
			      result.reason);
		ck_assert_uint_eq(result.num_schedules, counts[i].schedules);
		finish();
		g_free(steps);
	}
	/* The other actor's write comes between the two steps only if vcpu0 is preempted there. */
	passes(PARALLEL("schedules: {all: true, preemptions: 0}", "0x8020_0000"));
	run_steps(PARALLEL("schedules: {all: true, preemptions: 1}", "0x8020_0000"));
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_str_eq(result.reason, "value: expected 1, found 2");
	ck_assert_uint_eq(result.num_mismatches, 1);
	/* Depth first: the last point of the first run is the first that is decided otherwise. */
	ck_assert_uint_eq(result.num_schedules, 2);
	ck_assert_str_eq(result.schedule, "vcpu0*2, vcpu1");
	ck_assert_ptr_nonnull(strstr(result.step_title, "guest.read"));
	for (i = 0; i < result.num_blocks; i++) {
		if (g_str_has_prefix(result.blocks[i].title, "the schedule"))
			break;
	}
	ck_assert_uint_lt(i, result.num_blocks);
	ck_assert_msg(
		g_str_has_prefix(result.blocks[i].text, "schedule: [vcpu0*2, vcpu1, vcpu0]\n"),
		"%s", result.blocks[i].text);
	finish();
	/* As it was printed. */
	fails(PARALLEL("schedule: [vcpu0*2, vcpu1, vcpu0]", "0x8020_0000"), "value", "1", "2");
	passes(PARALLEL("schedule: [vcpu0*1, vcpu1, vcpu0]", "0x8020_0000"));
	run_steps(PARALLEL("schedule: [vcpu0*9, vcpu1]", "0x8020_0000"));
	ck_assert_int_eq(result.status, RESULT_INVALID);
	ck_assert_str_eq(result.reason,
			 "the parallel steps cannot be run: turn 1: the actor stops after 2 points "
			 "already, not 9");
	finish();
	/* What follows is judged for each schedule: the last one to write is not always the same. */
	run_steps(PARALLEL("schedules: {all: true, preemptions: 0}",
			   "0x8020_0000") "  - guest.read: {ipa: 0x8020_0000}\n"
					  "    expect: {value: 2}\n");
	ck_assert_int_eq(result.status, RESULT_FAILED);
	ck_assert_uint_eq(result.num_schedules, 2);
	finish();
	/* Each parallel step is explored by itself. */
	run_steps(PARALLEL("schedules: {all: true, preemptions: 0}", "0x8030_0000")
			  PARALLEL("schedules: {all: true, preemptions: 1}", "0x8030_0000"));
	ck_assert_int_eq(result.status, RESULT_PASSED);
	ck_assert_uint_eq(result.num_schedules, 2 + 5);
	finish();
}
END_TEST

int main(void)
{
	const struct {
		const char *name;
		const TTest *test;
	} tests[] = {
		{"success", test_success},
		{"answers", test_answers},
		{"exits", test_exits},
		{"calls", test_calls},
		{"state", test_state},
		{"no realm yet", test_no_realm_yet},
		{"second realm", test_second_realm},
		{"place", test_place},
		{"explanation", test_explanation},
		{"eras", test_eras},
		{"foreign_host", test_foreign_host},
		{"findings", test_findings},
		{"permissions", test_permissions},
		{"errors", test_errors},
		{"faults", test_faults},
		{"faults of a step", test_faults_of_a_step},
		{"ERROR_RTT", test_fault_rtt},
		{"control", test_control},
		{"parallel", test_parallel},
		{"kept steps", test_kept_steps},
		{"record", test_record},
		{"seeds", test_seeds},
	};
	Suite *suite = suite_create("run");
	SRunner *runner;
	size_t i;
	int failed;

	for (i = 0; i < G_N_ELEMENTS(tests); i++) {
		TCase *tcase = tcase_create(tests[i].name);

		tcase_add_test(tcase, tests[i].test);
		suite_add_tcase(suite, tcase);
	}
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
