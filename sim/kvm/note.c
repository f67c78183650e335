/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * note.c - an ELF note that says what the build is, for readers that cannot or must not load it: one that
 * was made for another sanitizer's runtime, say. Lines "key=value"; sim/machine reads them.
 */
#include <linux/types.h>
#include <sim/port.h>

#include "build_info.h"

/* `rmesim kvm-build` says here what it compiled: "file=rme.c=/path/rme.c\n" and so on. */
#ifdef KVM_BUILD_FILES_HEADER
#include KVM_BUILD_FILES_HEADER
#else
#define KVM_BUILD_FILES ""
#endif

#if CONFIG_ARM64_PAGE_SHIFT == 12
#define NOTE_PAGE_SIZE "4096"
#elif CONFIG_ARM64_PAGE_SHIFT == 14
#define NOTE_PAGE_SIZE "16384"
#else
#define NOTE_PAGE_SIZE "65536"
#endif

#if !LINUX_ASAN
#define NOTE_ASAN "none"
#elif defined(__clang__)
#define NOTE_ASAN "clang"
#else
#define NOTE_ASAN "gcc"
#endif

#ifdef KVM_BUILD_WITH_UBSAN
#define NOTE_UBSAN "yes"
#else
#define NOTE_UBSAN "no"
#endif

#define NOTE_TEXT                                                                                  \
	"abi=" BUILD_STRINGIFY(SIM_PORT_ABI) "\n"                                                  \
					     "page_size=" NOTE_PAGE_SIZE "\n"                      \
					     "series=" BUILD_SERIES "\n"                           \
					     "era=" BUILD_ERA_NAME "\n"                            \
					     "compiler=" BUILD_COMPILER "\n"                       \
					     "asan=" NOTE_ASAN "\n"                                \
					     "ubsan=" NOTE_UBSAN "\n" KVM_BUILD_FILES

#ifdef __clang__
/* A redzone would be a part of the section. */
#define NOTE_BARE __attribute__((no_sanitize("address")))
#else
#define NOTE_BARE
#endif

static const struct {
	u32 name_size, text_size, type;
	char name[sizeof(KVM_BUILD_NOTE_NAME) + (4 - sizeof(KVM_BUILD_NOTE_NAME) % 4) % 4];
	char text[(sizeof(NOTE_TEXT) + 3) / 4 * 4];
} note NOTE_BARE __attribute__((section(KVM_BUILD_NOTE_SECTION), used, aligned(4))) = {
	sizeof(KVM_BUILD_NOTE_NAME), sizeof(NOTE_TEXT), KVM_BUILD_NOTE_TYPE,
	KVM_BUILD_NOTE_NAME,	     NOTE_TEXT,
};
