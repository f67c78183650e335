/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kconfig.h - what a KVM build is configured with.
 *
 *   CONFIG_ARM64_PAGE_SHIFT   12, 14 or 16; given by the build, as it decides PAGE_SIZE
 *   CONFIG_KVM_RME_SERIES     which posting of the Realm series the rme.c is from: 5 to 10, or 12;
 * where it
 *                             is not given, 12 if the tree brings asm/kvm_rmi.h, else 10
 */
#ifndef LINUX_KCONFIG_H
#define LINUX_KCONFIG_H

#ifndef CONFIG_ARM64_PAGE_SHIFT
#error "CONFIG_ARM64_PAGE_SHIFT is not defined: give 12, 14 or 16"
#elif CONFIG_ARM64_PAGE_SHIFT == 12
#define CONFIG_PAGE_SIZE_4KB 1
#define CONFIG_ARM64_4K_PAGES 1
#elif CONFIG_ARM64_PAGE_SHIFT == 14
#define CONFIG_PAGE_SIZE_16KB 1
#define CONFIG_ARM64_16K_PAGES 1
#elif CONFIG_ARM64_PAGE_SHIFT == 16
#define CONFIG_PAGE_SIZE_64KB 1
#define CONFIG_ARM64_64K_PAGES 1
#else
#error "CONFIG_ARM64_PAGE_SHIFT must be 12, 14 or 16"
#endif

#ifndef CONFIG_KVM_RME_SERIES
#if __has_include(<asm/kvm_rmi.h>)
#define CONFIG_KVM_RME_SERIES 12
#else
#define CONFIG_KVM_RME_SERIES 10
#endif
#endif
#if CONFIG_KVM_RME_SERIES < 5 || CONFIG_KVM_RME_SERIES > 12 || CONFIG_KVM_RME_SERIES == 11
#error "CONFIG_KVM_RME_SERIES must be one of 5 6 7 8 9 10 12"
#endif

#define CONFIG_ARM64 1
#define CONFIG_64BIT 1
#define CONFIG_KVM 1
#define CONFIG_KVM_PRIVATE_MEM 1
#define CONFIG_KVM_GUEST_MEMFD 1
#define CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES 1
#define CONFIG_KVM_GENERIC_PRIVATE_MEM 1

/* IS_ENABLED - 1 if the option is defined to 1, else 0; usable in #if. */
#define __KCONFIG_ARG_1 0,
#define __KCONFIG_SECOND(ignored, value, ...) value
#define __KCONFIG_DEFINED(comma_or_junk) __KCONFIG_SECOND(comma_or_junk 1, 0, 0)
#define __KCONFIG_EXPAND(value) __KCONFIG_DEFINED(__KCONFIG_ARG_##value)
#define IS_ENABLED(option) __KCONFIG_EXPAND(option)
#define IS_BUILTIN(option) IS_ENABLED(option)
#define IS_REACHABLE(option) IS_ENABLED(option)

#if defined(__SANITIZE_ADDRESS__)
#define LINUX_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LINUX_ASAN 1
#endif
#endif
#ifndef LINUX_ASAN
#define LINUX_ASAN 0
#endif

#endif
