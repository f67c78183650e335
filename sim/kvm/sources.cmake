# SPDX-License-Identifier: BSD-3-Clause
# What a KVM build compiles of sim/kvm beside rme.c, rme-exit.c and mmu.c.
set(SIM_KVM_GLUE_SOURCES
  arch_timer.c
  arm.c
  build.c
  guest.c
  guest_memfd.c
  hypercalls.c
  inject_fault.c
  kvm_main.c
  mmio.c
  note.c
  psci.c
  reset.c
  sys_regs.c
  vgic.c)

# How a KVM build is compiled and linked, whoever does it: add_kvm_build() and `rmesim kvm-build`, which
# reads the manifest that is made of these lists.
set(SIM_KVM_COMPILE_OPTIONS -fPIC -fvisibility=hidden -fno-strict-aliasing -fno-common -g)
set(SIM_KVM_LINK_OPTIONS -Wl,-Bsymbolic -Wl,-z,now)
# The host side proper, which a kernel tree's files take the place of, and the headers that go with it.
set(SIM_KVM_HOST_SOURCES rme.c rme-exit.c)
set(SIM_KVM_HOST_HEADERS asm/kvm_rme.h asm/rmi_cmds.h asm/rmi_smc.h)
