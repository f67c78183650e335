/* SPDX-License-Identifier: BSD-3-Clause */
/* arena.h - memory that is released all at once: everything that one loaded set of scenarios is made of. */
#ifndef SCENARIO_ARENA_H
#define SCENARIO_ARENA_H

#include <stddef.h>

struct arena;

/* arena_create - an empty arena. Never NULL: the program ends when the machine is out of memory. */
struct arena *arena_create(void);
/* arena_destroy - release everything that came from the arena. NULL is ignored. */
void arena_destroy(struct arena *arena);
/* arena_alloc - `size` zeroed bytes, aligned for any object. */
void *arena_alloc(struct arena *arena, size_t size);
/* arena_copy - a NUL terminated copy of `length` bytes. */
char *arena_copy(struct arena *arena, const char *text, size_t length);
/* arena_format - as sprintf(), into the arena. */
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* arena_array - a copy of `count` elements of `size` bytes each; NULL when there are none. */
void *arena_array(struct arena *arena, const void *elements, size_t count, size_t size);

#endif
