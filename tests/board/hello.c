/* A program that uses every function of chip.h: says hello with its ticks, then answers one letter at a time.
 */
#include "chip.h"

static volatile uint32_t in_data = 0x12345678u; /* must survive the copy from flash */
static volatile uint32_t in_bss;                /* must be zero at start */

static void put(const char *text) {
    while (*text != '\0') {
        chip_putc((uint8_t)*text++);
    }
}

static void put_number(uint64_t value) {
    char digits[21];
    int n = 0;
    do {
        digits[n++] = (char)('0' + (int)(value % 10u));
        value /= 10u;
    } while (value != 0);
    while (n > 0) {
        chip_putc((uint8_t)digits[--n]);
    }
}

/* Each call keeps 64 bytes that the deeper calls see, so that no compiler makes a loop of it. */
static uint32_t recurse(uint32_t depth, const volatile uint32_t *caller) {
    volatile uint32_t here[16];
    here[0] = caller == 0 ? 1u : caller[0] + 1u;
    return depth == 0 ? here[0] : recurse(depth - 1u, here) ^ here[0];
}

static void spin(uint32_t n) {
    for (volatile uint32_t i = 0; i < n; i++) {
    }
}

int main(void) {
    chip_init();
    put("\nhello ");
    put(in_data == 0x12345678u && in_bss == 0 ? "memory ok" : "memory WRONG");
    put(" hz ");
    put_number(chip_tick_hz);
    put("\n");
    for (;;) {
        const int byte = chip_getc();
        if (byte < 0) {
            chip_wait();
        } else if (byte == 't') { /* ticks of two loops, the second twice as long */
            const uint64_t a = chip_ticks();
            spin(10000);
            const uint64_t b = chip_ticks();
            spin(20000);
            const uint64_t c = chip_ticks();
            put("ticks ");
            put_number(b - a);
            put(" ");
            put_number(c - b);
            put("\n");
        } else if (byte == 'w') { /* long at work */
            spin(1000000);
        } else if (byte == 's') { /* stack before and after a deep call */
            const uint32_t before = chip_stack_used();
            in_bss += recurse(10, 0);
            put("stack ");
            put_number(before);
            put(" ");
            put_number(chip_stack_used());
            put("\n");
        } else if (byte == 'o') { /* overflow the stack */
            put_number(recurse(1000000, 0));
        } else if (byte == 'r') {
            chip_reset();
        } else {
            chip_putc((uint8_t)byte);
        }
    }
}
