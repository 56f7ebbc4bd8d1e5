/* ESP32 (two Xtensa LX6 cores, of which the first runs), started by the boot ROM. ESP32 Technical Reference
 * Manual v5.2: 3.2 clocks, 13 UART, 18 timers, 19 watchdogs, 31 RTC.
 *
 * The CPU stays on the 40 MHz crystal, a known state: the PLL is set through analogue registers that only the
 * ROM's windowed code reaches. The peripheral bus (APB) then runs at the same 40 MHz. */
#include "../chip.h"
#include "../common/espressif.h"
#include "../common/start.h"

#define TIMG0 0x3FF5F000u
#define TIMG1 0x3FF60000u
#define UART0 0x3FF40000u
#define UART_CONF0 0x20u /* bit 27: the UART counts APB_CLK, not the 1 MHz REF_TICK */

#define RTC_OPTIONS0 0x3FF48000u /* bit 31: reset the system */
#define RTC_CLK_CONF 0x3FF48070u /* bits 28..27: source of the CPU clock, 0 the crystal */
#define RTC_WDT_CONFIG0 0x3FF4808Cu
#define RTC_WDT_PROTECT 0x3FF480A4u
#define APB_CTRL_SYSCLK_CONF 0x3FF66000u /* bits 9..0: the crystal is divided by this plus one */

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

void chip_init(void) {
    map_flash();
    /* The ROM leaves the RTC watchdog and that of timer group 0 running in flash boot (19.2). */
    esp_stop_watchdog(RTC_WDT_CONFIG0, RTC_WDT_PROTECT);
    esp_stop_watchdog(TIMG0 + TIMG_WDT_CONFIG0, TIMG0 + TIMG_WDT_PROTECT);
    esp_stop_watchdog(TIMG1 + TIMG_WDT_CONFIG0, TIMG1 + TIMG_WDT_PROTECT);

    while ((REG(UART0 + UART_STATUS) >> 16 & 0xFFu) != 0) { /* what the ROM still sends, at its clock */
    }
    REG(APB_CTRL_SYSCLK_CONF) &= ~0x3FFu;
    REG(RTC_CLK_CONF) &= ~(3u << 27);
    REG(UART0 + UART_CONF0) = UART_8N1 | 1u << 27;
    esp_set_baud(UART0, CHIP_CLOCK_HZ, CHIP_BAUD);
    esp_start_counter(TIMG0);
}

#ifdef CHIP_EMULATED
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
    return esp_received(UART0) == 0 ? -1 : (int)(REG(UART0 + UART_FIFO) & 0xFFu);
}
#endif

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
