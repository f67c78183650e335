# SPDX-License-Identifier: BSD-3-Clause
# Writes OUTPUT, a C file with the bytes of each of FILES as `const char html_NAME_EXTENSION[]`.
set(text "/* SPDX-License-Identifier: BSD-3-Clause */\n#include \"html.h\"\n")
foreach(file IN LISTS FILES)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} name)
  string(APPEND text "\nconst char html_${name}[] = {\n${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
