/* SPDX-License-Identifier: BSD-3-Clause */
/* progress.c - one line on a terminal that says how far a long run is. Nothing anywhere else. */
#include "rmesim.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What fits on a narrow terminal; a line that wraps could not be taken back. */
#define MAX_WIDTH 76

bool progress_wanted(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb");
}

/* With blanks, not with an escape sequence: people who want no colour want none of those. */
void progress_clear(struct progress_line *progress)
{
	if (progress->wanted && progress->width)
		fprintf(stderr, "\r%*s\r", (int)progress->width, "");
	progress->width = 0;
	fflush(stderr);
}

void progress_show(struct progress_line *progress, const char *name)
{
	char *line;

	if (!progress->wanted)
		return;
	line = g_strdup_printf("[%zu/%zu] %zu failed  %s", progress->done, progress->total,
			       progress->failed, name);
	/* Names are ASCII but for what matrices put into them. */
	if (strlen(line) > MAX_WIDTH)
		*g_utf8_find_prev_char(line, line + MAX_WIDTH) = '\0';
	progress_clear(progress);
	fputs(line, stderr);
	fflush(stderr);
	progress->width = strlen(line);
	g_free(line);
}
