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

#if defined(CHIP_MAPPED_FROM) && !defined(CHIP_EMULATED) /* LabWired (0.25) has flash there from the start   \
                                                          */
#define MMU_TABLE 0x600C5000u           /* entry n: the flash page that page n of both windows shows */
#define EXTMEM_ICACHE_CTRL1 0x600C4004u /* bit 1: no access to the data window at 0x3C000000 */

/* In the boot ROM: ESP-IDF 5.4, esp32c3.rom.ld. The first turns the cache off and empties it. */
#define Cache_Disable_ICache ((void (*)(void))0x4000051Cu)
#define Cache_Enable_ICache ((void (*)(uint32_t autoload))0x40000520u)

/* The second-stage boot loader's work, which there is none of here. TRM, 3.3.3 "External Memory";
 * ESP-IDF 5.4, bootloader_utility.c (set_cache_and_start_app), mmu_ll.h, cache_ll.h. The ROM has set up SPI0
 * to read flash. */
static void map_flash(void) {
    Cache_Disable_ICache();
    for (uint32_t page = 0; page < mapped_pages(); page++) {
        REG(MMU_TABLE + 4u * page) = CHIP_MAPPED_FROM / MAPPED_PAGE + page;
    }
    REG(EXTMEM_ICACHE_CTRL1) &= ~(1u << 1);
    Cache_Enable_ICache(0);
}
#else
static inline void map_flash(void) {
}
#endif

void chip_init(void) {
    map_flash();
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
