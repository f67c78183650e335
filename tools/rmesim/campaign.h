/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * campaign.h - what commands that run for hours owe whoever waits for them: how far they are, and what they found when
 * somebody ends them early.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include <glib.h>
#include <signal.h>
#include <stdbool.h>

struct campaign_watch {
	bool terminal, shown;
	gint64 begin, next; /* when it is time for the next line, where there is no terminal */
	struct sigaction actions[3];
};

/*
 * campaign_begin - from here on SIGINT, SIGTERM and SIGHUP set the flag that is returned; a second one of the same kind
 * ends the program as usual. One campaign a process.
 */
const volatile sig_atomic_t *campaign_begin(struct campaign_watch *watch);
/* campaign_seconds - since it began; never 0. */
double campaign_seconds(const struct campaign_watch *watch);
/* campaign_show - how far it is: on a terminal in place of what stood there, elsewhere a line a minute. */
void campaign_show(struct campaign_watch *watch, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * campaign_end - the end of the last line, and signals as they were. True if a signal came: what is reported is only
 * what was run until then, which standard error is told.
 */
bool campaign_end(struct campaign_watch *watch);
/*
 * campaign_status - the exit status of a campaign that has told what it found: `status`; after a signal the
 * program dies of it here, so that its caller learns that it was ended.
 */
int campaign_status(int status);

#endif
