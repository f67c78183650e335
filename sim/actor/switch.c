/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

/* rbp, rbx, r12 to r15 and the return address, as the System V ABI has the callee keep them. */
enum { SLOT_R15, SLOT_R14, SLOT_R13, SLOT_R12, SLOT_RBX, SLOT_RBP, SLOT_RETURN, NUM_SLOTS };

__asm__(".text\n"
	".p2align 4\n"
	".globl switch_stacks\n"
	".hidden switch_stacks\n"
	".type switch_stacks, @function\n"
	"switch_stacks:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	retq\n"
	"	.cfi_endproc\n"
	".size switch_stacks, . - switch_stacks\n"
	".p2align 4\n"
	".hidden switch_start\n"
	".type switch_start, @function\n"
	"switch_start:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined rip\n" /* here a backtrace ends */
	"	movq %r12, %rdi\n"
	"	callq *%rbx\n"
	"	ud2\n"
	"	.cfi_endproc\n"
	".size switch_start, . - switch_start\n");

void switch_start(void) __attribute__((visibility("hidden")));

void *switch_prepare(void *stack_top, void (*entry)(void *arg), void *arg)
{
	/* switch_start() finds the stack aligned to 16 bytes, and its call then as any function does. */
	uintptr_t top = (uintptr_t)stack_top & ~(uintptr_t)15;
	uint64_t *slots = (uint64_t *)top - NUM_SLOTS;

	memset(slots, 0, NUM_SLOTS * sizeof(*slots));
	slots[SLOT_RBX] = (uint64_t)(uintptr_t)entry;
	slots[SLOT_R12] = (uint64_t)(uintptr_t)arg;
	slots[SLOT_RETURN] = (uint64_t)(uintptr_t)switch_start;
	return slots;
}

#elif defined(__aarch64__)

/* x19 to x30 and d8 to d15, as AAPCS64 has the callee keep them. */
enum { SLOT_X19, SLOT_X20, SLOT_X30 = 11, SLOT_D8, NUM_SLOTS = 20 };

__asm__(".text\n"
	".p2align 4\n"
	".globl switch_stacks\n"
	".hidden switch_stacks\n"
	".type switch_stacks, @function\n"
	"switch_stacks:\n"
	"	.cfi_startproc\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp, #0]\n"
	"	stp x21, x22, [sp, #16]\n"
	"	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n"
	"	stp x27, x28, [sp, #64]\n"
	"	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #0]\n"
	"	ldp x21, x22, [sp, #16]\n"
	"	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]\n"
	"	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size switch_stacks, . - switch_stacks\n"
	".p2align 4\n"
	".hidden switch_start\n"
	".type switch_start, @function\n"
	"switch_start:\n"
	"	.cfi_startproc\n"
	"	.cfi_undefined x30\n" /* here a backtrace ends */
	"	mov x0, x20\n"
	"	blr x19\n"
	"	brk #1\n"
	"	.cfi_endproc\n"
	".size switch_start, . - switch_start\n");

void switch_start(void) __attribute__((visibility("hidden")));

void *switch_prepare(void *stack_top, void (*entry)(void *arg), void *arg)
{
	uintptr_t top = (uintptr_t)stack_top & ~(uintptr_t)15;
	uint64_t *slots = (uint64_t *)top - NUM_SLOTS;

	memset(slots, 0, NUM_SLOTS * sizeof(*slots));
	slots[SLOT_X19] = (uint64_t)(uintptr_t)entry;
	slots[SLOT_X20] = (uint64_t)(uintptr_t)arg;
	slots[SLOT_X30] = (uint64_t)(uintptr_t)switch_start;
	return slots;
}

#else
#error "switch_stacks() is written for x86-64 and AArch64"
#endif
