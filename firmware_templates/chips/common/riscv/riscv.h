/* Counting and sleeping on RISC-V cores of the standard privileged architecture (Volume II, 3.1.10
 * mcycle, 3.2.1 mtime and mtimecmp, 3.3.3 WFI). Espressif's cores have neither. */
#ifndef KIT_RISCV_H
#define KIT_RISCV_H

#include <stdint.h>

static inline uint64_t riscv_cycles(void) {
    uint32_t high, low, again;
    do {
        __asm volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh"
                       : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}

/* Sleep for `ticks` of the timer of the core-local interruptor at `clint` (SiFive's layout: mtimecmp at
 * 0x4000, mtime at 0xBFF8). The timer interrupt is enabled but never taken: it only ends WFI. */
static inline void riscv_sleep(uintptr_t clint, uint32_t ticks) {
    volatile uint32_t *mtimecmp = (volatile uint32_t *)(clint + 0x4000u);
    const volatile uint32_t *mtime = (const volatile uint32_t *)(clint + 0xBFF8u);
    const uint32_t now = mtime[0];
    const uint32_t high = mtime[1] + (now + ticks < now ? 1u : 0u);
    mtimecmp[1] = 0xFFFFFFFFu; /* no interrupt while the halves do not belong together */
    mtimecmp[0] = now + ticks;
    mtimecmp[1] = high;
    __asm volatile("csrs mie, %0\n wfi\n csrc mie, %0" ::"r"(1u << 7));
}

#endif
