/* The last samples of a stream: enough for one window, which is taken every `hop` samples. */
#ifndef KIT_RING_H
#define KIT_RING_H

#include <stdint.h>
#include <string.h>

struct kit_ring {
    int16_t *samples;  /* capacity * axes */
    uint32_t capacity; /* samples in a window */
    uint32_t axes;     /* int16 values in a sample */
    uint32_t at;       /* where the next sample goes; the oldest one once a window is whole */
    uint32_t missing;  /* samples until a window is whole */
};

static inline void kit_ring_reset(struct kit_ring *ring) {
    ring->at = 0;
    ring->missing = ring->capacity;
}

/* Take samples until a window is whole. Returns how many were taken. */
static inline uint32_t kit_ring_feed(struct kit_ring *ring, const int16_t *samples, uint32_t count) {
    const uint32_t taken = count < ring->missing ? count : ring->missing;
    uint32_t left = taken;
    while (left > 0) {
        const uint32_t room = ring->capacity - ring->at;
        const uint32_t n = left < room ? left : room;
        memcpy(ring->samples + (size_t)ring->at * ring->axes, samples,
               (size_t)n * ring->axes * sizeof *samples);
        samples += (size_t)n * ring->axes;
        ring->at = n == room ? 0 : ring->at + n;
        left -= n;
    }
    ring->missing -= taken;
    return taken;
}

#endif
