/* Generated models with the inputs and the outputs that each must give. */
#ifndef KIT_TESTS_RUN_CASES_H
#define KIT_TESTS_RUN_CASES_H

#include "kit_nn.h"

/* What layer `layer` of a case may touch, in bytes of its arena. */
struct region {
    unsigned layer;
    uint32_t offset;
    uint32_t bytes;
};

struct test_case {
    const char *name;
    size_t arena_bytes;
    int (*init)(void *arena, size_t arena_bytes);
    int (*invoke)(void *arena, size_t arena_bytes, kit_layer_hook hook, void *user);
    void *(*input)(void *arena, unsigned index);
    const void *(*output)(const void *arena, unsigned index);
    const struct kit_tensor *inputs, *outputs;
    unsigned input_count, output_count;
    unsigned runs;
    const char *data; /* of each run the bytes of the inputs, then those of the outputs */
    const struct region *regions;
    unsigned region_count;
};

/* One operator's cases; the list of these ends with a NULL. */
struct test_cases {
    const struct test_case *cases;
    unsigned count;
};
extern const struct test_cases test_lists[];

/* Given by the machine: one character out; an arena; before each layer, for what checks memory accesses. */
void machine_put(char c);
void *machine_arena(size_t bytes);
void machine_release(void *arena);
kit_layer_hook machine_before_layers(const struct test_case *test, void *arena);
void machine_after_layers(const struct test_case *test, void *arena);

/* Every case of every list, a line of text each: "ok NAME", or "bad NAME" and the first difference. */
void run_lists(void);

#endif
