// What the firmware needs of a chip (chip.h), by Arduino's own functions.
#include <Arduino.h>
#if defined(USE_TINYUSB) // where Serial is in this library of the core, which is linked when it is included
#include <Adafruit_TinyUSB.h>
#endif

#include "kit_board.h"

extern "C" {
#include "chip.h"
}

#if defined(__AVR__)
#include <avr/wdt.h>
#endif

const uint32_t chip_tick_hz = 1000000; // micros()

#if defined(ARDUINO_ARCH_ESP32)
const uint32_t chip_rx_bytes = 1024;
#elif defined(SERIAL_RX_BUFFER_SIZE)
const uint32_t chip_rx_bytes = SERIAL_RX_BUFFER_SIZE - 1; // a ring keeps one place free
#else
const uint32_t chip_rx_bytes = 63;
#endif

void chip_init(void) {
#if defined(ARDUINO_ARCH_ESP32)
    Serial.setRxBufferSize(chip_rx_bytes); // must come before begin
#endif
    Serial.begin(KIT_BAUD);
}

int chip_getc(void) {
    return Serial.read();
}

void chip_putc(uint8_t byte) {
    Serial.write(byte);
}

// micros() wraps after 71 minutes; the main loop calls this far more often than that.
uint64_t chip_ticks(void) {
    static uint32_t high, last;
    uint32_t now = (uint32_t)micros();
    if (now < last)
        high++;
    last = now;
    return (uint64_t)high << 32 | now;
}

uint32_t chip_stack_used(void) {
    return 0;
}

void chip_idle(void) {
    yield();
}

void chip_wait(void) {
    (void)chip_ticks();
    if (!Serial.available())
        delay(1);
}

void chip_reset(void) {
    Serial.flush();
#if defined(ARDUINO_ARCH_ESP32)
    ESP.restart();
#elif defined(__AVR__)
    wdt_enable(WDTO_15MS);
#elif defined(__arm__)
    NVIC_SystemReset();
#endif
    for (;;) {
    }
}
