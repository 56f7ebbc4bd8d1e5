/* ESP32-C3 (RISC-V RV32IMC), started by the boot ROM. ESP32-C3 Technical Reference Manual v1.1: 6.2 clocks, 9
 * low-power management, 11 timer groups, 12 watchdogs, 16 system registers, 26 UART.
 *
 * The CPU stays on the 40 MHz crystal, a known state: the PLL is set through analogue registers that the
 * manual does not describe. The peripheral bus (APB) then runs at the same 40 MHz. */
#include "../chip.h"
#include "../common/espressif.h"
#include "../common/start.h"

#define TIMG0 0x6001F000u
#define TIMG1 0x60020000u
#define UART0 0x60000000u
#define UART_CLK_CONF                                                                                        \
    0x78u /* 25, 24: receiver and sender clocked, 22: clock on, 21..20: 3 the crystal, 19..12: divider - 1   \
           */

#define RTC_OPTIONS0 0x60008000u /* bit 31: reset the system */
#define RTC_WDT_CONFIG0 0x60008090u
#define RTC_WDT_PROTECT 0x600080A8u
#define RTC_SWD_CONF 0x600080ACu /* bit 31: the super watchdog feeds itself */
#define RTC_SWD_PROTECT 0x600080B0u
#define RTC_SWD_KEY 0x8F1D312Au
#define SYSTEM_SYSCLK_CONF                                                                                   \
    0x600C0058u /* bits 11..10: source of the CPU clock, 0 the crystal; 9..0: divider - 1 */

#ifdef CHIP_EMULATED
const uint32_t chip_tick_hz =
    CHIP_CLOCK_HZ; /* LabWired's counter takes a step every CPU cycle, whatever the divider */
#else
const uint32_t chip_tick_hz = CHIP_CLOCK_HZ / TIMER_DIVIDER;
#endif
const uint32_t chip_rx_bytes = UART_FIFO_BYTES;
volatile uint32_t chip_reset_asked;

void chip_init(void) {
    /* The ROM leaves the RTC watchdog, that of timer group 0 and the super watchdog running (12.2.2, 12.3).
     */
    esp_stop_watchdog(RTC_WDT_CONFIG0, RTC_WDT_PROTECT);
    esp_stop_watchdog(TIMG0 + TIMG_WDT_CONFIG0, TIMG0 + TIMG_WDT_PROTECT);
    esp_stop_watchdog(TIMG1 + TIMG_WDT_CONFIG0, TIMG1 + TIMG_WDT_PROTECT);
    REG(RTC_SWD_PROTECT) = RTC_SWD_KEY;
    REG(RTC_SWD_CONF) |= 1u << 31;
    REG(RTC_SWD_PROTECT) = 0;

    while ((REG(UART0 + UART_STATUS) >> 16 & 0xFFu) != 0) { /* what the ROM still sends, at its clock */
    }
    REG(SYSTEM_SYSCLK_CONF) &= ~0xFFFu;
    REG(UART0 + UART_CLK_CONF) = 1u << 25 | 1u << 24 | 1u << 22 | 3u << 20;
    esp_set_baud(UART0, CHIP_CLOCK_HZ, CHIP_BAUD);
    esp_start_counter(TIMG0);
}

int chip_getc(void) {
    return esp_received(UART0) == 0 ? -1 : (int)(REG(UART0 + UART_FIFO) & 0xFFu);
}

void chip_putc(uint8_t byte) {
    esp_send(UART0, byte);
}

uint64_t chip_ticks(void) {
    return esp_read_counter(TIMG0);
}

void chip_idle(void) {
    check_stack();
}

void chip_wait(void) {
    check_stack();
    chip_waits++;
}

void chip_reset(void) {
    esp_reset(RTC_OPTIONS0, UART0);
}
