/* Samples of several axes to features: as they come, or statistics and power bins of each axis. */
#ifndef KIT_MOTION_H
#define KIT_MOTION_H

#include <stddef.h>
#include <stdint.h>

#include "kit_affine.h"
#include "kit_fft.h"
#include "kit_ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Made by toolchain/signal; the numbers are those that the model was trained with. */
struct kit_motion_config {
    uint32_t axes;       /* int16 values in a sample */
    uint32_t window;     /* samples that features are made of, at most 1024 */
    uint32_t hop;        /* samples from a window to the next, at most window */
    uint32_t frames;     /* transforms in a window, overlapping by half; 0: the features are the values */
    int32_t rms_offset;  /* Q16, added to log2 of the sum of squares of window * deviation */
    int32_t bin_offset;  /* Q16, added to log2 of a power as it comes out of the integer arithmetic */
    int32_t floor;       /* Q16, the least logarithm */
    int32_t log2_window; /* Q16 */
    struct kit_fft fft;
    const int32_t
        *curve; /* 2^log2_size / 2 + 1 values of the window, Q31: it is symmetric, w[n] = w[size - n] */
    struct kit_affine output;
};

/* A stream. Lies at the start of the caller's memory. */
struct kit_motion {
    const struct kit_motion_config *config;
    uint64_t *powers;  /* 2^log2_size / 2 + 1 sums */
    int32_t *spectrum; /* 2^log2_size + 2 */
    int32_t *values;   /* features of one axis, in Q16; of one sample when there is no transform */
    struct kit_ring ring;
};

/* Bytes of memory, 8-byte aligned, for kit_motion_init: size is 2^log2_size, or 0 without a transform. */
#define KIT_MOTION_BYTES(window, axes, size)                                                                 \
    (sizeof(struct kit_motion) + 8u * ((size) / 2u + 1u) + 4u * ((size) + 2u) +                              \
     4u * (3u + (size) / 2u + (axes)) + 2u * (window) * (axes))

/* KIT_MOTION_BYTES of a configuration that is only known at run time. */
size_t kit_motion_bytes(const struct kit_motion_config *config);

/* NULL when `memory` is not aligned or has fewer than KIT_MOTION_BYTES bytes. */
struct kit_motion *kit_motion_init(const struct kit_motion_config *config, void *memory, size_t bytes);

/* Forget the samples so far. */
void kit_motion_reset(struct kit_motion *motion);

/* Features of a window: values, or for each axis in turn rms, skewness, excess kurtosis and the powers of
 * bins 1 to size / 2. */
uint32_t kit_motion_feature_count(const struct kit_motion_config *config);

/* Take samples (of `axes` values each) up to the end of the next window. Returns how many were taken: fewer
 * than `count` when a window is due, which kit_motion_frame gives; then feed the rest. */
uint32_t kit_motion_feed(struct kit_motion *motion, const int16_t *samples, uint32_t count);

/* The features of the next window. Returns 1, or 0 when more samples are needed. */
int kit_motion_frame(struct kit_motion *motion, int8_t *features);

/* All windows of a recording, without touching the stream. Returns how many: (count - window) / hop + 1, or 0
 * when it is shorter than a window. */
uint32_t kit_motion_whole(struct kit_motion *motion, const int16_t *samples, uint32_t count,
                          int8_t *features);

/* The same before int8, in Q16: values; rms and powers as log2 of a power, skewness and kurtosis as they are.
 */
uint32_t kit_motion_whole_q16(struct kit_motion *motion, const int16_t *samples, uint32_t count,
                              int32_t *features);

#ifdef __cplusplus
}
#endif
#endif
