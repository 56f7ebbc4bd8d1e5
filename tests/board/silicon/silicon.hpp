/* The registers of a chip as its manual says that they behave, for a chip.c compiled for this machine:
 * REG(address) of its sources is `Register(address)` here, functions in its ROM are `rom(address)`, and
 * inline assembly is noted. Each program includes this, then the chip's sources, gives `Silicon`, and says
 * what is wrong with EXPECT. */
#ifndef SILICON_HPP
#define SILICON_HPP

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

/* A register holds what was written to it, unless a chip's model says otherwise. */
struct Registers {
    std::map<uint32_t, uint32_t> held;
    std::vector<uint32_t> called; /* addresses in ROM */
    std::string assembly;

    virtual ~Registers() = default;
    virtual uint32_t read(uint32_t address) {
        return held[address];
    }
    virtual void write(uint32_t address, uint32_t value) {
        held[address] = value;
    }
};

extern Registers &silicon;

class Register {
    uint32_t address_;

  public:
    explicit Register(uint32_t address) : address_(address) {
    }
    operator uint32_t() const {
        return silicon.read(address_);
    }
    uint32_t operator=(uint32_t value) {
        silicon.write(address_, value);
        return value;
    }
    void operator|=(uint32_t bits) {
        silicon.write(address_, silicon.read(address_) | bits);
    }
    void operator&=(uint32_t bits) {
        silicon.write(address_, silicon.read(address_) & bits);
    }
};

struct Rom {
    uint32_t address;
    template <typename... Arguments> void operator()(Arguments...) const {
        silicon.called.push_back(address);
    }
};
inline Rom rom(uint32_t address) {
    return {address};
}

static int failures;
#define EXPECT(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            std::printf("line %d: not so: %s\n", __LINE__, #condition);                                      \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

extern "C" {
uint32_t __stack_bottom[1], __stack_top[1];
volatile uint32_t chip_waits;
void check_stack(void) {
}
void arm_reset(void) {
    throw "reset";
}
}

/* `__asm volatile("cpsid i" ::: "memory")` becomes a note of its text. */
inline void note_assembly(const char *text) {
    silicon.assembly += text;
}
#define __asm
#define volatile(...) note_assembly(#__VA_ARGS__)

#endif
