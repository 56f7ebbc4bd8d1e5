/* The functions of ESP-IDF that the glue calls, on this machine. A tick is 10 ms. */
#include "driver/uart.h"
#include "driver/usb_serial_jtag.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/task.h"
#include "line.h"

void app_main(void);

static int installed;

static int read_all(void *to, uint32_t bytes, TickType_t ticks) {
    int got = line_read(to, 1, (int)ticks * 10);
    return got > 0 ? got + line_read((uint8_t *)to + 1, bytes - 1, 0) : 0;
}

esp_err_t uart_driver_install(uart_port_t port, int rx_bytes, int tx_bytes, int queue_size,
                              QueueHandle_t *queue, int flags) {
    installed = port == UART_NUM_0 && rx_bytes > 128 && tx_bytes == 0 && queue_size == 0 && !queue && !flags;
    return 0;
}
esp_err_t uart_set_baudrate(uart_port_t port, uint32_t baud) {
    return port != UART_NUM_0 || baud == 0;
}
int uart_read_bytes(uart_port_t port, void *to, uint32_t bytes, TickType_t ticks) {
    (void)port;
    return installed ? read_all(to, bytes, ticks) : -1;
}
int uart_write_bytes(uart_port_t port, const void *from, size_t bytes) {
    (void)port;
    return installed ? line_write(from, bytes) : -1;
}
esp_err_t uart_wait_tx_done(uart_port_t port, TickType_t ticks) {
    return port != UART_NUM_0 || ticks == 0;
}
esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config) {
    installed = config->rx_buffer_size > 0 && config->tx_buffer_size > 0;
    return 0;
}
int usb_serial_jtag_read_bytes(void *to, uint32_t bytes, TickType_t ticks) {
    return installed ? read_all(to, bytes, ticks) : 0;
}
/* The driver's buffer may take a part only. */
int usb_serial_jtag_write_bytes(const void *from, size_t bytes, TickType_t ticks) {
    (void)ticks;
    return installed ? line_write(from, bytes > 100 ? 100 : bytes) : 0;
}
int64_t esp_timer_get_time(void) {
    return line_us();
}
void vTaskDelay(const TickType_t ticks) {
    usleep(ticks * 10000);
}
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task) {
    return task == NULL ? 5000 : 0;
}
void esp_restart(void) {
    _exit(0);
}
int main(void) {
    app_main();
    return 0;
}
