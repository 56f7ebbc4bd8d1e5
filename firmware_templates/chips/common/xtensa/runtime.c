/* Integer functions that a compiler calls for what the core it knows has no instruction for. Compilers for
 * the ESP8266's lx106 core leave them to that chip's ROM, and Espressif's own come with a library in the
 * windowed ABI only. Names and meaning: GCC Internals, 4.1 "The GCC low-level runtime library". */
#include <stdint.h>

uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
int32_t __modsi3(int32_t a, int32_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);
int64_t __moddi3(int64_t a, int64_t b);

/* High word of a 32 x 32 bit product. */
static inline uint32_t multiply_high(uint32_t a, uint32_t b) {
#ifdef CHIP_HAS_MULUH
    /* MULUH a2, a2, a3 (ISA Reference Manual, "32-bit integer multiply option"), which an lx106 assembler
     * refuses. */
    register uint32_t high __asm("a2") = a;
    register uint32_t other __asm("a3") = b;
    __asm(".byte 0x30, 0x22, 0xA2" : "+r"(high) : "r"(other));
    return high;
#else
    const uint32_t al = a & 0xFFFFu, ah = a >> 16, bl = b & 0xFFFFu, bh = b >> 16;
    const uint32_t low = al * bl, mid = ah * bl + (low >> 16);
    const uint32_t cross = al * bh + (mid & 0xFFFFu);
    return ah * bh + (mid >> 16) + (cross >> 16);
#endif
}

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    return (uint64_t)multiply_high(a, b) << 32 | a * b;
}

uint64_t __muldi3(uint64_t a, uint64_t b) {
    const uint32_t al = (uint32_t)a, ah = (uint32_t)(a >> 32), bl = (uint32_t)b, bh = (uint32_t)(b >> 32);
    return (uint64_t)(multiply_high(al, bl) + al * bh + ah * bl) << 32 | al * bl;
}

/* Long division, a bit at a time from the first that counts. Dividing by zero gives all ones. */
static uint32_t divide(uint32_t a, uint32_t b, uint32_t *rest) {
    uint32_t quotient = 0, bit = 1;
    if (b == 0) {
        *rest = a;
        return 0xFFFFFFFFu;
    }
    while (b < a && (b >> 31) == 0) {
        b <<= 1;
        bit <<= 1;
    }
    for (; bit != 0; bit >>= 1, b >>= 1) {
        if (a >= b) {
            a -= b;
            quotient |= bit;
        }
    }
    *rest = a;
    return quotient;
}

static uint64_t divide_long(uint64_t a, uint64_t b, uint64_t *rest) {
    uint64_t quotient = 0, bit = 1;
    if (b == 0) {
        *rest = a;
        return ~(uint64_t)0;
    }
    if ((a | b) >> 32 == 0) {
        uint32_t short_rest;
        quotient = divide((uint32_t)a, (uint32_t)b, &short_rest);
        *rest = short_rest;
        return quotient;
    }
    while (b < a && (b >> 63) == 0) {
        b <<= 1;
        bit <<= 1;
    }
    for (; bit != 0; bit >>= 1, b >>= 1) {
        if (a >= b) {
            a -= b;
            quotient |= bit;
        }
    }
    *rest = a;
    return quotient;
}

uint32_t __udivsi3(uint32_t a, uint32_t b) {
    uint32_t rest;
    return divide(a, b, &rest);
}

uint32_t __umodsi3(uint32_t a, uint32_t b) {
    uint32_t rest;
    (void)divide(a, b, &rest);
    return rest;
}

int32_t __divsi3(int32_t a, int32_t b) {
    uint32_t rest;
    const uint32_t q =
        divide(a < 0 ? 0u - (uint32_t)a : (uint32_t)a, b < 0 ? 0u - (uint32_t)b : (uint32_t)b, &rest);
    return (int32_t)((a < 0) != (b < 0) ? 0u - q : q);
}

int32_t __modsi3(int32_t a, int32_t b) {
    uint32_t rest;
    (void)divide(a < 0 ? 0u - (uint32_t)a : (uint32_t)a, b < 0 ? 0u - (uint32_t)b : (uint32_t)b, &rest);
    return (int32_t)(a < 0 ? 0u - rest : rest);
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    return divide_long(a, b, &rest);
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
    uint64_t rest;
    (void)divide_long(a, b, &rest);
    return rest;
}

int64_t __divdi3(int64_t a, int64_t b) {
    uint64_t rest;
    const uint64_t q =
        divide_long(a < 0 ? 0u - (uint64_t)a : (uint64_t)a, b < 0 ? 0u - (uint64_t)b : (uint64_t)b, &rest);
    return (int64_t)((a < 0) != (b < 0) ? 0u - q : q);
}

int64_t __moddi3(int64_t a, int64_t b) {
    uint64_t rest;
    (void)divide_long(a < 0 ? 0u - (uint64_t)a : (uint64_t)a, b < 0 ? 0u - (uint64_t)b : (uint64_t)b, &rest);
    return (int64_t)(a < 0 ? 0u - rest : rest);
}
