#pragma once
#include <stddef.h>
#include "esp_err.h"
#include "freertos/FreeRTOS.h"
typedef enum { UART_NUM_0 } uart_port_t;
esp_err_t uart_driver_install(uart_port_t port, int rx_bytes, int tx_bytes, int queue_size,
                              QueueHandle_t *queue, int flags);
esp_err_t uart_set_baudrate(uart_port_t port, uint32_t baud);
int uart_read_bytes(uart_port_t port, void *to, uint32_t bytes, TickType_t ticks);
int uart_write_bytes(uart_port_t port, const void *from, size_t bytes);
esp_err_t uart_wait_tx_done(uart_port_t port, TickType_t ticks);
