// Passes over feature maps in blocks of 8 or 16 channels, in vectors as wide as the processor has. Swift compiles a
// module for the oldest processor that is supported; here each pass exists for wider ones too. Operations and their
// order are the same for all, without fused multiplication and addition, so that their bits are.
#ifndef BALLAST_CHANNELS_H
#define BALLAST_CHANNELS_H

#include <stdint.h>

// What a pass may be computed with.
typedef enum { cvectors_oldest = 0, cvectors_avx2 = 1, cvectors_avx512 = 2 } cvectors_processor;

// Square windows over a map.
typedef struct {
    long rows, columns, output_rows, output_columns, size, stride, padding;
} cvectors_windows;

#define CVECTORS_LANES 8
#define CVECTORS_NAME(name) cvectors_##name##_8
#define CVECTORS_PROCESSOR
#include "channel-passes.h"
#undef CVECTORS_LANES
#undef CVECTORS_NAME
#define CVECTORS_LANES 16
#define CVECTORS_NAME(name) cvectors_##name##_16
#include "channel-passes.h"
#undef CVECTORS_LANES
#undef CVECTORS_NAME
#undef CVECTORS_PROCESSOR

#if defined(__x86_64__)
#define CVECTORS_PROCESSOR __attribute__((target("avx2")))
#define CVECTORS_LANES 8
#define CVECTORS_NAME(name) cvectors_##name##_8_avx2
#include "channel-passes.h"
#undef CVECTORS_LANES
#undef CVECTORS_NAME
#define CVECTORS_LANES 16
#define CVECTORS_NAME(name) cvectors_##name##_16_avx2
#include "channel-passes.h"
#undef CVECTORS_LANES
#undef CVECTORS_NAME
#undef CVECTORS_PROCESSOR

#define CVECTORS_PROCESSOR __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define CVECTORS_LANES 8
#define CVECTORS_NAME(name) cvectors_##name##_8_avx512
#include "channel-passes.h"
#undef CVECTORS_LANES
#undef CVECTORS_NAME
#define CVECTORS_LANES 16
#define CVECTORS_NAME(name) cvectors_##name##_16_avx512
#include "channel-passes.h"
#undef CVECTORS_LANES
#undef CVECTORS_NAME
#undef CVECTORS_PROCESSOR

#define CVECTORS_BY_PROCESSOR(function, ...) \
    switch (processor) { \
    case cvectors_avx512: \
        if (lanes == 16) { cvectors_##function##_16_avx512(__VA_ARGS__); } \
        else { cvectors_##function##_8_avx512(__VA_ARGS__); } \
        break; \
    case cvectors_avx2: \
        if (lanes == 16) { cvectors_##function##_16_avx2(__VA_ARGS__); } \
        else { cvectors_##function##_8_avx2(__VA_ARGS__); } \
        break; \
    default: \
        if (lanes == 16) { cvectors_##function##_16(__VA_ARGS__); } \
        else { cvectors_##function##_8(__VA_ARGS__); } \
    }
#else
#define CVECTORS_BY_PROCESSOR(function, ...) \
    if (lanes == 16) { cvectors_##function##_16(__VA_ARGS__); } \
    else { cvectors_##function##_8(__VA_ARGS__); }
#endif

// What all passes are told: the processor, the number of lanes, 8 or 16, and whether an array holds bfloat16 numbers.
// An array is one block of one sample: `positions` times `lanes` elements. Constants are 32-bit floats of `lanes`
// channels, each kind `stride` elements behind the one before. Sums are 64-bit floats.

// sums[0 ..< lanes] = Σ x, sums[lanes ..< 2 lanes] = Σ x².
static inline void cvectors_moments(
    cvectors_processor processor, int lanes, int is_narrow, const void *x, long positions, double *sums) {
    CVECTORS_BY_PROCESSOR(moments_of, is_narrow, x, positions, sums)
}

// y = min(max((x − mean) · gain + shift + residual, floor), ceiling), where the constants are mean, gain and shift, and
// the residual may be null. The addresses that are streamed to are multiples of the bytes of a position.
static inline void cvectors_normalize(
    cvectors_processor processor, int lanes, int is_narrow_x, int is_narrow_y, const void *x, const void *residual,
    void *y, const float *constants, long stride, long positions, float floor, float ceiling, int is_streaming) {
    CVECTORS_BY_PROCESSOR(
        normalize_of, is_narrow_x, is_narrow_y, x, residual, y, constants, stride, positions, floor, ceiling,
        is_streaming)
}

// sums[0 ..< lanes] = Σ dy, sums[lanes ..< 2 lanes] = Σ dy · (x − mean), kept = dy with dy = gradient + second, but 0
// where a result does not lie between low and high: the output, or where that is null and is_rectified is set,
// (x − mean) · gain + shift. The constants are mean, gain and shift; second, output and kept may be null.
static inline void cvectors_slope_sums(
    cvectors_processor processor, int lanes, int is_narrow_x, int is_narrow_y, const void *gradient,
    const void *second, const void *output, int is_rectified, float low, float high, const void *x, void *kept,
    const float *constants, long stride, long positions, double *sums) {
    CVECTORS_BY_PROCESSOR(
        slope_sums_of, is_narrow_x, is_narrow_y, gradient, second, output, is_rectified, low, high, x, kept,
        constants, stride, positions, sums)
}

// dx = gain · dy + offset + factor · (x − mean), with dy as above; the constants are mean, gain, shift, offset, factor.
static inline void cvectors_input_gradient(
    cvectors_processor processor, int lanes, int is_narrow_x, int is_narrow_y, const void *gradient,
    const void *output, int is_rectified, float low, float high, const void *x, void *dx, const float *constants,
    long stride, long positions, int is_streaming) {
    CVECTORS_BY_PROCESSOR(
        input_gradient_of, is_narrow_x, is_narrow_y, gradient, output, is_rectified, low, high, x, dx, constants,
        stride, positions, is_streaming)
}

// The largest element of each window, and unless places is null its place in the window, row by row, of the first such
// element. NaN counts as larger than any number.
static inline void cvectors_largest(
    cvectors_processor processor, int lanes, int is_narrow, const void *x, void *y, uint8_t *places,
    const cvectors_windows *windows) {
    CVECTORS_BY_PROCESSOR(largest_of, is_narrow, x, y, places, windows)
}

// The gradient of x: that of each window's largest element goes to where it lay. Rounded once.
static inline void cvectors_largest_gradient(
    cvectors_processor processor, int lanes, int is_narrow, const void *gradient, const uint8_t *places, void *dx,
    const cvectors_windows *windows) {
    CVECTORS_BY_PROCESSOR(largest_gradient_of, is_narrow, gradient, places, dx, windows)
}

// sums[column][lane] += Σ dy · x for five columns of x that lie next to each other, summed in 32 bits first. The numbers
// of x are 32-bit floats, x_row of them from one row to the next, and x_step from one position of dy to the next.
static inline void cvectors_add_five_columns(
    cvectors_processor processor, int lanes, int is_narrow, const float *x, long x_row, long x_step, const void *dy,
    long rows, long columns, double *sums) {
    CVECTORS_BY_PROCESSOR(five_columns_of, is_narrow, x, x_row, x_step, dy, rows, columns, sums)
}

// Elements as 32-bit floats; there are a multiple of `lanes`.
static inline void cvectors_widen(
    cvectors_processor processor, int lanes, int is_narrow, const void *from, float *to, long count) {
    CVECTORS_BY_PROCESSOR(widen_of, is_narrow, from, to, count)
}

#undef CVECTORS_BY_PROCESSOR

#endif
