/* Sigmoid and tanh of 16-bit values by interpolation in one table: 65536 / (1 + exp(-i / 24)), 256 values. */
#ifndef KIT_SIGMOID_H
#define KIT_SIGMOID_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The table at `magnitude` / 2^bits, as Q0.16 with `bits` more bits; `end` behind the table. */
static inline int32_t kit_sigmoid_at(const uint16_t *table, int32_t magnitude, int32_t bits, int32_t end) {
    const int32_t i = magnitude >> bits;
    if (i >= 255) {
        return end;
    }
    return (table[i] << bits) + (magnitude & ((1 << bits) - 1)) * (table[i + 1] - table[i]);
}

/* x * multiplier / 2^shift, halves up. */
static inline int32_t kit_sigmoid_scale(int32_t x, int32_t multiplier, int32_t shift) {
    return (x * multiplier + ((int32_t)1 << shift >> 1)) >> shift;
}

/* 1 / (1 + exp(-x)) of x in 1/12288, as Q0.15. */
static inline int32_t kit_sigmoid(const uint16_t *table, int32_t x) {
    const int32_t y = kit_sigmoid_at(table, x < 0 ? -x : x, 9, 0x7FFF << 10);
    return (x < 0 ? (1 << 25) - y + (1 << 9) - 1 : y + (1 << 9)) >> 10;
}

/* tanh of x in 1/12288, as Q0.15: 2 sigmoid(2 x) - 1. */
static inline int32_t kit_tanh_16(const uint16_t *table, int32_t x) {
    const int32_t y = kit_sigmoid_at(table, x < 0 ? -x : x, 8, 0xFFFF << 8);
    return (x < 0 ? (1 << 23) - y + (1 << 7) - 1 : y - (1 << 23) + (1 << 7)) >> 8;
}

struct kit_sigmoid_s16_params {
    int32_t count;
    int32_t multiplier, shift; /* of the input: -> 1/12288 */
    int32_t tangent;           /* 0: sigmoid, 1: tanh */
    const uint16_t *table;
};

/* Output scale 1/32768, zero points 0. out may be in. */
void kit_sigmoid_s16(const struct kit_sigmoid_s16_params *p, const int16_t *in, int16_t *out);

#ifdef __cplusplus
}
#endif
#endif
