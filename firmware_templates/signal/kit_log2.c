#include "kit_log2.h"

/* round(2^15 * log2(1 + i / 128)), i = 0 ... 128. Linear between: at most 1.1e-5 below the curve. */
static const uint16_t log_table[129] = {
    0,     368,   733,   1095,  1455,  1811,  2166,  2517,  2866,  3212,  3556,  3897,  4236,  4573,  4907,
    5239,  5568,  5895,  6220,  6543,  6863,  7182,  7498,  7812,  8124,  8434,  8742,  9048,  9352,  9654,
    9954,  10253, 10549, 10843, 11136, 11427, 11716, 12004, 12289, 12573, 12855, 13136, 13415, 13692, 13968,
    14242, 14514, 14785, 15055, 15322, 15589, 15854, 16117, 16379, 16639, 16898, 17156, 17412, 17667, 17921,
    18173, 18424, 18673, 18921, 19168, 19414, 19658, 19901, 20143, 20383, 20623, 20861, 21098, 21334, 21568,
    21802, 22034, 22265, 22495, 22724, 22952, 23179, 23404, 23629, 23852, 24075, 24296, 24517, 24736, 24955,
    25172, 25388, 25604, 25818, 26031, 26244, 26455, 26666, 26876, 27084, 27292, 27499, 27705, 27910, 28114,
    28318, 28520, 28722, 28922, 29122, 29321, 29520, 29717, 29914, 30109, 30304, 30498, 30692, 30884, 31076,
    31267, 31457, 31647, 31836, 32024, 32211, 32397, 32583, 32768};

/* round(2^15 * 2^(i / 64)), i = 0 ... 64; the last is one less, to be 16 bits. */
static const uint16_t exp_table[65] = {
    32768, 33125, 33486, 33850, 34219, 34591, 34968, 35349, 35734, 36123, 36516, 36914, 37316,
    37722, 38133, 38548, 38968, 39392, 39821, 40255, 40693, 41136, 41584, 42037, 42495, 42958,
    43425, 43898, 44376, 44859, 45348, 45842, 46341, 46846, 47356, 47871, 48393, 48920, 49452,
    49991, 50535, 51085, 51642, 52204, 52773, 53347, 53928, 54515, 55109, 55709, 56316, 56929,
    57549, 58176, 58809, 59449, 60097, 60751, 61413, 62081, 62757, 63441, 64132, 64830, 65535};

int32_t kit_log2(uint64_t x) {
    const uint32_t zeros = kit_clz64(x | 1u);
    const uint32_t mantissa = (uint32_t)(((x | (x == 0)) << zeros) >> 32); /* the leading one is bit 31 */
    const uint32_t i = (mantissa >> 24) & 0x7fu;
    const uint32_t between = (mantissa >> 8) & 0xffffu;
    const uint32_t step = (uint32_t)log_table[i + 1u] - log_table[i];
    const uint32_t fraction = 2u * log_table[i] + ((step * between + (1u << 14)) >> 15);
    return (int32_t)(((63u - zeros) << 16) + fraction);
}

int32_t kit_exp2(int32_t x) {
    const int32_t whole = x >> 16; /* floor */
    const uint32_t fraction = (uint32_t)x & 0xffffu;
    const uint32_t i = fraction >> 10;
    const uint32_t step = (uint32_t)exp_table[i + 1u] - exp_table[i];
    const uint32_t mantissa =
        ((uint32_t)exp_table[i] << 10) + step * (fraction & 0x3ffu); /* 25 bits: 1 ... 2 */
    if (whole >= 15) {
        return INT32_MAX;
    }
    if (whole >= 9) {
        return (int32_t)(mantissa << (whole - 9));
    }
    return whole < -17 ? 0 : (int32_t)((mantissa + (1u << (8 - whole))) >> (9 - whole));
}

uint64_t kit_sqrt(uint64_t x) {
    const uint32_t zeros = kit_clz64(x) & ~1u;
    uint32_t mantissa, root;
    int32_t shift;
    if (x == 0) {
        return 0;
    }
    mantissa = (uint32_t)((x << zeros) >> 32); /* 2^30 ... 2^32: the root is 2^15 ... 2^16 */
    /* A chord of the square root, then Newton's steps: 6 %, 2e-3, 2e-6, and the rounding of the quotient. */
    root = (mantissa >> 17) + (mantissa >> 19) + 25000u;
    root = (root + mantissa / root) >> 1;
    root = (root + mantissa / root) >> 1;
    shift = 32 - (int32_t)(zeros >> 1); /* root * 2^(16 - zeros / 2) is the root, in Q16 16 more */
    return shift >= 0 ? (uint64_t)root << shift : (uint64_t)root >> -shift;
}
