/* Power spectrum of real numbers in 32-bit fixed point. */
#ifndef KIT_FFT_H
#define KIT_FFT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A transform of 2^log2_size samples, 16 ... 1024. `factors` are cos a, sin a in Q31 (1 is 2^31 - 1), in the
 * order in which they are used. With m = 2^(log2_size - 1): for q = 4, 16, 64, ... (2, 8, 32, ... where
 * log2_size is even) below m, for k = 0 ... q - 1, a = pi k / q and a = pi k / 2q; then a = pi k / m for k =
 * 1 ... m / 2. */
struct kit_fft {
    uint32_t log2_size;
    const int32_t *factors;
};

/* The power of one bin: 2^32 * high + low. */
struct kit_power {
    uint32_t low, high;
};

/* `data`: 2^log2_size samples, each below 2^30 in magnitude, and room for 2 more words. Returns the powers of
 * bins 0 ... 2^(log2_size - 1), in their place: |X|^2 * 2^(-2 * log2_size), where X is the sum of x[n] *
 * exp(-2 pi i k n / 2^log2_size). No sum overflows: every stage halves. */
struct kit_power *kit_fft_power(const struct kit_fft *fft, int32_t *data);

static inline uint64_t kit_power_value(struct kit_power power) {
    return ((uint64_t)power.high << 32) | power.low;
}

#ifdef __cplusplus
}
#endif
#endif
