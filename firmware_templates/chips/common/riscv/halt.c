#include "../start.h"

void chip_halt(void) {
    __asm volatile("wfi");
}
