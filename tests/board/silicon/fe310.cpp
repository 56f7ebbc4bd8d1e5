/* FE310 behind the HiFive1's boot loader, which may have left it on its PLL. FE310-G002 Manual v1p5: 6 clocks
 * (the PLL is set while it is not selected), 17 GPIO, 18 UART. */
#include "silicon.hpp"
#include "chip.c"

struct Silicon : Registers {
    std::string received;

    Silicon() {
        held[0x10008008] = 1u << 16 | 1u << 17 | 0x35; /* selected */
    }
    uint32_t read(uint32_t address) override {
        if (address == 0x10008000 || address == 0x10008004) {
            return held[address] | (held[address] << 1 & 1u << 31); /* ready once enabled */
        }
        if (address == 0x10013004) {
            if (received.empty()) {
                return 1u << 31;
            }
            const uint8_t byte = (uint8_t)received.at(0);
            received.erase(0, 1);
            return byte;
        }
        return held[address];
    }
    void write(uint32_t address, uint32_t value) override {
        const uint32_t before = held[0x10008008];
        if (address == 0x10008008 && (before >> 16 & 1u) != 0) {
            EXPECT(((before ^ value) & ~(1u << 16)) == 0); /* only to leave it */
            EXPECT((value >> 16 & 1u) != 0 || (read(0x10008000) >> 31) != 0);
        }
        if (address == 0x1000800C) {
            EXPECT((before >> 16 & 1u) == 0);
        }
        held[address] = value;
    }
};
static Silicon chip;
Registers &silicon = chip;
void chip_start(void) {
    throw "restart";
}

int main() {
    chip_init();
    EXPECT((chip.held[0x10008008] >> 16 & 7u) == 7); /* selected, from the crystal, not multiplied */
    EXPECT((chip.held[0x10008004] >> 30 & 1u) == 1 && chip.held[0x1000800C] == 1u << 8);
    EXPECT((chip.held[0x10012038] >> 16 & 3u) == 3 && (chip.held[0x1001203C] >> 16 & 3u) == 0);
    const double baud = 16e6 / (chip.held[0x10013018] + 1);
    EXPECT(baud > 115200 * 0.995 && baud < 115200 * 1.005);
    EXPECT((chip.held[0x10013008] & 1u) == 1 && (chip.held[0x1001300C] & 1u) == 1);
    chip.received = "\xFFx";
    EXPECT(chip_getc() == 0xFF && chip_getc() == 'x' && chip_getc() == -1);
    chip_putc('!');
    EXPECT(chip.held[0x10013000] == '!');
    return failures != 0;
}
