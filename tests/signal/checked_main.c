/* Runs a front end over a file under the sanitizers: as a whole and as a stream fed in pieces of 1, 2, 3, ...
 * values. Memory is exactly as large as it is said to be. Writes the bytes of both. */
#include <stdio.h>
#include <stdlib.h>

#include "kit_signal_config.h"

#define PASTE(a, b) a##b
#define JOIN(a, b) PASTE(a, b)
#define CALL(name) JOIN(JOIN(kit_, FAMILY), name)

int main(int argc, char **argv) {
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    size_t bytes;
    uint32_t samples;
    int16_t *data;
    int8_t *features;
    if (argc != 3 || in == NULL || out == NULL || fseek(in, 0, SEEK_END) != 0) {
        return 2;
    }
    bytes = (size_t)ftell(in);
    rewind(in);
    data = (int16_t *)malloc(bytes);
    samples = (uint32_t)(bytes / (2 * AXES));
    features = (int8_t *)malloc(FEATURES);
    if (fread(data, 1, bytes, in) != bytes) {
        return 2;
    }
#ifdef KIT_SIGNAL_IMAGE
    (void)samples;
    CALL(_whole)(&kit_signal_config, (const uint8_t *)data, features);
    fwrite(features, 1, FEATURES, out);
#else
    {
        void *memory = malloc(KIT_SIGNAL_BYTES);
        struct JOIN(kit_, FAMILY) *front = CALL(_init)(&kit_signal_config, memory, KIT_SIGNAL_BYTES);
        uint32_t piece = 1, at = 0, n = 0;
        if (CALL(_init)(&kit_signal_config, memory, KIT_SIGNAL_BYTES - 1) != NULL ||
            CALL(_bytes)(&kit_signal_config) != KIT_SIGNAL_BYTES) {
            return 3;
        }
        n = CALL(_whole)(front, data, samples, features) * STEP;
        fwrite(features, 1, n, out);
        for (n = 0; at < samples; piece++) {
            uint32_t left = piece < samples - at ? piece : samples - at;
            while (left > 0) {
                const uint32_t taken = CALL(_feed)(front, data + (size_t)at * AXES, left);
                at += taken;
                left -= taken;
                n += CALL(_frame)(front, features + n) ? STEP : 0;
            }
        }
        fwrite(features, 1, n, out);
        free(memory);
    }
#endif
    free(features);
    free(data);
    fclose(in);
    return fclose(out);
}
