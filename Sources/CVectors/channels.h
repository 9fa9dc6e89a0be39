// Passes over feature maps in blocks of 8 or 16 channels, in vectors as wide as the processor has. Swift compiles a
// module for the oldest processor that is supported; here each pass exists for wider ones too. Operations and their
// order are the same for all, without fused multiplication and addition, so that their bits are.
#ifndef BALLAST_CHANNELS_H
#define BALLAST_CHANNELS_H

#include <stdint.h>

// What a pass may be computed with.
typedef enum { cvectors_oldest = 0, cvectors_avx2 = 1, cvectors_avx512 = 2 } cvectors_processor;

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

// With dy = gradient + second where 0 < output < ceiling, and 0 elsewhere: sums[0 ..< lanes] = Σ dy,
// sums[lanes ..< 2 lanes] = Σ dy · (x − mean), kept = dy. What may be null: second, output, kept.
static inline void cvectors_slope_sums(
    cvectors_processor processor, int lanes, int is_narrow_x, int is_narrow_y, const void *gradient,
    const void *second, const void *output, const void *x, void *kept, const float *means, long positions,
    float ceiling, double *sums) {
    CVECTORS_BY_PROCESSOR(
        slope_sums_of, is_narrow_x, is_narrow_y, gradient, second, output, x, kept, means, positions, ceiling, sums)
}

// dx = gain · dy + offset + factor · (x − mean), with dy as above and the constants mean, gain, offset and factor.
static inline void cvectors_input_gradient(
    cvectors_processor processor, int lanes, int is_narrow_x, int is_narrow_y, const void *gradient,
    const void *output, const void *x, void *dx, const float *constants, long stride, long positions, float ceiling,
    int is_streaming) {
    CVECTORS_BY_PROCESSOR(
        input_gradient_of, is_narrow_x, is_narrow_y, gradient, output, x, dx, constants, stride, positions, ceiling,
        is_streaming)
}

#undef CVECTORS_BY_PROCESSOR

#endif
