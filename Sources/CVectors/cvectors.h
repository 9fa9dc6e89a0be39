// Instructions that Swift cannot ask for: it compiles a whole module for one kind of processor, the oldest that is
// supported, and converts between vectors of integers one element at a time. What needs more than that oldest processor
// is called only where the processor has it. And what must be the same in several targets to the bit, inlined in each.
#ifndef BALLAST_CVECTORS_H
#define BALLAST_CVECTORS_H

#include <stdint.h>
#include "channels.h"

typedef float cvectors_four __attribute__((ext_vector_type(4)));
typedef uint32_t cvectors_four_words __attribute__((ext_vector_type(4)));
typedef uint16_t cvectors_four_halves __attribute__((ext_vector_type(4)));

// Orders what was written past the caches before what follows, for other threads.
static inline void cvectors_finish_streaming(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

// Four bfloat16 numbers, the upper halves of floats, as floats.
static inline cvectors_four cvectors_from_bfloat16(const void *source) {
    cvectors_four_halves halves;
    __builtin_memcpy(&halves, source, sizeof halves);
    return (cvectors_four)(__builtin_convertvector(halves, cvectors_four_words) << 16);
}

// The bits of the nearest bfloat16 number, of two that are as near of the one with an even mantissa; NaN stays NaN.
static inline uint16_t cvectors_bfloat16(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    // Half a unit of the last place that stays, less one where that place is even. Of a NaN that could carry into the
    // sign, and its bit that must be set could be lost with the lower half.
    const uint32_t rounded = bits + 0x7FFF + ((bits >> 16) & 1);
    return (uint16_t)((value == value ? rounded : bits | 0x400000) >> 16);
}

// The same of four numbers.
static inline void cvectors_to_bfloat16(void *target, cvectors_four values) {
    const cvectors_four_words bits = (cvectors_four_words)values;
    const cvectors_four_words rounded = bits + 0x7FFF + ((bits >> 16) & 1);
    const cvectors_four_words is_number = (cvectors_four_words)(values == values);
    const cvectors_four_words result = (rounded & is_number) | ((bits | 0x400000) & ~is_number);
    const cvectors_four_halves halves = __builtin_convertvector(result >> 16, cvectors_four_halves);
    __builtin_memcpy(target, &halves, sizeof halves);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define CVECTORS_DECLARE(k) __m256 left##k, right##k
#define CVECTORS_LOAD(k) \
    left##k = _mm256_loadu_ps(sums + k * 16); \
    right##k = _mm256_loadu_ps(sums + k * 16 + 8)
#define CVECTORS_STORE(k) \
    _mm256_storeu_ps(sums + k * 16, left##k); \
    _mm256_storeu_ps(sums + k * 16 + 8, right##k)
#define CVECTORS_ADD(k) \
    factor = _mm256_broadcast_ss(x + k); \
    left##k = _mm256_fmadd_ps(factor, first, left##k); \
    right##k = _mm256_fmadd_ps(factor, second, right##k)

// sums[k][o] += Σ x[p][k] · dy[p][o] for six numbers k that lie next to each other, sixteen outputs o in two blocks of
// eight, and the positions p of some rows. Needs AVX2. Twelve sums, two vectors of dy and one factor fill the sixteen
// registers; eight loads feed twelve multiplications, so that these are what it waits for.
__attribute__((target("avx2,fma"))) static inline void cvectors_add_products(
    const float *x, long x_row, long x_step, const float *dy, long dy_block, long rows, long columns, float *sums) {
    CVECTORS_DECLARE(0);
    CVECTORS_DECLARE(1);
    CVECTORS_DECLARE(2);
    CVECTORS_DECLARE(3);
    CVECTORS_DECLARE(4);
    CVECTORS_DECLARE(5);
    CVECTORS_LOAD(0);
    CVECTORS_LOAD(1);
    CVECTORS_LOAD(2);
    CVECTORS_LOAD(3);
    CVECTORS_LOAD(4);
    CVECTORS_LOAD(5);
    for (long row = 0; row < rows; row++, x += x_row - columns * x_step) {
        for (long column = 0; column < columns; column++, x += x_step, dy += 8) {
            __m256 first = _mm256_loadu_ps(dy), second = _mm256_loadu_ps(dy + dy_block), factor;
            CVECTORS_ADD(0);
            CVECTORS_ADD(1);
            CVECTORS_ADD(2);
            CVECTORS_ADD(3);
            CVECTORS_ADD(4);
            CVECTORS_ADD(5);
        }
    }
    CVECTORS_STORE(0);
    CVECTORS_STORE(1);
    CVECTORS_STORE(2);
    CVECTORS_STORE(3);
    CVECTORS_STORE(4);
    CVECTORS_STORE(5);
}

#undef CVECTORS_DECLARE
#undef CVECTORS_LOAD
#undef CVECTORS_STORE
#undef CVECTORS_ADD
#endif

#endif
