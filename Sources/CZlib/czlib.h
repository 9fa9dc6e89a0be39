// zlib as it is, and the macro that opens a stream.
#ifndef BALLAST_CZLIB_H
#define BALLAST_CZLIB_H
#include <zlib.h>

// 15 bits of window, plus 16: a gzip header and its checksum are expected and verified.
static inline int czlib_inflate_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }

// Deflated data alone, without header and checksum, as in ZIP archives.
static inline int czlib_inflate_raw(z_stream *stream) { return inflateInit2(stream, -15); }
#endif
