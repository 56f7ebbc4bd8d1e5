/* Decides on the answers of a file under the sanitizers, twice with a reset between. Memory is exactly as
 * large as it is said to be, and so is each answer. Writes the decisions of the second time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit_postprocess_config.h"

int main(int argc, char **argv) {
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    void *memory = malloc(KIT_POSTPROCESS_MEMORY), *answer = malloc(ANSWER_BYTES);
    struct kit_postprocess *state =
        kit_postprocess_init(&kit_postprocess_settings, memory, KIT_POSTPROCESS_MEMORY);
    if (argc != 3 || in == NULL || out == NULL || state == NULL) {
        return 2;
    }
    for (int again = 0; again < 2; again++) {
        while (fread(answer, 1, ANSWER_BYTES, in) == ANSWER_BYTES) {
            const struct kit_decision made = kit_postprocess_decide(state, answer);
            if (again) {
                fwrite(&made, sizeof made, 1, out);
            }
        }
        rewind(in);
        kit_postprocess_reset(state);
    }
    free(answer);
    free(memory);
    fclose(in);
    return fclose(out);
}
