// The algorithm of `winograd.h` for one number of lanes and one kind of processor, which who includes this defines:
// CVECTORS_LANES, CVECTORS_NAME(name), which makes names of it, and CVECTORS_PROCESSOR, an attribute of functions. Of the
// passes over channels, those for the same names are used. No include guard: this is included once for each pair.
//
// A tile has 6×6 inputs and 4×4 outputs. Transformed it has 36 numbers in each channel, and lies with all that are
// multiplied together: number, block of channels, tile, channel.

#define CVECTORS_FLOATS CVECTORS_NAME(floats)
#define CVECTORS_SPLAT(number) ((CVECTORS_FLOATS)(number))

// a · b + c, rounded once.
CVECTORS_INLINE void CVECTORS_NAME(add_product)(
    CVECTORS_FLOATS *sum, const CVECTORS_FLOATS *a, const CVECTORS_FLOATS *b) {
    *sum = __builtin_elementwise_fma(*a, *b, *sum);
}

// What six inputs of a row or column of a tile give: at zero, at ±a, at ±b and at infinity.
CVECTORS_INLINE void CVECTORS_NAME(winograd_inputs)(const CVECTORS_FLOATS *from, CVECTORS_FLOATS *to) {
    const CVECTORS_FLOATS a = CVECTORS_SPLAT(CVECTORS_A), a2 = a * a, b = CVECTORS_SPLAT(CVECTORS_B), b2 = b * b;
    const CVECTORS_FLOATS product = a2 * b2, sum = a2 + b2;
    const CVECTORS_FLOATS even_a = __builtin_elementwise_fma(-b2, from[2], from[4]);
    const CVECTORS_FLOATS odd_a = __builtin_elementwise_fma(-b2, from[1], from[3]);
    const CVECTORS_FLOATS even_b = __builtin_elementwise_fma(-a2, from[2], from[4]);
    const CVECTORS_FLOATS odd_b = __builtin_elementwise_fma(-a2, from[1], from[3]);
    to[0] = __builtin_elementwise_fma(product, from[0], __builtin_elementwise_fma(-sum, from[2], from[4]));
    to[1] = __builtin_elementwise_fma(a, odd_a, even_a);
    to[2] = __builtin_elementwise_fma(-a, odd_a, even_a);
    to[3] = __builtin_elementwise_fma(b, odd_b, even_b);
    to[4] = __builtin_elementwise_fma(-b, odd_b, even_b);
    to[5] = __builtin_elementwise_fma(product, from[1], __builtin_elementwise_fma(-sum, from[3], from[5]));
}

// The four outputs that six sums give.
CVECTORS_INLINE void CVECTORS_NAME(winograd_outputs)(const CVECTORS_FLOATS *from, CVECTORS_FLOATS *to) {
    const CVECTORS_FLOATS a = CVECTORS_SPLAT(CVECTORS_A), a2 = a * a, b = CVECTORS_SPLAT(CVECTORS_B), b2 = b * b;
    const CVECTORS_FLOATS even_a = from[1] + from[2], odd_a = a * (from[1] - from[2]);
    const CVECTORS_FLOATS even_b = from[3] + from[4], odd_b = b * (from[3] - from[4]);
    to[0] = from[0] + (even_a + even_b);
    to[1] = odd_a + odd_b;
    to[2] = __builtin_elementwise_fma(a2, even_a, b2 * even_b);
    to[3] = __builtin_elementwise_fma(a2, odd_a, __builtin_elementwise_fma(b2, odd_b, from[5]));
}

// What the gradients of four outputs give: the transpose of that.
CVECTORS_INLINE void CVECTORS_NAME(winograd_slopes)(const CVECTORS_FLOATS *from, CVECTORS_FLOATS *to) {
    const CVECTORS_FLOATS a = CVECTORS_SPLAT(CVECTORS_A), a2 = a * a, b = CVECTORS_SPLAT(CVECTORS_B), b2 = b * b;
    const CVECTORS_FLOATS even_a = __builtin_elementwise_fma(a2, from[2], from[0]);
    const CVECTORS_FLOATS odd_a = __builtin_elementwise_fma(a2, from[3], from[1]);
    const CVECTORS_FLOATS even_b = __builtin_elementwise_fma(b2, from[2], from[0]);
    const CVECTORS_FLOATS odd_b = __builtin_elementwise_fma(b2, from[3], from[1]);
    to[0] = from[0];
    to[1] = __builtin_elementwise_fma(a, odd_a, even_a);
    to[2] = __builtin_elementwise_fma(-a, odd_a, even_a);
    to[3] = __builtin_elementwise_fma(b, odd_b, even_b);
    to[4] = __builtin_elementwise_fma(-b, odd_b, even_b);
    to[5] = from[3];
}

// What three weights of a row or column give.
CVECTORS_INLINE void CVECTORS_NAME(winograd_weights)(const CVECTORS_FLOATS *from, CVECTORS_FLOATS *to) {
    const CVECTORS_FLOATS a = CVECTORS_SPLAT(CVECTORS_A), a2 = a * a, b = CVECTORS_SPLAT(CVECTORS_B), b2 = b * b;
    const CVECTORS_FLOATS at_a = CVECTORS_SPLAT(CVECTORS_AT_A), at_b = CVECTORS_SPLAT(CVECTORS_AT_B);
    const CVECTORS_FLOATS even_a = at_a * __builtin_elementwise_fma(a2, from[2], from[0]), odd_a = at_a * a * from[1];
    const CVECTORS_FLOATS even_b = at_b * __builtin_elementwise_fma(b2, from[2], from[0]), odd_b = at_b * b * from[1];
    to[0] = CVECTORS_SPLAT(CVECTORS_AT_ZERO) * from[0];
    to[1] = even_a + odd_a;
    to[2] = even_a - odd_a;
    to[3] = even_b + odd_b;
    to[4] = even_b - odd_b;
    to[5] = from[2];
}

// The gradients of three weights that six sums give: the transpose of that.
CVECTORS_INLINE void CVECTORS_NAME(winograd_weight_slopes)(const CVECTORS_FLOATS *from, CVECTORS_FLOATS *to) {
    const CVECTORS_FLOATS a = CVECTORS_SPLAT(CVECTORS_A), a2 = a * a, b = CVECTORS_SPLAT(CVECTORS_B), b2 = b * b;
    const CVECTORS_FLOATS at_a = CVECTORS_SPLAT(CVECTORS_AT_A), at_b = CVECTORS_SPLAT(CVECTORS_AT_B);
    const CVECTORS_FLOATS even_a = at_a * (from[1] + from[2]), odd_a = at_a * (from[1] - from[2]);
    const CVECTORS_FLOATS even_b = at_b * (from[3] + from[4]), odd_b = at_b * (from[3] - from[4]);
    to[0] = __builtin_elementwise_fma(CVECTORS_SPLAT(CVECTORS_AT_ZERO), from[0], even_a + even_b);
    to[1] = __builtin_elementwise_fma(a, odd_a, b * odd_b);
    to[2] = __builtin_elementwise_fma(a2, even_a, __builtin_elementwise_fma(b2, even_b, from[5]));
}

// Loads `size` times `size` positions of a block of channels of a map, zero where they lie outside it, column by column.
CVECTORS_INLINE void CVECTORS_NAME(winograd_load)(
    const void *map, const struct cvectors_winograd *shape, long top, long left, const int size, long column,
    CVECTORS_FLOATS *to, const int is_narrow) {
    const int has_column = left + column >= 0 && left + column < shape->columns;
    CVECTORS_UNROLL for (int k = 0; k < size; k++) {
        const long element = ((top + k) * shape->columns + left + column) * CVECTORS_LANES;
        to[k] = CVECTORS_SPLAT(0.0f);
        if (has_column && top + k >= 0 && top + k < shape->rows) CVECTORS_NAME(load)(map, element, is_narrow, to + k);
    }
}

// What the numbers of a row or column of a tile give: six inputs, or the gradients of four outputs.
CVECTORS_INLINE void CVECTORS_NAME(winograd_numbers)(const CVECTORS_FLOATS *from, CVECTORS_FLOATS *to, const int size) {
    if (size == 6) {
        CVECTORS_NAME(winograd_inputs)(from, to);
    } else {
        CVECTORS_NAME(winograd_slopes)(from, to);
    }
}

// Transforms one block of channels of a tile, 6×6 inputs or the gradients of 4×4 outputs; each of the 36 numbers lies
// `stride` floats behind the one before.
CVECTORS_INLINE void CVECTORS_NAME(winograd_tile)(
    const void *map, const struct cvectors_winograd *shape, long top, long left, const int size, float *to, long stride,
    const int is_narrow) {
    CVECTORS_FLOATS rows[6][6];
    const int is_inside = top >= 0 && left >= 0 && top + size <= shape->rows && left + size <= shape->columns;
    for (long column = 0; column < size; column++) {
        CVECTORS_FLOATS values[6], transformed[6];
        if (is_inside) {
            CVECTORS_UNROLL for (int k = 0; k < size; k++) {
                CVECTORS_NAME(load)(
                    map, ((top + k) * shape->columns + left + column) * CVECTORS_LANES, is_narrow, values + k);
            }
        } else {
            CVECTORS_NAME(winograd_load)(map, shape, top, left, size, column, values, is_narrow);
        }
        CVECTORS_NAME(winograd_numbers)(values, transformed, size);
        CVECTORS_UNROLL for (int k = 0; k < 6; k++) rows[k][column] = transformed[k];
    }
    for (long k = 0; k < 6; k++) {
        CVECTORS_FLOATS values[6];
        CVECTORS_NAME(winograd_numbers)(rows[k], values, size);
        CVECTORS_UNROLL for (int l = 0; l < 6; l++) {
            CVECTORS_NAME(store)(to, (6 * k + l) * stride, values + l, 0, 0);
        }
    }
}

// The outputs of one block of channels of a tile; each of the 36 sums lies `stride` floats behind the one before. The
// block begins at an element of the map, and of what is added to it.
CVECTORS_INLINE void CVECTORS_NAME(winograd_output_tile)(
    const float *from, long stride, void *map, long first, long channel, const struct cvectors_winograd *shape,
    long top, long left, const struct cvectors_winograd_following *following, const int is_narrow) {
    CVECTORS_FLOATS rows[4][6];
    for (long column = 0; column < 6; column++) {
        CVECTORS_FLOATS values[6], transformed[4];
        CVECTORS_UNROLL for (int k = 0; k < 6; k++) {
            CVECTORS_NAME(load)(from, (6 * k + column) * stride, 0, values + k);
        }
        CVECTORS_NAME(winograd_outputs)(values, transformed);
        CVECTORS_UNROLL for (int k = 0; k < 4; k++) rows[k][column] = transformed[k];
    }
    const long height = shape->rows - top < 4 ? shape->rows - top : 4;
    const long width = shape->columns - left < 4 ? shape->columns - left : 4;
    CVECTORS_FLOATS bias = CVECTORS_SPLAT(0.0f);
    if (following && following->bias) CVECTORS_NAME(load)(following->bias, channel, 0, &bias);
    for (long row = 0; row < height; row++) {
        CVECTORS_FLOATS values[4];
        CVECTORS_NAME(winograd_outputs)(rows[row], values);
        for (long column = 0; column < width; column++) {
            const long element = first + ((top + row) * shape->columns + left + column) * CVECTORS_LANES;
            if (following) {
                const CVECTORS_FLOATS floor = CVECTORS_SPLAT(following->floor);
                const CVECTORS_FLOATS ceiling = CVECTORS_SPLAT(following->ceiling);
                CVECTORS_FLOATS value = values[column] + bias;
                if (following->added) {
                    CVECTORS_FLOATS addend;
                    CVECTORS_NAME(load)(following->added, element, is_narrow, &addend);
                    value += addend;
                }
                // NaN passes: a comparison with it is false.
                value = value < floor ? floor : value;
                values[column] = value > ceiling ? ceiling : value;
            }
            CVECTORS_NAME(store)(map, element, values + column, is_narrow, 0);
        }
    }
}

// Transforms weights of two blocks of channels of the map that is written; see winograd.h.
CVECTORS_PROCESSOR static inline void CVECTORS_NAME(winograd_transform)(
    const float *weights, long lane, long step, int is_flipped, int is_rounded, long channels, float *to) {
    const long stride = channels * 2 * CVECTORS_LANES + cvectors_winograd_gap;
    for (long channel = 0; channel < channels; channel++) {
        for (long half = 0; half < 2; half++) {
            const float *from = weights + channel * step + half * CVECTORS_LANES * lane;
            float *target = to + (channel * 2 + half) * CVECTORS_LANES;
            CVECTORS_FLOATS taps[3][3], columns[3][6];
            for (int k = 0; k < 9; k++) {
                CVECTORS_FLOATS tap;
                CVECTORS_UNROLL for (int l = 0; l < CVECTORS_LANES; l++) {
                    tap[l] = from[l * lane + (is_flipped ? 8 - k : k)];
                }
                // The rounded number is left in its place.
                uint16_t narrow[CVECTORS_LANES];
                if (is_rounded) CVECTORS_NAME(store)(narrow, 0, &tap, 1, 0);
                taps[k % 3][k / 3] = tap;
            }
            for (int column = 0; column < 3; column++) CVECTORS_NAME(winograd_weights)(taps[column], columns[column]);
            for (int row = 0; row < 6; row++) {
                const CVECTORS_FLOATS values[3] = {columns[0][row], columns[1][row], columns[2][row]};
                CVECTORS_FLOATS transformed[6];
                CVECTORS_NAME(winograd_weights)(values, transformed);
                CVECTORS_UNROLL for (int column = 0; column < 6; column++) {
                    CVECTORS_NAME(store)(target, (row * 6 + column) * stride, transformed + column, 0, 0);
                }
            }
        }
    }
}

// Sums of one of the 36 numbers for a row of tiles and two blocks of the output, over all channels of the input. All
// sums stay in registers.
CVECTORS_INLINE void CVECTORS_NAME(winograd_products)(
    const float *tiles, long block, long blocks, const float *weights, float *first, float *second) {
    CVECTORS_FLOATS a[CVECTORS_ROW], b[CVECTORS_ROW];
    CVECTORS_UNROLL for (int t = 0; t < CVECTORS_ROW; t++) a[t] = b[t] = CVECTORS_SPLAT(0.0f);
    for (long k = 0; k < blocks; k++) {
        const float *from = tiles + k * block;
        for (long channel = 0; channel < CVECTORS_LANES; channel++, weights += 2 * CVECTORS_LANES) {
            CVECTORS_FLOATS left, right;
            CVECTORS_NAME(load)(weights, 0, 0, &left);
            CVECTORS_NAME(load)(weights, CVECTORS_LANES, 0, &right);
            CVECTORS_UNROLL for (int t = 0; t < CVECTORS_ROW; t++) {
                const CVECTORS_FLOATS value = CVECTORS_SPLAT(from[t * CVECTORS_LANES + channel]);
                CVECTORS_NAME(add_product)(a + t, &value, &left);
                CVECTORS_NAME(add_product)(b + t, &value, &right);
            }
        }
    }
    CVECTORS_UNROLL for (int t = 0; t < CVECTORS_ROW; t++) {
        CVECTORS_NAME(store)(first, t * CVECTORS_LANES, a + t, 0, 0);
        CVECTORS_NAME(store)(second, t * CVECTORS_LANES, b + t, 0, 0);
    }
}

// Adds to the sums of one of the 36 numbers, for some channels of the input and two blocks of the output, what `count`
// tiles give. That is summed in registers first, so that errors of rounding do not grow with the number of tiles.
CVECTORS_INLINE void CVECTORS_NAME(winograd_outer_products)(
    const float *tiles, const float *slopes, long count, float *sums, int is_first) {
    CVECTORS_FLOATS a[CVECTORS_CHANNELS], b[CVECTORS_CHANNELS];
    CVECTORS_UNROLL for (int c = 0; c < CVECTORS_CHANNELS; c++) a[c] = b[c] = CVECTORS_SPLAT(0.0f);
    for (long t = 0; t < count; t++) {
        CVECTORS_FLOATS left, right;
        CVECTORS_NAME(load)(slopes, t * CVECTORS_LANES, 0, &left);
        CVECTORS_NAME(load)(slopes, (count + t) * CVECTORS_LANES, 0, &right);
        CVECTORS_UNROLL for (int c = 0; c < CVECTORS_CHANNELS; c++) {
            const CVECTORS_FLOATS value = CVECTORS_SPLAT(tiles[t * CVECTORS_LANES + c]);
            CVECTORS_NAME(add_product)(a + c, &value, &left);
            CVECTORS_NAME(add_product)(b + c, &value, &right);
        }
    }
    if (!is_first) {
        CVECTORS_UNROLL for (int c = 0; c < CVECTORS_CHANNELS; c++) {
            CVECTORS_FLOATS left, right;
            CVECTORS_NAME(load)(sums, 2 * c * CVECTORS_LANES, 0, &left);
            CVECTORS_NAME(load)(sums, (2 * c + 1) * CVECTORS_LANES, 0, &right);
            a[c] += left;
            b[c] += right;
        }
    }
    CVECTORS_UNROLL for (int c = 0; c < CVECTORS_CHANNELS; c++) {
        CVECTORS_NAME(store)(sums, 2 * c * CVECTORS_LANES, a + c, 0, 0);
        CVECTORS_NAME(store)(sums, (2 * c + 1) * CVECTORS_LANES, b + c, 0, 0);
    }
}

// Asks for the 4×4 positions that begin where a tile's outputs do, of one block of channels.
CVECTORS_INLINE void CVECTORS_NAME(winograd_prefetch)(
    const void *map, const struct cvectors_winograd *shape, long blocks, long block, long tile, const int is_narrow) {
    if (tile >= shape->tiles) return;
    const struct cvectors_winograd_place place = cvectors_winograd_place(shape, tile);
    const long width = is_narrow ? sizeof(uint16_t) : sizeof(float), row = shape->columns * CVECTORS_LANES * width;
    const char *from = (const char *)map + (place.sample * blocks + block) * shape->rows * row + place.top * row +
        place.left * CVECTORS_LANES * width;
    for (long k = 0; k < 4 && place.top + k < shape->rows; k++, from += row) {
        for (long byte = 0; byte < 4 * CVECTORS_LANES * width; byte += 64) __builtin_prefetch(from + byte, 0, 2);
    }
}

// Where a block of channels of a sample begins.
CVECTORS_INLINE const void *CVECTORS_NAME(winograd_block)(
    const void *map, const struct cvectors_winograd *shape, long block, const int is_narrow) {
    const long width = is_narrow ? sizeof(uint16_t) : sizeof(float);
    return (const char *)map + block * shape->rows * shape->columns * CVECTORS_LANES * width;
}

CVECTORS_INLINE void CVECTORS_NAME(winograd_convolve_of)(
    const struct cvectors_winograd *shape, const void *x, const float *weights, void *y,
    const struct cvectors_winograd_following *following, long start, long count, float *tiles, float *sums,
    const int is_narrow) {
    const long room = (count + CVECTORS_ROW - 1) / CVECTORS_ROW * CVECTORS_ROW;
    const long inputs = shape->input_blocks, outputs = shape->output_blocks;
    const long tile_stride = inputs * room * CVECTORS_LANES + cvectors_winograd_gap;
    const long sum_stride = 2 * room * CVECTORS_LANES;
    const long weight_stride = inputs * CVECTORS_LANES * 2 * CVECTORS_LANES + cvectors_winograd_gap;
    for (long block = 0; block < inputs; block++) {
        for (long t = 0; t < count; t++) {
            const struct cvectors_winograd_place place = cvectors_winograd_place(shape, start + t);
            CVECTORS_NAME(winograd_tile)(
                CVECTORS_NAME(winograd_block)(x, shape, place.sample * inputs + block, is_narrow), shape,
                place.top - 1, place.left - 1, 6, tiles + (block * room + t) * CVECTORS_LANES, tile_stride, is_narrow);
        }
    }
    long ahead = 0;
    for (long pair = 0; pair < outputs / 2; pair++) {
        for (long k = 0; k < 36; k++) {
            const float *factors = weights + (pair * 36 + k) * weight_stride;
            for (long t = 0; t < room; t += CVECTORS_ROW, ahead++) {
                float *to = sums + k * sum_stride + t * CVECTORS_LANES;
                if (ahead < inputs * count) {
                    CVECTORS_NAME(winograd_prefetch)(
                        x, shape, inputs, ahead / count, start + count + ahead % count, is_narrow);
                }
                CVECTORS_NAME(winograd_products)(
                    tiles + k * tile_stride + t * CVECTORS_LANES, room * CVECTORS_LANES, inputs, factors, to,
                    to + room * CVECTORS_LANES);
            }
        }
        for (long half = 0; half < 2; half++) {
            for (long t = 0; t < count; t++) {
                const struct cvectors_winograd_place place = cvectors_winograd_place(shape, start + t);
                const long block = 2 * pair + half;
                CVECTORS_NAME(winograd_output_tile)(
                    sums + (half * room + t) * CVECTORS_LANES, sum_stride, y,
                    (place.sample * outputs + block) * shape->rows * shape->columns * CVECTORS_LANES,
                    block * CVECTORS_LANES, shape, place.top, place.left, following, is_narrow);
            }
        }
    }
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(winograd_convolve)(
    const struct cvectors_winograd *shape, const void *x, const float *weights, void *y,
    const struct cvectors_winograd_following *following, long start, long count, float *tiles, float *sums) {
    if (shape->is_narrow) {
        CVECTORS_NAME(winograd_convolve_of)(shape, x, weights, y, following, start, count, tiles, sums, 1);
    } else {
        CVECTORS_NAME(winograd_convolve_of)(shape, x, weights, y, following, start, count, tiles, sums, 0);
    }
}

CVECTORS_INLINE void CVECTORS_NAME(winograd_add_of)(
    const struct cvectors_winograd *shape, const struct cvectors_winograd_part *part, const void *x, const void *dy,
    long start, long count, float *tiles, float *slopes, float *sums, int is_first, const int is_narrow) {
    const long inputs = part->inputs, outputs = part->outputs, block = count * CVECTORS_LANES;
    const long tile_stride = inputs * block + cvectors_winograd_gap;
    const long slope_stride = outputs * block + cvectors_winograd_gap;
    const long sum_stride = inputs * outputs * CVECTORS_LANES * CVECTORS_LANES + cvectors_winograd_gap;
    for (long t = 0; t < count; t++) {
        const struct cvectors_winograd_place place = cvectors_winograd_place(shape, start + t);
        for (long i = 0; i < inputs; i++) {
            CVECTORS_NAME(winograd_tile)(
                CVECTORS_NAME(winograd_block)(
                    x, shape, place.sample * shape->input_blocks + part->first_input + i, is_narrow),
                shape, place.top - 1, place.left - 1, 6, tiles + i * block + t * CVECTORS_LANES, tile_stride,
                is_narrow);
        }
        for (long o = 0; o < outputs; o++) {
            CVECTORS_NAME(winograd_tile)(
                CVECTORS_NAME(winograd_block)(
                    dy, shape, place.sample * shape->output_blocks + part->first_output + o, is_narrow),
                shape, place.top, place.left, 4, slopes + o * block + t * CVECTORS_LANES, slope_stride, is_narrow);
        }
    }
    long ahead = 0;
    for (long k = 0; k < 36; k++) {
        for (long o = 0; o < outputs; o += 2) {
            for (long c = 0; c < inputs * CVECTORS_LANES; c += CVECTORS_CHANNELS, ahead++) {
                const long tile = start + count + ahead % count;
                if (ahead < inputs * count) {
                    CVECTORS_NAME(winograd_prefetch)(
                        x, shape, shape->input_blocks, part->first_input + ahead / count, tile, is_narrow);
                } else if (ahead < (inputs + outputs) * count) {
                    CVECTORS_NAME(winograd_prefetch)(
                        dy, shape, shape->output_blocks, part->first_output + ahead / count - inputs, tile, is_narrow);
                }
                CVECTORS_NAME(winograd_outer_products)(
                    tiles + k * tile_stride + c / CVECTORS_LANES * block + c % CVECTORS_LANES,
                    slopes + k * slope_stride + o * block, count,
                    sums + k * sum_stride + (o * inputs * CVECTORS_LANES + 2 * c) * CVECTORS_LANES, is_first);
            }
        }
    }
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(winograd_add)(
    const struct cvectors_winograd *shape, const struct cvectors_winograd_part *part, const void *x, const void *dy,
    long start, long count, float *tiles, float *slopes, float *sums, int is_first) {
    if (shape->is_narrow) {
        CVECTORS_NAME(winograd_add_of)(shape, part, x, dy, start, count, tiles, slopes, sums, is_first, 1);
    } else {
        CVECTORS_NAME(winograd_add_of)(shape, part, x, dy, start, count, tiles, slopes, sums, is_first, 0);
    }
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(winograd_write)(
    const struct cvectors_winograd *shape, const struct cvectors_winograd_part *part, const float *sums, float *dw) {
    const long inputs = part->inputs, outputs = part->outputs, row = shape->input_blocks * CVECTORS_LANES * 9;
    const long sum_stride = inputs * outputs * CVECTORS_LANES * CVECTORS_LANES + cvectors_winograd_gap;
    for (long o = 0; o < outputs; o++) {
        for (long i = 0; i < inputs; i++) {
            // One block of the output of each weight of one block of the input.
            float weights[CVECTORS_LANES * 9 * CVECTORS_LANES];
            for (long c = 0; c < CVECTORS_LANES; c++) {
                const long place = (o / 2 * inputs + i) * CVECTORS_LANES + c;
                const float *from = sums + (2 * place + o % 2) * CVECTORS_LANES;
                CVECTORS_FLOATS rows[3][6];
                for (long column = 0; column < 6; column++) {
                    CVECTORS_FLOATS values[6], slopes[3];
                    CVECTORS_UNROLL for (int k = 0; k < 6; k++) {
                        CVECTORS_NAME(load)(from, (6 * k + column) * sum_stride, 0, values + k);
                    }
                    CVECTORS_NAME(winograd_weight_slopes)(values, slopes);
                    CVECTORS_UNROLL for (int k = 0; k < 3; k++) rows[k][column] = slopes[k];
                }
                for (long k = 0; k < 3; k++) {
                    CVECTORS_FLOATS slopes[3];
                    CVECTORS_NAME(winograd_weight_slopes)(rows[k], slopes);
                    CVECTORS_UNROLL for (int l = 0; l < 3; l++) {
                        CVECTORS_NAME(store)(weights, (c * 9 + 3 * k + l) * CVECTORS_LANES, slopes + l, 0, 0);
                    }
                }
            }
            float *to = dw + (part->first_output + o) * CVECTORS_LANES * row +
                (part->first_input + i) * CVECTORS_LANES * 9;
            for (long tap = 0; tap < 9 * CVECTORS_LANES; tap += CVECTORS_LANES) {
                CVECTORS_TRANSPOSE(weights + tap * CVECTORS_LANES, to + tap, row);
            }
        }
    }
}

#undef CVECTORS_FLOATS
#undef CVECTORS_SPLAT
