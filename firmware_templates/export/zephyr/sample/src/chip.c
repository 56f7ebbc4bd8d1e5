/* What the firmware needs of a chip (chip.h), by Zephyr's functions: the console's UART with a ring filled
 * from its interrupt, the cycle counter in microseconds. */
#include "chip.h"

#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/reboot.h>

enum { RING_BYTES = 1024 }; /* a power of two */

const uint32_t chip_tick_hz = 1000000;
const uint32_t chip_rx_bytes = RING_BYTES;

static const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(zephyr_console));
static uint8_t ring[RING_BYTES];
static volatile uint32_t received, taken; /* the interrupt moves the first, chip_getc the second */

static void on_uart(const struct device *from, void *user) {
    uint8_t byte;
    (void)user;
    while (uart_irq_update(from) && uart_irq_rx_ready(from)) {
        if (uart_fifo_read(from, &byte, 1) != 1)
            break;
        if (received - taken < RING_BYTES) {
            ring[received % RING_BYTES] = byte;
            received = received + 1;
        }
    }
}

void chip_init(void) {
    if (!device_is_ready(uart))
        k_panic();
    uart_irq_callback_user_data_set(uart, on_uart, NULL);
    uart_irq_rx_enable(uart);
}

int chip_getc(void) {
    int byte;
    if (taken == received)
        return -1;
    byte = ring[taken % RING_BYTES];
    taken = taken + 1;
    return byte;
}

void chip_putc(uint8_t byte) {
    uart_poll_out(uart, byte);
}

/* The cycle counter may have 32 bits; it is read far more often than it wraps. */
uint64_t chip_ticks(void) {
    static uint64_t cycles;
    static uint32_t last;
    uint32_t now = k_cycle_get_32();
    cycles += now - last;
    last = now;
    return k_cyc_to_us_floor64(cycles);
}

uint32_t chip_stack_used(void) {
    size_t unused;
    if (k_thread_stack_space_get(k_current_get(), &unused) != 0)
        return 0;
    return CONFIG_MAIN_STACK_SIZE - (uint32_t)unused;
}

void chip_idle(void) {
    k_yield();
}

void chip_wait(void) {
    (void)chip_ticks();
    if (taken == received)
        k_msleep(1);
}

void chip_reset(void) {
    k_msleep(20); /* what was sent leaves the transmitter */
    sys_reboot(SYS_REBOOT_COLD);
}
