#include "kit_lookup.h"

void kit_lookup_s8(const KIT_CONST struct kit_lookup_s8_params *p, const int8_t *in, int8_t *out) {
    const KIT_CONST int8_t *const table = p->table;
    const int8_t *const end = in + p->count;
    while (in != end) {
        *out++ = table[(uint8_t)*in++];
    }
}
