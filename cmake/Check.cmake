# SPDX-License-Identifier: BSD-3-Clause
# add_check_test(NAME SOURCE... [LIBS lib...] [LABELS label...] [TIMEOUT seconds])
# builds a Check program and registers it with ctest.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check)

function(add_check_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LIBS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE rmesim_options ${ARG_LIBS} PkgConfig::CHECK)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    # A backstop against hangs, with room for a loaded machine and sanitizers.
    set(ARG_TIMEOUT 600)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "unit;${ARG_LABELS}"
    ENVIRONMENT "CK_FORK=no;ASAN_OPTIONS=detect_leaks=0")
endfunction()
