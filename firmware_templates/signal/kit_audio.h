/* Sound to features: pre-emphasis, window, power spectrum, mel filters, logarithm, DCT, int8.
 *
 * A frame is `window` samples, each on its own: the pre-emphasis of its first sample takes that sample as its
 * own predecessor. So a frame's features depend on its samples only, and a stream and a whole recording give
 * the same bytes. */
#ifndef KIT_AUDIO_H
#define KIT_AUDIO_H

#include <stddef.h>
#include <stdint.h>

#include "kit_affine.h"
#include "kit_fft.h"
#include "kit_ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Made by toolchain/signal; the numbers are those that the model was trained with. */
struct kit_audio_config {
    uint32_t window;       /* samples in a frame, at most the size of the transform */
    uint32_t hop;          /* samples from a frame to the next, at most window */
    uint32_t filters;      /* mel filters */
    uint32_t coefficients; /* of the DCT; 0: the features are the log energies */
    uint32_t magnitude;    /* 1: the filters add magnitudes, 0: powers */
    int32_t pre_emphasis;  /* Q15 */
    int32_t offset;        /* Q16, added to log2 of an energy as it comes out of the integer arithmetic */
    int32_t floor;         /* Q16, the least log energy */
    struct kit_fft fft;
    const int32_t
        *curve; /* window / 2 + 1 values of the window, Q31: it is symmetric, w[n] = w[window - n] */
    const uint16_t *first;    /* first bin of each filter */
    const uint16_t *count;    /* and how many bins it has */
    const uint16_t *weights;  /* Q15, filter after filter */
    const int16_t *transform; /* coefficients * filters, Q15 */
    struct kit_affine output;
};

/* A stream. Lies at the start of the caller's memory. */
struct kit_audio {
    const struct kit_audio_config *config;
    int32_t *spectrum; /* 2^log2_size + 2 */
    int32_t *energies; /* filters */
    struct kit_ring ring;
};

/* Bytes of memory, 8-byte aligned, for kit_audio_init. */
#define KIT_AUDIO_BYTES(window, size, filters)                                                               \
    (sizeof(struct kit_audio) + 4u * ((size) + 2u + (filters)) + 2u * (window))

/* KIT_AUDIO_BYTES of a configuration that is only known at run time. */
size_t kit_audio_bytes(const struct kit_audio_config *config);

/* NULL when `memory` is not aligned or has fewer than KIT_AUDIO_BYTES bytes. */
struct kit_audio *kit_audio_init(const struct kit_audio_config *config, void *memory, size_t bytes);

/* Forget the samples so far. */
void kit_audio_reset(struct kit_audio *audio);

/* Features of one frame: coefficients, or filters when there is no DCT. */
uint32_t kit_audio_feature_count(const struct kit_audio_config *config);

/* Take samples up to the end of the next frame. Returns how many were taken: fewer than `count` when a frame
 * is due, which kit_audio_frame gives; then feed the rest. */
uint32_t kit_audio_feed(struct kit_audio *audio, const int16_t *samples, uint32_t count);

/* The features of the next frame. Returns 1, or 0 when more samples are needed. */
int kit_audio_frame(struct kit_audio *audio, int8_t *features);

/* All frames of a recording, without touching the stream. Returns how many: (count - window) / hop + 1, or 0
 * when it is shorter than a frame. */
uint32_t kit_audio_whole(struct kit_audio *audio, const int16_t *samples, uint32_t count, int8_t *features);

/* The same before int8: log2 of energies or its DCT in Q16. One step is 10 log10(2) / 2^16 dB of power. */
uint32_t kit_audio_whole_q16(struct kit_audio *audio, const int16_t *samples, uint32_t count,
                             int32_t *features);

#ifdef __cplusplus
}
#endif
#endif
