#include "kit_copy.h"

#include <string.h>

void kit_copy(const KIT_CONST struct kit_copy_params *p, const void *in, void *out) {
    memmove(out, in, p->bytes);
}
