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
  psci.c
  reset.c
  sys_regs.c
  vgic.c)
