/* What the firmware needs of a chip (chip.h), by ESP-IDF's functions: UART0 or the chip's own USB,
 * microseconds of esp_timer. */
#include "chip.h"

#include <stddef.h>

#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "kit_board.h"
#include "sdkconfig.h"

#if KIT_CONSOLE_USB
#include "driver/usb_serial_jtag.h"
#else
#include "driver/uart.h"
#endif

enum { DRIVER_BYTES = 2048, BLOCK_BYTES = 256, WAIT_MS = 20, BREATH_US = 1000000 };

const uint32_t chip_tick_hz = 1000000;
const uint32_t chip_rx_bytes = DRIVER_BYTES;

static uint8_t rx[BLOCK_BYTES], tx[BLOCK_BYTES];
static size_t rx_at, rx_end, tx_end;

/* Up to `bytes` of what was received; waits for the first of them for `ticks`. */
static int read_some(uint8_t *to, uint32_t bytes, TickType_t ticks) {
#if KIT_CONSOLE_USB
    return usb_serial_jtag_read_bytes(to, bytes, ticks);
#else
    return uart_read_bytes(UART_NUM_0, to, bytes, ticks);
#endif
}

static void flush(void) {
    size_t at = 0;
    while (at < tx_end) {
#if KIT_CONSOLE_USB
        int sent = usb_serial_jtag_write_bytes(tx + at, tx_end - at, pdMS_TO_TICKS(WAIT_MS));
#else
        int sent = uart_write_bytes(UART_NUM_0, tx + at, tx_end - at);
#endif
        if (sent <= 0)
            break; /* nobody listens: the host asks again */
        at += (size_t)sent;
    }
    tx_end = 0;
}

void chip_init(void) {
#if KIT_CONSOLE_USB
    usb_serial_jtag_driver_config_t config = {.tx_buffer_size = DRIVER_BYTES, .rx_buffer_size = DRIVER_BYTES};
    ESP_ERROR_CHECK(usb_serial_jtag_driver_install(&config));
#else
    ESP_ERROR_CHECK(uart_driver_install(UART_NUM_0, DRIVER_BYTES, 0, 0, NULL, 0));
    ESP_ERROR_CHECK(uart_set_baudrate(UART_NUM_0, KIT_BAUD));
#endif
}

int chip_getc(void) {
    if (rx_at == rx_end) {
        int got = read_some(rx, sizeof rx, 0);
        rx_at = 0;
        rx_end = got > 0 ? (size_t)got : 0;
    }
    return rx_at < rx_end ? rx[rx_at++] : -1;
}

void chip_putc(uint8_t byte) {
    tx[tx_end++] = byte;
    if (tx_end == sizeof tx)
        flush();
}

uint64_t chip_ticks(void) {
    return (uint64_t)esp_timer_get_time();
}

/* ESP-IDF counts the stack in bytes. */
uint32_t chip_stack_used(void) {
    return CONFIG_ESP_MAIN_TASK_STACK_SIZE - (uint32_t)uxTaskGetStackHighWaterMark(NULL);
}

/* The task watchdog wants to see the idle task within five seconds. */
void chip_idle(void) {
    static int64_t last;
    int64_t now = esp_timer_get_time();
    flush();
    if (now - last > BREATH_US) {
        vTaskDelay(1);
        last = esp_timer_get_time();
    }
}

void chip_wait(void) {
    flush();
    if (rx_at == rx_end) {
        int got = read_some(rx, 1, pdMS_TO_TICKS(WAIT_MS));
        rx_at = 0;
        rx_end = got > 0 ? 1 : 0;
    }
}

void chip_reset(void) {
    flush();
#if !KIT_CONSOLE_USB
    uart_wait_tx_done(UART_NUM_0, portMAX_DELAY);
#endif
    vTaskDelay(pdMS_TO_TICKS(WAIT_MS)); /* the USB driver sends from an interrupt */
    esp_restart();
}
