/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site.h - records of source lines, numbered so that the number is the same in every run and every
 * build.
 *
 * The records live in a section of the build, in an order that depends on the compiler; so they are
 * numbered in the order in which they are first used. Structures in simulated DRAM hold such
 * numbers, never pointers into the build, whose address changes from run to run.
 */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include <linux/types.h>

struct linux_site {
	const char *function;
	const char *file;
	const char *text; /* the lock's name, the condition, or NULL */
	u32 line;
	u32 number;   /* 0: not used yet */
	u32 numbered; /* index plus one of the record whose number is this one's index plus one */
	u32 reserved;
};

extern struct linux_site __start_linux_sites[] __attribute__((visibility("hidden")));

/* LINUX_SITE - the record of this source line, with a text of its own. */
#define LINUX_SITE_TEXT(text)                                                                      \
	({                                                                                         \
		static struct linux_site __linux_site                                              \
			__attribute__((__section__("linux_sites"), __used__, __aligned__(8))) = {  \
				__func__, __FILE__, text, __LINE__, 0, 0, 0};                      \
		(const struct linux_site *)&__linux_site;                                          \
	})
#define LINUX_SITE() LINUX_SITE_TEXT(NULL)

/* linux_site_enumerate - give a record that has no number the next one, and return it. */
u32 linux_site_enumerate(const struct linux_site *site);

static inline u32 linux_site_number(const struct linux_site *site)
{
	if (!site)
		return 0;
	return site->number ? site->number : linux_site_enumerate(site);
}

/* linux_site_get - the record of a number; NULL for 0 and for numbers that no record has. */
const struct linux_site *linux_site_get(u32 number);
/*
 * linux_site_name - "function file:line" of a number, valid until the next call; NULL if there is
 * none.
 */
const char *linux_site_name(u32 number);

#endif
