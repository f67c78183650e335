/* SPDX-License-Identifier: BSD-3-Clause */
#include "arena.h"

#include <glib.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#define ARENA_CHUNK_SIZE 65536u

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct arena_chunk *chunks;
};

struct arena *arena_create(void)
{
	return g_new0(struct arena, 1);
}

void arena_destroy(struct arena *arena)
{
	struct arena_chunk *chunk, *next;

	if (!arena)
		return;
	for (chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		g_free(chunk);
	}
	g_free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t room, rounded;
	void *memory;

	if (!size)
		size = 1;
	g_assert(size <= SIZE_MAX / 2);
	rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < rounded) {
		room = MAX(rounded, (size_t)ARENA_CHUNK_SIZE);
		chunk = g_malloc0(sizeof(*chunk) + room);
		chunk->size = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	memory = chunk->bytes + chunk->used;
	chunk->used += rounded;
	return memory;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length)
		memcpy(copy, text, length);
	return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text, *copy;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	copy = arena_copy(arena, text, strlen(text));
	g_free(text);
	return copy;
}

void *arena_array(struct arena *arena, const void *elements, size_t count, size_t size)
{
	void *copy;

	if (!count)
		return NULL;
	copy = arena_alloc(arena, count * size);
	memcpy(copy, elements, count * size);
	return copy;
}
