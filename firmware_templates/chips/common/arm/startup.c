/* Cortex-M start-up: vector table, stack, memory, FPU. Armv7-M Architecture Reference Manual (DDI 0403) B1.5
 * (vector table, reset), B3.2 (system control registers); the same addresses in Armv6-M (DDI 0419) and
 * Armv8-M (DDI 0553). */
#include <stdint.h>
#include <string.h>
#include "../start.h"
#include "arm.h"
#include "vectors.h" /* the chip's: CHIP_INTERRUPTS, and chip_interrupt() */

#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08u)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)
#define SCB_AIRCR (*(volatile uint32_t *)0xE000ED0Cu)

/* SysTick and interrupts off, none pending (B3.3, B3.4). */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SCB_ICSR                                                                                             \
    (*(volatile uint32_t *)0xE000ED04u) /* bits 27 and 25: PendSV and SysTick no longer pending */
#define NVIC_ICER ((volatile uint32_t *)0xE000E180u)
#define NVIC_ICPR ((volatile uint32_t *)0xE000E280u)

/* MPU of Armv6-M and Armv7-M (B3.5) */
#define MPU_TYPE (*(volatile uint32_t *)0xE000ED90u)
#define MPU_CTRL (*(volatile uint32_t *)0xE000ED94u)
#define MPU_RBAR (*(volatile uint32_t *)0xE000ED9Cu)
#define MPU_RASR (*(volatile uint32_t *)0xE000EDA0u)

extern uint32_t __vectors[], __stack_guard[];
extern uint32_t __data_start[], __data_end[], __data_load[], __bss_start[], __bss_end[];
int main(void);
void chip_reset_handler(void);

/* Make a stack overflow fault at once: the stack limit register of Armv8-M, or an MPU region of 32 bytes
 * without access below the stack. Below that lies the end of RAM. */
static void guard_stack(void) {
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm volatile("msr msplim, %0" ::"r"(__stack_bottom));
#else
    if ((MPU_TYPE >> 8) != 0) {                                  /* number of regions */
        MPU_RBAR = (uint32_t)(uintptr_t)__stack_guard | 1u << 4; /* VALID, region 0 */
        MPU_RASR = 1u << 28 | 7u << 1 | 1u;                      /* XN, no access, 2^(7+1) bytes, enabled */
        MPU_CTRL = 1u << 2 | 1u; /* default map elsewhere, off in fault handlers */
        __asm volatile("dsb\n isb" ::: "memory");
    }
#endif
}

/* What a boot loader left running would come to handlers that this program has not, or not yet. */
static void quieten(void) {
    __asm volatile("cpsid i" ::: "memory");
    SYST_CSR = 0;
    SCB_ICSR = 1u << 27 | 1u << 25;
    for (uint32_t i = 0; i < (CHIP_INTERRUPTS + 31u) / 32u; i++) {
        NVIC_ICER[i] = 0xFFFFFFFFu;
        NVIC_ICPR[i] = 0xFFFFFFFFu;
    }
}

void chip_reset_handler(void) {
    quieten();
    stack_paint();
    guard_stack();
    SCB_VTOR = (uint32_t)(uintptr_t)__vectors; /* a boot loader's until now */
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    SCB_CPACR |= 0xFu << 20; /* full access to CP10 and CP11: FPU, MVE */
    __asm volatile("dsb\n isb" ::: "memory");
#endif
    memcpy(__data_start, __data_load, (size_t)((uintptr_t)__data_end - (uintptr_t)__data_start));
    memset(__bss_start, 0, (size_t)((uintptr_t)__bss_end - (uintptr_t)__bss_start));
    __asm volatile("cpsie i" ::: "memory");
    (void)main();
    chip_panic("main returned", 0);
}

void chip_halt(void) {
    __asm volatile("cpsid i\n wfi");
}

#ifdef __ARM_ARCH_6M__ /* which tells no reasons */
#define SCB_CFSR 0u
#else
#define SCB_CFSR                                                                                             \
    (*(volatile uint32_t *)0xE000ED28u) /* B3.2.15; bit 4 MSTKERR, 12 STKERR, 20 STKOF (Armv8-M) */
#endif

/* A fault's stack frame: r0-r3, r12, lr, return address, xPSR (B1.5.6). Where the stack overflowed there is
 * no such frame: what is told then is how far it came. */
static void __attribute__((used, noreturn)) fault(const uint32_t *frame) {
    const int whole = frame >= __stack_bottom && frame + 8 <= __stack_top;
    if (!whole || (SCB_CFSR & (1u << 4 | 1u << 12 | 1u << 20)) != 0) {
        chip_panic("stack overflow", (uint32_t)(uintptr_t)frame);
    }
    chip_panic("hard fault", frame[6]);
}

static void __attribute__((naked)) fault_handler(void) {
    __asm volatile("mrs r0, msp\n"
                   "ldr r1, =__stack_top\n"
                   "msr msp, r1\n"
                   "b fault\n");
}

static void interrupt_handler(void) {
    uint32_t number;
    __asm volatile("mrs %0, ipsr" : "=r"(number));
    chip_interrupt((number & 0x1FFu) - 16u);
}

/* SysTick only ends a sleep (chip_wait), with interrupts held back: should it come late it does nothing. */
static void systick_handler(void) {
    SYST_CSR = 0;
}

typedef void (*vector_t)(void);

__attribute__((used, section(".vectors"))) static const struct {
    uint32_t *stack;
    vector_t reset;
    vector_t system[14]; /* NMI, faults, SVCall, PendSV, SysTick */
    vector_t interrupt[CHIP_INTERRUPTS];
} vectors = {
    __stack_top,
    chip_reset_handler,
    {fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     0, 0, fault_handler, fault_handler, 0, fault_handler, systick_handler},
    {[0 ... CHIP_INTERRUPTS - 1] = interrupt_handler},
};

void arm_reset(void) {
    SCB_AIRCR = 0x05FA0004u; /* VECTKEY, SYSRESETREQ */
    __asm volatile("dsb" ::: "memory");
    for (;;) {
    }
}
