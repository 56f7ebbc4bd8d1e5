/* On the host under AddressSanitizer: the arena is a block of exactly its size, of which each layer may touch
 * its own inputs, outputs and scratch only. */
#include "run_cases.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>

static const struct test_case *current;

static void permit(uint8_t *arena, unsigned layer) {
    unsigned i;
    ASAN_POISON_MEMORY_REGION(arena, current->arena_bytes);
    for (i = 0; i < current->region_count; i++) {
        const struct region *r = &current->regions[i];
        if (r->layer == layer) {
            ASAN_UNPOISON_MEMORY_REGION(arena + r->offset, r->bytes);
        }
    }
}

static int after_layer(void *user, unsigned layer) {
    permit((uint8_t *)user, layer + 1);
    return 0;
}

void machine_put(char c) {
    putchar(c);
    if (c == '\n') {
        fflush(stdout); /* the sanitizer may end the process in the next case */
    }
}

void *machine_arena(size_t bytes) {
    void *block;
    return posix_memalign(&block, 16, bytes) == 0 ? block : NULL;
}

void machine_release(void *arena) {
    free(arena);
}

kit_layer_hook machine_before_layers(const struct test_case *test, void *arena) {
    current = test;
    permit((uint8_t *)arena, 0);
    return after_layer;
}

void machine_after_layers(const struct test_case *test, void *arena) {
    ASAN_UNPOISON_MEMORY_REGION(arena, test->arena_bytes);
}

int main(void) {
    run_lists();
    return 0;
}
