/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kvm_note.h - what the file of a KVM build says of itself, read without loading it: also of one that was
 * made for another sanitizer's runtime, or for another port ABI, than this program.
 */
#ifndef SIM_KVM_NOTE_H
#define SIM_KVM_NOTE_H

#include <stddef.h>

/* Whose AddressSanitizer a program or a build was compiled with. Their runtimes do not mix. */
enum kvm_asan { KVM_ASAN_NONE, KVM_ASAN_GCC, KVM_ASAN_CLANG };
/* kvm_asan_words - "no AddressSanitizer", "gcc's AddressSanitizer", ... */
const char *kvm_asan_words(enum kvm_asan asan);
/* kvm_asan_self - that of this program. */
enum kvm_asan kvm_asan_self(void);

struct kvm_note {
	enum kvm_asan asan; /* as the file's symbols tell it, whatever the note says */
	char *text;	    /* of the note, lines "key=value"; "": it has none */
};

/*
 * kvm_note_read - 0, to be undone by kvm_note_clear(); -ENOENT; -ENOEXEC if the file is not an ELF object for
 * this machine that can be loaded, or exports no `kvm_build`; other -errno of the file system. *error (`error`
 * may be NULL) says why, to be freed with free().
 */
int kvm_note_read(const char *path, struct kvm_note *out, char **error);
void kvm_note_clear(struct kvm_note *note);
/*
 * kvm_note_value - the value of line number `index` (from 0) of those with `key`, to be freed with free();
 * NULL: there are not so many.
 */
char *kvm_note_value(const struct kvm_note *note, const char *key, size_t index);

/* program_asan_read - the AddressSanitizer of an executable file. 0, or as kvm_note_read(). */
int program_asan_read(const char *path, enum kvm_asan *out);

#endif
