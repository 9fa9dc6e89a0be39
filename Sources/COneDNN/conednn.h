// oneDNN's C interface, and the one entry of the OpenMP runtime that Ballast's own loops use, so that
// they run on the threads that oneDNN already holds instead of on a second pool.
#ifndef BALLAST_CONEDNN_H
#define BALLAST_CONEDNN_H
#include <oneapi/dnnl/dnnl.h>

// What GCC emits for `#pragma omp parallel`; part of libgomp's stable interface.
void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
int omp_get_num_procs(void);
void omp_set_num_threads(int count);

// Macros that Swift cannot see.
static inline int64_t conednn_runtime_dimension(void) { return DNNL_RUNTIME_DIM_VAL; }
static inline void *conednn_memory_allocate(void) { return DNNL_MEMORY_ALLOCATE; }
static inline void *conednn_memory_none(void) { return DNNL_MEMORY_NONE; }

// Position of the second source of the binary operation at a place among those that follow a primitive.
static inline int conednn_following_source(int place) {
    return DNNL_ARG_ATTR_MULTIPLE_POST_OP(place) | DNNL_ARG_SRC_1;
}

#endif
