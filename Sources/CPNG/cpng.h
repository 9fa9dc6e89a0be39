// libpng as it is.
#ifndef BALLAST_CPNG_H
#define BALLAST_CPNG_H
#include <png.h>
#endif
