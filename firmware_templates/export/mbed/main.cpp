// What the firmware needs of a chip (chip.h), by Mbed OS: the console's UART, microseconds of the us ticker.
// And the entry point: the application, which answers requests on the serial line.
#include "mbed.h"

#include "kit_board.h"

extern "C" {
#include "chip.h"
int kit_app(void);
}

namespace {
mbed::BufferedSerial serial(CONSOLE_TX, CONSOLE_RX, KIT_BAUD);
mbed::Timer timer;
} // namespace

const uint32_t chip_tick_hz = 1000000;
const uint32_t chip_rx_bytes = MBED_CONF_DRIVERS_UART_SERIAL_RXBUF_SIZE;

void chip_init(void) {
    serial.set_blocking(false);
    timer.start();
}

int chip_getc(void) {
    uint8_t byte;
    return serial.read(&byte, 1) == 1 ? byte : -1;
}

void chip_putc(uint8_t byte) {
    while (serial.write(&byte, 1) != 1) {
    }
}

uint64_t chip_ticks(void) {
    return static_cast<uint64_t>(timer.elapsed_time().count());
}

uint32_t chip_stack_used(void) {
    return 0;
}

void chip_idle(void) {
}

void chip_wait(void) {
    if (!serial.readable())
        thread_sleep_for(1);
}

void chip_reset(void) {
    serial.sync();
    NVIC_SystemReset();
}

int main() {
    return kit_app();
}
