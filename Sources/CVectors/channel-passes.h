// The passes of `channels.h` for one number of lanes and one kind of processor, which who includes this defines:
// CVECTORS_LANES, CVECTORS_NAME(name), which makes names of it, and CVECTORS_PROCESSOR, an attribute of functions.
// No include guard: this is included once for each pair.

#define CVECTORS_INLINE CVECTORS_PROCESSOR __attribute__((always_inline)) static inline

typedef float CVECTORS_NAME(floats) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef double CVECTORS_NAME(doubles) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef int32_t CVECTORS_NAME(integers) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef uint32_t CVECTORS_NAME(words) __attribute__((ext_vector_type(CVECTORS_LANES)));
typedef uint16_t CVECTORS_NAME(halves) __attribute__((ext_vector_type(CVECTORS_LANES)));

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

// Rounds as cvectors_to_bfloat16 does.
CVECTORS_INLINE void CVECTORS_NAME(store)(
    void *to, long element, const CVECTORS_NAME(floats) *address, int is_narrow, int is_streaming) {
    const CVECTORS_NAME(floats) values = *address;
    if (is_narrow) {
        const CVECTORS_NAME(words) bits = (CVECTORS_NAME(words))values;
        const CVECTORS_NAME(words) rounded = bits + 0x7FFF + ((bits >> 16) & 1);
        const CVECTORS_NAME(words) is_number = (CVECTORS_NAME(words))(values == values);
        const CVECTORS_NAME(words) result = (rounded & is_number) | ((bits | 0x400000) & ~is_number);
        const CVECTORS_NAME(halves) halves = __builtin_convertvector(result >> 16, CVECTORS_NAME(halves));
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

// Zero where the output of an activation does not lie between its bounds.
CVECTORS_INLINE void CVECTORS_NAME(rectify)(
    CVECTORS_NAME(floats) *slope, const void *output, long element, int is_narrow, float ceiling) {
    CVECTORS_NAME(floats) result;
    CVECTORS_NAME(load)(output, element, is_narrow, &result);
    const CVECTORS_NAME(integers) is_outside = (result <= 0) | (result >= ceiling);
    *slope = (CVECTORS_NAME(floats))((CVECTORS_NAME(integers))*slope & ~is_outside);
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
    CVECTORS_NAME(floats) mean, gain, shift;
    CVECTORS_NAME(load)(constants, 0, 0, &mean);
    CVECTORS_NAME(load)(constants, stride, 0, &gain);
    CVECTORS_NAME(load)(constants, 2 * stride, 0, &shift);
    const CVECTORS_NAME(floats) lowest = floor, highest = ceiling;
    for (long element = 0; element < positions * CVECTORS_LANES; element += CVECTORS_LANES) {
        CVECTORS_NAME(floats) value, addend;
        CVECTORS_NAME(load)(x, element, is_narrow_x, &value);
        value = (value - mean) * gain + shift;
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
    const void *gradient, const void *second, const void *output, const void *x, void *kept, const float *means,
    long positions, float ceiling, double *sums, int is_narrow_x, int is_narrow_y) {
#pragma clang fp contract(off)
    CVECTORS_NAME(floats) mean;
    CVECTORS_NAME(load)(means, 0, 0, &mean);
    CVECTORS_NAME(doubles) slopes = 0, products = 0;
    for (long element = 0; element < positions * CVECTORS_LANES; element += CVECTORS_LANES) {
        CVECTORS_NAME(prefetch)(gradient, element, is_narrow_y);
        CVECTORS_NAME(prefetch)(x, element, is_narrow_x);
        if (output) { CVECTORS_NAME(prefetch)(output, element, is_narrow_y); }
        CVECTORS_NAME(floats) value, addend, deviation;
        CVECTORS_NAME(load)(gradient, element, is_narrow_y, &value);
        if (second) {
            CVECTORS_NAME(load)(second, element, is_narrow_y, &addend);
            value += addend;
        }
        if (output) { CVECTORS_NAME(rectify)(&value, output, element, is_narrow_y, ceiling); }
        if (kept) { CVECTORS_NAME(store)(kept, element, &value, is_narrow_y, 0); }
        CVECTORS_NAME(load)(x, element, is_narrow_x, &deviation);
        deviation -= mean;
        slopes += __builtin_convertvector(value, CVECTORS_NAME(doubles));
        products += __builtin_convertvector(value * deviation, CVECTORS_NAME(doubles));
    }
    __builtin_memcpy(sums, &slopes, sizeof slopes);
    __builtin_memcpy(sums + CVECTORS_LANES, &products, sizeof products);
}

CVECTORS_INLINE void CVECTORS_NAME(input_gradient)(
    const void *gradient, const void *output, const void *x, void *dx, const float *constants, long stride,
    long positions, float ceiling, int is_streaming, int is_narrow_x, int is_narrow_y) {
#pragma clang fp contract(off)
    CVECTORS_NAME(floats) mean, gain, offset, factor;
    CVECTORS_NAME(load)(constants, 0, 0, &mean);
    CVECTORS_NAME(load)(constants, stride, 0, &gain);
    CVECTORS_NAME(load)(constants, 2 * stride, 0, &offset);
    CVECTORS_NAME(load)(constants, 3 * stride, 0, &factor);
    for (long element = 0; element < positions * CVECTORS_LANES; element += CVECTORS_LANES) {
        CVECTORS_NAME(floats) value, deviation;
        CVECTORS_NAME(load)(gradient, element, is_narrow_y, &value);
        if (output) { CVECTORS_NAME(rectify)(&value, output, element, is_narrow_y, ceiling); }
        CVECTORS_NAME(load)(x, element, is_narrow_x, &deviation);
        deviation -= mean;
        value = value * gain + offset + deviation * factor;
        CVECTORS_NAME(store)(dx, element, &value, is_narrow_x, is_streaming);
    }
}

// One loop of each pair of types, so that none is asked for inside.
CVECTORS_PROCESSOR static inline void CVECTORS_NAME(moments_of)(
    int is_narrow, const void *x, long positions, double *sums) {
    if (is_narrow) {
        CVECTORS_NAME(moments)(x, positions, sums, 1);
    } else {
        CVECTORS_NAME(moments)(x, positions, sums, 0);
    }
}

#define CVECTORS_BY_TYPES(function, ...) \
    switch (2 * is_narrow_x + is_narrow_y) { \
    case 0: CVECTORS_NAME(function)(__VA_ARGS__, 0, 0); break; \
    case 1: CVECTORS_NAME(function)(__VA_ARGS__, 0, 1); break; \
    case 2: CVECTORS_NAME(function)(__VA_ARGS__, 1, 0); break; \
    default: CVECTORS_NAME(function)(__VA_ARGS__, 1, 1); \
    }

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(normalize_of)(
    int is_narrow_x, int is_narrow_y, const void *x, const void *residual, void *y, const float *constants,
    long stride, long positions, float floor, float ceiling, int is_streaming) {
    CVECTORS_BY_TYPES(normalize, x, residual, y, constants, stride, positions, floor, ceiling, is_streaming)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(slope_sums_of)(
    int is_narrow_x, int is_narrow_y, const void *gradient, const void *second, const void *output, const void *x,
    void *kept, const float *means, long positions, float ceiling, double *sums) {
    CVECTORS_BY_TYPES(slope_sums, gradient, second, output, x, kept, means, positions, ceiling, sums)
}

CVECTORS_PROCESSOR static inline void CVECTORS_NAME(input_gradient_of)(
    int is_narrow_x, int is_narrow_y, const void *gradient, const void *output, const void *x, void *dx,
    const float *constants, long stride, long positions, float ceiling, int is_streaming) {
    CVECTORS_BY_TYPES(
        input_gradient, gradient, output, x, dx, constants, stride, positions, ceiling, is_streaming)
}

#undef CVECTORS_BY_TYPES
#undef CVECTORS_INLINE
