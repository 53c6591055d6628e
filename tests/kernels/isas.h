/* SPDX-License-Identifier: MIT
 * Which instruction sets the kernel tests were built with, and whether this machine has them. */
#ifndef MYGRAD_TEST_KERNELS_ISAS_H
#define MYGRAD_TEST_KERNELS_ISAS_H

/* MGT_FOR_ISAS(M): M(isa) for each instruction set built (MGT_HAVE_<ISA>, from CMakeLists.txt). */
#ifdef MGT_HAVE_SCALAR
#define MGT_IF_SCALAR(M) M(scalar)
#else
#define MGT_IF_SCALAR(M)
#endif
#ifdef MGT_HAVE_AVX2
#define MGT_IF_AVX2(M) M(avx2)
#else
#define MGT_IF_AVX2(M)
#endif
#ifdef MGT_HAVE_AVX512
#define MGT_IF_AVX512(M) M(avx512)
#else
#define MGT_IF_AVX512(M)
#endif
#ifdef MGT_HAVE_NEON
#define MGT_IF_NEON(M) M(neon)
#else
#define MGT_IF_NEON(M)
#endif
#define MGT_FOR_ISAS(M) MGT_IF_SCALAR(M) MGT_IF_AVX2(M) MGT_IF_AVX512(M) MGT_IF_NEON(M)

/* Skip the running test where the CPU lacks the instruction set. */
void mgt_need_scalar(void);
void mgt_need_avx2(void);
void mgt_need_avx512(void);
void mgt_need_neon(void);

#endif
