/* SPDX-License-Identifier: BSD-3-Clause */
#include <sim/kvm_note.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sim/port.h>

#include "elf.h"
#include "error.h"

#if defined(__SANITIZE_ADDRESS__)
#define PROGRAM_ASAN KVM_ASAN_GCC
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PROGRAM_ASAN KVM_ASAN_CLANG
#endif
#endif
#ifndef PROGRAM_ASAN
#define PROGRAM_ASAN KVM_ASAN_NONE
#endif

const char *kvm_asan_words(enum kvm_asan asan)
{
	switch (asan) {
	case KVM_ASAN_GCC:
		return "gcc's AddressSanitizer";
	case KVM_ASAN_CLANG:
		return "clang's AddressSanitizer";
	case KVM_ASAN_NONE:
		break;
	}
	return "no AddressSanitizer";
}

enum kvm_asan kvm_asan_self(void)
{
	return PROGRAM_ASAN;
}

/* UTF-8 in form, without control characters but the ends of lines: what people and programs are shown. */
static bool is_text(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned int follow;

	while (*at) {
		if ((*at < ' ' && *at != '\n') || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) ||
		    *at > 0xf4)
			return false;
		follow = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
		for (at++; follow; follow--) {
			if ((*at++ & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

int kvm_note_read(const char *path, struct kvm_note *out, char **error)
{
	struct elf_info info;
	int err;

	*out = (struct kvm_note){0};
	if (error)
		*error = NULL;
	err = elf_read(path, KVM_BUILD_SYMBOL, &info, error);
	if (err)
		return err;
	if (!info.symbol_size) {
		err = error_set(error, -ENOEXEC,
				"%s: not a KVM build: it has no symbol " KVM_BUILD_SYMBOL, path);
	} else {
		out->asan = info.asan;
		out->text = strdup(info.note ? info.note : "");
		if (out->text && !is_text(out->text))
			err = error_set(error, -ENOEXEC, "%s: damaged: its note is no text", path);
		else if (!out->text)
			err = error_set(error, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	}
	elf_info_clear(&info);
	if (err)
		kvm_note_clear(out);
	return err;
}

void kvm_note_clear(struct kvm_note *note)
{
	free(note->text);
	note->text = NULL;
}

char *kvm_note_value(const struct kvm_note *note, const char *key, size_t index)
{
	size_t length = strlen(key);
	const char *line = note->text;

	while (line && *line) {
		size_t end = strcspn(line, "\n");

		if (end > length && !strncmp(line, key, length) && line[length] == '=' && !index--)
			return strndup(line + length + 1, end - length - 1);
		line += end + (line[end] == '\n');
	}
	return NULL;
}

int program_asan_read(const char *path, enum kvm_asan *out)
{
	struct elf_info info;
	int err = elf_read(path, KVM_BUILD_SYMBOL, &info, NULL);

	if (err)
		return err;
	*out = info.asan;
	elf_info_clear(&info);
	return 0;
}
