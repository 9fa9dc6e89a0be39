// OpenBLAS and LAPACKE as they are; the header exists to name both in one module.
#ifndef BALLAST_COPENBLAS_H
#define BALLAST_COPENBLAS_H
#include <cblas.h>
#include <lapacke.h>
#endif
