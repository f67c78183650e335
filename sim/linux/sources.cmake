# SPDX-License-Identifier: BSD-3-Clause
# The sources of sim/linux, for builds that compile it in:
#
#   include(${CMAKE_SOURCE_DIR}/sim/linux/sources.cmake)
#   target_sources(t PRIVATE ${SIM_LINUX_SOURCES})
#   target_include_directories(t PRIVATE <the tree's asm/ directory first> ${SIM_LINUX_INCLUDE})
#   target_compile_definitions(t PRIVATE CONFIG_ARM64_PAGE_SHIFT=12 CONFIG_KVM_RME_SERIES=10)
#
# CONFIG_ARM64_PAGE_SHIFT is 12, 14 or 16. CONFIG_KVM_RME_SERIES is 5 to 10 or 12; without it, 12 if asm/kvm_rmi.h is
# there, else 10. SIM_LINUX_CORE_SOURCES are those that need no tables of KVM's (tests link them alone).

set(SIM_LINUX_DIR ${CMAKE_CURRENT_LIST_DIR})
set(SIM_LINUX_INCLUDE ${SIM_LINUX_DIR}/include)
set(SIM_LINUX_CORE_SOURCES
  account.c bitmap.c bug.c cache.c cpufeature.c lock.c loop.c order.c page.c port.c print.c refcount.c sched.c slab.c
  smccc.c string.c xarray.c)
list(TRANSFORM SIM_LINUX_CORE_SOURCES PREPEND ${SIM_LINUX_DIR}/)
set(SIM_LINUX_SOURCES ${SIM_LINUX_CORE_SOURCES} ${SIM_LINUX_DIR}/file.c ${SIM_LINUX_DIR}/mm.c)
