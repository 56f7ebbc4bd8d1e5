/* Runs the front end that was frozen into kit_signal_config over the samples of device_samples.h, twice: as a
 * whole and as a stream in pieces. Prints the bytes of both in hexadecimal and the ticks of the first. */
#include "chip.h"
#include "kit_signal_config.h"
#include "device_samples.h"

#ifndef KIT_SIGNAL_IMAGE
static _Alignas(8) uint8_t memory[KIT_SIGNAL_BYTES];
#endif
static int8_t out[DEVICE_FEATURES];

static void put(const char *text) {
    while (*text != '\0') {
        chip_putc((uint8_t)*text++);
    }
}

static void put_hex(uint32_t value, int digits) {
    while (digits-- > 0) {
        chip_putc((uint8_t) "0123456789abcdef"[(value >> (4 * digits)) & 15u]);
    }
}

static void put_bytes(const char *name, uint32_t n) {
    uint32_t i;
    put(name);
    for (i = 0; i < n; i++) {
        put_hex((uint8_t)out[i], 2);
    }
    put("\n");
}

#define PASTE(a, b) a##b
#define JOIN(a, b) PASTE(a, b)
#define CALL(name) JOIN(JOIN(kit_, DEVICE_FAMILY), name)

int main(void) {
    uint64_t begin, end;
    uint32_t n = 0;
#ifdef KIT_SIGNAL_IMAGE
    chip_init();
    begin = chip_ticks();
    CALL(_whole)(&kit_signal_config, device_samples, out);
    end = chip_ticks();
    n = KIT_SIGNAL_FEATURES;
    put_bytes("whole ", n);
#else
    uint32_t left = DEVICE_SAMPLES;
    const int16_t *samples = device_samples;
    struct JOIN(kit_, DEVICE_FAMILY) * front;
    chip_init();
    front = CALL(_init)(&kit_signal_config, memory, sizeof memory);
    begin = chip_ticks();
    n = CALL(_whole)(front, samples, left, out) * DEVICE_STEP;
    end = chip_ticks();
    put_bytes("whole ", n);
    n = 0;
    while (left > 0) {
        const uint32_t taken = CALL(_feed)(front, samples, left < 37u ? left : 37u);
        samples += taken * DEVICE_AXES;
        left -= taken;
        n += CALL(_frame)(front, out + n) ? DEVICE_STEP : 0;
    }
    put_bytes("stream ", n);
#endif
    put("hz ");
    put_hex(chip_tick_hz, 8);
    put("\nticks ");
    put_hex((uint32_t)(end - begin), 8);
    put("\n");
    for (;;) {
        if (chip_getc() == 'r') {
            chip_reset();
        }
        chip_wait();
    }
}
