// The passes of `channels.h` for one number of lanes and one kind of processor, which who includes this defines:
// CVECTORS_LANES, CVECTORS_NAME(name), which makes names of it, and CVECTORS_PROCESSOR, an attribute of functions.
// No include guard: this is included once for each pair.

#define CVECTORS_INLINE CVECTORS_PROCESSOR __attribute__((always_inline)) static inline

typedef float CVECTORS_NAME(floats) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef double CVECTORS_NAME(doubles) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef int32_t CVECTORS_NAME(integers) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef uint32_t CVECTORS_NAME(words) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef uint16_t CVECTORS_NAME(halves) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef uint8_t CVECTORS_NAME(bytes) __attribute__((ext_vector_type(CVECTORS_LANES)));

// The channels of the position that begins at an element. Vectors are handed over by address: in a register that the
// oldest processor does not have, they could not be.
CVECTORS_INLINE void CVECTORS_NAME(load)(
    const void *from, long element, int is_narrow, CVECTORS_NAME(floats) *values) {
    if (is_narrow) {
        CVECTORS_NAME(halves) halves;
        __builtin_memcpy(&halves, (const uint16_t *)from + element, sizeof halves);
        *values = (CVECTORS_NAME(floats))(__builtin_convertvector(halves, CVECTORS_NAME(words)) << 16);
    } else {
        __builtin_memcpy(values, (const float *)from + element, sizeof *values);
    }
}

// Asks for what is read some positions later: where three or four arrays are read together, the processor does not by
// itself. Addresses behind the end do no harm.
CVECTORS_INLINE void CVECTORS_NAME(prefetch)(const void *from, long element, int is_narrow) {
    const long bytes = (element + 32 * CVECTORS_LANES) * (is_narrow ? sizeof(uint16_t) : sizeof(float));
    __builtin_prefetch((const char *)from + bytes);
}

// Rounds as cvectors_to_bfloat16 does, and leaves the rounded numbers.
CVECTORS_INLINE void CVECTORS_NAME(store)(
    void *to, long element, CVECTORS_NAME(floats) *address, int is_narrow, int is_streaming) {
    const CVECTORS_NAME(floats) values = *address;
    if (is_narrow) {
        const CVECTORS_NAME(words) bits = (CVECTORS_NAME(words))values;
        const CVECTORS_NAME(words) rounded = bits + 0x7FFF + ((bits >> 16) & 1);
        const CVECTORS_NAME(words) is_number = (CVECTORS_NAME(words))(values == values);
        const CVECTORS_NAME(words) result = (rounded & is_number) | ((bits | 0x400000) & ~is_number);
        const CVECTORS_NAME(halves) halves = __builtin_convertvector(result >> 16, CVECTORS_NAME(halves));
        *address = (CVECTORS_NAME(floats))(result & 0xFFFF0000);
        if (is_streaming) {
            __builtin_nontemporal_store(halves, (CVECTORS_NAME(halves) *)((uint16_t *)to + element));
        } else {
            __builtin_memcpy((uint16_t *)to + element, &halves, sizeof halves);
        }
    } else if (is_streaming) {
        __builtin_nontemporal_store(values, (CVECTORS_NAME(floats) *)((float *)to + element));
    } else {
        __builtin_memcpy((float *)to + element, &values, sizeof values);
    }
}

// Zero where a result does not lie between the bounds.
CVECTORS_INLINE void CVECTORS_NAME(rectify)(
    CVECTORS_NAME(floats) *slope, const CVECTORS_NAME(floats) *result, float low, float high) {
    const CVECTORS_NAME(integers) is_outside = (*result <= low) | (*result >= high);
    *slope = (CVECTORS_NAME(floats))((CVECTORS_NAME(integers))*slope & ~is_outside);
}

// Mean, gain and shift of sixteen or eight channels, as they lie a stride apart.
typedef struct {
    CVECTORS_NAME(floats) mean, gain, shift;
} CVECTORS_NAME(constants);

CVECTORS_INLINE void CVECTORS_NAME(load_constants)(
    const float *from, long stride, CVECTORS_NAME(constants) *channel) {
    CVECTORS_NAME(load)(from, 0, 0, &channel->mean);
    CVECTORS_NAME(load)(from, stride, 0, &channel->gain);
    CVECTORS_NAME(load)(from, 2 * stride, 0, &channel->shift);
}

// Clears a slope where the output of an activation, or without one the normalized input, does not lie between the bounds.
CVECTORS_INLINE void CVECTORS_NAME(rectify_by)(
    CVECTORS_NAME(floats) *slope, const void *output, long element, int is_narrow, int is_rectified,
    const CVECTORS_NAME(floats) *deviation, const CVECTORS_NAME(constants) *channel, float low, float high) {
#pragma clang fp contract(off)
    CVECTORS_NAME(floats) result;
    if (output) {
        CVECTORS_NAME(load)(output, element, is_narrow, &result);
        CVECTORS_NAME(rectify)(slope, &result, low, high);
    } else if (is_rectified) {
        result = *deviation * channel->gain + channel->shift;
        CVECTORS_NAME(rectify)(slope, &result, low, high);
    }
}

CVECTORS_INLINE void CVECTORS_NAME(moments)(const void *x, long positions, double *sums, int is_narrow) {
#pragma clang fp contract(off)
    CVECTORS_NAME(doubles) first = 0, second = 0;
    for (long position = 0; position < positions; position++) {
        CVECTORS_NAME(floats) element;
        CVECTORS_NAME(load)(x, position * CVECTORS_LANES, is_narrow, &element);
        const CVECTORS_NAME(doubles) value = __builtin_convertvector(element, CVECTORS_NAME(doubles));
        first += value;
        second += value * value;
    }
    __builtin_memcpy(sums, &first, sizeof first);
    __builtin_memcpy(sums + CVECTORS_LANES, &second, sizeof second);
}

CVECTORS_INLINE void CVECTORS_NAME(normalize)(
    const void *x, const void *residual, void *y, const float *constants, long stride, long positions, float floor,
    float ceiling, int is_streaming, int is_narrow_x, int is_narrow_y) {
#pragma clang fp contract(off)
    CVECTORS_NAME(constants) channel;
    CVECTORS_NAME(load_constants)(constants, stride, &channel);
    const CVECTORS_NAME(floats) lowest = floor, highest = ceiling;
    for (long element = 0; element < positions * CVECTORS_LANES; element += CVECTORS_LANES) {
        CVECTORS_NAME(floats) value, addend;
        CVECTORS_NAME(load)(x, element, is_narrow_x, &value);
        value = (value - channel.mean) * channel.gain + channel.shift;
        if (residual) {
            CVECTORS_NAME(load)(residual, element, is_narrow_y, &addend);
            value += addend;
        }
        // NaN passes: a comparison with it is false.
        value = value < lowest ? lowest : value;
        value = value > highest ? highest : value;
        CVECTORS_NAME(store)(y, element, &value, is_narrow_y, is_streaming);
    }
}

CVECTORS_INLINE void CVECTORS_NAME(slope_sums)(
    const void *gradient, const void *second, const void *output, int is_rectified, float low, float high,
    const void *x, void *kept, const float *constants, long stride, long positions, double *sums, int is_narrow_x,
    int is_narrow_y) {
#pragma clang fp contract(off)
    CVECTORS_NAME(constants) channel;
    CVECTORS_NAME(load_constants)(constants, stride, &channel);
    CVECTORS_NAME(doubles) slopes = 0, products = 0;
    for (long element = 0; element < positions * CVECTORS_LANES; element += CVECTORS_LANES) {
        CVECTORS_NAME(prefetch)(gradient, element, is_narrow_y);
        CVECTORS_NAME(prefetch)(x, element, is_narrow_x);
        CVECTORS_NAME(floats) value, addend, deviation;
        CVECTORS_NAME(load)(gradient, element, is_narrow_y, &value);
        CVECTORS_NAME(load)(x, element, is_narrow_x, &deviation);
        deviation -= channel.mean;
        if (second) {
            CVECTORS_NAME(prefetch)(second, element, is_narrow_y);
            CVECTORS_NAME(load)(second, element, is_narrow_y, &addend);
            value += addend;
        }
        if (output) { CVECTORS_NAME(prefetch)(output, element, is_narrow_y); }
        CVECTORS_NAME(rectify_by)(
            &value, output, element, is_narrow_y, is_rectified, &deviation, &channel, low, high);
        // What is kept is what is summed.
        if (kept) { CVECTORS_NAME(store)(kept, element, &value, is_narrow_y, 0); }
        slopes += __builtin_convertvector(value, CVECTORS_NAME(doubles));
        products += __builtin_convertvector(value * deviation, CVECTORS_NAME(doubles));
    }
    __builtin_memcpy(sums, &slopes, sizeof slopes);
    __builtin_memcpy(sums + CVECTORS_LANES, &products, sizeof products);
}

CVECTORS_INLINE void CVECTORS_NAME(input_gradient)(
    const void *gradient, const void *output, int is_rectified, float low, float high, const void *x, void *dx,
    const float *constants, long stride, long positions, int is_streaming, int is_narrow_x, int is_narrow_y) {
#pragma clang fp contract(off)
    CVECTORS_NAME(constants) channel;
    CVECTORS_NAME(load_constants)(constants, stride, &channel);
    CVECTORS_NAME(floats) offset, factor;
    CVECTORS_NAME(load)(constants, 3 * stride, 0, &offset);
    CVECTORS_NAME(load)(constants, 4 * stride, 0, &factor);
    for (long element = 0; element < positions * CVECTORS_LANES; element += CVECTORS_LANES) {
        CVECTORS_NAME(floats) value, deviation;
        CVECTORS_NAME(load)(gradient, element, is_narrow_y, &value);
        CVECTORS_NAME(load)(x, element, is_narrow_x, &deviation);
        deviation -= channel.mean;
        CVECTORS_NAME(rectify_by)(
            &value, output, element, is_narrow_y, is_rectified, &deviation, &channel, low, high);
        value = value * channel.gain + offset + deviation * factor;
        CVECTORS_NAME(store)(dx, element, &value, is_narrow_x, is_streaming);
    }
}

// The larger of what was found so far and an element at a place of a window.
CVECTORS_INLINE void CVECTORS_NAME(take_larger)(
    const void *x, long position, int32_t here, CVECTORS_NAME(floats) *best, CVECTORS_NAME(integers) *place,
    int is_narrow) {
    CVECTORS_NAME(floats) value;
    CVECTORS_NAME(load)(x, position * CVECTORS_LANES, is_narrow, &value);
    const CVECTORS_NAME(integers) is_larger = (value > *best) | (value != value), places = here;
    *best = is_larger ? value : *best;
    *place = is_larger ? places : *place;
}

CVECTORS_INLINE void CVECTORS_NAME(largest)(
    const void *x, void *y, uint8_t *places, const cvectors_windows *windows, int is_narrow) {
    const long size = windows->size;
    for (long row = 0; row < windows->output_rows; row++) {
        const long top = row * windows->stride - windows->padding;
        const long first_row = top < 0 ? -top : 0;
        const long last_row = windows->rows - top < size ? windows->rows - top : size;
        for (long column = 0; column < windows->output_columns; column++) {
            const long left = column * windows->stride - windows->padding;
            const long first_column = left < 0 ? -left : 0;
            const long last_column = windows->columns - left < size ? windows->columns - left : size;
            const long position = top * windows->columns + left;
            CVECTORS_NAME(floats) best = -__builtin_inff();
            // Where nothing is larger than minus infinity.
            CVECTORS_NAME(integers) place = (int32_t)(first_row * size + first_column);
            if (size == 3 && first_row == 0 && last_row == 3 && first_column == 0 && last_column == 3) {
                // Most windows, without loops.
                _Pragma("clang loop unroll(full)") for (int k = 0; k < 9; k++) {
                    CVECTORS_NAME(take_larger)(
                        x, position + k / 3 * windows->columns + k % 3, k, &best, &place, is_narrow);
                }
            } else {
                for (long i = first_row; i < last_row; i++) {
                    for (long j = first_column; j < last_column; j++) {
                        CVECTORS_NAME(take_larger)(
                            x, position + i * windows->columns + j, (int32_t)(i * size + j), &best, &place,
                            is_narrow);
                    }
                }
            }
            const long element = (row * windows->output_columns + column) * CVECTORS_LANES;
            CVECTORS_NAME(store)(y, element, &best, is_narrow, 0);
            if (places) {
                const CVECTORS_NAME(bytes) bytes = __builtin_convertvector(place, CVECTORS_NAME(bytes));
                __builtin_memcpy(places + element, &bytes, sizeof bytes);
            }
        }
    }
}

CVECTORS_INLINE void CVECTORS_NAME(largest_gradient)(
    const void *gradient, const uint8_t *places, void *dx, const cvectors_windows *windows, int is_narrow) {
    const long size = windows->size, stride = windows->stride, padding = windows->padding;
    for (long row = 0; row < windows->rows; row++) {
        // The windows that contain the row, and below those that contain the column.
        const long above = row + padding - size;
        const long first_row = above < 0 ? 0 : above / stride + 1;
        const long below = (row + padding) / stride + 1;
        const long last_row = below < windows->output_rows ? below : windows->output_rows;
        for (long column = 0; column < windows->columns; column++) {
            const long before = column + padding - size;
            const long first_column = before < 0 ? 0 : before / stride + 1;
            const long behind = (column + padding) / stride + 1;
            const long last_column = behind < windows->output_columns ? behind : windows->output_columns;
            CVECTORS_NAME(floats) sum = 0, slope;
            for (long i = first_row; i < last_row; i++) {
                for (long j = first_column; j < last_column; j++) {
                    const long element = (i * windows->output_columns + j) * CVECTORS_LANES;
                    const long here = (row + padding - i * stride) * size + column + padding - j * stride;
                    CVECTORS_NAME(bytes) bytes;
                    __builtin_memcpy(&bytes, places + element, sizeof bytes);
                    CVECTORS_NAME(load)(gradient, element, is_narrow, &slope);
                    const CVECTORS_NAME(integers) place = __builtin_convertvector(bytes, CVECTORS_NAME(integers));
                    const CVECTORS_NAME(integers) is_here = place == (CVECTORS_NAME(integers))(int32_t)here;
                    sum += (CVECTORS_NAME(floats))((CVECTORS_NAME(integers))slope & is_here);
                }
            }
            CVECTORS_NAME(store)(dx, (row * windows->columns + column) * CVECTORS_LANES, &sum, is_narrow, 0);
        }
    }
}

CVECTORS_INLINE void CVECTORS_NAME(five_columns)(
    const float *x, long x_row, long x_step, const void *dy, long rows, long columns, double *sums, int is_narrow) {
#pragma clang fp contract(off)
    CVECTORS_NAME(floats) first = 0, second = 0, third = 0, fourth = 0, fifth = 0, slope, value;
    for (long row = 0; row < rows; row++) {
        const float *from = x + row * x_row;
        for (long column = 0; column < columns; column++, from += x_step) {
            CVECTORS_NAME(load)(dy, (row * columns + column) * CVECTORS_LANES, is_narrow, &slope);
            CVECTORS_NAME(load)(from, 0, 0, &value);
            first += slope * value;
            CVECTORS_NAME(load)(from, CVECTORS_LANES, 0, &value);
            second += slope * value;
            CVECTORS_NAME(load)(from, 2 * CVECTORS_LANES, 0, &value);
            third += slope * value;
            CVECTORS_NAME(load)(from, 3 * CVECTORS_LANES, 0, &value);
            fourth += slope * value;
            CVECTORS_NAME(load)(from, 4 * CVECTORS_LANES, 0, &value);
            fifth += slope * value;
        }
    }
    const CVECTORS_NAME(floats) all[5] = {first, second, third, fourth, fifth};
    for (long column = 0; column < 5; column++) {
        for (long lane = 0; lane < CVECTORS_LANES; lane++) {
            sums[column * CVECTORS_LANES + lane] += all[column][lane];
        }
    }
}

CVECTORS_INLINE void CVECTORS_NAME(widen)(const void *from, float *to, long count, int is_narrow) {
    CVECTORS_NAME(floats) values;
    for (long element = 0; element < count; element += CVECTORS_LANES) {
        CVECTORS_NAME(load)(from, element, is_narrow, &values);
        CVECTORS_NAME(store)(to, element, &values, 0, 0);
    }
}

// One loop of each type or pair of types, so that none is asked for inside.
#define CVECTORS_BY_TYPE(function, ...) \
    if (is_narrow) { CVECTORS_NAME(function)(__VA_ARGS__, 1); } \
    else { CVECTORS_NAME(function)(__VA_ARGS__, 0); }
#define CVECTORS_BY_TYPES(function, ...) \
    switch (2 * is_narrow_x + is_narrow_y) { \
    case 0: CVECTORS_NAME(function)(__VA_ARGS__, 0, 0); break; \
    case 1: CVECTORS_NAME(function)(__VA_ARGS__, 0, 1); break; \
    case 2: CVECTORS_NAME(function)(__VA_ARGS__, 1, 0); break; \
    default: CVECTORS_NAME(function)(__VA_ARGS__, 1, 1); \
    }

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(moments_of)(
    int is_narrow, const void *x, long positions, double *sums) {
    CVECTORS_BY_TYPE(moments, x, positions, sums)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(normalize_of)(
    int is_narrow_x, int is_narrow_y, const void *x, const void *residual, void *y, const float *constants,
    long stride, long positions, float floor, float ceiling, int is_streaming) {
    CVECTORS_BY_TYPES(normalize, x, residual, y, constants, stride, positions, floor, ceiling, is_streaming)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(slope_sums_of)(
    int is_narrow_x, int is_narrow_y, const void *gradient, const void *second, const void *output, int is_rectified,
    float low, float high, const void *x, void *kept, const float *constants, long stride, long positions,
    double *sums) {
    CVECTORS_BY_TYPES(
        slope_sums, gradient, second, output, is_rectified, low, high, x, kept, constants, stride, positions, sums)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(input_gradient_of)(
    int is_narrow_x, int is_narrow_y, const void *gradient, const void *output, int is_rectified, float low,
    float high, const void *x, void *dx, const float *constants, long stride, long positions, int is_streaming) {
    CVECTORS_BY_TYPES(
        input_gradient, gradient, output, is_rectified, low, high, x, dx, constants, stride, positions, is_streaming)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(largest_of)(
    int is_narrow, const void *x, void *y, uint8_t *places, const cvectors_windows *windows) {
    CVECTORS_BY_TYPE(largest, x, y, places, windows)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(largest_gradient_of)(
    int is_narrow, const void *gradient, const uint8_t *places, void *dx, const cvectors_windows *windows) {
    CVECTORS_BY_TYPE(largest_gradient, gradient, places, dx, windows)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(five_columns_of)(
    int is_narrow, const float *x, long x_row, long x_step, const void *dy, long rows, long columns, double *sums) {
    CVECTORS_BY_TYPE(five_columns, x, x_row, x_step, dy, rows, columns, sums)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(widen_of)(
    int is_narrow, const void *from, float *to, long count) {
    CVECTORS_BY_TYPE(widen, from, to, count)
}

#undef CVECTORS_BY_TYPE
#undef CVECTORS_BY_TYPES
#undef CVECTORS_INLINE
