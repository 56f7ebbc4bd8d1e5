#include "run_cases.h"

#include <string.h>

static void put(const char *text) {
    while (*text != '\0') {
        machine_put(*text++);
    }
}

static void put_number(long value) {
    char digits[24];
    int n = 0;
    unsigned long rest = value < 0 ? 0ul - (unsigned long)value : (unsigned long)value;
    if (value < 0) {
        machine_put('-');
    }
    do {
        digits[n++] = (char)('0' + (int)(rest % 10u));
        rest /= 10u;
    } while (rest != 0);
    while (n > 0) {
        machine_put(digits[--n]);
    }
}

static int bad(const struct test_case *test, const char *what, long value) {
    put("bad ");
    put(test->name);
    put(": ");
    put(what);
    put_number(value);
    return 0;
}

/* The outputs of run `run` against their bytes, which `at` is moved behind. */
static int check_outputs(const struct test_case *test, const void *arena, unsigned run, const char **at) {
    unsigned i;
    for (i = 0; i < test->output_count; i++) {
        const uint32_t bytes = test->outputs[i].bytes;
        const uint8_t *got = (const uint8_t *)test->output(arena, i);
        uint32_t j;
        for (j = 0; j < bytes; j++) {
            if (got[j] != (uint8_t)(*at)[j]) {
                (void)bad(test, "run ", (long)run);
                put(" output ");
                put_number((long)i);
                put(" byte ");
                put_number((long)j);
                put(": got ");
                put_number((long)(int8_t)got[j]);
                put(" instead of ");
                put_number((long)(int8_t)(*at)[j]);
                return 0;
            }
        }
        *at += bytes;
    }
    return 1;
}

static int run_once(const struct test_case *test, void *arena) {
    const char *at = test->data;
    unsigned run, i;
    int status = test->init(arena, test->arena_bytes);
    if (status != KIT_OK) {
        return bad(test, "init returned ", status);
    }
    for (run = 0; run < test->runs; run++) {
        for (i = 0; i < test->input_count; i++) {
            memcpy(test->input(arena, i), at, test->inputs[i].bytes);
            at += test->inputs[i].bytes;
        }
        status = test->invoke(arena, test->arena_bytes, machine_before_layers(test, arena), arena);
        machine_after_layers(test, arena);
        if (status != KIT_OK) {
            return bad(test, "invoke returned ", status);
        }
        if (!check_outputs(test, arena, run, &at)) {
            return 0;
        }
    }
    return 1;
}

/* What the generated functions must refuse. */
static int check_refusals(const struct test_case *test, void *arena) {
    if (test->input(arena, test->input_count) != NULL || test->output(arena, test->output_count) != NULL) {
        return bad(test, "there is a tensor behind the last, of ", (long)test->input_count);
    }
    if (test->init(NULL, test->arena_bytes) != KIT_ERROR_ARENA ||
        test->init(arena, test->arena_bytes - 1) != KIT_ERROR_ARENA ||
        test->invoke(arena, test->arena_bytes - 1, NULL, NULL) != KIT_ERROR_ARENA ||
        test->invoke((uint8_t *)arena + 4, test->arena_bytes, NULL, NULL) != KIT_ERROR_ARENA) {
        return bad(test, "a bad arena was taken, of bytes ", (long)test->arena_bytes);
    }
    return 1;
}

static void run_case(const struct test_case *test) {
    void *arena = machine_arena(test->arena_bytes);
    if (arena == NULL) {
        (void)bad(test, "no arena of bytes ", (long)test->arena_bytes);
    } else if (check_refusals(test, arena) && run_once(test, arena) && run_once(test, arena)) {
        put("ok "); /* twice, because init must bring back the first state */
        put(test->name);
    }
    machine_release(arena);
    machine_put('\n');
}

void run_lists(void) {
    const struct test_cases *list;
    unsigned i;
    for (list = test_lists; list->cases != NULL; list++) {
        for (i = 0; i < list->count; i++) {
            run_case(&list->cases[i]);
        }
    }
}
