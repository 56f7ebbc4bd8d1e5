/* RP2040 behind its boot ROM: clocks from the ring oscillator, or from a PLL that a program before left
 * running. RP2040 Datasheet: 2.14 resets, 2.15 clocks, 2.16 crystal oscillator, 2.18 PLL, 4.2 UART, 4.7
 * watchdog. */
#include "silicon.hpp"
#include "chip.c"

struct Silicon : Registers {
    std::vector<uint8_t> sent;
    std::string received;
    bool restarted = false;

    Silicon() {
        held[RESETS] = 0x1FFFFFF;
        held[CLOCKS + CLK_SYS_CTRL] = 1; /* on a PLL */
        held[PLL_SYS + PLL_PWR] = 0x2D;
    }
    bool crystal() {
        return held[0x40024000] == 0xFABAA0u &&
               held[0x4002400C] >= 47; /* enabled, for 1 to 15 MHz; at least 1 ms */
    }
    bool locked() {
        return crystal() && (held[PLL_SYS + PLL_PWR] & 0x21u) == 0 && held[PLL_SYS + PLL_FBDIV] == 125 &&
               (held[PLL_SYS + PLL_CS] & 63u) == 1 && (held[RESETS] & RESET_PLL_SYS) == 0;
    }
    uint32_t read(uint32_t address) override {
        switch (address) {
        case RESETS + RESET_DONE:
            return ~held[RESETS];
        case 0x40024004:
            return crystal() ? 1u << 31 : 0;
        case CLOCKS + CLK_SYS_SELECTED:
            return 1u << (held[CLOCKS + CLK_SYS_CTRL] & 1u);
        case CLOCKS + CLK_REF_SELECTED:
            return 1u << (held[CLOCKS + CLK_REF_CTRL] & 3u);
        case PLL_SYS + PLL_CS:
            return held[address] | (locked() ? 1u << 31 : 0);
        case 0x40034018:
            return received.empty() ? 0x10u : 0;
        case 0x40034000: {
            const uint32_t byte = (uint8_t)received.at(0);
            received.erase(0, 1);
            return byte | 0x800u; /* an overrun, which the program does not take for data */
        }
        default:
            return held[address];
        }
    }
    void write(uint32_t address, uint32_t value) override {
        const uint32_t alias = address & 0x3000u;
        if (address >> 28 == 4 && alias != 0 && (address & 0xFFF00000u) == 0x40000000u) {
            address &= ~0x3000u;
            value = alias == SET     ? held[address] | value
                    : alias == CLEAR ? held[address] & ~value
                                     : held[address] ^ value;
        }
        if (address == RESETS && (value & RESET_PLL_SYS & ~held[RESETS]) != 0) {
            held[PLL_SYS + PLL_PWR] = 0x2D; /* what reset makes of it */
        }
        if (address >= PLL_SYS && address < PLL_SYS + 0x10) {
            EXPECT((held[CLOCKS + CLK_SYS_CTRL] & 1u) == 0); /* nobody runs from it while it changes */
        }
        if (address == CLOCKS + CLK_SYS_CTRL && (value & 1u) != 0) {
            EXPECT(locked() && (held[PLL_SYS + PLL_PWR] & 8u) == 0);
        }
        if (address == 0x40034000) {
            sent.push_back((uint8_t)value);
        }
        if (address == WATCHDOG && (value >> 31) != 0) {
            restarted = true;
            throw "reset";
        }
        held[address] = value;
    }
};
static Silicon chip;
Registers &silicon = chip;

int main() {
    chip_init();
    const uint32_t prim = chip.held[PLL_SYS + PLL_PRIM];
    EXPECT(12000000u * 125 / ((prim >> 16 & 7u) * (prim >> 12 & 7u)) == CHIP_CLOCK_HZ);
    EXPECT((chip.held[CLOCKS + CLK_SYS_CTRL] & 0xE1u) == 1 &&
           (chip.held[CLOCKS + CLK_PERI_CTRL] >> 11 & 1u) == 1);
    EXPECT((chip.held[RESETS] & (RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_TIMER | RESET_UART0)) == 0);
    EXPECT(chip.held[WATCHDOG + WATCHDOG_TICK] == (1u << 9 | 12)); /* the timer counts microseconds */
    const double baud = CHIP_CLOCK_HZ / 16.0 / (chip.held[0x40034024] + chip.held[0x40034028] / 64.0);
    EXPECT(baud > 115200 * 0.999 && baud < 115200 * 1.001);
    EXPECT(chip.held[0x4003402C] == 0x70 && chip.held[0x40034030] == 0x301);
    EXPECT(chip.held[0x40014004] == 2 && chip.held[0x4001400C] == 2 &&
           (chip.held[0x4001C008] & 0x48u) == 0x48);
    EXPECT(chip_getc() == -1);
    chip.received = "\xFFx";
    EXPECT(chip_getc() == 0xFF && chip_getc() == 'x' && chip_getc() == -1);
    chip_putc('!');
    EXPECT(chip.sent == std::vector<uint8_t>{'!'});
    try {
        chip_reset();
    } catch (const char *) {
    }
    EXPECT(chip.restarted && chip.held[0x40010008] == 0x1FFFC); /* all but the two oscillators */
    return failures != 0;
}
