// libjpeg's own interface, of libjpeg-turbo.
#ifndef BALLAST_CTURBOJPEG_H
#define BALLAST_CTURBOJPEG_H
#include <stdio.h>
#include <jpeglib.h>
#endif
