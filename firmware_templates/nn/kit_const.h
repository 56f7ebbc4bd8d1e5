/* Where constants lie. On a machine that reads its program memory by other instructions than its data memory
 * (AVR), a constant that is not said to be in program memory is copied to RAM at start. */
#ifndef KIT_CONST_H
#define KIT_CONST_H

#include <stddef.h>
#include <stdint.h>

/* Behind `const` in the type of such a constant, and of what a pointer to one points to; nothing on other
 * machines. On AVR an extension of C that GCC has with -std=gnu11 and not with -std=c11, where constants are
 * in RAM. */
#if defined(__FLASH) && !defined(__STRICT_ANSI__) && !defined(__cplusplus)
#define KIT_CONST __flash
#else
#define KIT_CONST
#endif

/* to = from, which memcpy cannot read. */
static inline void kit_copy_const(void *to, const KIT_CONST void *from, size_t bytes) {
    uint8_t *d = (uint8_t *)to;
    const KIT_CONST uint8_t *s = (const KIT_CONST uint8_t *)from;
    while (bytes-- != 0) {
        *d++ = *s++;
    }
}

#endif
