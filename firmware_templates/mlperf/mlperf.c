/* The application of the MLPerf Tiny benchmark: the text protocol of its host program (mlcommons/tiny,
 * benchmark/api and benchmark/runner) in place of our link. Commands end with '%', answers with "m-ready". */
#include "chip.h"
#include "kit_identity.h"
#include "kit_mlperf.h"
#include "model.h"

/* kit_mlperf.h is generated with the firmware:
 *   KIT_MLPERF_MODEL    the benchmark's name of the model, such as "kws01"
 *   KIT_MLPERF_INPUT    what the host sends: the model's own bytes, uint8 for an int8 model, or float32
 *   KIT_MLPERF_ERROR    the result is the mean square of output minus input (anomaly detection), not the
 * outputs KIT_MLPERF_BYTES    length of one input as it is sent */
enum { INPUT_AS_IS = 0, INPUT_UINT8 = 1, INPUT_FLOAT32 = 2 };

enum { COMMAND_BYTES = 80, DEFAULT_WARMUP = 10, PRINT_COLUMNS = 8 };

static _Alignas(16) uint8_t arena[MODEL_ARENA_BYTES];
static _Alignas(4) uint8_t buffer[KIT_MLPERF_BYTES];
static uint32_t buffer_size; /* bytes that the host said it would send */
static uint32_t buffer_at;   /* bytes that it has sent */
static uint8_t results_ready;

static void put(const char *text) {
    while (*text != 0)
        chip_putc((uint8_t)*text++);
}

static void put_number(uint64_t number) {
    char digits[20]; /* 2^64 has 20 */
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + (char)(number % 10));
        number /= 10;
    } while (number != 0);
    while (count > 0)
        chip_putc((uint8_t)digits[--count]);
}

static void put_hex(uint8_t byte) {
    static const char digits[] = "0123456789abcdef";
    chip_putc((uint8_t)digits[byte >> 4]);
    chip_putc((uint8_t)digits[byte & 15]);
}

/* `value` as printf's "%0.3f" writes it: to the nearest thousandth, halves to even. A float is a whole number
 * of 24 bits times a power of two, so its thousandths are known exactly without double. Beyond 2^53 it is
 * "inf". */
static void put_thousandths(float value) {
    union {
        float value;
        uint32_t bits;
    } as;
    uint32_t exponent;
    uint64_t whole;
    int shift;

    as.value = value;
    exponent = as.bits >> 23 & 255;
    whole = ((as.bits & 0x7fffff) | (exponent != 0 ? 0x800000u : 0)) * (uint64_t)1000;
    shift = 150 - (int)(exponent != 0 ? exponent : 1); /* value = whole / 1000 * 2^-shift */
    if (as.bits >> 31)
        chip_putc('-');
    if (shift < -29) {
        put(exponent == 255 && (as.bits & 0x7fffff) != 0 ? "nan" : "inf");
        return;
    }
    if (shift <= 0) {
        whole <<= -shift;
    } else if (shift > 40) { /* less than 2^34 / 2^41: rounds to 0 */
        whole = 0;
    } else {
        uint64_t rest = whole & (((uint64_t)1 << shift) - 1);
        uint64_t half = (uint64_t)1 << (shift - 1);
        whole >>= shift;
        if (rest > half || (rest == half && (whole & 1)))
            whole++;
    }
    put_number(whole / 1000);
    chip_putc('.');
    whole %= 1000;
    chip_putc((uint8_t)('0' + whole / 100));
    chip_putc((uint8_t)('0' + whole / 10 % 10));
    chip_putc((uint8_t)('0' + whole % 10));
}

static void put_error(const char *text) {
    put("e-[");
    put(text);
    put("]\r\n");
}

static void put_counted(const char *before, uint64_t number, const char *after) {
    put(before);
    put_number(number);
    put(after);
}

static void timestamp(void) {
    uint64_t ticks = chip_ticks();
    uint64_t us = ticks / chip_tick_hz * 1000000u + ticks % chip_tick_hz * 1000000u / chip_tick_hz;
    put_counted("m-lap-us-", us, "\r\n");
}

/* The next word of `*rest`, ended with a zero byte, or NULL when there is none. */
static char *next_word(char **rest) {
    char *word = *rest;
    char *end;
    while (*word == ' ')
        word++;
    if (*word == 0)
        return NULL;
    end = word;
    while (*end != 0 && *end != ' ')
        end++;
    *rest = *end == 0 ? end : end + 1;
    *end = 0;
    return word;
}

static int same(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* A decimal number without sign; 0 when `word` is none or does not fit. */
static int number_of(const char *word, uint32_t *number) {
    uint32_t value = 0;
    if (*word == 0)
        return 0;
    for (; *word != 0; word++) {
        uint32_t digit = (uint32_t)(*word - '0');
        if (*word < '0' || *word > '9' || value > (UINT32_MAX - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    *number = value;
    return 1;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static void load_size(char *rest) {
    const char *word = next_word(&rest);
    uint32_t bytes = 0;

    if (word == NULL) {
        put_error("Command 'db load' requires the # of bytes");
    } else if (!number_of(word, &bytes) || bytes == 0) {
        put_error("Command 'db load' must be >0 bytes");
    } else if (bytes > sizeof buffer) {
        put_counted("e-[Supplied buffer size ", bytes, " exceeds maximum of ");
        put_counted("", sizeof buffer, "]\r\n");
    } else {
        buffer_size = bytes;
        buffer_at = 0;
        results_ready = 0;
        put_counted("m-[Expecting ", bytes, " bytes]\r\n");
    }
}

static void print_buffer(void) {
    for (uint32_t i = 0; i < buffer_at; i++) {
        put(i % PRINT_COLUMNS == 0 ? "m-buffer-" : "-");
        put_hex(buffer[i]);
        if ((i + 1) % PRINT_COLUMNS == 0 || i + 1 == buffer_at)
            put("\r\n");
    }
}

/* Nothing is taken of a word that has a wrong digit; what is beyond the announced size is dropped. */
static void load_bytes(const char *digits) {
    uint32_t count = 0;

    for (; digits[count] != 0; count++) {
        if (hex_digit(digits[count]) < 0) {
            put_error("Invalid hex digit");
            return;
        }
    }
    if (count % 2 != 0) {
        put_error("Insufficient number of hex digits");
        return;
    }
    if (buffer_at == buffer_size) {
        put_error("Command 'db' requires 'db load' first");
        return;
    }
    for (; *digits != 0 && buffer_at < buffer_size; digits += 2)
        buffer[buffer_at++] = (uint8_t)(hex_digit(digits[0]) << 4 | hex_digit(digits[1]));
    if (buffer_at == buffer_size)
        put("m-load-done\r\n");
}

static void db(char *rest) {
    const char *word = next_word(&rest);

    if (word == NULL)
        put_error("Command 'db' requires a subcommand");
    else if (same(word, "load"))
        load_size(rest);
    else if (same(word, "print"))
        print_buffer();
    else
        load_bytes(word);
}

static float float_at(uint32_t index) {
    union {
        uint32_t bits;
        float value;
    } as;
    const uint8_t *from = buffer + 4 * index;
    as.bits = (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
    return as.value;
}

/* Real value to int8 as the reference does it: halves away from zero, clamped. */
static int8_t quantized(float value, const struct kit_tensor *tensor) {
    float steps = value / tensor->scale;
    int32_t q;
    if (!(steps > -1000.0f))
        return INT8_MIN;
    if (steps > 1000.0f)
        return INT8_MAX;
    q = (int32_t)(steps + (steps < 0 ? -0.5f : 0.5f)) + tensor->zero_point;
    return (int8_t)(q < INT8_MIN ? INT8_MIN : q > INT8_MAX ? INT8_MAX : q);
}

/* Written before every inference: an input may share its memory with what is computed from it. */
static void write_input(void) {
    uint8_t *to = (uint8_t *)model_input(arena, 0);
    for (uint32_t i = 0; i < model_inputs[0].bytes; i++) {
        if (KIT_MLPERF_INPUT == INPUT_FLOAT32)
            to[i] = (uint8_t)quantized(float_at(i), &model_inputs[0]);
        else
            to[i] = (uint8_t)(KIT_MLPERF_INPUT == INPUT_UINT8 ? buffer[i] ^ 0x80 : buffer[i]);
    }
}

static float output_at(uint32_t index) {
    const struct kit_tensor *tensor = &model_outputs[0];
    const void *data = model_output(arena, 0);
    switch (tensor->type) {
    case KIT_FLOAT32:
        return ((const float *)data)[index];
    case KIT_INT16:
        return tensor->scale * (float)(((const int16_t *)data)[index] - tensor->zero_point);
    case KIT_UINT8:
        return tensor->scale * (float)(((const uint8_t *)data)[index] - tensor->zero_point);
    default:
        return tensor->scale * (float)(((const int8_t *)data)[index] - tensor->zero_point);
    }
}

static uint32_t output_count(void) {
    uint8_t type = model_outputs[0].type;
    return model_outputs[0].bytes / (type == KIT_FLOAT32 ? 4u : type == KIT_INT16 ? 2u : 1u);
}

static void results(void) {
    uint32_t count = output_count();

    if (!results_ready) {
        put_error("No inference has been run");
        return;
    }
    put("m-results-[");
    if (KIT_MLPERF_ERROR) {
        float sum = 0;
        for (uint32_t i = 0; i < count; i++) {
            float difference = output_at(i) - float_at(i);
            sum += difference * difference;
        }
        put_thousandths(sum / (float)(int32_t)count);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            if (i > 0)
                chip_putc(',');
            put_thousandths(output_at(i));
        }
    }
    put("]\r\n");
}

static int after_layer(void *user, unsigned layer) {
    (void)user;
    (void)layer;
    chip_idle();
    return 0;
}

/* Runs `count` inferences; 0 when the model refused. */
static int run(uint32_t count) {
    for (; count > 0; count--) {
        write_input();
        if (model_invoke(arena, sizeof arena, after_layer, NULL) != KIT_OK) {
            put_error("The model failed");
            return 0;
        }
    }
    return 1;
}

static void infer(char *rest) {
    const char *word = next_word(&rest);
    uint32_t count = 1, warmup = DEFAULT_WARMUP;

    if (word != NULL && (!number_of(word, &count) || count == 0)) {
        put_error("Inference iterations must be >0");
        return;
    }
    word = word == NULL ? NULL : next_word(&rest);
    if (word != NULL && !number_of(word, &warmup)) {
        put_error("Inference warmup must be >=0");
        return;
    }
    if (buffer_size != sizeof buffer || buffer_at != buffer_size) {
        put_counted("e-[Input db has ", buffer_at, " bytes, expected ");
        put_counted("", sizeof buffer, "]\r\n");
        return;
    }
    results_ready = 0;
    model_init(arena, sizeof arena);
    put_counted("m-warmup-start-", warmup, "\r\n");
    if (!run(warmup))
        return;
    put("m-warmup-done\r\n");
    put_counted("m-infer-start-", count, "\r\n");
    timestamp();
    if (!run(count))
        return;
    timestamp();
    put("m-infer-done\r\n");
    results_ready = 1;
    results();
}

static void help(void) {
    put("ULPMark for tinyML Firmware V0.0.1\r\n\r\n"
        "help         : Print this information\r\n"
        "name         : Print the name of the device\r\n"
        "profile      : Print the profile and the model\r\n"
        "timestamp    : Print a timestamp\r\n"
        "db load N    : Expect N bytes\r\n"
        "db HH[HH]*   : Load hex bytes until N\r\n"
        "db print     : Print the bytes loaded\r\n"
        "infer N [W]  : Run N inferences after W warmup loops\r\n"
        "results      : Print the results again\r\n");
}

static void carry_out(char *command) {
    const char *word = next_word(&command);

    if (word == NULL) /* a lone '%' empties the line */
        ;
    else if (same(word, "name"))
        put("m-name-dut-[" KIT_BOARD "]\r\n");
    else if (same(word, "profile"))
        put("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[" KIT_MLPERF_MODEL "]\r\n");
    else if (same(word, "timestamp"))
        timestamp();
    else if (same(word, "db"))
        db(command);
    else if (same(word, "infer"))
        infer(command);
    else if (same(word, "results"))
        results();
    else if (same(word, "help"))
        help();
    else {
        put("e-[Unknown command: ");
        put(word);
        put("]\r\n");
    }
    put("m-ready\r\n");
}

int main(void) {
    static char command[COMMAND_BYTES + 1];
    uint32_t length = 0;

    (void)kit_labels; /* the benchmark has no use for them */
    chip_init();
    model_init(arena, sizeof arena);
    put("m-timestamp-mode-performance\r\n");
    timestamp();
    put("m-init-done\r\nm-ready\r\n");
    for (;;) {
        int byte = chip_getc();
        if (byte < 0) {
            chip_wait();
        } else if (byte == '%') {
            if (length > COMMAND_BYTES) {
                put_error("Command too long");
                put("m-ready\r\n");
            } else {
                command[length] = 0;
                carry_out(command);
            }
            length = 0;
        } else if (byte >= ' ' && length <= COMMAND_BYTES) { /* at one more than fits the command is lost */
            if (length < COMMAND_BYTES)
                command[length] = (char)byte;
            length++;
        }
    }
}
