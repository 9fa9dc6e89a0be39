// The gradient of the weights of 3×3 convolutions of bfloat16 numbers, with AVX512-BF16. Feature maps lie in blocks of
// 16 channels. The instruction adds two products to each of 16 sums; here the two come from the same position of two
// samples. Every shift of the kernel then finds its pairs in one copy, whatever the parity of rows and columns is.
#ifndef BALLAST_SQUARE_H
#define BALLAST_SQUARE_H

#include "pointwise.h"

#if defined(__x86_64__)

#define CVECTORS_TARGET target("avx512f,avx512bw,avx512bf16")
#define CVECTORS_UNROLL _Pragma("clang loop unroll(full)")

// Writes positions of two samples as pairs, 64 bytes each, to an address that is a multiple of 64. Without a second
// sample its numbers are zero.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_pair_samples(
    const void *first, const void *second, long positions, void *target) {
    const __m512i order = cvectors_pair_order();
    const __m256i *left = (const __m256i *)first, *right = (const __m256i *)second;
    __m512i *to = (__m512i *)target;
    for (long p = 0; p < positions; p++) {
        const __m256i other = right ? _mm256_loadu_si256(right + p) : _mm256_setzero_si256();
        const __m512i both =
            _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(left + p)), other, 1);
        _mm512_store_si512(to + p, _mm512_permutexvar_epi16(order, both));
    }
}

// Where the pairs of a chunk lie, in numbers of 32 bits: pairs of the input from an image, a row and a position of the
// output to the next one, and those of the gradient of the output from a block to the next one.
struct cvectors_square_chunk {
    long images, rows, columns;
    long image, row, step;
    long block;
};

// Four channels times three columns of the kernel times `blocks` blocks, all sums of which stay in registers: for two
// blocks 24 vectors, which fourteen loads feed.
__attribute__((CVECTORS_TARGET, always_inline)) static inline void cvectors_add_square_products_of(
    const int blocks, const uint32_t *inputs, const uint32_t *slopes, const struct cvectors_square_chunk *chunk,
    float *sums, long sums_block, const char *next) {
    __m512 total[4][3][2];
    CVECTORS_UNROLL for (int c = 0; c < 4; c++) CVECTORS_UNROLL for (int s = 0; s < 3; s++) {
        CVECTORS_UNROLL for (int b = 0; b < blocks; b++) {
            total[c][s][b] = _mm512_loadu_ps(sums + b * sums_block + (c * 9 + s) * 16);
        }
    }
    const long step = chunk->step, columns = chunk->columns, block = chunk->block;
    for (long image = 0; image < chunk->images; image++) {
        for (long row = 0; row < chunk->rows; row++) {
            const uint32_t *from = inputs + image * chunk->image + row * chunk->row;
            for (long column = 0; column < columns; column++, from += step, slopes += 16, next += 64) {
                __m512bh factors[2];
                _mm_prefetch(next, _MM_HINT_T0);
                CVECTORS_UNROLL for (int b = 0; b < blocks; b++) {
                    factors[b] = (__m512bh)_mm512_load_si512(slopes + b * block);
                }
                CVECTORS_UNROLL for (int s = 0; s < 3; s++) CVECTORS_UNROLL for (int c = 0; c < 4; c++) {
                    const __m512bh factor = (__m512bh)_mm512_set1_epi32((int)from[s * 16 + c]);
                    CVECTORS_UNROLL for (int b = 0; b < blocks; b++) {
                        total[c][s][b] = _mm512_dpbf16_ps(total[c][s][b], factor, factors[b]);
                    }
                }
            }
        }
    }
    CVECTORS_UNROLL for (int c = 0; c < 4; c++) CVECTORS_UNROLL for (int s = 0; s < 3; s++) {
        CVECTORS_UNROLL for (int b = 0; b < blocks; b++) {
            _mm512_storeu_ps(sums + b * sums_block + (c * 9 + s) * 16, total[c][s][b]);
        }
    }
}

// sums[b][c · 9 + s][v] += Σ inputs[p + s][c] · slopes[b][p][v] for four channels c, the three columns s of a row of the
// kernel, one or two blocks b of 16 channels v and all positions p of a chunk. Blocks of sums begin `sums_block` numbers
// apart. Asks meanwhile for as many times 64 bytes as there are positions, from `next` on.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_add_square_products(
    const void *inputs, const void *slopes, long blocks, const struct cvectors_square_chunk *chunk, float *sums,
    long sums_block, const void *next) {
    const uint32_t *left = (const uint32_t *)inputs, *right = (const uint32_t *)slopes;
    if (blocks == 2) {
        cvectors_add_square_products_of(2, left, right, chunk, sums, sums_block, (const char *)next);
    } else {
        cvectors_add_square_products_of(1, left, right, chunk, sums, sums_block, (const char *)next);
    }
}

#undef CVECTORS_TARGET
#undef CVECTORS_UNROLL
#endif

#endif
