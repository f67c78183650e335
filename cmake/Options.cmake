# SPDX-License-Identifier: BSD-3-Clause
# Compiler flags that every target of the project shares.

add_library(rmesim_options INTERFACE)
target_compile_options(rmesim_options INTERFACE
  -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wundef
  -fno-strict-aliasing -fno-common -g)
target_compile_definitions(rmesim_options INTERFACE _GNU_SOURCE)
if(RMESIM_WERROR)
  target_compile_options(rmesim_options INTERFACE -Werror)
endif()
if(RMESIM_SANITIZE)
  # A recovered report would let a run with undefined behaviour end green.
  set(sanitize_flags -fsanitize=${RMESIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(rmesim_options INTERFACE ${sanitize_flags})
  target_link_options(rmesim_options INTERFACE ${sanitize_flags})
endif()
# Fuzz targets: what is fuzzed counts coverage for the engine: the RMM, KVM builds, the loader of scenarios. RMESIM_FUZZ=afl
# is for AFL++'s compiler, which instruments by itself. The mutators work on steps, so no comparisons are traced; and a
# loaded module cannot count stack depth.
set(RMESIM_FUZZ OFF CACHE STRING "Build the fuzz targets for an engine: OFF, ON (libFuzzer, clang), afl (afl-clang-fast)")
set(RMESIM_FUZZ_ENGINE "-fsanitize=fuzzer" CACHE STRING "Link options that bring the engine")
set(RMESIM_COVERAGE_OPTIONS "")
if(RMESIM_FUZZ AND NOT RMESIM_FUZZ STREQUAL "afl")
  set(RMESIM_COVERAGE_OPTIONS -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth,trace-cmp)
endif()
# Two checkouts of one commit must give the same bytes in traces and messages.
target_compile_options(rmesim_options INTERFACE -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

# A program and the KVM builds that it loads have one sanitizer's runtime. So there is one installation for
# each, below the same prefix: `rmesim run --kvm` calls the one that fits.
set(RMESIM_INSTALL_KIND "")
if(RMESIM_SANITIZE MATCHES "address")
  if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    set(RMESIM_INSTALL_KIND lib/rmesim/asan-clang/)
  else()
    set(RMESIM_INSTALL_KIND lib/rmesim/asan-gcc/)
  endif()
endif()
