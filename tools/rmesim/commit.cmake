# SPDX-License-Identifier: BSD-3-Clause
# Writes OUTPUT, a header with the commit of the checkout SOURCE, if that changes anything.
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env GIT_OPTIONAL_LOCKS=0 git -C ${SOURCE} describe --always --dirty=+ --abbrev=12
    --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "/* SPDX-License-Identifier: BSD-3-Clause */
#define RMESIM_COMMIT \"${commit}\"
")
