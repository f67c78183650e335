/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * language.c - the keys of a scenario file, each with what may stand behind it. Rows of steps are in
 * sim/steps/table.c, expectations in expect.c and expect_state.c, options of the RMM in rmm_option.c.
 */
#include "loader.h"
#include "tables.h"

#include <inttypes.h>
#include <string.h>

#define MEMORY_UNIT (2ull << 20)

#define NAME_PATTERN	 "^[a-z0-9-]+(\\.[a-z0-9-]+)*$"
#define PRELUDE_PATTERN	 "^[a-z0-9-]+(/[a-z0-9-]+)*$"
#define VARIABLE_PATTERN "^[a-z][a-z0-9_]*$"
#define REALM_PATTERN	 "^[a-z][a-z0-9_-]*$"

static const char *const level_names[] = {"smoke", "regression", "long", NULL};
static const char *const page_size_names[] = {"4K", "16K", "64K", NULL};
static const char *const kvm_names[] = {"none", NULL};
static const char *const hash_names[] = {"sha256", "sha512", NULL};
static const char *const attribute_names[] = {"private", "shared", NULL};
static const char *const policy_names[] = {"convert", "stop", "return", NULL};
static const char *const order_names[] = {"kvmtool", "qemu", NULL};
static const char *const allow_names[] = {"leaks", "warns", NULL};
static const char *const class_names[] = {"environment", "rmm", NULL};

const char *plan_level_name(enum plan_level level)
{
	return level_names[level];
}

/* --- the machine and its realms ------------------------------------------------------------------------ */

const struct key_def machine_keys[] = {
	[MACHINE_MEMORY] = {"memory",
			    "Simulated DRAM, in bytes.",
			    false,
			    "64M",
			    {SHAPE_NUMBER, .unit = true, .min = MEMORY_UNIT, .max = DRAM_MAX_SIZE,
			     .multiple = MEMORY_UNIT}},
	[MACHINE_PAGE_SIZE] = {"page_size",
			       "Page size of the host; it picks the KVM build.",
			       false,
			       "4K",
			       {SHAPE_NAME, .names = page_size_names}},
	[MACHINE_BASE] = {"base",
			  "Physical address of the DRAM, in bytes.",
			  false,
			  "0x8_0000_0000",
			  {SHAPE_NUMBER, .unit = true, .min = MEMORY_UNIT,
			   .max = (1ull << 52) - DRAM_MAX_SIZE, .multiple = MEMORY_UNIT}},
	[MACHINE_QUARANTINE] =
		{"quarantine",
		 "How many freed host pages are held back before the oldest of them is "
		 "handed out again.",
		 false,
		 "0",
		 {SHAPE_NUMBER, .max = UINT32_MAX}},
	[MACHINE_RMM] = {"rmm", "Options of the RMM.", false, NULL, {SHAPE_MAP, .keys = rmm_keys}},
	[MACHINE_KVM] = {"kvm",
			 "`none`: no host; the scenario makes every RMI call by itself.",
			 false,
			 NULL,
			 {SHAPE_NAME, .names = kvm_names}},
	[MACHINE_BLOCK_MAPPINGS] = {"block_mappings",
				    "Whether the host maps a whole 2 MiB block where it can.",
				    false,
				    "false",
				    {.kind = SHAPE_BOOL}},
	[MACHINE_GMEM_HUGE] = {"gmem_huge",
			       "Whether a guest_memfd's memory comes in 2 MiB blocks.",
			       false,
			       "false",
			       {.kind = SHAPE_BOOL}},
	[MACHINE_NUM] = {.name = NULL},
};

const struct key_def slot_keys[] = {
	[SLOT_BASE] = {"base",
		       "First guest physical address, in bytes.",
		       true,
		       NULL,
		       {SHAPE_NUMBER, .unit = true}},
	[SLOT_SIZE] = {"size", "Length, in bytes.", true, NULL, {SHAPE_NUMBER, .unit = true}},
	[SLOT_GMEM] = {"gmem",
		       "Whether a guest_memfd is behind it.",
		       false,
		       "true",
		       {.kind = SHAPE_BOOL}},
	[SLOT_GMEM_OFFSET] = {"gmem_offset",
			      "Where in the guest_memfd the slot begins, in bytes.",
			      false,
			      "0",
			      {SHAPE_NUMBER, .unit = true}},
	[SLOT_READONLY] = {"readonly",
			   "Whether the guest may only read it.",
			   false,
			   "false",
			   {.kind = SHAPE_BOOL}},
	[SLOT_NUM] = {.name = NULL},
};
static const struct shape slot_shape = {SHAPE_MAP, .keys = slot_keys};

const struct key_def policy_keys[] = {
	{"convert",
	 "In which order a VMM converts: kvmtool's or QEMU's.",
	 true,
	 NULL,
	 {SHAPE_NAME, .names = order_names}},
	{.name = NULL},
};
const struct shape policy_name_shape = {SHAPE_NAME, .names = policy_names};
static const struct shape policy_map_shape = {SHAPE_MAP, .keys = policy_keys};
static const struct shape *const policy_shapes[] = {&policy_name_shape, &policy_map_shape, NULL};
#define POLICY_HELP                                                                                \
	"What the VMM does when KVM_RUN returns with KVM_EXIT_MEMORY_FAULT: `convert` sets the "   \
	"attribute that the exit asks for and runs again (`{convert: qemu}` in QEMU's order), "    \
	"`stop` runs again without converting, `return` ends the step."

const struct key_def realm_keys[] = {
	[REALM_IPA_BITS] = {"ipa_bits",
			    "Width of the IPA space in bits; the lower half of it is protected.",
			    true,
			    NULL,
			    {SHAPE_NUMBER, .max = 255}},
	[REALM_HASH] = {"hash",
			"Hash algorithm of the measurements.",
			false,
			"sha256",
			{SHAPE_NAME, .names = hash_names}},
	[REALM_RPV] = {"rpv",
		       "Realm Personalization Value, in hexadecimal; zeros follow.",
		       false,
		       NULL,
		       {SHAPE_BYTES, .min = 1, .max = 64}},
	[REALM_VCPUS] = {"vcpus",
			 "How many vCPUs the VMM creates.",
			 false,
			 "1",
			 {SHAPE_NUMBER, .max = LOADER_MAX_VCPUS}},
	[REALM_SLOTS] = {"slots",
			 "Memory slots that the VMM adds when it creates the VM.",
			 false,
			 "none",
			 {SHAPE_LIST, .item = &slot_shape}},
	[REALM_ATTRIBUTES] = {"attributes",
			      "Attribute of the slots when they are added.",
			      false,
			      "private",
			      {SHAPE_NAME, .names = attribute_names}},
	[REALM_POLICY] = {"on_memory_fault",
			  POLICY_HELP,
			  false,
			  "convert",
			  {SHAPE_EITHER, .any = policy_shapes}},
	[REALM_NUM] = {.name = NULL},
};
static const struct shape realm_shape = {SHAPE_MAP, .keys = realm_keys};
static const struct shape realm_name_shape = {SHAPE_TEXT, .pattern = REALM_PATTERN};

/* --- faults and the end -------------------------------------------------------------------------------- */

const struct key_def fault_keys[] = {
	[FAULT_POINT] = {"point",
			 "What fails: a name that `rmesim list --faults` prints.",
			 true,
			 NULL,
			 {SHAPE_NAME, .list_names = fault_point_names}},
	[FAULT_NTH] = {"nth",
		       "Which occurrence fails, counted from 1 and from the first step.",
		       false,
		       NULL,
		       {SHAPE_NUMBER, .min = 1, .max = UINT64_MAX}},
	[FAULT_ALWAYS] = {"always",
			  "Every occurrence fails, instead of `nth`.",
			  false,
			  "false",
			  {.kind = SHAPE_BOOL}},
	[FAULT_ADDRESS] = {"address",
			   "Only occurrences with an address in this range count, in bytes.",
			   false,
			   "any",
			   {SHAPE_RANGE, .wide = true}},
	[FAULT_STATUS] = {"status",
			  "What the RMI call answers.",
			  false,
			  "ERROR_INPUT",
			  {SHAPE_NAME, .names = fault_status_names}},
	[FAULT_CLASS] =
		{"class",
		 "`environment`: what a correct RMM and kernel do under bad luck; `rmm`: any "
		 "status that the specification lists for the call.",
		 false,
		 "environment",
		 {SHAPE_NAME, .names = class_names}},
	[FAULT_INDEX] = {"index",
			 "Index of ERROR_REALM in an answer to REC_ENTER.",
			 false,
			 "0",
			 {SHAPE_NUMBER, .max = 1}},
	[FAULT_STEP] =
		{"step",
		 "Only occurrences in the step of this `name` count, or at the end: `teardown`.",
		 false,
		 "any",
		 {.kind = SHAPE_TEXT}},
	[FAULT_NUM] = {.name = NULL},
};
static const struct shape fault_shape = {SHAPE_MAP, .keys = fault_keys};

static const struct shape allow_shape = {SHAPE_NAME, .names = allow_names};
const struct key_def teardown_keys[] = {
	[TEARDOWN_ALLOW] =
		{"allow",
		 "What the closing checks let pass: `leaks`, because the RMM was made to "
		 "keep pages, or `warns`.",
		 true,
		 NULL,
		 {SHAPE_LIST, .item = &allow_shape}},
	[TEARDOWN_NUM] = {.name = NULL},
};

/* --- a file -------------------------------------------------------------------------------------------- */

static const struct shape tag_shape = {SHAPE_TEXT, .fixed = true, .pattern = NAME_PATTERN};
static const struct shape variable_shape = {SHAPE_TEXT, .fixed = true, .pattern = VARIABLE_PATTERN};
static const struct shape any_value_shape = {SHAPE_VALUE, .fixed = true};
static const struct shape variants_shape = {SHAPE_LIST, .fixed = true, .min = 1,
					    .item = &any_value_shape};

#define USE_ROW                                                                                    \
	{                                                                                          \
		"use",                                                                             \
			"A prelude, whose machine and realm hold where this file says nothing "    \
			"else, and "                                                               \
			"whose steps come before those of this file.",                             \
			false, NULL,                                                               \
		{                                                                                  \
			SHAPE_TEXT, .fixed = true, .pattern = PRELUDE_PATTERN                      \
		}                                                                                  \
	}
#define MACHINE_ROW                                                                                \
	{                                                                                          \
		"machine", "The machine that the scenario runs on.", false, NULL,                  \
		{                                                                                  \
			SHAPE_MAP, .keys = machine_keys                                            \
		}                                                                                  \
	}
#define REALM_ROW                                                                                  \
	{                                                                                          \
		"realm", "The realm, where there is one.", false, NULL,                            \
		{                                                                                  \
			SHAPE_MAP, .keys = realm_keys                                              \
		}                                                                                  \
	}
#define REALMS_ROW                                                                                 \
	{                                                                                          \
		"realms", "The realms by name, where there are several; instead of `realm`.",      \
			false, NULL,                                                               \
		{                                                                                  \
			SHAPE_TABLE, .key = &realm_name_shape, .item = &realm_shape                \
		}                                                                                  \
	}

/* Postings with RMM ABI 1.0. */
static const char *const series_names[] = {"v5", "v6", "v7", "v8", "v9", "v10", "v12", NULL};

const struct key_def scenario_keys[] = {
	[TOP_SCENARIO] = {"scenario",
			  "Its name, which no other scenario has: words of lower-case letters, "
			  "digits and `-`, joined by dots, the theme first.",
			  true,
			  NULL,
			  {SHAPE_TEXT, .fixed = true, .pattern = NAME_PATTERN}},
	[TOP_ABOUT] = {"about",
		       "Why it exists: what would be broken if it failed.",
		       true,
		       NULL,
		       {SHAPE_TEXT, .fixed = true}},
	[TOP_TAGS] = {"tags",
		      "Words by which `--tag` chooses it.",
		      false,
		      "none",
		      {SHAPE_LIST, .fixed = true, .item = &tag_shape}},
	[TOP_LEVEL] = {"level",
		       "How often it is worth running; `--level` chooses up to one.",
		       false,
		       "regression",
		       {SHAPE_NAME, .fixed = true, .names = level_names}},
	[TOP_USE] = USE_ROW,
	[TOP_MATRIX] = {"matrix",
			"Names and lists of values: the scenario runs once for each combination, "
			"and `$name` stands for the value.",
			false,
			"one run",
			{SHAPE_TABLE, .fixed = true, .min = 1, .max = LOADER_MAX_VARIABLES,
			 .key = &variable_shape, .item = &variants_shape}},
	[TOP_MACHINE] = MACHINE_ROW,
	[TOP_REALM] = REALM_ROW,
	[TOP_REALMS] = REALMS_ROW,
	[TOP_STEPS] =
		{"steps", "What happens, in order.", true, NULL, {.kind = SHAPE_STEPS, .min = 1}},
	[TOP_FAULTS] = {"faults",
			"What is made to fail, and when.",
			false,
			"none",
			{SHAPE_LIST, .item = &fault_shape}},
	[TOP_TEARDOWN] = {"teardown",
			  "How the scenario means to end, if not clean.",
			  false,
			  NULL,
			  {SHAPE_MAP, .keys = teardown_keys}},
	[TOP_HOSTILE] =
		{"hostile",
		 "Whether steps go behind the host's back; the host audit's findings do not "
		 "count then.",
		 false,
		 "false",
		 {.kind = SHAPE_BOOL}},
	[TOP_SINCE] = {"since",
		       "The first posting of KVM's Realm series that can do what the scenario is "
		       "about; on a KVM build of an earlier one it is skipped.",
		       false,
		       "v5",
		       {SHAPE_NAME, .fixed = true, .names = series_names}},
	[TOP_OWN_HOST] = {"own_host",
			  "Why only rmesim's own host side can be judged by the scenario; with "
			  "anybody else's it is skipped, for this reason.",
			  false,
			  NULL,
			  {SHAPE_TEXT, .fixed = true}},
	[TOP_NUM] = {.name = NULL},
};

const struct key_def prelude_keys[] = {
	[PRELUDE_NAME] = {"prelude",
			  "Its name, which is that of the file: `boot/kvmtool`.",
			  true,
			  NULL,
			  {SHAPE_TEXT, .fixed = true, .pattern = PRELUDE_PATTERN}},
	[PRELUDE_ABOUT] = {"about",
			   "What state it leaves, and what it is for.",
			   true,
			   NULL,
			   {SHAPE_TEXT, .fixed = true}},
	[PRELUDE_USE] = USE_ROW,
	[PRELUDE_MACHINE] = MACHINE_ROW,
	[PRELUDE_REALM] = REALM_ROW,
	[PRELUDE_REALMS] = REALMS_ROW,
	[PRELUDE_STEPS] = {"steps",
			   "What happens, in order.",
			   false,
			   "none",
			   {.kind = SHAPE_STEPS, .min = 1}},
	[PRELUDE_NUM] = {.name = NULL},
};

/* --- a step -------------------------------------------------------------------------------------------- */

const struct key_def repeat_keys[] = {
	[REPEAT_TIMES] = {"times",
			  "How often.",
			  true,
			  NULL,
			  {SHAPE_NUMBER, .min = 1, .max = LOADER_MAX_STEPS}},
	[REPEAT_STEPS] =
		{"steps", "The steps to repeat.", true, NULL, {.kind = SHAPE_STEPS, .min = 1}},
	[REPEAT_NUM] = {.name = NULL},
};

const struct key_def schedules_keys[] = {
	[SCHEDULES_ALL] =
		{"all", "Every interleaving is run.", false, "false", {.kind = SHAPE_BOOL}},
	[SCHEDULES_PREEMPTIONS] =
		{"preemptions",
		 "At most this many switches away from an actor that could go on.",
		 false,
		 NULL,
		 {SHAPE_NUMBER, .max = 100}},
	[SCHEDULES_SEED] = {"seed",
			    "Interleavings are drawn with this seed.",
			    false,
			    NULL,
			    {.kind = SHAPE_NUMBER}},
	[SCHEDULES_RUNS] = {"runs",
			    "How many are drawn.",
			    false,
			    NULL,
			    {SHAPE_NUMBER, .min = 1, .max = 1000000}},
	[SCHEDULES_NUM] = {.name = NULL},
};
static const struct shape actor_name_shape = {SHAPE_TEXT, .pattern = REALM_PATTERN};
static const struct shape actor_steps_shape = {.kind = SHAPE_STEPS};
static const struct shape schedule_item_shape = {SHAPE_TEXT,
						 .pattern = "^[a-z][a-z0-9_-]*(\\*[1-9][0-9]*)?$"};

const struct key_def parallel_keys[] = {
	[PARALLEL_ACTORS] = {"actors",
			     "The steps of each actor, by its name: vcpu0, vcpu1, vmm.",
			     true,
			     NULL,
			     {SHAPE_TABLE, .min = 2, .key = &actor_name_shape,
			      .item = &actor_steps_shape}},
	[PARALLEL_SCHEDULES] = {"schedules",
				"Which interleavings are run.",
				false,
				NULL,
				{SHAPE_MAP, .keys = schedules_keys}},
	[PARALLEL_SCHEDULE] =
		{"schedule",
		 "The one interleaving to run, as a report printed it: NAME*POINTS is an actor "
		 "that is preempted after so many scheduling points, NAME one that is "
		 "not.",
		 false,
		 NULL,
		 {SHAPE_LIST, .item = &schedule_item_shape}},
	[PARALLEL_NUM] = {.name = NULL},
};

const struct key_def step_item_keys[] = {
	[KEY_NAME] = {"name",
		      "What the step means, in words; reports print it.",
		      false,
		      NULL,
		      {.kind = SHAPE_TEXT}},
	[KEY_WHY] = {"why",
		     "The fact that the step or its expectation rests on.",
		     false,
		     NULL,
		     {.kind = SHAPE_TEXT}},
	[KEY_REALM] = {"realm",
		       "Which of the scenario's realms it is for.",
		       false,
		       "the first",
		       {SHAPE_TEXT, .pattern = REALM_PATTERN}},
	[KEY_VCPU] = {"vcpu",
		      "Index of the vCPU that it is for.",
		      false,
		      "0",
		      {SHAPE_NUMBER, .max = LOADER_MAX_VCPUS - 1}},
	[KEY_POLICY] = {"on_memory_fault",
			POLICY_HELP,
			false,
			"that of the realm",
			{SHAPE_EITHER, .any = policy_shapes}},
	[KEY_HOSTILE] =
		{"hostile",
		 "Whether it goes behind the host's back, as steps of `rmm` do on a machine "
		 "with a host.",
		 false,
		 "false",
		 {.kind = SHAPE_BOOL}},
	[KEY_EXPECT] = {"expect",
			"What the step answers, and what the state is then.",
			false,
			"success",
			{.kind = SHAPE_EXPECT}},
	[KEY_NOTE] = {"note",
		      "Words for the reader of a trace or a report.",
		      false,
		      NULL,
		      {.kind = SHAPE_TEXT}},
	[KEY_REPEAT] = {"repeat",
			"Performs steps several times.",
			false,
			NULL,
			{SHAPE_MAP, .keys = repeat_keys}},
	[KEY_SNAPSHOT] = {"snapshot",
			  "Remembers the state of the whole machine under this name.",
			  false,
			  NULL,
			  {.kind = SHAPE_TEXT}},
	[KEY_SAME_AS] =
		{"same_as",
		 "Expects the state of the whole machine to be the one remembered under this "
		 "name.",
		 false,
		 NULL,
		 {.kind = SHAPE_TEXT}},
	[KEY_USE] = {"use",
		     "Performs the steps of a prelude.",
		     false,
		     NULL,
		     {SHAPE_TEXT, .fixed = true, .pattern = PRELUDE_PATTERN}},
	[KEY_PARALLEL] = {"parallel",
			  "Performs steps of several actors, interleaved.",
			  false,
			  NULL,
			  {SHAPE_MAP, .keys = parallel_keys}},
	[KEY_NUM] = {.name = NULL},
};

unsigned int language_beside(size_t index)
{
	switch (index) {
	case KEY_NAME:
	case KEY_WHY:
		return BESIDE_ACTION | BESIDE_EXPECT | BESIDE_CONTROL;
	case KEY_NOTE:
		return BESIDE_ACTION | BESIDE_EXPECT | BESIDE_CONTROL;
	case KEY_REALM:
		return BESIDE_ACTION | BESIDE_EXPECT;
	case KEY_VCPU:
	case KEY_POLICY:
	case KEY_HOSTILE:
	case KEY_EXPECT:
		return BESIDE_ACTION;
	default:
		return 0;
	}
}

/* --- steps' parameters --------------------------------------------------------------------------------- */

struct key_def language_param(const struct step_param *param, char *fallback, size_t size)
{
	static const enum shape_kind kinds[] = {
		[STEP_ADDRESS] = SHAPE_NUMBER, [STEP_SIZE] = SHAPE_NUMBER,
		[STEP_NUMBER] = SHAPE_NUMBER,  [STEP_BOOL] = SHAPE_BOOL,
		[STEP_ENUM] = SHAPE_NAME,      [STEP_STRING] = SHAPE_TEXT,
	};
	bool bounded = param->min || param->max;
	struct key_def key = {
		.name = param->name,
		.help = param->help,
		.required = param->required,
		.shape = {.kind = kinds[param->type],
			  .unit = param->type == STEP_ADDRESS || param->type == STEP_SIZE,
			  .negative = param->type == STEP_NUMBER && !bounded,
			  .min = param->min,
			  .max = param->max,
			  .names = param->names},
	};

	if (param->required || param->type == STEP_STRING || !size)
		return key;
	key.fallback = fallback;
	if (param->type == STEP_ENUM)
		key.fallback = param->names[param->fallback];
	else if (param->type == STEP_BOOL)
		key.fallback = param->fallback ? "true" : "false";
	else if (param->fallback < 10000)
		snprintf(fallback, size, "%" PRIu64, param->fallback);
	else
		snprintf(fallback, size, "0x%" PRIx64, param->fallback);
	return key;
}
