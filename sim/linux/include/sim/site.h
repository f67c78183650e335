/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site.h - records of source lines, numbered so that the number is the same in every run of a build.
 *
 * The records live in a section of the build; a record's number is its index there plus one. Structures in
 * simulated DRAM hold such numbers, never pointers into the build, whose address changes from run to run.
 */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include <linux/types.h>

struct linux_site {
	const char *function;
	const char *file;
	const char *text; /* the lock's name, the condition, or NULL */
	u32 line;
	u32 reserved;
};

extern const struct linux_site __start_linux_sites[] __attribute__((visibility("hidden")));
extern const struct linux_site __stop_linux_sites[] __attribute__((visibility("hidden")));

/* LINUX_SITE - the record of this source line, with a text of its own. */
#define LINUX_SITE_TEXT(text)                                                                      \
	({                                                                                         \
		static const struct linux_site __linux_site                                        \
			__attribute__((__section__("linux_sites"), __used__, __aligned__(8))) = {  \
				__func__, __FILE__, text, __LINE__, 0};                            \
		&__linux_site;                                                                     \
	})
#define LINUX_SITE() LINUX_SITE_TEXT(NULL)

static inline u32 linux_site_number(const struct linux_site *site)
{
	return site ? (u32)(site - __start_linux_sites) + 1 : 0;
}

/* linux_site_get - the record of a number; NULL for 0 and for numbers that no record has. */
const struct linux_site *linux_site_get(u32 number);
/* linux_site_name - "function file:line" of a number, valid until the next call; NULL if there is none. */
const char *linux_site_name(u32 number);

#endif
