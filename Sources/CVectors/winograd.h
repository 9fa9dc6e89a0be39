// Convolutions of 3×3 of bfloat16 numbers by Winograd's F(4×4, 3×3), computed in 32-bit floats, with AVX512-BF16. Maps
// lie in blocks of 16 channels, with one row and column of zeros around each. A tile of 6×6 inputs is transformed into
// 36 numbers, each of which is multiplied with transformed weights and summed over the input's channels; 16 outputs are
// made of the 36 sums.
#ifndef BALLAST_WINOGRAD_H
#define BALLAST_WINOGRAD_H

#if defined(__x86_64__)

#include <immintrin.h>

#define CVECTORS_TARGET target("avx512f,avx512bw,avx512vl,avx512bf16")
#define CVECTORS_UNROLL _Pragma("clang loop unroll(full)")

// Tiles whose sums for 32 channels of the output stay in registers: 28 vectors.
enum { cvectors_winograd_row = 14 };

// Floats between one of the 36 numbers of all tiles or weights and the next one: with powers of two between them, all
// that belong together would fall into one set of a cache.
enum { cvectors_winograd_gap = 32 };

// A convolution with as many rows and columns of outputs as of inputs; channels in blocks of 16, tiles of all samples.
struct cvectors_winograd {
    long input_blocks, output_blocks, rows, columns, tiles;
};

__attribute__((CVECTORS_TARGET, always_inline)) static inline __m512 cvectors_winograd_load(const uint16_t *from) {
    const __m512i halves = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(halves, 16));
}

// What six numbers of a row or column of a tile give.
__attribute__((CVECTORS_TARGET, always_inline)) static inline void cvectors_winograd_inputs(
    const __m512 *from, __m512 *to) {
    const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), five = _mm512_set1_ps(5);
    const __m512 a = _mm512_fnmadd_ps(four, from[2], from[4]), b = _mm512_fnmadd_ps(four, from[1], from[3]);
    const __m512 c = _mm512_sub_ps(from[4], from[2]), d = _mm512_mul_ps(two, _mm512_sub_ps(from[3], from[1]));
    to[0] = _mm512_fmadd_ps(four, from[0], _mm512_fnmadd_ps(five, from[2], from[4]));
    to[1] = _mm512_add_ps(a, b);
    to[2] = _mm512_sub_ps(a, b);
    to[3] = _mm512_add_ps(c, d);
    to[4] = _mm512_sub_ps(c, d);
    to[5] = _mm512_fmadd_ps(four, from[1], _mm512_fnmadd_ps(five, from[3], from[5]));
}

// The four outputs that six sums give.
__attribute__((CVECTORS_TARGET, always_inline)) static inline void cvectors_winograd_outputs(
    const __m512 *from, __m512 *to) {
    const __m512 two = _mm512_set1_ps(2), four = _mm512_set1_ps(4), eight = _mm512_set1_ps(8);
    const __m512 a = _mm512_add_ps(from[1], from[2]), b = _mm512_sub_ps(from[1], from[2]);
    const __m512 c = _mm512_add_ps(from[3], from[4]), d = _mm512_sub_ps(from[3], from[4]);
    to[0] = _mm512_add_ps(_mm512_add_ps(from[0], a), c);
    to[1] = _mm512_fmadd_ps(two, d, b);
    to[2] = _mm512_fmadd_ps(four, c, a);
    to[3] = _mm512_add_ps(_mm512_fmadd_ps(eight, d, b), from[5]);
}

// What three weights of a row or column give.
__attribute__((CVECTORS_TARGET, always_inline)) static inline void cvectors_winograd_taps(
    __m512 first, __m512 second, __m512 third, __m512 *to) {
    const __m512 sixth = _mm512_set1_ps(1.0f / 6), quarter = _mm512_set1_ps(0.25f);
    const __m512 outer = _mm512_mul_ps(sixth, _mm512_add_ps(first, third)), inner = _mm512_mul_ps(sixth, second);
    const __m512 far = _mm512_mul_ps(
        sixth, _mm512_add_ps(_mm512_mul_ps(quarter, first), third));
    const __m512 near = _mm512_mul_ps(_mm512_set1_ps(0.5f), inner);
    to[0] = _mm512_mul_ps(quarter, first);
    to[1] = _mm512_sub_ps(_mm512_sub_ps(_mm512_setzero_ps(), outer), inner);
    to[2] = _mm512_sub_ps(inner, outer);
    to[3] = _mm512_add_ps(far, near);
    to[4] = _mm512_sub_ps(far, near);
    to[5] = third;
}

// Transforms the weights of 32 channels of the output, `lane` floats apart, and of some channels of the input, `step`
// apart, nine of them next to each other, from the last to the first where they are flipped. They are written as 36
// times `channels` times 32, with gaps.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_winograd_weights(
    const float *weights, long lane, long step, int is_flipped, long channels, float *to) {
    const __m512i lanes = _mm512_mullo_epi32(
        _mm512_set1_epi32((int)lane), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    const long stride = channels * 32 + cvectors_winograd_gap;
    for (long channel = 0; channel < channels; channel++) {
        float *target = to + channel * 32;
        for (long half = 0; half < 2; half++) {
            const float *from = weights + channel * step + half * 16 * lane;
            __m512 taps[9], rows[3][6];
            for (int k = 0; k < 9; k++) taps[k] = _mm512_i32gather_ps(lanes, from + (is_flipped ? 8 - k : k), 4);
            for (int column = 0; column < 3; column++) {
                cvectors_winograd_taps(taps[column], taps[3 + column], taps[6 + column], rows[column]);
            }
            for (int row = 0; row < 6; row++) {
                __m512 values[6];
                cvectors_winograd_taps(rows[0][row], rows[1][row], rows[2][row], values);
                for (int column = 0; column < 6; column++) {
                    _mm512_storeu_ps(target + (row * 6 + column) * stride + half * 16, values[column]);
                }
            }
        }
    }
}

// Transforms one block of channels of a tile; each of the 36 numbers lies `stride` floats behind the one before.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_winograd_tile(
    const uint16_t *map, const struct cvectors_winograd *shape, long top, long left, float *to, long stride) {
    __m512 rows[6][6];
    const long row = shape->columns * 16;
    const int is_inside = top >= 0 && left >= 0 && top + 6 <= shape->rows && left + 6 <= shape->columns;
    for (long column = 0; column < 6; column++) {
        __m512 values[6], transformed[6];
        const uint16_t *from = map + top * row + (left + column) * 16;
        if (is_inside) {
            CVECTORS_UNROLL for (int k = 0; k < 6; k++) values[k] = cvectors_winograd_load(from + k * row);
        } else {
            const int has_column = left + column >= 0 && left + column < shape->columns;
            CVECTORS_UNROLL for (int k = 0; k < 6; k++) {
                const int is_there = has_column && top + k >= 0 && top + k < shape->rows;
                values[k] = is_there ? cvectors_winograd_load(from + k * row) : _mm512_setzero_ps();
            }
        }
        cvectors_winograd_inputs(values, transformed);
        CVECTORS_UNROLL for (int k = 0; k < 6; k++) rows[k][column] = transformed[k];
    }
    for (long k = 0; k < 6; k++) {
        __m512 values[6];
        cvectors_winograd_inputs(rows[k], values);
        CVECTORS_UNROLL for (int l = 0; l < 6; l++) _mm512_storeu_ps(to + (6 * k + l) * stride, values[l]);
    }
}

// The outputs of one block of channels of a tile; each of the 36 sums lies `stride` floats behind the one before.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_winograd_result(
    const float *from, long stride, uint16_t *map, const struct cvectors_winograd *shape, long top, long left) {
    __m512 rows[4][6];
    for (long column = 0; column < 6; column++) {
        __m512 values[6], transformed[4];
        CVECTORS_UNROLL for (int k = 0; k < 6; k++) values[k] = _mm512_loadu_ps(from + (6 * k + column) * stride);
        cvectors_winograd_outputs(values, transformed);
        CVECTORS_UNROLL for (int k = 0; k < 4; k++) rows[k][column] = transformed[k];
    }
    const long height = shape->rows - top < 4 ? shape->rows - top : 4;
    const long width = shape->columns - left < 4 ? shape->columns - left : 4;
    for (long row = 0; row < height; row++) {
        __m512 values[4];
        cvectors_winograd_outputs(rows[row], values);
        for (long column = 0; column < width; column++) {
            uint16_t *to = map + ((top + row) * shape->columns + left + column) * 16;
            _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(values[column]));
        }
    }
}

// Sums of one of the 36 numbers for a row of tiles and 32 channels of the output, over all channels of the input.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_winograd_products(
    const float *tiles, long block, long blocks, const float *weights, float *first, float *second) {
    __m512 a[cvectors_winograd_row], b[cvectors_winograd_row];
    CVECTORS_UNROLL for (int t = 0; t < cvectors_winograd_row; t++) a[t] = b[t] = _mm512_setzero_ps();
    for (long k = 0; k < blocks; k++) {
        const float *from = tiles + k * block;
        for (long channel = 0; channel < 16; channel++, weights += 32) {
            const __m512 left = _mm512_loadu_ps(weights), right = _mm512_loadu_ps(weights + 16);
            CVECTORS_UNROLL for (int t = 0; t < cvectors_winograd_row; t++) {
                const __m512 value = _mm512_set1_ps(from[t * 16 + channel]);
                a[t] = _mm512_fmadd_ps(value, left, a[t]);
                b[t] = _mm512_fmadd_ps(value, right, b[t]);
            }
        }
    }
    CVECTORS_UNROLL for (int t = 0; t < cvectors_winograd_row; t++) {
        _mm512_storeu_ps(first + t * 16, a[t]);
        _mm512_storeu_ps(second + t * 16, b[t]);
    }
}

// Asks for what a block of channels of a tile has that the tiles before it have not, if there is such a tile.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_winograd_prefetch(
    const struct cvectors_winograd *shape, const uint16_t *x, long tile, long block) {
    if (tile >= shape->tiles || block >= shape->input_blocks) return;
    const long across = (shape->columns + 3) / 4, samples = across * ((shape->rows + 3) / 4);
    const long sample = tile / samples, place = tile % samples, top = place / across * 4, left = place % across * 4;
    const uint16_t *from =
        x + (((sample * shape->input_blocks + block) * shape->rows + top) * shape->columns + left) * 16;
    for (long row = 0; row < 4 && top + row < shape->rows; row++, from += shape->columns * 16) {
        _mm_prefetch((const char *)from, _MM_HINT_T1);
        _mm_prefetch((const char *)from + 64, _MM_HINT_T1);
    }
}

// Convolves `count` tiles of all samples from the tile `start` on. `tiles` has room for 36 times all channels of the
// input with gaps, `sums` for 36 times 32 channels, of as many tiles as are whole rows of tiles.
__attribute__((CVECTORS_TARGET)) static inline void cvectors_winograd_convolve(
    const struct cvectors_winograd *shape, const void *x, const float *weights, void *y, long start, long count,
    float *tiles, float *sums) {
    const long across = (shape->columns + 3) / 4, down = (shape->rows + 3) / 4, samples = across * down;
    const long room = (count + cvectors_winograd_row - 1) / cvectors_winograd_row * cvectors_winograd_row;
    const long map = shape->rows * shape->columns * 16;
    const long tile_stride = shape->input_blocks * room * 16 + cvectors_winograd_gap, sum_stride = 2 * room * 16;
    const long weight_stride = shape->input_blocks * 16 * 32 + cvectors_winograd_gap;
    for (long block = 0; block < shape->input_blocks; block++) {
        for (long t = 0; t < count; t++) {
            const long sample = (start + t) / samples, place = (start + t) % samples;
            cvectors_winograd_tile(
                (const uint16_t *)x + (sample * shape->input_blocks + block) * map, shape, place / across * 4 - 1,
                place % across * 4 - 1, tiles + (block * room + t) * 16, tile_stride);
        }
    }
    long ahead = 0;
    for (long pair = 0; pair < shape->output_blocks / 2; pair++) {
        for (long k = 0; k < 36; k++) {
            const float *factors = weights + (pair * 36 + k) * weight_stride;
            for (long t = 0; t < room; t += cvectors_winograd_row) {
                float *to = sums + k * sum_stride + t * 16;
                cvectors_winograd_prefetch(
                    shape, (const uint16_t *)x, start + count + ahead % count, ahead / count);
                ahead++;
                cvectors_winograd_products(
                    tiles + k * tile_stride + t * 16, room * 16, shape->input_blocks, factors, to, to + room * 16);
            }
        }
        for (long half = 0; half < 2; half++) {
            for (long t = 0; t < count; t++) {
                const long sample = (start + t) / samples, place = (start + t) % samples;
                cvectors_winograd_result(
                    sums + (half * room + t) * 16, sum_stride,
                    (uint16_t *)y + (sample * shape->output_blocks + 2 * pair + half) * map, shape,
                    place / across * 4, place % across * 4);
            }
        }
    }
}

#undef CVECTORS_TARGET
#undef CVECTORS_UNROLL

#endif

#endif
