/* Power spectrum of real numbers in 32-bit fixed point. */
#ifndef KIT_FFT_H
#define KIT_FFT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A transform of 2^log2_size samples, 8 ... 1024. `wave` are 2^(log2_size - 1) pairs cos, sin of
 * 2 pi j / 2^log2_size in Q31 (1 is 2^31 - 1). */
struct kit_fft {
    uint32_t log2_size;
    const int32_t *wave;
};

/* `data`: 2^log2_size samples, each below 2^30 in magnitude, and room for 2 more words. Afterwards it holds
 * the powers of bins 0 ... 2^(log2_size - 1), each as two words, the low one first: |X|^2 * 2^(-2 *
 * log2_size), where X is the sum of x[n] * exp(-2 pi i k n / 2^log2_size). No sum overflows: every stage
 * halves. */
void kit_fft_power(const struct kit_fft *fft, int32_t *data);

/* Bin k of the result of kit_fft_power. */
static inline uint64_t kit_fft_bin(const int32_t *data, uint32_t k) {
    return ((uint64_t)(uint32_t)data[2u * k + 1u] << 32) | (uint32_t)data[2u * k];
}

#ifdef __cplusplus
}
#endif
#endif
