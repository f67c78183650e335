/* SPDX-License-Identifier: BSD-3-Clause */
#include "segment.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096u

#if defined(__SANITIZE_ADDRESS__)
#define SEGMENT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEGMENT_ASAN 1
#endif
#endif
#ifndef SEGMENT_ASAN
#define SEGMENT_ASAN 0
#endif

struct search {
	uintptr_t inside;
	const struct elf_range *counters;
	size_t num_counters;
	struct segments *out;
	bool found;
	int err;
};

/*
 * Variables of an instrumented object lie between poisoned red zones, which memcpy() and memcmp() would
 * report; plain loads and stores of this function do not look at the poison.
 */
#if SEGMENT_ASAN
__attribute__((no_sanitize("address"), noinline)) static void raw_copy(uint8_t *to,
								       const uint8_t *from,
								       uint64_t size)
{
	typedef uint64_t word __attribute__((aligned(1), may_alias));
	uint64_t at = 0;

	for (; at + 8 * sizeof(word) <= size; at += 8 * sizeof(word)) {
		volatile word *target = (volatile word *)(to + at);
		const word *now = (const word *)(to + at), *source = (const word *)(from + at);
		word differs = 0;

		for (unsigned int i = 0; i < 8; i++)
			differs |= now[i] ^ source[i];
		if (!differs)
			continue;
		/* Volatile, so that no compiler makes a call of memcpy() of it. */
		for (unsigned int i = 0; i < 8; i++)
			target[i] = source[i];
	}
	for (; at < size; at++)
		*(volatile uint8_t *)(to + at) = *(const volatile uint8_t *)(from + at);
}
#else
static void raw_copy(uint8_t *to, const uint8_t *from, uint64_t size)
{
	if (memcmp(to, from, size))
		memcpy(to, from, size);
}
#endif

static int add_segment(struct segments *out, uintptr_t start, uintptr_t end)
{
	struct segment *list;
	uint8_t *saved;

	if (start >= end)
		return 0;
	list = realloc(out->list, (out->count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	out->list = list;
	saved = calloc(1, end - start);
	if (!saved)
		return -ENOMEM;
	raw_copy(saved, (const uint8_t *)start, end - start);
	list[out->count++] = (struct segment){(uint8_t *)start, saved, end - start};
	return 0;
}

/* [start, end) without the counters. */
static int add_without_counters(struct search *search, uintptr_t base, uintptr_t start,
				uintptr_t end)
{
	int err = 0;

	for (size_t i = 0; i < search->num_counters && !err; i++) {
		uintptr_t from = base + search->counters[i].start;
		uintptr_t to = base + search->counters[i].end;

		if (to <= start || from >= end)
			continue;
		err = add_segment(search->out, start, from);
		start = to;
	}
	return err ? err : add_segment(search->out, start, end);
}

static int object_visit(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct search *search = ctx;
	uintptr_t relro_start = 0, relro_end = 0;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type == PT_LOAD && search->inside - start < phdr->p_memsz)
			search->found = true;
		if (phdr->p_type == PT_GNU_RELRO) {
			relro_start = start;
			relro_end = start + phdr->p_memsz;
		}
	}
	if (!search->found)
		return 0;
	for (int i = 0; i < info->dlpi_phnum && !search->err; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + phdr->p_vaddr;
		uintptr_t end = start + phdr->p_memsz;

		if (phdr->p_type != PT_LOAD || !(phdr->p_flags & PF_W))
			continue;
		if (relro_end > start && relro_start < end) {
			search->err =
				add_without_counters(search, info->dlpi_addr, start, relro_start);
			start = relro_end;
		}
		if (!search->err)
			search->err = add_without_counters(search, info->dlpi_addr, start, end);
	}
	return 1;
}

int segments_save(const void *inside, const struct elf_range *counters, size_t num_counters,
		  struct segments *out)
{
	struct search search = {.inside = (uintptr_t)inside,
				.counters = counters,
				.num_counters = num_counters,
				.out = out};

	memset(out, 0, sizeof(*out));
	dl_iterate_phdr(object_visit, &search);
	if (!search.found)
		return -ENOENT;
	if (search.err)
		segments_free(out);
	return search.err;
}

void segments_restore(const struct segments *segments)
{
	for (size_t i = 0; i < segments->count; i++) {
		const struct segment *segment = &segments->list[i];

		/* In parts, so that pages nobody wrote to are not written to now. */
		for (uint64_t at = 0; at < segment->size; at += CHUNK) {
			uint64_t rest = segment->size - at;

			raw_copy(segment->memory + at, segment->saved + at,
				 rest < CHUNK ? rest : CHUNK);
		}
	}
}

void segments_free(struct segments *segments)
{
	for (size_t i = 0; i < segments->count; i++)
		free(segments->list[i].saved);
	free(segments->list);
	segments->list = NULL;
	segments->count = 0;
}
