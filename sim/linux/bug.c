/* SPDX-License-Identifier: BSD-3-Clause */
/* bug.c - WARN and BUG. */
#include <stdlib.h>

#include <linux/bug.h>

#include "internal.h"

void linux_warn(const struct linux_site *site, const char *fmt, ...)
{
	va_list args;

	if (!fmt) {
		linux_report("WARN", site, "%s", site->text);
		return;
	}
	va_start(args, fmt);
	linux_vreport("WARN", site, fmt, args);
	va_end(args);
}

void linux_bug(const struct linux_site *site)
{
	linux_report("BUG", site, "%s", site->text);
	abort();
}
