/* SPDX-License-Identifier: BSD-3-Clause */
/* Lengths of SVE vectors: bytes (vl) and quadwords (vq). */
#ifndef ASM_FPSIMD_H
#define ASM_FPSIMD_H

#define SVE_VQ_BYTES 16
#define SVE_VQ_MIN   1
#define SVE_VQ_MAX   512

static inline unsigned int sve_vq_from_vl(unsigned int vl)
{
	return vl / SVE_VQ_BYTES;
}

static inline unsigned int sve_vl_from_vq(unsigned int vq)
{
	return vq * SVE_VQ_BYTES;
}

#endif
