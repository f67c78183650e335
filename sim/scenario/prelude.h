/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prelude.h - where preludes are found. The prelude `boot/kvmtool` is the file preludes/boot/kvmtool.yaml in
 * the directory of the file that uses it, or in the nearest directory above it that has one; of a file that is
 * a symbolic link also where it leads; or else among those that are installed with the program.
 */
#ifndef SCENARIO_PRELUDE_H
#define SCENARIO_PRELUDE_H

#include "arena.h"
#include "document.h"

#define PRELUDE_DIRECTORY "preludes"
#define PRELUDE_MAX_DEPTH 16u /* preludes and aliases through which one is reached */

struct prelude_library;

/* A prelude as it stands in its file. */
struct prelude {
	const struct source *source; /* NULL: there is no such prelude, or it cannot be read */
	struct node *root;	     /* NULL: the file is no YAML, which was said */
	char *path;		     /* of the file */
};

/* prelude_library_create - sources of preludes are added to `sources`, which owns them. */
struct prelude_library *prelude_library_create(struct arena *arena, struct diagnostics *diagnostics,
					       void (*own)(void *ctx, struct source *source),
					       unsigned int (*order)(void *ctx), void *ctx);
void prelude_library_destroy(struct prelude_library *library);
/*
 * prelude_find - the prelude `name` for the file `from`. A file is read once. NULL if there is none:
 * *searched is then the end of a message (g_free()): where it was looked for, and the nearest name.
 */
const struct prelude *prelude_find(struct prelude_library *library, const struct source *from,
				   const char *name, char **searched);

#endif
