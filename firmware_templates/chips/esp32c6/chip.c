/* ESP32-C6 (RISC-V RV32IMAC), started by the boot ROM. ESP32-C6 Technical Reference Manual: "Reset and Clock"
 * (PCR), "Timer Group", "Watchdog Timers", "UART Controller", "Low-Power Management" (LP_AON). */
#include "../common/espressif.h"

#define TIMG0 0x60008000u
#define TIMG1 0x60009000u
#define UART0 0x60000000u

/* Settings cross into the UART's own clock when bit 0 of UART_REG_UPDATE is set, which clears itself when
 * they have (ESP-IDF 5.4, uart_ll_update). */
#define UART_REG_UPDATE 0x98u
#define UART_APPLY() uart_apply()
static inline void uart_apply(void) {
    REG(UART0 + UART_REG_UPDATE) = 1;
    for (uint32_t i = 0; i < 1000u && (REG(UART0 + UART_REG_UPDATE) & 1u) != 0; i++) {
    }
}

#define RESET_CONTROL 0x600B1034u /* LP_AON_SYS_CFG */
#define LP_WDT_CONFIG0 0x600B1C00u
#define LP_WDT_PROTECT 0x600B1C18u
#define LP_SWD_CONFIG 0x600B1C1Cu /* bit 18: it feeds itself */
#define LP_SWD_PROTECT 0x600B1C20u

#define PCR_UART0_SCLK_CONF 0x60096004u /* 22: clock on, 21..20: 3 the crystal, 19..12: divider - 1 */
#define PCR_TIMERGROUP0_TIMER_CLK_CONF 0x60096040u /* 22: clock on, 21..20: 0 the crystal */
#define PCR_SYSCLK_CONF 0x60096110u                /* 17..16: source of the CPU clock, 0 the crystal */

/* LabWired (0.25) has neither these watchdogs nor flash that must be mapped. */
#ifndef CHIP_EMULATED
static void stop_watchdogs(void) {
    esp_stop_watchdog(LP_WDT_CONFIG0, LP_WDT_PROTECT);
    REG(LP_SWD_PROTECT) = WATCHDOG_KEY;
    REG(LP_SWD_CONFIG) |= 1u << 18;
    REG(LP_SWD_PROTECT) = 0;
}
#else
static inline void stop_watchdogs(void) {
}
#endif

#if defined(CHIP_MAPPED_FROM) && !defined(CHIP_EMULATED)
#define SPI_MEM_MMU_ITEM_CONTENT 0x6000237Cu /* bit 9: valid, below it the flash page */
#define SPI_MEM_MMU_ITEM_INDEX 0x60002380u   /* page of the window at 0x42000000 */
#define EXTMEM_L1_CACHE_CTRL 0x600C8004u     /* bits 0, 1: no access by the instruction and the data bus */

/* In the boot ROM: ESP-IDF 5.4, esp32c6.rom.ld. The first turns the cache off and empties it. */
#define Cache_Disable_ICache ((void (*)(void))0x40000690u)
#define Cache_Enable_ICache ((void (*)(uint32_t autoload))0x40000694u)

/* The second-stage boot loader's work, which there is none of here. TRM, "System and Memory"; ESP-IDF 5.4,
 * bootloader_utility.c (set_cache_and_start_app), mmu_ll.h, cache_ll.h. Pages are of 64 KiB after reset. The
 * ROM has set up SPI0 to read flash. */
static void map_flash(void) {
    Cache_Disable_ICache();
    for (uint32_t page = 0; page < mapped_pages(); page++) {
        REG(SPI_MEM_MMU_ITEM_INDEX) = page;
        REG(SPI_MEM_MMU_ITEM_CONTENT) = 1u << 9 | (CHIP_MAPPED_FROM / MAPPED_PAGE + page);
    }
    REG(EXTMEM_L1_CACHE_CTRL) &= ~3u;
    Cache_Enable_ICache(0);
}
#else
static inline void map_flash(void) {
}
#endif

static void set_clock(void) {
    REG(PCR_SYSCLK_CONF) &= ~(3u << 16);
    REG(PCR_UART0_SCLK_CONF) = 1u << 22 | 3u << 20;
    REG(PCR_TIMERGROUP0_TIMER_CLK_CONF) = 1u << 22;
}

#include "../common/espressif_chip.h"
