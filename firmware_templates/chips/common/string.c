/* Memory functions, a word at a time where both sides are aligned alike. Also what compilers call on their
 * own. */
#include <string.h>
#include <stdint.h>

/* Or the compiler would see memcpy in the loop of memcpy and call it. */
#if defined(__clang__)
#define PLAIN_LOOPS __attribute__((no_builtin))
#else
#define PLAIN_LOOPS __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

/* A word that may alias anything. */
typedef uint32_t __attribute__((may_alias)) word_t;

PLAIN_LOOPS void *memcpy(void *to, const void *from, size_t bytes) {
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((((uintptr_t)d ^ (uintptr_t)s) & 3u) == 0) {
        for (; bytes != 0 && ((uintptr_t)d & 3u) != 0; bytes--) {
            *d++ = *s++;
        }
        for (; bytes >= 16; bytes -= 16, d += 16, s += 16) {
            word_t *dw = (word_t *)(void *)d;
            const word_t *sw = (const word_t *)(const void *)s;
            const word_t a = sw[0], b = sw[1], c = sw[2], e = sw[3];
            dw[0] = a;
            dw[1] = b;
            dw[2] = c;
            dw[3] = e;
        }
        for (; bytes >= 4; bytes -= 4, d += 4, s += 4) {
            *(word_t *)(void *)d = *(const word_t *)(const void *)s;
        }
    }
    while (bytes-- != 0) {
        *d++ = *s++;
    }
    return to;
}

PLAIN_LOOPS void *memmove(void *to, const void *from, size_t bytes) {
    uint8_t *d = to;
    const uint8_t *s = from;
    if ((uintptr_t)d - (uintptr_t)s >= bytes) {
        return memcpy(to, from,
                      bytes); /* runs forward, which is right when the target is not inside the source */
    }
    const int words = (((uintptr_t)d ^ (uintptr_t)s) & 3u) == 0;
    while (bytes != 0) {
        if (words && bytes >= 4 && ((uintptr_t)(d + bytes) & 3u) == 0) {
            bytes -= 4;
            *(word_t *)(void *)(d + bytes) = *(const word_t *)(const void *)(s + bytes);
        } else {
            bytes--;
            d[bytes] = s[bytes];
        }
    }
    return to;
}

PLAIN_LOOPS void *memset(void *to, int value, size_t bytes) {
    uint8_t *d = to;
    const uint8_t byte = (uint8_t)value;
    const word_t word = byte * 0x01010101u;
    for (; bytes != 0 && ((uintptr_t)d & 3u) != 0; bytes--) {
        *d++ = byte;
    }
    for (; bytes >= 4; bytes -= 4, d += 4) {
        *(word_t *)(void *)d = word;
    }
    while (bytes-- != 0) {
        *d++ = byte;
    }
    return to;
}

PLAIN_LOOPS int memcmp(const void *a, const void *b, size_t bytes) {
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (size_t i = 0; i < bytes; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

PLAIN_LOOPS size_t strlen(const char *text) {
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    return n;
}
