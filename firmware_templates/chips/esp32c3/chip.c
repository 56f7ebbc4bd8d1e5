/* ESP32-C3 (RISC-V RV32IMC), started by the boot ROM. ESP32-C3 Technical Reference Manual v1.1: 6.2 clocks, 9
 * low-power management, 11 timer groups, 12 watchdogs, 16 system registers, 26 UART. */
#include "../common/espressif.h"

#define TIMG0 0x6001F000u
#define TIMG1 0x60020000u
#define UART0 0x60000000u

#define RESET_CONTROL 0x60008000u /* RTC_CNTL_OPTIONS0 */
#define RTC_WDT_CONFIG0 0x60008090u
#define RTC_WDT_PROTECT 0x600080A8u
#define RTC_SWD_CONF 0x600080ACu
#define RTC_SWD_PROTECT 0x600080B0u
#define SYSTEM_SYSCLK_CONF 0x600C0058u

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

#include "../common/espressif_rtc.h"

#include "../common/espressif_chip.h"
