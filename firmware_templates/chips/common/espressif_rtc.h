/* Watchdogs and clock of the ESP32-C3 and ESP32-S3, whose registers differ in their addresses only. Technical
 * Reference Manuals: ESP32-C3 (v1.1) 6.2, 12, 26; ESP32-S3 "Reset and Clock", "Watchdog Timers", "UART
 * Controller". */
#ifndef KIT_ESPRESSIF_RTC_H
#define KIT_ESPRESSIF_RTC_H

#include "espressif.h"

#define RTC_SWD_KEY 0x8F1D312Au
#define UART_CLK_CONF                                                                                        \
    0x78u /* 25, 24: receiver and sender clocked, 22: clock on, 21..20: 3 the crystal, 19..12: divider - 1   \
           */

/* The ROM leaves the RTC watchdog, that of timer group 0 and the super watchdog running. */
static void stop_watchdogs(void) {
    esp_stop_watchdog(RTC_WDT_CONFIG0, RTC_WDT_PROTECT);
    REG(RTC_SWD_PROTECT) = RTC_SWD_KEY;
    REG(RTC_SWD_CONF) |= 1u << 31; /* it feeds itself */
    REG(RTC_SWD_PROTECT) = 0;
}

static void set_clock(void) {
    REG(SYSTEM_SYSCLK_CONF) &=
        ~0xFFFu; /* 11..10: source of the CPU clock, 0 the crystal; 9..0: divider - 1 */
    REG(UART0 + UART_CLK_CONF) = 1u << 25 | 1u << 24 | 1u << 22 | 3u << 20;
}

#endif
