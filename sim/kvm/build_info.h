/* SPDX-License-Identifier: BSD-3-Clause */
/* build_info.h - what a build knows about itself when it is compiled: for its table and for its note. */
#ifndef KVM_BUILD_INFO_H
#define KVM_BUILD_INFO_H

#include <linux/kconfig.h>

#define BUILD_STRINGIFY_(x) #x
#define BUILD_STRINGIFY(x)  BUILD_STRINGIFY_(x)

#if CONFIG_KVM_RME_SERIES <= 6
#define BUILD_ERA      KVM_UAPI_ERA_A
#define BUILD_ERA_NAME "A"
#elif CONFIG_KVM_RME_SERIES <= 8
#define BUILD_ERA      KVM_UAPI_ERA_B
#define BUILD_ERA_NAME "B"
#elif CONFIG_KVM_RME_SERIES <= 10
#define BUILD_ERA      KVM_UAPI_ERA_C
#define BUILD_ERA_NAME "C"
#else
#define BUILD_ERA      KVM_UAPI_ERA_D
#define BUILD_ERA_NAME "D"
#endif

#define BUILD_SERIES "v" BUILD_STRINGIFY(CONFIG_KVM_RME_SERIES)

/* No compiler says by itself that UBSan is on: whoever compiles does. */
#ifdef KVM_BUILD_WITH_UBSAN
#define BUILD_UBSAN KVM_BUILD_UBSAN
#else
#define BUILD_UBSAN 0
#endif

#ifdef __clang__
#define BUILD_COMPILER "clang " __clang_version__
#else
#define BUILD_COMPILER "gcc " __VERSION__
#endif

#endif
