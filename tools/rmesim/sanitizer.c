/* SPDX-License-Identifier: BSD-3-Clause */
/* What the sanitizers' runtimes ask a program for; the environment still overrides it. */

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* What a host side leaks is the audit's to find, and a machine that was left in the middle always does. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}
