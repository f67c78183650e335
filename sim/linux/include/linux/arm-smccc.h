/* SPDX-License-Identifier: BSD-3-Clause */
/* SMC calling convention: function numbers and the two ways into the RMM. */
#ifndef LINUX_ARM_SMCCC_H
#define LINUX_ARM_SMCCC_H

#include <linux/bits.h>
#include <linux/const.h>
#include <linux/types.h>
#include <sim/site.h>

#define ARM_SMCCC_STD_CALL        UL(0)
#define ARM_SMCCC_FAST_CALL       UL(1)
#define ARM_SMCCC_TYPE_SHIFT      31
#define ARM_SMCCC_SMC_32          0
#define ARM_SMCCC_SMC_64          1
#define ARM_SMCCC_CALL_CONV_SHIFT 30
#define ARM_SMCCC_OWNER_MASK      0x3F
#define ARM_SMCCC_OWNER_SHIFT     24
#define ARM_SMCCC_FUNC_MASK       0xFFFF
#define ARM_SMCCC_OWNER_ARCH         0
#define ARM_SMCCC_OWNER_CPU          1
#define ARM_SMCCC_OWNER_SIP          2
#define ARM_SMCCC_OWNER_OEM          3
#define ARM_SMCCC_OWNER_STANDARD     4
#define ARM_SMCCC_OWNER_STANDARD_HYP 5
#define ARM_SMCCC_OWNER_VENDOR_HYP   6

#define ARM_SMCCC_CALL_VAL(type, calling_convention, owner, func_num)                              \
	(((type) << ARM_SMCCC_TYPE_SHIFT) | ((calling_convention) << ARM_SMCCC_CALL_CONV_SHIFT) |  \
	 (((owner) & ARM_SMCCC_OWNER_MASK) << ARM_SMCCC_OWNER_SHIFT) |                             \
	 ((func_num) & ARM_SMCCC_FUNC_MASK))
#define ARM_SMCCC_IS_FAST_CALL(id) ((id) & (ARM_SMCCC_FAST_CALL << ARM_SMCCC_TYPE_SHIFT))
#define ARM_SMCCC_IS_64(id)        ((id) & (ARM_SMCCC_SMC_64 << ARM_SMCCC_CALL_CONV_SHIFT))
#define ARM_SMCCC_FUNC_NUM(id)     ((id) & ARM_SMCCC_FUNC_MASK)
#define ARM_SMCCC_OWNER_NUM(id)    (((id) >> ARM_SMCCC_OWNER_SHIFT) & ARM_SMCCC_OWNER_MASK)

#define SMCCC_RET_SUCCESS           0
#define SMCCC_RET_NOT_SUPPORTED     (-1)
#define SMCCC_RET_NOT_REQUIRED      (-2)
#define SMCCC_RET_INVALID_PARAMETER (-3)

struct arm_smccc_res {
	unsigned long a0;
	unsigned long a1;
	unsigned long a2;
	unsigned long a3;
};

struct arm_smccc_1_2_regs {
	unsigned long a0;
	unsigned long a1;
	unsigned long a2;
	unsigned long a3;
	unsigned long a4;
	unsigned long a5;
	unsigned long a6;
	unsigned long a7;
	unsigned long a8;
	unsigned long a9;
	unsigned long a10;
	unsigned long a11;
	unsigned long a12;
	unsigned long a13;
	unsigned long a14;
	unsigned long a15;
	unsigned long a16;
	unsigned long a17;
};

/* linux_smccc_call - x0..x7 in, x0..x3 out; `res` may be NULL. */
void linux_smccc_call(unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3,
		      unsigned long a4, unsigned long a5, unsigned long a6, unsigned long a7,
		      struct arm_smccc_res *res);

/*
 * arm_smccc_1_1_invoke - (function, up to 7 arguments, result pointer). Each argument is converted
 * to unsigned long by C's rules, so that a negative int is sign-extended. res->a0 to a3 are always
 * written.
 */
#define arm_smccc_1_1_invoke(...)                                                                  \
	__SMCCC_COUNT(__VA_ARGS__, __SMCCC_8, __SMCCC_7, __SMCCC_6, __SMCCC_5, __SMCCC_4,          \
		      __SMCCC_3, __SMCCC_2, __SMCCC_1, __SMCCC_0)                                  \
	(__VA_ARGS__)
#define arm_smccc_1_1_smc(...) arm_smccc_1_1_invoke(__VA_ARGS__)
#define arm_smccc_1_1_hvc(...) arm_smccc_1_1_invoke(__VA_ARGS__)

#define __SMCCC_COUNT(a0, a1, a2, a3, a4, a5, a6, a7, res, which, ...) which
#define __SMCCC_U(x) ((unsigned long)(x))
#define __SMCCC_1(a, res)                                                                          \
	linux_smccc_call(__SMCCC_U(a), 0, 0, 0, 0, 0, 0, 0, res)
#define __SMCCC_2(a, b, res)                                                                       \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), 0, 0, 0, 0, 0, 0, res)
#define __SMCCC_3(a, b, c, res)                                                                    \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), __SMCCC_U(c), 0, 0, 0, 0, 0, res)
#define __SMCCC_4(a, b, c, d, res)                                                                 \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), __SMCCC_U(c), __SMCCC_U(d), 0, 0, 0, 0, res)
#define __SMCCC_5(a, b, c, d, e, res)                                                              \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), __SMCCC_U(c), __SMCCC_U(d), __SMCCC_U(e),     \
			 0, 0, 0, res)
#define __SMCCC_6(a, b, c, d, e, f, res)                                                           \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), __SMCCC_U(c), __SMCCC_U(d), __SMCCC_U(e),     \
			 __SMCCC_U(f), 0, 0, res)
#define __SMCCC_7(a, b, c, d, e, f, g, res)                                                        \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), __SMCCC_U(c), __SMCCC_U(d), __SMCCC_U(e),     \
			 __SMCCC_U(f), __SMCCC_U(g), 0, res)
#define __SMCCC_8(a, b, c, d, e, f, g, h, res)                                                     \
	linux_smccc_call(__SMCCC_U(a), __SMCCC_U(b), __SMCCC_U(c), __SMCCC_U(d), __SMCCC_U(e),     \
			 __SMCCC_U(f), __SMCCC_U(g), __SMCCC_U(h), res)

/* arm_smccc_1_2_smc - all of x0..x17 in and out; `args` and `res` may be the same object. */
void arm_smccc_1_2_smc(const struct arm_smccc_1_2_regs *args, struct arm_smccc_1_2_regs *res);
#define arm_smccc_1_2_invoke(args, res) arm_smccc_1_2_smc(args, res)
#define arm_smccc_1_2_hvc(args, res)    arm_smccc_1_2_smc(args, res)

#endif
