/* What the kernels for machines with the M-profile vector extension (Armv8.1-M) share. Each has a portable
 * twin, so that it runs on any machine. Source: Armv8-M Architecture Reference Manual (DDI 0553), chapter C2.
 */
#ifndef KIT_MVE_H
#define KIT_MVE_H

#include <stdint.h>

#include "kit_fixedpoint.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define KIT_MVE 1
#else
#define KIT_MVE 0
#endif

/* The table of a layer: the biases of all channels, filled up to a multiple of four; then of each four
 * channels four multipliers and four shifts (0 or negative), only once when they are the same for all
 * channels. */

/* Requantisation of the lanes of `acc` with two roundings. VQRDMULH is the first; VRSHL by minus n rounds
 * ties up, those of negative values have to go down: where the value is negative and n is not 0, 1 is taken
 * off before. */
#define KIT_REQUANTIZE(acc, multiplier, shift, temporary)                                                    \
    "vqrdmulh.s32 " acc ", " acc ", " multiplier "\n\t"                                                      \
    "vand " temporary ", " acc ", " shift "\n\t"                                                             \
    "vshr.s32 " temporary ", " temporary ", #31\n\t"                                                         \
    "vqadd.s32 " acc ", " acc ", " temporary "\n\t"                                                          \
    "vrshl.s32 " acc ", " acc ", " shift "\n\t"

#endif
