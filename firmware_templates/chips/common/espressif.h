/* What the ESP32 family has in common: timer groups and UARTs have the same registers at the same offsets in
 * all of them. Technical Reference Manuals: ESP32 (v5.2) ch. 13 UART, 18 timer groups, 19 watchdogs; ESP32-C3
 * (v1.1) ch. 26, 11, 12. The chip gives base addresses. */
#ifndef KIT_ESPRESSIF_H
#define KIT_ESPRESSIF_H

#include <stdint.h>
#include "../chip.h"

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* Watchdogs take writes only while their protection register holds this key. */
#define WATCHDOG_KEY 0x50D83AA1u

/* Enable (bit 31) and flash boot protection clear; bit 22 makes newer chips' timer groups take the setting
 * over. */
#define WATCHDOG_OFF (1u << 22)

/* Timer group registers */
#define TIMG_T0_CONFIG 0x00u /* bit 31 enable, 30 count up, 29 reload at alarm, 28..13 divider, 10 alarm */
#define TIMG_T0_LO 0x04u
#define TIMG_T0_HI 0x08u
#define TIMG_T0_UPDATE 0x0Cu /* any write copies the counter to LO and HI */
#define TIMG_T0_LOADLO 0x18u
#define TIMG_T0_LOADHI 0x1Cu
#define TIMG_T0_LOAD 0x20u
#define TIMG_WDT_CONFIG0 0x48u
#define TIMG_WDT_PROTECT 0x64u

/* Dividing by one is not offered: 0 stands for 65,536, 1 and 2 for 2. */
#define TIMER_DIVIDER 2u

/* UART registers */
#define UART_FIFO 0x00u
#define UART_CLKDIV 0x14u /* integer part from bit 0, sixteenths from bit 20 */
#define UART_STATUS 0x1Cu /* bytes in the receive FIFO from bit 0, in the transmit FIFO from bit 16 */

#define UART_8N1 (3u << 2 | 1u << 4) /* CONF0: eight data bits, one stop bit, no parity */

/* A watchdog that the boot ROM left running (its own and its flash boot protection), stopped. */
static inline void esp_stop_watchdog(uintptr_t config, uintptr_t protect) {
    REG(protect) = WATCHDOG_KEY;
    REG(config) = WATCHDOG_OFF;
    REG(protect) = 0;
}

/* Counter 0 of a timer group from zero; 54 or 64 bits, so it does not wrap in a lifetime. */
static inline void esp_start_counter(uintptr_t group) {
    REG(group + TIMG_T0_CONFIG) = 0;
    REG(group + TIMG_T0_LOADLO) = 0;
    REG(group + TIMG_T0_LOADHI) = 0;
    REG(group + TIMG_T0_LOAD) = 1;
    REG(group + TIMG_T0_CONFIG) = 1u << 31 | 1u << 30 | TIMER_DIVIDER << 13;
}

static inline uint64_t esp_read_counter(uintptr_t group) {
    REG(group + TIMG_T0_UPDATE) = 1u << 31; /* bit 31 on chips that clear it when the copy is there */
    for (uint32_t i = 0; i < 16u && (REG(group + TIMG_T0_UPDATE) >> 31) != 0; i++) {
    }
    return (uint64_t)REG(group + TIMG_T0_HI) << 32 | REG(group + TIMG_T0_LO);
}

#ifdef CHIP_MAPPED_FROM
/* Constants that RAM has no room for: the board's region CHIP_MAPPED_AT shows the flash from CHIP_MAPPED_FROM
 * on, in pages of 64 KiB. */
#define MAPPED_PAGE 0x10000u
extern const uint8_t __rodata_start[], __rodata_end[];

static inline uint32_t mapped_pages(void) {
    return ((uint32_t)(uintptr_t)__rodata_end - CHIP_MAPPED_AT + MAPPED_PAGE - 1u) / MAPPED_PAGE;
}
#endif

#define UART_FIFO_BYTES 128u

/* `clock` in Hz is what the UART counts. */
static inline void esp_set_baud(uintptr_t uart, uint32_t clock, uint32_t baud) {
    const uint32_t sixteenths = (uint32_t)(((uint64_t)clock * 16u + baud / 2u) / baud);
    REG(uart + UART_CLKDIV) = (sixteenths & 15u) << 20 | sixteenths >> 4;
}

static inline uint32_t esp_unsent(uintptr_t uart) {
    return REG(uart + UART_STATUS) >> 16 & 0xFFu;
}

static inline void esp_send(uintptr_t uart, uintptr_t fifo, uint8_t byte) {
    while (esp_unsent(uart) >= UART_FIFO_BYTES - 2u) {
    }
    REG(fifo) = byte;
}

/* Reset the whole chip through the register `control`. LabWired (0.25) has no such reset: there the emulator
 * looks whether `chip_reset_asked` is set and starts the chip again. */
extern volatile uint32_t chip_reset_asked;
static inline void esp_reset(uintptr_t control, uintptr_t uart) {
    while (esp_unsent(uart) != 0) {
    }
    for (const uint64_t start = chip_ticks(); chip_ticks() - start < CHIP_CLOCK_HZ / CHIP_BAUD * 11u;) {
    } /* of the byte that is being shifted out */
    chip_reset_asked = 1;
#ifdef CHIP_EMULATED
    (void)control;
#else
    REG(control) |= 1u << 31;
#endif
    for (;;) {
    }
}

#endif
