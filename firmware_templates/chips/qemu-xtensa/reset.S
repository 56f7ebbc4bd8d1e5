/* Reset vector of the core: QEMU starts there whatever the entry point of the image is. */
    .section .reset, "ax"
    .align 4
    j 1f
    .align 4
start:
    .word chip_start
1:  l32r a0, start
    jx a0
