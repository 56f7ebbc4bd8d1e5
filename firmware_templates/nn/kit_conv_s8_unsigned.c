#include "kit_conv.h"

#include "kit_fixedpoint.h"
#include "kit_gather.h"

enum { WORD = 4, PAIR = 2 * WORD, BLOCK = 4 };

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

/* acc + x * w, at this place of the order: compilers that add products first run out of registers. */
KIT_TEMPLATE uint32_t plus(uint32_t acc, uint32_t x, uint32_t w) {
    acc += x * w;
#if defined(__GNUC__)
    __asm__("" : "+r"(acc));
#endif
    return acc;
}

/* The products of one input of each pixel, the second a word behind, with its weights for four channels. */
KIT_TEMPLATE struct block multiplied(struct block acc, const uint8_t *x, const uint8_t *w, uint32_t flip,
                                     const int two) {
    const uint32_t first = two ? x[0] : x[0] ^ flip, second = two ? x[WORD] : 0;
    uint32_t weight = w[0];
    acc.a = plus(acc.a, first, weight);
    acc.a2 = two ? plus(acc.a2, second, weight) : 0;
    weight = w[1];
    acc.b = plus(acc.b, first, weight);
    acc.b2 = two ? plus(acc.b2, second, weight) : 0;
    weight = w[2];
    acc.c = plus(acc.c, first, weight);
    acc.c2 = two ? plus(acc.c2, second, weight) : 0;
    weight = w[3];
    acc.d = plus(acc.d, first, weight);
    acc.d2 = two ? plus(acc.d2, second, weight) : 0;
    return acc;
}

/* `count` channels of one pixel. */
static void store(const int32_t *sums, int32_t count, const int32_t *scale, int32_t zero, int8_t *to) {
    int8_t *const end = to + count;
    for (; to != end; scale += 2) {
        *to++ = (int8_t)kit_scale_s8(*sums++, scale, zero);
    }
}

/* All output channels of one group. */
KIT_TEMPLATE void outputs(const struct kit_conv_params *p, const struct pixels *at, const int8_t *weights,
                          const int32_t *channel, const int two) {
    const int32_t zero = 2 * p->output_zero_point + 1, one_scale = p->one_scale;
    const uint32_t offset = at->offset, offset_2 = at->offset_2;
    const uint8_t *w = (const uint8_t *)weights;
    const int32_t step = two ? PAIR : at->step;
    const uint8_t *const end = at->inputs + at->words * step;
    const uint32_t flip = at->flip;
    const int32_t *scale = channel;
    int8_t *output = at->output;
    int32_t left;
    channel += one_scale ? 2 * BLOCK : 0;
    for (left = p->group_outputs; left > 0; left -= BLOCK, output += BLOCK) {
        const uint32_t a = (uint32_t)channel[0], b = (uint32_t)channel[1], c = (uint32_t)channel[2],
                       d = (uint32_t)channel[3];
        struct block acc = {a + offset,   b + offset,   c + offset,   d + offset,
                            a + offset_2, b + offset_2, c + offset_2, d + offset_2};
        const uint8_t *x = at->inputs;
        const int32_t count = left < BLOCK ? left : BLOCK;
        int32_t sums[2 * BLOCK];
        for (; x != end; x += step, w += WORD * BLOCK) {
            acc = multiplied(acc, x, w, flip, two);
            acc = multiplied(acc, x + 1, w + BLOCK, flip, two);
            acc = multiplied(acc, x + 2, w + 2 * BLOCK, flip, two);
            acc = multiplied(acc, x + 3, w + 3 * BLOCK, flip, two);
        }
        sums[0] = (int32_t)acc.a;
        sums[1] = (int32_t)acc.b;
        sums[2] = (int32_t)acc.c;
        sums[3] = (int32_t)acc.d;
        channel += BLOCK;
        if (!one_scale) {
            scale = channel;
            channel += 2 * BLOCK;
        }
        store(sums, count, scale, zero, output);
        if (two) {
            sums[4] = (int32_t)acc.a2;
            sums[5] = (int32_t)acc.b2;
            sums[6] = (int32_t)acc.c2;
            sums[7] = (int32_t)acc.d2;
            store(sums + BLOCK, count, scale, zero, output + p->group_outputs);
        }
    }
}

static uint32_t word_of(const int8_t *from) {
    return (uint32_t)(uint8_t)from[0] | (uint32_t)(uint8_t)from[1] << 8 | (uint32_t)(uint8_t)from[2] << 16 |
           (uint32_t)(uint8_t)from[3] << 24;
}

/* Words of four inputs to every `step`th word of `to`, with 128 added. The sum of the bytes, times -128. */
static uint32_t spread(uint32_t *to, int32_t step, const int8_t *from, int32_t words) {
    const uint32_t even = 0x00ff00ffu;
    const int aligned = (uintptr_t)from % WORD == 0;
    uint32_t sum = 0, four;
    for (; words > 0; words--, from += WORD, to += step) {
        if (aligned) {
#if defined(__GNUC__)
            from = (const int8_t *)__builtin_assume_aligned(from, WORD);
#endif
            memcpy(&four, from, WORD);
        } else {
            four = word_of(from);
        }
        four ^= 0x80808080u;
        *to = four;
        four = (four & even) + (four >> 8 & even);
        sum += four * 0x10001u >> 16;
    }
    return 0u - (sum << 7);
}

static int8_t *one_pixel(const struct kit_conv_params *p, const struct pixels *at, const int8_t *weights,
                         const int32_t *channels) {
    outputs(p, at, weights, channels, 0);
    kit_clamp_run(at->output, p->group_outputs, p->output_min, p->output_max);
    return at->output + p->group_outputs;
}

/* Of a layer in one group. */
static int8_t *two_pixels(const struct kit_conv_params *p, const struct pixels *at) {
    outputs(p, at, p->weights, p->channels, 1);
    kit_clamp_run(at->output, 2 * p->group_outputs, p->output_min, p->output_max);
    return at->output + 2 * p->group_outputs;
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
        one_pixel(p, &at, p->weights, p->channels);
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
                        at.output = two_pixels(p, &at);
                        waiting = 0;
                        continue;
                    }
                    at.offset = offset;
                    if (groups > 1) {
                        at.output = one_pixel(p, &at, p->weights + g * blocks * words * WORD * BLOCK,
                                              p->channels + 3 * g * blocks * BLOCK);
                    } else {
                        waiting = 1;
                    }
                }
            }
        }
        input += p->input_height * p->input_width * channels;
    }
    if (waiting) {
        one_pixel(p, &at, p->weights, p->channels);
    }
}
