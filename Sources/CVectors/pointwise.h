// The gradient of the weights of 1×1 convolutions of bfloat16 numbers, with AVX512-BF16. Feature maps lie in blocks of
// 16 channels: the 16 numbers of a position lie next to each other, and those of the next position follow. The
// instruction adds two products to each of 16 sums, so two neighbouring positions make a pair, 32 bits a channel.
#ifndef BALLAST_POINTWISE_H
#define BALLAST_POINTWISE_H

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define CVECTORS_TARGET target("avx512f,avx512bw,avx512bf16")
#define CVECTORS_UNROLL _Pragma("clang loop unroll(full)")

// Of two positions of 16 channels the numbers in the order in which each channel has its two beside each other.
__attribute__((CVECTORS_TARGET, always_inline)) static inline __m512i cvectors_pair_order(void) {
    return _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1,
        16, 0);
}

// A pair whose first number is zero: the last one of an odd count, beside which the position before is read again.
__attribute__((CVECTORS_TARGET, always_inline)) static inline void cvectors_store_single(
    const uint16_t *source, void *target) {
    const __m256i values = _mm256_loadu_si256((const __m256i *)source);
    _mm512_store_si512(target, _mm512_slli_epi32(_mm512_cvtepu16_epi32(values), 16));
}

// Writes positions that lie next to each other as pairs, 64 bytes each, to an address that is a multiple of 64.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_pair_positions(
    const void *source, long positions, void *target) {
    const __m512i order = cvectors_pair_order();
    const uint16_t *from = (const uint16_t *)source;
    uint32_t *to = (uint32_t *)target;
    for (; positions >= 2; positions -= 2, from += 32, to += 16) {
        _mm512_store_si512(to, _mm512_permutexvar_epi16(order, _mm512_loadu_si512(from)));
    }
    if (positions == 1) cvectors_store_single(from, to);
}

// The same of positions that a convolution reads of a block with `width` columns: position p of the output lies in row
// p / columns · stride and column p % columns · stride.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_pair_strided_positions(
    const void *source, long width, long stride, long columns, long first, long positions, void *target) {
    const __m512i order = cvectors_pair_order();
    const uint16_t *row = (const uint16_t *)source + first / columns * stride * width * 16;
    uint32_t *to = (uint32_t *)target;
    long column = first % columns;
    for (; positions > 0; positions -= 2, to += 16) {
        const uint16_t *from[2];
        CVECTORS_UNROLL for (int k = 0; k < 2; k++) {
            from[k] = row + column * stride * 16;
            if (++column == columns) {
                column = 0;
                row += stride * width * 16;
            }
        }
        if (positions == 1) {
            cvectors_store_single(from[0], to);
        } else {
            const __m512i left = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)from[0]));
            const __m512i both = _mm512_inserti64x4(left, _mm256_loadu_si256((const __m256i *)from[1]), 1);
            _mm512_store_si512(to, _mm512_permutexvar_epi16(order, both));
        }
    }
}

// Eight channels times `blocks` blocks, three at most, all sums of which stay in registers. Two blocks are sixteen vectors of sums, as
// many as the instruction's latency needs; ten loads feed its sixteen multiplications, and what orders the numbers of a
// block runs beside them.
__attribute__((CVECTORS_TARGET, always_inline)) static inline void cvectors_add_pair_products_of(
    const int blocks, const uint32_t *pairs, const uint16_t *values, long block_stride, long samples,
    long sample_stride, long positions, float *sums, long sums_row, const char *next) {
    const __m512i order = cvectors_pair_order();
    __m512 total[8][3];
    CVECTORS_UNROLL for (int c = 0; c < 8; c++) {
        CVECTORS_UNROLL for (int b = 0; b < blocks; b++) total[c][b] = _mm512_loadu_ps(sums + c * sums_row + b * 16);
    }
    const long last = (positions + 1) / 2 - 1, back = positions % 2 * 16;
    for (long sample = 0; sample < samples; sample++, values += sample_stride) {
        const uint16_t *from = values;
        for (long pair = 0; pair <= last; pair++, from += 32, pairs += 16, next += 64) {
            __m512bh factors[3];
            from -= pair == last ? back : 0;
            _mm_prefetch(next, _MM_HINT_T0);
            CVECTORS_UNROLL for (int b = 0; b < blocks; b++) {
                const __m512i two = _mm512_loadu_si512(from + b * block_stride);
                factors[b] = (__m512bh)_mm512_permutexvar_epi16(order, two);
            }
            CVECTORS_UNROLL for (int c = 0; c < 8; c++) {
                const __m512bh factor = (__m512bh)_mm512_set1_epi32((int)pairs[c]);
                CVECTORS_UNROLL for (int b = 0; b < blocks; b++) {
                    total[c][b] = _mm512_dpbf16_ps(total[c][b], factor, factors[b]);
                }
            }
        }
    }
    CVECTORS_UNROLL for (int c = 0; c < 8; c++) {
        CVECTORS_UNROLL for (int b = 0; b < blocks; b++) _mm512_storeu_ps(sums + c * sums_row + b * 16, total[c][b]);
    }
}

// sums[c][v] += Σ pairs[n, p][c] · values[n, p][v] for eight channels c of paired positions, the channels v of two or
// three blocks in memory, which begin `block_stride` numbers apart, and all positions p of some samples n, which begin
// `sample_stride` numbers apart; there are two positions at least. Asks meanwhile for as many times 64 bytes as there
// are pairs, from `next` on: what is read next is then on its way from memory.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_add_pair_products(
    const void *pairs, const void *values, long blocks, long block_stride, long samples, long sample_stride,
    long positions, float *sums, long sums_row, const void *next) {
    const uint32_t *left = (const uint32_t *)pairs;
    const uint16_t *right = (const uint16_t *)values;
    if (blocks == 3) {
        cvectors_add_pair_products_of(
            3, left, right, block_stride, samples, sample_stride, positions, sums, sums_row, (const char *)next);
    } else {
        cvectors_add_pair_products_of(
            2, left, right, block_stride, samples, sample_stride, positions, sums, sums_row, (const char *)next);
    }
}

// target[j][i] = source[i][j] for `rows` numbers j and `columns` numbers i, sixteen at most; sixteen by sixteen are
// read. In each of four steps rows that are `step` apart exchange the halves of their groups of lanes.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_transpose(
    const float *source, long source_row, float *target, long target_row, long rows, long columns) {
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512 values[16];
    CVECTORS_UNROLL for (int k = 0; k < 16; k++) values[k] = _mm512_loadu_ps(source + k * source_row);
    CVECTORS_UNROLL for (int step = 1; step < 16; step *= 2) {
        // Lanes from 16 on are those of the second row.
        const __mmask16 is_upper = _mm512_test_epi32_mask(lanes, _mm512_set1_epi32(step));
        const __m512i first = _mm512_mask_add_epi32(lanes, is_upper, lanes, _mm512_set1_epi32(16 - step));
        const __m512i second = _mm512_mask_add_epi32(
            _mm512_add_epi32(lanes, _mm512_set1_epi32(step)), is_upper, lanes, _mm512_set1_epi32(16));
        CVECTORS_UNROLL for (int k = 0; k < 16; k++) {
            if ((k & step) == 0) {
                const __m512 upper = values[k], lower = values[k + step];
                values[k] = _mm512_permutex2var_ps(upper, first, lower);
                values[k + step] = _mm512_permutex2var_ps(upper, second, lower);
            }
        }
    }
    const __mmask16 written = (__mmask16)((1u << columns) - 1);
    CVECTORS_UNROLL for (int k = 0; k < 16; k++) {
        if (k < rows) _mm512_mask_storeu_ps(target + k * target_row, written, values[k]);
    }
}

#undef CVECTORS_TARGET
#undef CVECTORS_UNROLL
#endif

#endif
