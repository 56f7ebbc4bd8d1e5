/* ESP32-S3 (two Xtensa LX7 cores, of which the first runs), started by the boot ROM. ESP32-S3 Technical
 * Reference Manual: "Reset and Clock", "Low-power Management", "Timer Group", "Watchdog Timers", "UART
 * Controller". */
#include "../common/espressif.h"

#define TIMG0 0x6001F000u
#define TIMG1 0x60020000u
#define UART0 0x60000000u

#define RESET_CONTROL 0x60008000u /* RTC_CNTL_OPTIONS0 */
#define RTC_WDT_CONFIG0 0x60008098u
#define RTC_WDT_PROTECT 0x600080B0u
#define RTC_SWD_CONF 0x600080B4u
#define RTC_SWD_PROTECT 0x600080B8u
#define SYSTEM_SYSCLK_CONF 0x600C0060u

#if defined(CHIP_MAPPED_FROM) && !defined(CHIP_EMULATED) /* LabWired (0.25) has flash there from the start   \
                                                          */
#define MMU_TABLE 0x600C5000u               /* entry n: the flash page that page n of both windows shows */
#define EXTMEM_DCACHE_CTRL 0x600C4000u      /* bit 0: the data cache is on */
#define EXTMEM_DCACHE_CTRL1 0x600C4004u     /* bit 0: no access by the first core at 0x3C000000 */
#define EXTMEM_DCACHE_SYNC_CTRL 0x600C4028u /* bit 0: forget lines (clears itself), 3: done */
#define EXTMEM_DCACHE_SYNC_ADDR 0x600C402Cu
#define EXTMEM_DCACHE_SYNC_SIZE 0x600C4030u /* lines; address and size 0: all */
#define EXTMEM_CACHE_STATE 0x600C4130u      /* bits 23..12: 1 when the data cache is idle */

/* The second-stage boot loader's work, which there is none of here. ESP-IDF 5.4: bootloader_utility.c
 * (set_cache_and_start_app), mmu_ll.h, cache_ll.h and, as the manual leaves these registers out, extmem_reg.h
 * of the ESP32-S3. The functions of the ROM that the boot loader calls are in the windowed ABI; what
 * Cache_Disable_DCache and Cache_Enable_DCache do is done here. The ROM has read this image through the same
 * cache: it has given it its memory (32 KiB from 0x3FCF8000 on, SRAM2) and set up SPI0 to read flash. */
static void map_flash(void) {
    REG(EXTMEM_DCACHE_CTRL) &= ~1u;
    REG(EXTMEM_DCACHE_SYNC_ADDR) = 0;
    REG(EXTMEM_DCACHE_SYNC_SIZE) = 0;
    REG(EXTMEM_DCACHE_SYNC_CTRL) |= 1u;
    while ((REG(EXTMEM_DCACHE_SYNC_CTRL) >> 3 & 1u) == 0) {
    }
    while ((REG(EXTMEM_CACHE_STATE) >> 12 & 0xFFFu) != 1u) {
    }
    for (uint32_t page = 0; page < mapped_pages(); page++) {
        REG(MMU_TABLE + 4u * page) =
            CHIP_MAPPED_FROM / MAPPED_PAGE + page; /* bits 14, 15 clear: valid, flash */
    }
    REG(EXTMEM_DCACHE_CTRL1) &= ~1u;
    REG(EXTMEM_DCACHE_CTRL) |= 1u;
}
#else
static inline void map_flash(void) {
}
#endif

#include "../common/espressif_rtc.h"

#include "../common/espressif_chip.h"
