/* A walk over the rows of strided operands: broadcasting, transposing, slicing, reducing. */
#ifndef KIT_WALK_H
#define KIT_WALK_H

#include <stdint.h>

enum { KIT_MAX_RANK = 6 };

/* `rows` holds, outermost dimension first, `rank` (1 … KIT_MAX_RANK) groups of: extent, then the stride of
 * each operand. Strides are in elements unless a kernel says otherwise. */
struct kit_walk {
    int32_t rank;
    const int32_t *rows;
};

/* The group of the innermost dimension, which a kernel loops over itself. */
static inline const int32_t *kit_walk_inner(const struct kit_walk *walk, int32_t operands) {
    return walk->rows + (walk->rank - 1) * (operands + 1);
}

/* Moves `offset` (one an operand) to the next row; `index` (KIT_MAX_RANK, zero at first) counts. 0: that was
 * the last. */
static inline int kit_walk_next(const struct kit_walk *walk, int32_t operands, int32_t *index,
                                int32_t *offset) {
    int32_t d, k;
    for (d = walk->rank - 2; d >= 0; d--) {
        const int32_t *row = walk->rows + d * (operands + 1);
        for (k = 0; k < operands; k++) {
            offset[k] += row[1 + k];
        }
        if (++index[d] < row[0]) {
            return 1;
        }
        for (k = 0; k < operands; k++) {
            offset[k] -= row[1 + k] * row[0];
        }
        index[d] = 0;
    }
    return 0;
}

#endif
