/* SPDX-License-Identifier: BSD-3-Clause */
#include "campaign.h"

#include <stdio.h>
#include <unistd.h>

#include "rmesim.h"

/* Systems that run tests end what is silent for ten minutes. */
#define LINE_US (60 * G_USEC_PER_SEC)

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

const volatile sig_atomic_t *campaign_begin(struct campaign_watch *watch)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	unsigned int i;

	*watch = (struct campaign_watch){.terminal = isatty(STDERR_FILENO),
					 .begin = g_get_monotonic_time()};
	watch->next = watch->begin + LINE_US;
	for (i = 0; i < G_N_ELEMENTS(signals); i++) {
		sigaction(signals[i], NULL, &watch->actions[i]);
		/* What nohup has ignored stays so. */
		if (watch->actions[i].sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
	return &caught;
}

double campaign_seconds(const struct campaign_watch *watch)
{
	return (double)(g_get_monotonic_time() - watch->begin + 1) / 1e6;
}

void campaign_show(struct campaign_watch *watch, const char *format, ...)
{
	gint64 now = g_get_monotonic_time();
	va_list args;
	char *text;

	if (!watch->terminal && now < watch->next)
		return;
	watch->next = now + LINE_US;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	fprintf(stderr, watch->terminal ? "\r%s " : "%s\n", text);
	fflush(stderr);
	g_free(text);
	watch->shown = true;
}

bool campaign_end(struct campaign_watch *watch)
{
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(signals); i++)
		sigaction(signals[i], &watch->actions[i], NULL);
	if (watch->terminal && watch->shown)
		fputc('\n', stderr);
	if (!caught)
		return false;
	fprintf(stderr, "rmesim: ended early (%s): what follows is of the runs until then\n",
		g_strsignal(caught));
	return true;
}

int campaign_status(int status)
{
	if (!caught)
		return status;
	fflush(NULL);
	raise(caught);
	return status;
}
