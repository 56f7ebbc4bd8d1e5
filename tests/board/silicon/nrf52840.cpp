/* nRF52840: a boot loader used its timer and its UART; the UART as the Product Specification has it: RXDRDY
 * comes with each byte that reaches RXD, the next one only when RXD was read. */
#include "silicon.hpp"
#include "chip.c"

struct Silicon : Registers {
    std::string fifo;
    uint32_t count = 77; /* of TIMER0 */
    bool counts = true;

    Silicon() {
        held[0x40002508] = 5; /* RTS on a pin */
        held[0x4000256C] = 1; /* flow control */
        held[0x40008504] = 1; /* counts events */
        held[0x40002304] = 0xFFFF;
    }
    void arrives(char byte) {
        if (fifo.size() < 6) {
            fifo += byte;
            held[0x40002108] = 1;
        }
    }
    uint32_t read(uint32_t address) override {
        if (address == 0x40002518) {
            const uint8_t byte = (uint8_t)fifo.at(0);
            fifo.erase(0, 1);
            held[0x40002108] = !fifo.empty();
            return byte;
        }
        return held[address];
    }
    void write(uint32_t address, uint32_t value) override {
        if (address == 0x40002308) {
            held[0x40002304] &= ~value;
            return;
        }
        if (address == 0x40002304) {
            value |= held[address];
        }
        held[address] = value;
        switch (address) {
        case 0x40000000:
            held[0x40000100] = 1;
            break;
        case 0x4000251C:
            held[0x4000211C] = 1;
            break;
        case 0x40008000:
            counts = true;
            break;
        case 0x40008004:
            counts = false;
            break;
        case 0x4000800C:
            count = 0;
            break;
        case 0x40008040:
            held[0x40008540] = count;
            break;
        case 0x40008508:
            EXPECT(!counts); /* "BITMODE must only be changed when the timer is stopped" */
            break;
        default:
            break;
        }
    }
    bool interrupts() {
        return (held[0x40002304] & held[0x40002108] << 2) != 0;
    }
};
static Silicon chip;
Registers &silicon = chip;

static bool settles(void) {
    for (int turn = 0; turn < 100; turn++) {
        if (!chip.interrupts()) {
            return true;
        }
        chip_interrupt(2);
    }
    return false;
}

int main() {
    chip_init();
    EXPECT(chip.held[0x40002524] == 0x01D7E000); /* Product Specification, BAUDRATE: Baud115200 */
    EXPECT(chip.held[0x40002508] == 0xFFFFFFFFu && chip.held[0x40002510] == 0xFFFFFFFFu);
    EXPECT(chip.held[0x4000256C] == 0 && chip.held[0x40002304] == 4);
    EXPECT(chip.held[0x50000A00 + 4 * (CHIP_UART_RX_PIN - 32)] == 0xC); /* on port 1: an input, pulled up */
    EXPECT(chip.held[0x40008504] == 0 && chip.held[0x40008508] == 3 && chip.counts);
    EXPECT(chip_ticks() == 0);
    for (char c : std::string("abc")) {
        chip.arrives(c);
    }
    EXPECT(settles() && chip_getc() == 'a' && chip_getc() == 'b' && chip_getc() == 'c' && chip_getc() == -1);
    for (int n = 0; n < 80; n++) { /* more than the ring and the FIFO take */
        chip.arrives((char)n);
        EXPECT(settles());
    }
    for (int n = 0; n < 70; n++) {
        EXPECT(chip_getc() == n);
        EXPECT(settles());
    }
    EXPECT(chip_getc() == -1);
    chip.arrives('d');
    EXPECT(settles() && chip_getc() == 'd');
    chip_putc('!');
    chip_putc('?');
    EXPECT(chip.held[0x4000251C] == '?');
    chip.count = 0xFFFFFFF0u;
    chip_idle();
    chip.count = 5;
    chip_wait();
    EXPECT(chip_ticks() == 0x100000005u);
    return failures != 0;
}
