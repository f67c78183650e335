/* SPDX-License-Identifier: BSD-3-Clause */
/* The step table itself: what manuals, schemas and generators are made from has to be whole. */
#include <check.h>
#include <sim/step.h>
#include <stdlib.h>
#include <string.h>

/* The vocabulary that the scenario language promises. */
static const char *const promised[] = {
	"vmm.create_vm",
	"vmm.check_extension",
	"vmm.create_irqchip",
	"vmm.config",
	"vmm.create_realm",
	"vmm.create_vcpus",
	"vmm.finalize_vcpu",
	"vmm.init_ripas",
	"vmm.populate",
	"vmm.activate",
	"vmm.run",
	"vmm.one_reg",
	"vmm.vcpu_events",
	"vmm.psci_complete",
	"vmm.close",
	"vmm.add_slot",
	"vmm.remove_slot",
	"vmm.set_attributes",
	"vmm.punch_hole",
	"vmm.mmap",
	"vmm.munmap",
	"vmm.madvise",
	"vmm.write",
	"vmm.read",
	"vmm.signal",
	"vmm.ioctl",
	"guest.set_ripas",
	"guest.get_ripas",
	"guest.write",
	"guest.read",
	"guest.fetch",
	"guest.store",
	"guest.load",
	"guest.host_call",
	"guest.psci_cpu_on",
	"guest.psci_cpu_off",
	"guest.psci_cpu_suspend",
	"guest.psci_affinity_info",
	"guest.psci_system_off",
	"guest.psci_system_reset",
	"guest.psci_version",
	"guest.psci_features",
	"guest.measurement_read",
	"guest.measurement_extend",
	"guest.realm_config",
	"guest.rsi",
	"rmm.smc",
};

START_TEST(table_has_the_vocabulary)
{
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++)
		ck_assert_msg(step_find(promised[i]), "no step %s", promised[i]);
	ck_assert_ptr_null(step_find("vmm.no_such_step"));
	ck_assert_ptr_null(step_find("vmm.create"));
}
END_TEST

static void check_sentence(const char *where, const char *help)
{
	ck_assert_msg(help && strlen(help) > 10, "%s has no help", where);
	ck_assert_msg(help[strlen(help) - 1] == '.', "the help of %s is no sentence", where);
	ck_assert_msg(!strchr(help, '\n'), "the help of %s has a line break", where);
}

START_TEST(table_rows_are_whole)
{
	static const char *const prefixes[] = {[STEP_ACTOR_VMM] = "vmm.",
					       [STEP_ACTOR_GUEST] = "guest.",
					       [STEP_ACTOR_RMM] = "rmm."};
	const struct step_def *def;
	size_t num = 0;

	for (; (def = step_at(num)); num++) {
		ck_assert_ptr_eq(step_find(def->name), def);
		ck_assert(!strncmp(def->name, prefixes[def->actor], strlen(prefixes[def->actor])));
		ck_assert_msg(strspn(strchr(def->name, '.') + 1,
				     "abcdefghijklmnopqrstuvwxyz_0123456789") ==
				      strlen(strchr(def->name, '.') + 1),
			      "%s", def->name);
		check_sentence(def->name, def->help);
		ck_assert_msg(def->perform, "%s does nothing", def->name);
		ck_assert_uint_le(def->num_params, STEP_MAX_PARAMS);
		/* Only RMI calls behind a host's back are hostile. */
		ck_assert_int_eq(def->hostile, def->actor == STEP_ACTOR_RMM);
	}
	ck_assert_uint_ge(num, sizeof(promised) / sizeof(promised[0]));
	ck_assert_ptr_null(step_at(num + 1));
}
END_TEST

START_TEST(table_parameters_are_sound)
{
	const struct step_def *def;

	for (size_t i = 0; (def = step_at(i)); i++) {
		for (size_t p = 0; p < def->num_params; p++) {
			const struct step_param *param = &def->params[p];
			size_t names = 0;

			ck_assert_msg(param->name && *param->name, "%s: parameter %zu has no name",
				      def->name, p);
			ck_assert_int_eq(step_param_find(def, param->name), (int)p);
			check_sentence(param->name, param->help);
			while (param->names && param->names[names]) {
				for (size_t n = 0; n < names; n++)
					ck_assert_str_ne(param->names[n], param->names[names]);
				names++;
			}
			ck_assert_msg((param->type == STEP_ENUM) == (names > 0),
				      "%s.%s: names and type differ", def->name, param->name);
			if (param->type == STEP_ENUM)
				ck_assert_uint_lt(param->fallback, names);
			if (param->type == STEP_BOOL)
				ck_assert_uint_le(param->fallback, 1);
			ck_assert_uint_le(param->min, param->max);
			/* What is used without being given must be what could have been given. */
			if (param->max && !param->required && param->fallback)
				ck_assert(param->fallback >= param->min &&
					  param->fallback <= param->max);
			if (param->required)
				ck_assert_uint_eq(param->fallback, 0);
		}
		ck_assert_int_eq(step_param_find(def, "no_such_parameter"), -1);
	}
}
END_TEST

START_TEST(call_starts_with_the_fallbacks)
{
	const struct step_def *def = step_find("guest.set_ripas");
	struct step_call call;
	int destroyed = step_param_find(def, "destroyed");

	memset(&call, 0xff, sizeof(call));
	step_call_init(&call, def);
	ck_assert_ptr_eq(call.def, def);
	ck_assert_uint_eq(call.vcpu, 0);
	ck_assert_uint_eq(call.realm, 0);
	ck_assert_int_eq(call.memory_fault, STEP_CONVERT_KVMTOOL);
	ck_assert_int_eq(call.args[destroyed].given, false);
	/* `allow` unless something else is said. */
	ck_assert_str_eq(def->params[destroyed].names[call.args[destroyed].number], "allow");
	ck_assert_ptr_null(call.result.exits);

	def = step_find("guest.write");
	step_call_init(&call, def);
	ck_assert_uint_eq(call.args[step_param_find(def, "size")].number, 1);
}
END_TEST

START_TEST(outcomes_and_exits_have_names)
{
	for (unsigned int i = 0; i < STEP_NUM_OUTCOMES; i++) {
		ck_assert_ptr_nonnull(step_outcome_name((enum step_outcome)i));
		for (unsigned int j = 0; j < i; j++)
			ck_assert_str_ne(step_outcome_name((enum step_outcome)i),
					 step_outcome_name((enum step_outcome)j));
	}
	ck_assert_ptr_null(step_outcome_name(STEP_NUM_OUTCOMES));
	ck_assert_str_eq(step_outcome_name(STEP_DATA_ABORT_EXIT), "data_abort_exit");
	/* Numbers of the KVM UAPI. */
	ck_assert_str_eq(step_exit_reason_name(39), "memory_fault");
	ck_assert_str_eq(step_exit_reason_name(6), "mmio");
	ck_assert_str_eq(step_exit_reason_name(10), "intr");
	ck_assert_str_eq(step_exit_reason_name(24), "system_event");
	ck_assert_ptr_null(step_exit_reason_name(7777));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step table");
	TCase *tcase = tcase_create("table");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, table_has_the_vocabulary);
	tcase_add_test(tcase, table_rows_are_whole);
	tcase_add_test(tcase, table_parameters_are_sound);
	tcase_add_test(tcase, call_starts_with_the_fallbacks);
	tcase_add_test(tcase, outcomes_and_exits_have_names);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
