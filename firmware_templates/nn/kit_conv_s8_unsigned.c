#include "kit_conv.h"

#include "kit_fixedpoint.h"
#include "kit_gather.h"

enum { WORD = 4, PAIR = 2 * WORD, BLOCK = 4, MOST = 4 * BLOCK };

/* Windows of two pixels, a word of the one and a word of the other in turn, or of one pixel. */
struct pixels {
    const uint8_t *inputs;
    int32_t words, step;       /* of one window, from word to word */
    uint32_t flip;             /* 0x80 where the inputs of one pixel are as they were */
    uint32_t offset, offset_2; /* what goes into each pixel's sums for its inputs' 128s */
    int8_t *output;            /* the second's follow */
};

/* Sums of four channels of two pixels. Passed by value to stay in registers. */
struct block {
    uint32_t a, b, c, d, a2, b2, c2, d2;
};

/* acc + the products of input k of a word, and of the same one a word behind, with the weights of four
 * channels. */
KIT_TEMPLATE struct block multiplied_2(struct block acc, const uint8_t *x, const uint8_t *w, const int k) {
#if defined(__XTENSA_CALL0_ABI__) && defined(__OPTIMIZE__)
    /* The compiler runs out of registers. */
    uint32_t first, second, weight, product;
    __asm__("l8ui %[first], %[x], %[k]\n\t"
            "l8ui %[second], %[x], %[k] + 4\n\t"
            "l8ui %[weight], %[w], 4 * %[k]\n\t"
            "mull %[product], %[first], %[weight]\n\t"
            "add %[a], %[a], %[product]\n\t"
            "mull %[product], %[second], %[weight]\n\t"
            "add %[a2], %[a2], %[product]\n\t"
            "l8ui %[weight], %[w], 4 * %[k] + 1\n\t"
            "mull %[product], %[first], %[weight]\n\t"
            "add %[b], %[b], %[product]\n\t"
            "mull %[product], %[second], %[weight]\n\t"
            "add %[b2], %[b2], %[product]\n\t"
            "l8ui %[weight], %[w], 4 * %[k] + 2\n\t"
            "mull %[product], %[first], %[weight]\n\t"
            "add %[c], %[c], %[product]\n\t"
            "mull %[product], %[second], %[weight]\n\t"
            "add %[c2], %[c2], %[product]\n\t"
            "l8ui %[weight], %[w], 4 * %[k] + 3\n\t"
            "mull %[product], %[first], %[weight]\n\t"
            "add %[d], %[d], %[product]\n\t"
            "mull %[product], %[second], %[weight]\n\t"
            "add %[d2], %[d2], %[product]"
            : [a] "+r"(acc.a), [b] "+r"(acc.b), [c] "+r"(acc.c), [d] "+r"(acc.d), [a2] "+r"(acc.a2),
              [b2] "+r"(acc.b2), [c2] "+r"(acc.c2), [d2] "+r"(acc.d2), [first] "=&r"(first),
              [second] "=&r"(second), [weight] "=&r"(weight), [product] "=&r"(product)
            : [x] "r"(x), [w] "r"(w), [k] "i"(k)
            : "memory");
#else
    const uint32_t first = x[k], second = x[k + WORD];
    w += BLOCK * k;
    acc.a += first * w[0];
    acc.a2 += second * w[0];
    acc.b += first * w[1];
    acc.b2 += second * w[1];
    acc.c += first * w[2];
    acc.c2 += second * w[2];
    acc.d += first * w[3];
    acc.d2 += second * w[3];
#endif
    return acc;
}

/* The same of one pixel. */
KIT_TEMPLATE struct block multiplied(struct block acc, uint32_t x, const uint8_t *w) {
    acc.a += x * w[0];
    acc.b += x * w[1];
    acc.c += x * w[2];
    acc.d += x * w[3];
    return acc;
}

/* Sums of `blocks` blocks of channels, those of the second pixel behind MOST of the first. */
static void multiply_2(const struct pixels *at, const uint8_t *w, const int32_t *bias, int32_t blocks,
                       int32_t *sums) {
    const uint32_t offset = at->offset, offset_2 = at->offset_2;
    const uint8_t *const end = at->inputs + at->words * PAIR;
    for (; blocks > 0; blocks--, bias += BLOCK, sums += BLOCK) {
        const uint32_t a = (uint32_t)bias[0], b = (uint32_t)bias[1], c = (uint32_t)bias[2],
                       d = (uint32_t)bias[3];
        struct block acc = {a + offset,   b + offset,   c + offset,   d + offset,
                            a + offset_2, b + offset_2, c + offset_2, d + offset_2};
        const uint8_t *x;
        for (x = at->inputs; x != end; x += PAIR, w += WORD * BLOCK) {
            acc = multiplied_2(acc, x, w, 0);
            acc = multiplied_2(acc, x, w, 1);
            acc = multiplied_2(acc, x, w, 2);
            acc = multiplied_2(acc, x, w, 3);
        }
        sums[0] = (int32_t)acc.a;
        sums[1] = (int32_t)acc.b;
        sums[2] = (int32_t)acc.c;
        sums[3] = (int32_t)acc.d;
        sums[MOST] = (int32_t)acc.a2;
        sums[MOST + 1] = (int32_t)acc.b2;
        sums[MOST + 2] = (int32_t)acc.c2;
        sums[MOST + 3] = (int32_t)acc.d2;
    }
}

static void multiply(const struct pixels *at, const uint8_t *w, const int32_t *bias, int32_t blocks,
                     int32_t *sums) {
    const uint32_t offset = at->offset, flip = at->flip;
    const uint8_t *const end = at->inputs + at->words * at->step;
    for (; blocks > 0; blocks--, bias += BLOCK, sums += BLOCK) {
        struct block acc = {(uint32_t)bias[0] + offset,
                            (uint32_t)bias[1] + offset,
                            (uint32_t)bias[2] + offset,
                            (uint32_t)bias[3] + offset,
                            0,
                            0,
                            0,
                            0};
        const uint8_t *x;
        for (x = at->inputs; x != end; x += at->step, w += WORD * BLOCK) {
            acc = multiplied(acc, x[0] ^ flip, w);
            acc = multiplied(acc, x[1] ^ flip, w + BLOCK);
            acc = multiplied(acc, x[2] ^ flip, w + 2 * BLOCK);
            acc = multiplied(acc, x[3] ^ flip, w + 3 * BLOCK);
        }
        sums[0] = (int32_t)acc.a;
        sums[1] = (int32_t)acc.b;
        sums[2] = (int32_t)acc.c;
        sums[3] = (int32_t)acc.d;
    }
}

/* Channels of one pixel up to `end`, or of both, the second `next` bytes behind the first. */
KIT_TEMPLATE void store(const int32_t *sums, const int32_t *scale, int32_t step, int32_t zero, int8_t *to,
                        const int8_t *end, int32_t next, const int two) {
    for (; to != end; to++, sums++, scale += step) {
        const int32_t m = scale[0], n = scale[1];
        if (two) {
            to[next] = (int8_t)kit_scaled_s8(sums[MOST], m, n, zero);
        }
        *to = (int8_t)kit_scaled_s8(*sums, m, n, zero);
    }
}

/* All output channels of one group. */
static int8_t *outputs(const struct kit_conv_params *p, const struct pixels *at, const int8_t *weights,
                       const int32_t *channels, int two) {
    const int32_t n = p->group_outputs, zero = 2 * p->output_zero_point + 1, step = p->one_scale ? 0 : 2;
    const int32_t row = at->words * WORD; /* weights of a channel */
    int8_t *output = at->output;
    const int32_t *scale = channels + (n + BLOCK - 1) / BLOCK * BLOCK;
    int32_t sums[2 * MOST], c;
    for (c = 0; c < n; c += MOST, weights += MOST * row, channels += MOST, scale += MOST * step) {
        const int32_t count = n - c < MOST ? n - c : MOST, blocks = (count + BLOCK - 1) / BLOCK;
        int8_t *const to = output + c;
        if (two) {
            multiply_2(at, (const uint8_t *)weights, channels, blocks, sums);
            store(sums, scale, step, zero, to, to + count, n, 1);
        } else {
            multiply(at, (const uint8_t *)weights, channels, blocks, sums);
            store(sums, scale, step, zero, to, to + count, 0, 0);
        }
    }
    output += two ? 2 * n : n;
    kit_clamp_run(at->output, (int32_t)(output - at->output), p->output_min, p->output_max);
    return output;
}

static uint32_t word_of(const int8_t *from) {
    return (uint32_t)(uint8_t)from[0] | (uint32_t)(uint8_t)from[1] << 8 | (uint32_t)(uint8_t)from[2] << 16 |
           (uint32_t)(uint8_t)from[3] << 24;
}

/* The sum of the bytes of up to 128 words of four inputs, each with 128 added; these words go to every
 * `step`th word of `to`. */
static uint32_t spread_some(uint32_t *to, int32_t step, const int8_t *from, int32_t words) {
    const uint32_t even = 0x00ff00ffu;
    const int8_t *const end = from + words * WORD;
    uint32_t sums = 0, four; /* of bytes 0 and 1, and of bytes 2 and 3 */
#if defined(__GNUC__)
    if ((uintptr_t)from % WORD == 0) {
        for (; from != end; from += WORD, to += step) {
            memcpy(&four, __builtin_assume_aligned(from, WORD), WORD);
            four ^= 0x80808080u;
            *to = four;
            sums += (four & even) + (four >> 8 & even);
        }
    }
#endif
    for (; from != end; from += WORD, to += step) {
        four = word_of(from) ^ 0x80808080u;
        *to = four;
        sums += (four & even) + (four >> 8 & even);
    }
    return (sums & 0xffffu) + (sums >> 16);
}

/* The same of any number. The sum times -128. */
static uint32_t spread(uint32_t *to, int32_t step, const int8_t *from, int32_t words) {
    uint32_t sum = 0;
    for (; words > 128; words -= 128, from += 128 * WORD, to += 128 * step) {
        sum += spread_some(to, step, from, 128);
    }
    return 0u - ((sum + spread_some(to, step, from, words)) << 7);
}

void kit_conv_s8_unsigned(const struct kit_conv_params *p, const int8_t *input, int8_t *output,
                          void *scratch) {
    const int32_t depth = p->filter_channels, groups = p->groups, channels = depth * groups;
    const int32_t n = p->kernel_height * p->kernel_width * depth, words = (n + WORD - 1) / WORD;
    const int32_t blocks = (p->group_outputs + BLOCK - 1) / BLOCK;
    const int direct = n == depth && depth % WORD == 0 && kit_conv_inside(p);
    const int single = direct && p->batches * p->output_height * p->output_width * groups == 1;
    const struct kit_taps taps = {p->kernel_height,
                                  p->kernel_width,
                                  depth,
                                  p->dilation_width * channels,
                                  p->dilation_height * p->input_width * channels,
                                  p->input_zero_point};
    uint32_t *const pair = (uint32_t *)scratch;
    int8_t *const patch = (int8_t *)(pair + 2 * words);
    struct pixels at = {(const uint8_t *)pair, words, PAIR, 0, 0, 0, output};
    uint32_t unused;
    int32_t waiting = 0, b, oy, ox, g, i;
    if (single) {
        at.inputs = (const uint8_t *)input;
        at.step = WORD;
        at.flip = 0x80;
        at.offset = spread(&unused, 0, input, words);
        outputs(p, &at, p->weights, p->channels, 0);
        return;
    }
    for (i = n; !direct && i < WORD * words; i++) {
        patch[i] = INT8_MIN; /* 0 when 128 is added */
    }
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            const int8_t *row = input + y.start * p->input_width * channels;
            for (ox = 0; ox < p->output_width; ox++) {
                for (g = 0; g < groups; g++) {
                    const int8_t *window = row + ox * p->stride_width * channels + g * depth;
                    uint32_t offset;
                    if (!direct) {
                        const struct kit_window x =
                            kit_window(ox * p->stride_width - p->pad_left, p->dilation_width, p->kernel_width,
                                       p->input_width);
                        kit_gather(&taps, row + x.start * channels + g * depth, &y, &x, patch);
                        window = patch;
                    }
                    offset = spread(pair + waiting, 2, window, words);
                    if (waiting) {
                        at.offset_2 = offset;
                        at.output = outputs(p, &at, p->weights, p->channels, 1);
                        waiting = 0;
                        continue;
                    }
                    at.offset = offset;
                    if (groups > 1) {
                        at.output = outputs(p, &at, p->weights + g * blocks * words * WORD * BLOCK,
                                            p->channels + g * (blocks * BLOCK + 2 * p->group_outputs), 0);
                    } else {
                        waiting = 1;
                    }
                }
            }
        }
        input += p->input_height * p->input_width * channels;
    }
    if (waiting) {
        outputs(p, &at, p->weights, p->channels, 0);
    }
}
