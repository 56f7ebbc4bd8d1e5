/* The ESP32 family from the moment its boot ROM starts the firmware: watchdogs run, the UART has settings of
 * the ROM's, which newer chips take over only when they are asked to. */
#include "silicon.hpp"
#include "chip.c"

#define KEY 0x50D83AA1u
#if defined(RTC_SWD_KEY)
#define SWD_KEY RTC_SWD_KEY
#define SWD_CONFIG RTC_SWD_CONF
#define SWD_PROTECT RTC_SWD_PROTECT
#define SWD_FEEDS_ITSELF (1u << 31)
#elif defined(LP_SWD_PROTECT)
#define SWD_KEY KEY
#define SWD_CONFIG LP_SWD_CONFIG
#define SWD_PROTECT LP_SWD_PROTECT
#define SWD_FEEDS_ITSELF (1u << 18)
#endif
#if defined(LP_WDT_CONFIG0)
#define RTC_WDT_CONFIG0 LP_WDT_CONFIG0
#define RTC_WDT_PROTECT LP_WDT_PROTECT
#endif
#ifndef CHIP_USB_SERIAL
#define CHIP_USB_SERIAL 0x60038000u
#endif
#define DCACHE_MODE 0x1Cu                                       /* size and line: not ours to change */
#define RTC_FLASH_BOOT (1u << (TIMG0 == 0x3FF5F000u ? 10 : 12)) /* the RTC's own flash boot protection */
#define TIMG_FLASH_BOOT (1u << 14)

struct Silicon : Registers {
    uint32_t divider = 0xBAD;      /* of the UART's baud, as it is in effect */
    std::string line;              /* what the UART sent */
    std::string received;          /* by the UART's FIFO, not yet read */
    uint32_t where = 0;            /* of the FIFO's next byte in its memory */
    uint64_t ticks = 0;            /* of the timer, latched */
    uint32_t usb_packet = 0;       /* bytes in the packet that is being filled */
    bool usb_sent = false;         /* a packet waits for the host */
    bool usb_host = true;          /* takes a packet at once */
    std::vector<uint32_t> packets; /* their lengths */
    std::vector<std::string> order;
    uint32_t looks = 0;
    bool was_reset = false;
    uint32_t cache_stops = 0, cache_forgets = 0; /* looks until it has done so */
    bool cache_forgot = false;                   /* what it held of the flash before the pages were set */

    Silicon() {
        held[TIMG0 + TIMG_WDT_CONFIG0] = TIMG_FLASH_BOOT | 1u << 31;
        held[TIMG1 + TIMG_WDT_CONFIG0] = 1u << 31;
        held[RTC_WDT_CONFIG0] = RTC_FLASH_BOOT | 1u << 31;
#ifdef EXTMEM_DCACHE_CTRL
        held[EXTMEM_DCACHE_CTRL] = DCACHE_MODE | 1u; /* on, as the ROM has loaded the image through it */
        held[EXTMEM_DCACHE_CTRL1] = 3;
        held[EXTMEM_DCACHE_SYNC_ADDR] = 0x3C800000;
        held[EXTMEM_DCACHE_SYNC_SIZE] = 16;
#endif
    }

    uint32_t protection(uint32_t address) {
        switch (address) {
        case TIMG0 + TIMG_WDT_CONFIG0:
            return held[TIMG0 + TIMG_WDT_PROTECT] == KEY;
        case TIMG1 + TIMG_WDT_CONFIG0:
            return held[TIMG1 + TIMG_WDT_PROTECT] == KEY;
        case RTC_WDT_CONFIG0:
            return held[RTC_WDT_PROTECT] == KEY;
#ifdef SWD_KEY
        case SWD_CONFIG:
            return held[SWD_PROTECT] == SWD_KEY;
#endif
        default:
            return 1;
        }
    }

    uint32_t read(uint32_t address) override {
        if (address == UART0 + UART_STATUS) {
            return TIMG0 == 0x3FF5F000u ? 0x55u * !received.empty() : (uint32_t)received.size();
        }
        if (address == UART0 + 0x60u) { /* ESP32: the FIFO's read and write addresses */
            return (where & 0x7FFu) << 2 | ((where + (uint32_t)received.size()) & 0x7FFu) << 13;
        }
        if (address == UART0 + UART_FIFO) {
            const uint8_t byte = (uint8_t)received.at(0);
            received.erase(0, 1);
            where++;
            return byte;
        }
        if (address == TIMG0 + TIMG_T0_UPDATE) {
            return 0;
        }
        if (address == UART0 + 0x98u) {
            return 0; /* done */
        }
        if (address == CHIP_USB_SERIAL) {
            const uint8_t byte = (uint8_t)received.at(0);
            received.erase(0, 1);
            return byte;
        }
        if (address == CHIP_USB_SERIAL + 4) {
            looks++;
            if (usb_sent && usb_host) {
                usb_sent = false;
            }
            return (usb_sent ? 0u : 2u) | (received.empty() ? 0u : 4u);
        }
#ifdef DPORT_PRO_CACHE_CTRL
        if (address == DPORT_PRO_CACHE_CTRL) {
            return held[address] | (held[address] >> 4 & 1u) << 5;
        }
#endif
#ifdef EXTMEM_DCACHE_CTRL
        if (address == EXTMEM_DCACHE_SYNC_CTRL) {
            return cache_forgets == 0 || --cache_forgets == 0 ? 1u << 3 : 0;
        }
        if (address == EXTMEM_CACHE_STATE) {
            return cache_stops == 0 || --cache_stops == 0 ? 0x1001u : 1u;
        }
#endif
        return held[address];
    }

#ifdef EXTMEM_DCACHE_CTRL
    /* rom/cache.h of the ESP32-S3: pages are set while the cache is off, empty and idle. */
    void cache(uint32_t address, uint32_t value) {
        const bool on = held[EXTMEM_DCACHE_CTRL] & 1u;
        if (address == EXTMEM_DCACHE_CTRL) {
            EXPECT((value & ~1u) == DCACHE_MODE);
            cache_stops = (value & 1u) ? 0 : 5;
        }
        if (address == EXTMEM_DCACHE_SYNC_CTRL) {
            EXPECT(!on && (value & 7u) == 1);
            cache_forgot = held[EXTMEM_DCACHE_SYNC_ADDR] == 0 && held[EXTMEM_DCACHE_SYNC_SIZE] == 0;
            cache_forgets = 5;
        }
        if (address >= MMU_TABLE && address < MMU_TABLE + 4 * 512) {
            EXPECT(!on && cache_stops == 0 && cache_forgot && cache_forgets == 0);
        }
    }
#endif

    void write(uint32_t address, uint32_t value) override {
        if (!protection(address)) {
            order.push_back("locked");
            return;
        }
        if (address == RESET_CONTROL && value >> 31) {
            was_reset = true;
            throw "reset";
        }
#ifdef EXTMEM_DCACHE_CTRL
        cache(address, value);
#endif
        held[address] = value;
        if (address == UART0 + UART_CLKDIV && TIMG0 != 0x60008000u) {
            divider = value;
        }
        if (address == UART0 + 0x98u && TIMG0 == 0x60008000u && value == 1) {
            divider = held[UART0 + UART_CLKDIV];
        }
        if (address == UART0 + UART_FIFO || (TIMG0 == 0x3FF5F000u && address == 0x60000000u)) {
            line += (char)value;
            order.push_back(address == 0x60000000u ? "ahb" : "dport");
        }
        if (address == TIMG0 + TIMG_T0_UPDATE) {
            ticks += 100;
            held[TIMG0 + TIMG_T0_LO] = (uint32_t)ticks;
            held[TIMG0 + TIMG_T0_HI] = (uint32_t)(ticks >> 32);
        }
        if (address == CHIP_USB_SERIAL) {
            EXPECT(!usb_sent);
            line += (char)value;
            usb_packet++;
        }
        if ((address == CHIP_USB_SERIAL && usb_packet == 64) ||
            (address == CHIP_USB_SERIAL + 4 && (value & 1u))) {
            packets.push_back(usb_packet);
            usb_packet = 0;
            usb_sent = true;
        }
    }
};

static Silicon chip;
Registers &silicon = chip;

static void starts(void) {
    chip_init();
    for (uint32_t config : {TIMG0 + TIMG_WDT_CONFIG0, TIMG1 + TIMG_WDT_CONFIG0}) {
        EXPECT((chip.held[config] & (1u << 31 | TIMG_FLASH_BOOT)) == 0);
    }
    EXPECT((chip.held[RTC_WDT_CONFIG0] & (1u << 31 | RTC_FLASH_BOOT)) == 0);
    EXPECT(chip.held[RTC_WDT_PROTECT] != KEY);
#ifdef SWD_KEY
    EXPECT((chip.held[SWD_CONFIG] & SWD_FEEDS_ITSELF) != 0);
    EXPECT(chip.held[SWD_PROTECT] != SWD_KEY);
#endif
    EXPECT(chip.order.empty()); /* nothing was written to a locked register */
    const uint64_t before = chip_ticks();
    EXPECT(chip_ticks() == before + 100);
}

#ifdef USB_EP1
static void console(void) {
    const std::string text(64, 'x');
    for (char c : text) {
        chip_putc((uint8_t)c);
    }
    EXPECT(chip.packets == (std::vector<uint32_t>{0, 64})); /* of the start, and one that sent itself */
    chip_wait();
    EXPECT(chip.packets.back() == 0); /* its end, without which the host keeps it to itself */
    chip_wait();
    EXPECT(chip.packets.size() == 3);
    for (char c : std::string("panic\n")) {
        chip_putc((uint8_t)c);
    }
    EXPECT(chip.packets.back() == 6); /* without anybody who flushes */
    chip_putc('a');
    EXPECT(chip.packets.back() == 6);
    chip_wait();
    EXPECT(chip.packets.back() == 1);
    EXPECT(chip.line == text + "panic\na");

    chip.usb_host = false; /* the program that had the port open is gone */
    chip.looks = 0;
    for (int i = 0; i < 10000; i++) {
        chip_putc('y');
    }
    chip_wait();
    EXPECT(chip.looks < 3 * (USB_PATIENCE + 10000)); /* it waited once, not for each byte */
    chip.usb_host = true;                            /* the next one asks something */
    chip.received = "?";
    EXPECT(chip_getc() == '?');
    EXPECT(chip_getc() == -1);
    chip.line.clear();
    chip_putc('!');
    EXPECT(chip.line == "!");
    try {
        chip_reset();
    } catch (const char *) {
    }
    EXPECT(chip.was_reset && chip.packets.back() == 1 && !chip.usb_sent);
}
#else
static void console(void) {
    const double clock = CHIP_CLOCK_HZ;
    const double baud = clock / ((chip.divider & 0xFFFFFu) + (chip.divider >> 20) / 16.0);
    EXPECT(baud > 115200 * 0.995 && baud < 115200 * 1.005);
    EXPECT(chip_getc() == -1);
    std::string sent;
    for (int n = 0; n < 500; n++) { /* around the FIFO's memory several times, one byte to 128 at once */
        const std::string some(1 + (size_t)n % 128, (char)('a' + n % 26));
        chip.received = some;
        for (char c : some) {
            EXPECT(chip_getc() == c);
        }
        EXPECT(chip_getc() == -1);
        chip_putc((uint8_t)n);
        sent += (char)n;
    }
    EXPECT(chip.line == sent);
    for (const std::string &bus : chip.order) {
        EXPECT(bus == (TIMG0 == 0x3FF5F000u ? "ahb" : UART0 == 0x60000000u ? "ahb" : "dport"));
    }
    try {
        chip_reset();
    } catch (const char *) {
    }
    EXPECT(chip.was_reset);
}
#endif

int main() {
    starts();
#ifdef CHIP_MAPPED_FROM
    const uint32_t pages = 3; /* the constants end within the third (see the command line) */
#ifdef PRO_FLASH_MMU_TABLE
    for (uint32_t n = 0; n < pages; n++) {
        EXPECT(chip.held[PRO_FLASH_MMU_TABLE + 4 * n] == 8 + n);
    }
    EXPECT((chip.held[DPORT_PRO_CACHE_CTRL] & 0x18u) == 8);
#elif defined(MMU_TABLE)
    for (uint32_t n = 0; n < pages; n++) {
        EXPECT(chip.held[MMU_TABLE + 4 * n] == 8 + n);
    }
#ifdef EXTMEM_DCACHE_CTRL
    EXPECT(chip.held[EXTMEM_DCACHE_CTRL] == (DCACHE_MODE | 1u));
    EXPECT(chip.held[EXTMEM_DCACHE_CTRL1] == 2); /* the other core keeps out */
    EXPECT(chip.called.empty());
#else
    EXPECT(chip.called == (std::vector<uint32_t>{0x4000051C, 0x40000520}));
#endif
#else
    EXPECT(chip.held[SPI_MEM_MMU_ITEM_INDEX] == pages - 1);
    EXPECT(chip.held[SPI_MEM_MMU_ITEM_CONTENT] == (1u << 9 | (8 + pages - 1)));
    EXPECT(chip.called == (std::vector<uint32_t>{0x40000690, 0x40000694}));
#endif
#endif
    console();
    return failures != 0;
}
