/* SPDX-License-Identifier: BSD-3-Clause */
/* test_print.c - kernel messages. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include <linux/kvm_host.h>

static const char *printed(void)
{
	return fake->events[fake->num_events - 1].text;
}

static void __printf(2, 3) expect(const char *text, const char *fmt, ...)
{
	char buffer[100];
	va_list args;

	va_start(args, fmt);
	ck_assert_int_eq(linux_format(buffer, sizeof(buffer), fmt, args), (int)strlen(text));
	va_end(args);
	ck_assert_str_eq(buffer, text);
}

START_TEST(formats)
{
	expect("plain 100%", "plain 100%%");
	expect("-5 7 0x1f 1F 17", "%d %u %#x %X %o", -5, 7u, 31, 31, 15);
	expect("0x8000000000 -9 18446744073709551615", "%#llx %lld %llu", 1ull << 39, -9ll, ~0ull);
	expect("0xffffffffffffffff 12", "%#lx %zu", ~0ul, (size_t)12);
	expect("[   42|42   |00042|abc]", "[%5d|%-5d|%05d|%.3s]", 42, 42, 42, "abcdef");
	expect("[   42| abc]", "[%*d|%*.*s]", 5, 42, 4, 3, "abcdef");
	expect("ff 255 65535", "%hhx %hhu %hu", (u8)0xff, (u8)0xff, (u16)0xffff);
	expect("x", "%c", 'x');
}
END_TEST

START_TEST(no_addresses)
{
	phys_addr_t pa = 0x812345000ull;

	expect("(ptr) (null) -12 (ptr)+", "%p %p %pe %px+", (void *)&pa, NULL, ERR_PTR(-ENOMEM),
	       (void *)&pa);
	expect("0x0000000812345000.", "%pa.", &pa);
	expect("(ptr) next", "%pS next", (void *)&pa);
}
END_TEST

START_TEST(long_text_is_cut)
{
	char text[300];
	char buffer[8] = "1234567";

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pr_err("%s%s%s%s%s\n", text, text, text, text, text);
	ck_assert_uint_lt(strlen(printed()), sizeof(fake->events[0].text));
	expect("abc", "%s", "abc");
	(void)buffer;
}
END_TEST

START_TEST(messages)
{
	struct kvm_vcpu vcpu = {.vcpu_id = 3};
	struct task_struct *a = linux_task_create(NULL, NULL, 0);
	struct task_struct *init = linux_syscall_enter(a);

	fake->num_events = 0;
	pr_info("hello %d\n", 1);
	ck_assert_int_eq(fake->num_events, 1);
	ck_assert_int_eq(fake->events[0].kind, PORT_EVENT_PRINT);
	ck_assert_str_eq(printed(), "hello 1");
	kvm_err("bad %s\n", "luck");
	ck_assert_str_eq(printed(), "kvm [1]: bad luck");
	vcpu_err(&vcpu, "at %#llx", 0x40ull);
	ck_assert_str_eq(printed(), "kvm [1]: vcpu3 at 0x40");
	for (int i = 0; i < 3; i++)
		pr_warn_once("one time");
	ck_assert_int_eq(fake->num_events, 4);
	pr_debug("never %d", fake->num_events++);
	ck_assert_int_eq(fake->num_events, 4);
	fake->port.event_mask = 0;
	pr_err("nobody listens");
	ck_assert_int_eq(fake->num_events, 4);
	linux_syscall_exit(init);
}
END_TEST

START_TEST(bug_ends_the_process)
{
	int status;
	pid_t child = fork();

	if (!child) {
		/* Silent: only how it ends matters. */
		BUG_ON(fake != NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

START_TEST(vm_that_is_bugged)
{
	struct kvm kvm = {.vm_dead = false};

	ck_assert(!KVM_BUG_ON(0, &kvm));
	ck_assert(!kvm.vm_bugged);
	ck_assert(KVM_BUG_ON(1, &kvm));
	ck_assert(kvm.vm_bugged && kvm.vm_dead);
	ck_assert(KVM_BUG(1, &kvm, "again"));
	ck_assert_int_eq(fake_warned(fake, "WARN"), 1);
}
END_TEST

void print_tests(Suite *suite)
{
	TCase *tcase = test_case(suite, "print");

	tcase_add_test(tcase, formats);
	tcase_add_test(tcase, no_addresses);
	tcase_add_test(tcase, long_text_is_cut);
	tcase_add_test(tcase, messages);
	tcase_add_test(tcase, bug_ends_the_process);
	tcase_add_test(tcase, vm_that_is_bugged);
}
