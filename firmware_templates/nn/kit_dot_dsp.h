/* The stream of weights that the convolution and fully connected kernels for the DSP extension read, from
 * front to back and once for each group of pixels.
 *
 * Two output channels a and b share a halfword, 256 * b + a, both signed. SMLAD with the halfwords as they
 * are gives the dot product D = 256 * B + A; SXTB16 gives the low bytes, that is the weights of a alone, and
 * SMLAD with these gives A. Then B = (D - A) / 256. So four products need two SMLAD and one SXTB16 instead of
 * two of each. D is taken modulo 2^32, therefore B must fit 24 bits; the compiler proves it for every channel
 * b from its weights.
 *
 * A block of four channels a, b, c, d is
 *     start of A, D, of C, D'               (the biases, packed alike)
 *     for each four inputs: a/b of inputs 0 and 2, c/d of 0 and 2, a/b of 1 and 3, c/d of 1 and 3
 *     shifts of the four channels, a byte each
 *     doubled multipliers of the four
 * The one to three channels left over are filled up to a block (fully connected layers), or they are pairs
 * (convolutions; the last perhaps without b):
 *     start of A, D; for each four inputs: a/b of 0 and 2, of 1 and 3; shifts; two doubled multipliers.
 * A fully connected layer with one multiplier for all channels has shifts and multipliers in its params only.
 */
#ifndef KIT_DOT_DSP_H
#define KIT_DOT_DSP_H

#include "kit_simd.h"

/* The channels that the blocks of four leave over, for one pixel. Its inputs are x[0], x[step] … x[(words -
 * 1) * step], in the order 0 and 2, 1 and 3, 4 and 6 …. */
static inline void kit_pairs_dsp(const int32_t *stream, const int32_t *x, int32_t words, int32_t step,
                                 int32_t channels, int32_t zero, int8_t *output) {
    for (; channels > 0; channels -= 2) {
        int32_t a = stream[0], d = stream[1], i;
        stream += 2;
        for (i = 0; i < words; i++) {
            const int32_t in = x[i * step], w = *stream++;
            d = kit_smlad(in, w, d);
            a = kit_smlad(in, kit_sxtb16(w), a);
        }
        *output++ = kit_requantize_dsp(a, stream[1], stream[0], zero);
        if (channels > 1) {
            *output++ = kit_requantize_dsp(kit_sub_wrap(d, a) >> 8, stream[2], stream[0] >> 8, zero);
        }
        stream += 3;
    }
}

#endif
