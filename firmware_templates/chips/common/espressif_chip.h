/* chip.h for the chips of the ESP32 family. What includes it says by macros and three functions where the
 * chips differ: TIMG0, TIMG1 and UART0 (base addresses), RESET_CONTROL (bit 31 resets the system),
 * stop_watchdogs(), set_clock() (CPU and UART on the crystal of CHIP_CLOCK_HZ, once the UART has nothing more
 * to send) and map_flash(); and, where they are not the common ones, UART_RECEIVED() (a byte waits),
 * UART_SEND_FIFO (where a byte to send is written) and UART_APPLY() (of settings).
 *
 * The CPU stays on the crystal, a known state: the PLL is set through analogue registers that only the ROM
 * reaches. The peripheral bus (APB) then runs at the same clock. */
#ifndef KIT_ESPRESSIF_CHIP_H
#define KIT_ESPRESSIF_CHIP_H

#include "../chip.h"
#include "espressif.h"
#include "start.h"

#ifdef CHIP_EMULATED
const uint32_t chip_tick_hz =
    CHIP_CLOCK_HZ; /* LabWired's counter takes a step every CPU cycle, whatever the divider */
#else
const uint32_t chip_tick_hz = CHIP_CLOCK_HZ / TIMER_DIVIDER;
#endif
volatile uint32_t chip_reset_asked;

#if defined(CHIP_USB_SERIAL) && !defined(CHIP_EMULATED)
#include "espressif_usb.h"
#else
const uint32_t chip_rx_bytes = UART_FIFO_BYTES;

#ifndef UART_RECEIVED
#define UART_RECEIVED() ((REG(UART0 + UART_STATUS) & 0xFFu) != 0)
#endif
#ifndef UART_SEND_FIFO
#define UART_SEND_FIFO (UART0 + UART_FIFO)
#endif
#ifndef UART_APPLY
#define UART_APPLY() ((void)0)
#endif

static void console_start(void) {
    esp_set_baud(UART0, CHIP_CLOCK_HZ, CHIP_BAUD);
    UART_APPLY();
}

static void console_flush(void) {
}

static void console_drain(void) { /* esp_reset() waits for the UART */
}

#ifdef CHIP_MAILBOX
/* LabWired's model of this chip's UART sends but cannot be sent to (0.25), so the emulator puts what is
 * received into memory, as a debug probe would: byte number n into slot n modulo 256, then n + 1 into
 * `written`. */
struct chip_mailbox {
    uint32_t written, taken;
    uint32_t slots[256];
};
extern volatile struct chip_mailbox chip_mailbox;
volatile struct chip_mailbox chip_mailbox;

int chip_getc(void) {
    if (chip_mailbox.taken == chip_mailbox.written) {
        return -1;
    }
    const int byte = (int)chip_mailbox.slots[chip_mailbox.taken % 256u];
    chip_mailbox.taken++; /* only now may the emulator put another byte there */
    return byte;
}
#else
int chip_getc(void) {
    return UART_RECEIVED() ? (int)(REG(UART0 + UART_FIFO) & 0xFFu) : -1;
}
#endif

void chip_putc(uint8_t byte) {
    esp_send(UART0, UART_SEND_FIFO, byte);
}
#endif

void chip_init(void) {
    map_flash();
    stop_watchdogs();
    esp_stop_watchdog(TIMG0 + TIMG_WDT_CONFIG0, TIMG0 + TIMG_WDT_PROTECT);
    esp_stop_watchdog(TIMG1 + TIMG_WDT_CONFIG0, TIMG1 + TIMG_WDT_PROTECT);
    while (esp_unsent(UART0) != 0) { /* what the ROM still sends, at its clock */
    }
    set_clock();
    console_start();
    esp_start_counter(TIMG0);
}

uint64_t chip_ticks(void) {
    return esp_read_counter(TIMG0);
}

void chip_idle(void) {
    console_flush();
    check_stack();
}

void chip_wait(void) {
    console_flush();
    check_stack();
    chip_waits++;
}

void chip_reset(void) {
    console_drain();
    esp_reset(RESET_CONTROL, UART0);
}

#endif
