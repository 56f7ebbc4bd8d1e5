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

/* Constants stay in RAM: the functions that set up this chip's data cache are in the ROM in the windowed ABI,
 * and the registers that they set are not in the manual. */
static inline void map_flash(void) {
}

#include "../common/espressif_rtc.h"

#ifdef CHIP_EMULATED
#define CHIP_MAILBOX
#endif
#include "../common/espressif_chip.h"
