// Convolutions of 3×3 by Winograd's F(4×4, 3×3), computed in 32-bit floats, between maps of 32-bit floats or of bfloat16
// numbers in blocks of 16 channels, with AVX-512, or of 8, with AVX2. They have a stride of one, and one row and column
// of zeros around the input. A tile of 6×6 inputs is transformed into 36 numbers, each of which is multiplied with
// transformed weights and summed over the input's channels; 4×4 outputs are made of the 36 sums. The gradient of the
// weights is the transpose of that: transformed inputs times transformed gradients of the outputs, summed over tiles.
#ifndef BALLAST_WINOGRAD_H
#define BALLAST_WINOGRAD_H

#include "channels.h"
#include "pointwise.h"

// Floats between one of the 36 numbers of all tiles or weights and the next one: with powers of two between them, all
// that belong together would fall into one set of a cache.
enum { cvectors_winograd_gap = 32 };

// A convolution with as many rows and columns of outputs as of inputs; channels in blocks, tiles of all samples.
struct cvectors_winograd {
    long input_blocks, output_blocks, rows, columns, tiles;
    int is_narrow;
};

// What happens to an output before it is written: min(max(output + bias + added, floor), ceiling), with a number for each
// channel and a map, each of which may be null.
struct cvectors_winograd_following {
    const float *bias;
    const void *added;
    float floor, ceiling;
};

// Some blocks of channels of the input and of the output: a part of the weights.
struct cvectors_winograd_part {
    long first_input, inputs, first_output, outputs;
};

// Where the outputs of a tile begin.
struct cvectors_winograd_place {
    long sample, top, left;
};

static inline struct cvectors_winograd_place cvectors_winograd_place(const struct cvectors_winograd *shape, long tile) {
    const long across = (shape->columns + 3) / 4, tiles = across * ((shape->rows + 3) / 4), place = tile % tiles;
    return (struct cvectors_winograd_place){tile / tiles, place / across * 4, place % across * 4};
}

#if defined(__x86_64__)

#define CVECTORS_UNROLL _Pragma("clang loop unroll(full)")
#define CVECTORS_INLINE CVECTORS_PROCESSOR __attribute__((always_inline)) static inline

// The numbers at which the polynomials of the algorithm are taken are 0, ±a, ±b and infinity. With 1 and 2, as in the
// paper, errors of rounding are three times as large. All powers of these are exact. Behind them the factors of the
// weights: 1 / (a² b²), 1 / (2 a² (a² − b²)) and 1 / (2 b² (b² − a²)).
#define CVECTORS_A 0.625f
#define CVECTORS_B 1.5f
#define CVECTORS_AT_ZERO (float)(1 / 0.87890625)
#define CVECTORS_AT_A (float)(1 / (2 * 0.390625 * (0.390625 - 2.25)))
#define CVECTORS_AT_B (float)(1 / (2 * 2.25 * (2.25 - 0.390625)))

// Turns 8 rows of 8 numbers, which lie next to each other.
static inline void cvectors_transpose_8(const float *source, float *target, long target_row) {
    for (long row = 0; row < 8; row++) {
        for (long column = 0; column < 8; column++) target[row * target_row + column] = source[column * 8 + row];
    }
}

// CVECTORS_ROW tiles times two blocks of the output, and CVECTORS_CHANNELS of the input times two blocks, have sums that
// fit into the registers with what they are made of.
#define CVECTORS_PROCESSOR __attribute__((target("avx2,fma")))
#define CVECTORS_LANES 8
#define CVECTORS_ROW 6
#define CVECTORS_CHANNELS 4
#define CVECTORS_NAME(name) cvectors_##name##_8_avx2
#define CVECTORS_TRANSPOSE(source, target, row) cvectors_transpose_8(source, target, row)
#include "winograd-passes.h"
#undef CVECTORS_PROCESSOR
#undef CVECTORS_LANES
#undef CVECTORS_ROW
#undef CVECTORS_CHANNELS
#undef CVECTORS_NAME
#undef CVECTORS_TRANSPOSE

#define CVECTORS_PROCESSOR __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define CVECTORS_LANES 16
#define CVECTORS_ROW 14
#define CVECTORS_CHANNELS 8
#define CVECTORS_NAME(name) cvectors_##name##_16_avx512
#define CVECTORS_TRANSPOSE(source, target, row) cvectors_transpose(source, 16, target, row, 16, 16)
#include "winograd-passes.h"
#undef CVECTORS_PROCESSOR
#undef CVECTORS_LANES
#undef CVECTORS_ROW
#undef CVECTORS_CHANNELS
#undef CVECTORS_NAME
#undef CVECTORS_TRANSPOSE

// Tiles whose sums for two blocks of channels stay in registers.
static inline long cvectors_winograd_row(cvectors_processor processor) { return processor == cvectors_avx512 ? 14 : 6; }

// Transforms the weights of two blocks of channels of the map that is written, `lane` floats apart, and of some channels
// of the map that is read, `step` apart, nine of them next to each other, from the last to the first where they are
// flipped, rounded to bfloat16 where that is asked. They are written as 36 times `channels` times two blocks, with gaps.
static inline void cvectors_winograd_transform(
    cvectors_processor processor, const float *weights, long lane, long step, int is_flipped, int is_rounded,
    long channels, float *to) {
    if (processor == cvectors_avx512) {
        cvectors_winograd_transform_16_avx512(weights, lane, step, is_flipped, is_rounded, channels, to);
    } else {
        cvectors_winograd_transform_8_avx2(weights, lane, step, is_flipped, is_rounded, channels, to);
    }
}

// Convolves `count` tiles of all samples from the tile `start` on; what follows may be null. `tiles` has room for 36 times all channels of the
// input with gaps, `sums` for 36 times two blocks, of as many tiles as are whole rows of tiles.
static inline void cvectors_winograd_convolve(
    cvectors_processor processor, const struct cvectors_winograd *shape, const void *x, const float *weights, void *y,
    const struct cvectors_winograd_following *following, long start, long count, float *tiles, float *sums) {
    if (processor == cvectors_avx512) {
        cvectors_winograd_convolve_16_avx512(shape, x, weights, y, following, start, count, tiles, sums);
    } else {
        cvectors_winograd_convolve_8_avx2(shape, x, weights, y, following, start, count, tiles, sums);
    }
}

// Adds to the 36 sums of a part of the weights what `count` tiles from the tile `start` on give; where they are the first
// ones, the sums are what these give. `tiles` and `slopes` have room for 36 times the channels of the part and so many
// tiles, `sums` for 36 times all pairs of channels, with gaps.
static inline void cvectors_winograd_add(
    cvectors_processor processor, const struct cvectors_winograd *shape, const struct cvectors_winograd_part *part,
    const void *x, const void *dy, long start, long count, float *tiles, float *slopes, float *sums, int is_first) {
    if (processor == cvectors_avx512) {
        cvectors_winograd_add_16_avx512(shape, part, x, dy, start, count, tiles, slopes, sums, is_first);
    } else {
        cvectors_winograd_add_8_avx2(shape, part, x, dy, start, count, tiles, slopes, sums, is_first);
    }
}

// The gradient of a part of the weights, from its sums; dw is in row-major order, output, input, 3×3.
static inline void cvectors_winograd_write(
    cvectors_processor processor, const struct cvectors_winograd *shape, const struct cvectors_winograd_part *part,
    const float *sums, float *dw) {
    if (processor == cvectors_avx512) {
        cvectors_winograd_write_16_avx512(shape, part, sums, dw);
    } else {
        cvectors_winograd_write_8_avx2(shape, part, sums, dw);
    }
}

#undef CVECTORS_UNROLL
#undef CVECTORS_INLINE
#undef CVECTORS_A
#undef CVECTORS_B
#undef CVECTORS_AT_ZERO
#undef CVECTORS_AT_A
#undef CVECTORS_AT_B

#endif

#endif
