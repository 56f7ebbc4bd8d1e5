/* RISC-V start-up in machine mode. The RISC-V Instruction Set Manual, Volume II (privileged architecture, 20211203): 3.1.7
 * mtvec, 3.7 physical memory protection. Espressif's cores know vectored traps only, at a multiple of 256 bytes (ESP32-C3
 * Technical Reference Manual v1.1, 1.4.3 mtvec): an exception goes to the first entry, and no interrupt is used. */

    .section .vectors, "ax"
    .global chip_start
    .align 2
chip_start:
    csrci mstatus, 8               /* MIE: no interrupt is used */
    la t0, trap
    csrw mtvec, t0
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top

    la t0, __stack_bottom
    li t1, 0xC5C5C5C5              /* STACK_PAINT */
1:  sw t1, 0(t0)
    addi t0, t0, 4
    bltu t0, sp, 1b

    la t0, __data_start            /* where a boot loader put the data, source and target are the same */
    la t1, __data_load
    la t2, __data_end
    beq t0, t1, 3f
2:  bgeu t0, t2, 3f
    lw t3, 0(t1)
    sw t3, 0(t0)
    addi t0, t0, 4
    addi t1, t1, 4
    j 2b
3:  la t0, __bss_start
    la t1, __bss_end
4:  bgeu t0, t1, 5f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 4b

5:  la t0, __stack_guard           /* 256 bytes below the stack, locked: no access in machine mode either */
    srli t0, t0, 2
    ori t0, t0, 31                 /* naturally aligned power of two: 2^(5+3) bytes */
    csrw pmpaddr0, t0
    li t0, 0x98                    /* L, A = NAPOT */
    csrw pmpcfg0, t0

    call main
    la a0, main_returned
    li a1, 0
    tail chip_panic

    .align 8
trap:
    mv t0, sp
    la sp, __stack_top             /* whatever the stack was, it is no longer needed */
    csrr a1, mepc
    la a0, stack_overflow
    la t1, __stack_bottom
    addi t1, t1, 64                /* a frame that crosses the end counts as over it */
    bltu t0, t1, 6f
    la a0, trapped
6:  tail chip_panic

    .section .rodata.chip_start, "a"
main_returned:
    .asciz "main returned"
trapped:
    .asciz "trap"
stack_overflow:
    .asciz "stack overflow"
