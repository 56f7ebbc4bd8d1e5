/* Xtensa start-up in the call0 ABI. Xtensa ISA Reference Manual: 4.4 exceptions and vectors, 4.8 windowed registers, PS.
 * The ROM enters here from windowed code: PS.WOE is cleared, so no window ever overflows from here on. */

    .section .vectors, "ax"
    .align 1024
    .global _vectors
_vectors:
    /* Kernel, user and double exception of the lx106 core, where others have window vectors, which call0 code needs none
     * of; then of the LX6 and LX7 cores as Espressif configures them. */
    .org _vectors + 0x30
    j fault
    .org _vectors + 0x50
    j fault
    .org _vectors + 0x70
    j fault
    .org _vectors + 0x300
    j fault
    .org _vectors + 0x340
    j fault
    .org _vectors + 0x3C0
    j fault
    .org _vectors + 0x400

    .section .text.chip_start, "ax"
    .literal_position
    .align 4
    .global chip_start
chip_start:
    movi a2, 0x2F              /* PS: interrupts off (INTLEVEL 15), UM, WOE and EXCM clear */
    wsr.ps a2
    rsync
    movi a2, 0
    wsr.intenable a2
#ifdef CHIP_HAS_FPU
    movi a2, 1                 /* CPENABLE: a compiler that knows the floating-point unit uses it */
    .byte 0x20, 0xE0, 0x13     /* wsr.cpenable a2, which an lx106 assembler refuses */
    rsync
#endif
    movi a2, _vectors
    wsr.vecbase a2
    rsync
    movi a1, __stack_top
    movi a2, __stack_bottom
    movi a3, 0xC5C5C5C5        /* STACK_PAINT */
1:  s32i a3, a2, 0
    addi a2, a2, 4
    bltu a2, a1, 1b
    movi a2, __bss_start
    movi a3, __bss_end
    movi a4, 0
    bgeu a2, a3, 3f
2:  s32i a4, a2, 0
    addi a2, a2, 4
    bltu a2, a3, 2b
3:  movi a0, main
    callx0 a0
    movi a2, main_returned
    movi a3, 0
    movi a0, chip_panic
    jx a0

    .align 4
fault:
    rsr.epc1 a3
    movi a1, __stack_top       /* whatever the stack was, it is no longer needed */
    movi a2, exception
    movi a0, chip_panic
    jx a0

    .section .rodata.chip_start, "a"
main_returned:
    .asciz "main returned"
exception:
    .asciz "exception"
