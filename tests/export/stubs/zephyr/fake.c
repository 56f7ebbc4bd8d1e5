/* The functions of Zephyr that the glue calls, on this machine; the interrupt is a thread. A cycle is 10 ns,
 * so the 32-bit counter wraps every 43 s; it starts just before. */
#include <pthread.h>
#include <zephyr/devicetree.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/reboot.h>

#include "line.h"

const struct device chosen_zephyr_console = {1};

static uart_irq_callback_user_data_t callback;
static void *callback_user;
static uint8_t fifo;
static int fifo_full;

static void *interrupts(void *unused) {
    (void)unused;
    for (;;) {
        fifo_full = line_read(&fifo, 1, 1000);
        if (fifo_full)
            callback(&chosen_zephyr_console, callback_user);
    }
    return NULL;
}

bool device_is_ready(const struct device *dev) {
    return dev->ready;
}
int uart_irq_callback_user_data_set(const struct device *dev, uart_irq_callback_user_data_t cb,
                                    void *user_data) {
    callback = cb;
    callback_user = user_data;
    return dev != &chosen_zephyr_console;
}
void uart_irq_rx_enable(const struct device *dev) {
    pthread_t thread;
    if (dev->ready && callback)
        pthread_create(&thread, NULL, interrupts, NULL);
}
int uart_irq_update(const struct device *dev) {
    return dev->ready;
}
int uart_irq_rx_ready(const struct device *dev) {
    return dev->ready && fifo_full;
}
int uart_fifo_read(const struct device *dev, uint8_t *to, const int size) {
    (void)dev;
    if (size < 1 || !fifo_full)
        return 0;
    *to = fifo;
    fifo_full = 0;
    return 1;
}
void uart_poll_out(const struct device *dev, unsigned char byte) {
    if (dev->ready)
        line_write(&byte, 1);
}
k_tid_t k_current_get(void) {
    return NULL;
}
int k_thread_stack_space_get(const struct k_thread *thread, size_t *unused) {
    *unused = thread == NULL ? 1000 : 0;
    return 0;
}
uint32_t k_cycle_get_32(void) {
    static int64_t begin;
    if (begin == 0)
        begin = line_us();
    return (uint32_t)((line_us() - begin) * 100) + 0xffff0000u;
}
uint64_t k_cyc_to_us_floor64(uint64_t cycles) {
    return cycles / 100;
}
int32_t k_msleep(int32_t ms) {
    usleep((useconds_t)ms * 1000);
    return 0;
}
void k_yield(void) {
}
void k_panic(void) {
    abort();
}
void sys_reboot(int type) {
    _exit(type != SYS_REBOOT_COLD);
}
