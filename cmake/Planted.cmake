# SPDX-License-Identifier: BSD-3-Clause
# add_planted_build(NAME PAGE_SHIFT HEADER [OPTION...]): the in-tree KVM build for a page size as a module NAME, in
# which rme.c and mmu.c are compiled anew after HEADER. Nothing else is, so that it costs little.
function(add_planted_build name page_shift header)
  include(${PROJECT_SOURCE_DIR}/sim/kvm/sources.cmake)
  set(dir ${PROJECT_SOURCE_DIR}/sim/kvm)
  math(EXPR size "(1 << ${page_shift}) / 1024")
  add_library(${name} MODULE ${dir}/rme.c ${dir}/mmu.c
    "$<FILTER:$<TARGET_OBJECTS:kvm-${size}k-objects>,EXCLUDE,/(rme|mmu)\\.c\\.o$>"
    $<TARGET_OBJECTS:sim-linux-${page_shift}-objects>)
  set_target_properties(${name} PROPERTIES PREFIX ""
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/rmesim LINK_DEPENDS ${dir}/exports.map)
  target_include_directories(${name} PRIVATE ${dir}/include ${dir} ${PROJECT_SOURCE_DIR}/sim/linux/include)
  target_compile_definitions(${name} PRIVATE CONFIG_ARM64_PAGE_SHIFT=${page_shift})
  target_compile_options(${name} PRIVATE ${SIM_KVM_COMPILE_OPTIONS} ${ARGN} -include ${header}
    # What a planted defect leaves uninitialised the compiler sees too.
    $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  kvm_build_names_files(${name})
  target_link_libraries(${name} PRIVATE rmesim_options sim_port)
  target_link_options(${name} PRIVATE ${SIM_KVM_LINK_OPTIONS} -Wl,--version-script=${dir}/exports.map)
endfunction()
