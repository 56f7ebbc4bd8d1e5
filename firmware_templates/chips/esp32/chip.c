/* ESP32 (two Xtensa LX6 cores, of which the first runs), started by the boot ROM. ESP32 Technical Reference
 * Manual v5.2: 3.2 clocks, 13 UART, 18 timers, 19 watchdogs, 31 RTC. */
#include "../common/espressif.h"

#define TIMG0 0x3FF5F000u
#define TIMG1 0x3FF60000u
#define UART0 0x3FF40000u
#define UART_CONF0 0x20u /* bit 27: the UART counts APB_CLK, not the 1 MHz REF_TICK */

#define RESET_CONTROL 0x3FF48000u /* RTC_CNTL_OPTIONS0 */
#define RTC_CLK_CONF 0x3FF48070u  /* bits 28..27: source of the CPU clock, 0 the crystal */
#define RTC_WDT_CONFIG0 0x3FF4808Cu
#define RTC_WDT_PROTECT 0x3FF480A4u
#define APB_CTRL_SYSCLK_CONF 0x3FF66000u /* bits 9..0: the crystal is divided by this plus one */

#if defined(CHIP_MAPPED_FROM) && !defined(CHIP_EMULATED) /* LabWired (0.25) has flash there from the start   \
                                                          */
#define DPORT_PRO_CACHE_CTRL 0x3FF00040u                 /* bit 3 enable, 4 flush, 5 flushed */
#define DPORT_PRO_CACHE_CTRL1 0x3FF00044u /* bit 4: no access to the data window at 0x3F400000 */
#define PRO_FLASH_MMU_TABLE 0x3FF10000u   /* entry n: the flash page that page n of the data window shows */

/* The second-stage boot loader's work, which there is none of here: the flash cache off and emptied, its
 * pages set, on again. TRM, "Memory Management and Protection Units"; ESP-IDF 5.4, bootloader_utility.c
 * (set_cache_and_start_app) and the ROM functions that it calls. The ROM has set up SPI0 to read flash. */
static void map_flash(void) {
    REG(DPORT_PRO_CACHE_CTRL) &= ~(1u << 3);
    REG(DPORT_PRO_CACHE_CTRL) &= ~(1u << 4);
    REG(DPORT_PRO_CACHE_CTRL) |= 1u << 4;
    while ((REG(DPORT_PRO_CACHE_CTRL) >> 5 & 1u) == 0) {
    }
    REG(DPORT_PRO_CACHE_CTRL) &= ~(1u << 4);
    for (uint32_t page = 0; page < mapped_pages(); page++) {
        REG(PRO_FLASH_MMU_TABLE + 4u * page) = CHIP_MAPPED_FROM / MAPPED_PAGE + page;
    }
    REG(DPORT_PRO_CACHE_CTRL1) &= ~(1u << 4);
    REG(DPORT_PRO_CACHE_CTRL) |= 1u << 3;
}
#else
static inline void map_flash(void) {
}
#endif

/* The ROM leaves the RTC watchdog and that of timer group 0 running in flash boot (19.2). */
static void stop_watchdogs(void) {
    esp_stop_watchdog(RTC_WDT_CONFIG0, RTC_WDT_PROTECT);
}

static void set_clock(void) {
    REG(APB_CTRL_SYSCLK_CONF) &= ~0x3FFu;
    REG(RTC_CLK_CONF) &= ~(3u << 27);
    REG(UART0 + UART_CONF0) = UART_8N1 | 1u << 27;
}

#ifdef CHIP_EMULATED
#define CHIP_MAILBOX
#else
/* ESP-IDF 5.4, uart_ll.h of the ESP32: the count of received bytes is not to be believed where the FIFO is
 * read over the DPORT bus, as here; and writes that follow each other there may be lost, so that bytes are
 * sent over the AHB bus. With as many bytes as the FIFO has both addresses are equal. */
#define UART_SEND_FIFO 0x60000000u
/* Bits 12..2 are the address of the byte to read next, 23..13 of the one to be written next. */
#define UART_MEM_RX_STATUS 0x60u
#define UART_RECEIVED() uart_received()
static inline int uart_received(void) {
    const uint32_t next = REG(UART0 + UART_MEM_RX_STATUS);
    return (next >> 2 & 0x7FFu) != (next >> 13 & 0x7FFu) || (REG(UART0 + UART_STATUS) & 0xFFu) != 0;
}
#endif
#include "../common/espressif_chip.h"
