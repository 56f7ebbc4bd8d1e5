/* What every kernel and every generated model shares. C11, no malloc, no libc beyond string.h. */
#ifndef KIT_NN_H
#define KIT_NN_H

#include <stddef.h>
#include <stdint.h>

#include "kit_const.h"

#if defined(__XTENSA__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-schedule-insns") /* before registers are given out: sixteen are too few for it */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* First in the declaration of an object that is read by words, weights and arenas:
 * KIT_ALIGN16 static uint8_t arena[MODEL_ARENA_BYTES]; */
#ifdef __cplusplus
#define KIT_ALIGN(bytes) alignas(bytes)
#else
#define KIT_ALIGN(bytes) _Alignas(bytes)
#endif
#define KIT_ALIGN16 KIT_ALIGN(16)

/* A function that is worth more for its bytes than for its time: what is around the loops that count. */
#if defined(__GNUC__) && !defined(__clang__)
#define KIT_SMALL __attribute__((optimize("Os")))
#else
#define KIT_SMALL
#endif

/* A function that is a template: where it is used, arguments that are constants make it another one. */
#if defined(__GNUC__)
#define KIT_TEMPLATE static inline __attribute__((always_inline))
#else
#define KIT_TEMPLATE static inline
#endif

/* Status codes of the generated API. */
enum {
    KIT_OK = 0,
    KIT_ERROR_ARENA = -1, /* arena is NULL, too small, or not 16-byte aligned */
    KIT_ERROR_INDEX = -2, /* no input, output or layer of that number */
    KIT_STOPPED = 1       /* a layer hook asked to stop; later layers did not run */
};

/* Called after each layer (watchdog, profile, inspection). A non-zero return stops the inference there. */
typedef int (*kit_layer_hook)(void *user, unsigned layer);

/* One input or output: where it lies in the arena and what it means. real = scale * (q - zero_point). */
struct kit_tensor {
    const KIT_CONST char *name;
    uint32_t offset; /* bytes from the start of the arena */
    uint32_t bytes;
    float scale;
    int32_t zero_point;
    uint8_t type; /* enum kit_type */
    uint8_t rank;
    const KIT_CONST int32_t *shape;
};

/* The (first) output of a layer. What else there is to know of it is in the report of the compiler. */
struct kit_layer {
    uint32_t offset; /* bytes from the start of the arena */
    uint32_t bytes;
};

enum kit_type {
    KIT_INT8 = 0,
    KIT_INT16 = 1,
    KIT_INT32 = 2,
    KIT_INT64 = 3,
    KIT_UINT8 = 4,
    KIT_BOOL = 5,
    KIT_FLOAT32 = 6
};

#ifdef __cplusplus
}
#endif
#endif
