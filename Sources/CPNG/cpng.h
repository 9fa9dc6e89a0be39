// libpng as it is, and the one function that contains its long jumps.
#ifndef BALLAST_CPNG_H
#define BALLAST_CPNG_H
#include <png.h>
#include <stdio.h>
#include <string.h>

// Bytes of a message, with its end.
#define CPNG_MESSAGE_BYTES 200

// What is decoded, and who is given the rows.
struct cpng_request {
    const unsigned char *bytes;
    size_t count;
    // Bytes of them that were read.
    size_t position;
    // The size that the file is known to announce; another one is an error.
    unsigned width, height;
    // Rows from the top that are given to `take`.
    unsigned rows;
    // A row of 3 · `width` bytes with a step of 0; all rows, that many bytes apart, of an interlaced file.
    unsigned char *buffer;
    size_t step;
    // Whether all that follows the rows is read too, so that its absence is noticed.
    int finishes;
    // Is given each row: `columns` pixels from column `left`, which is 0.
    void (*take)(void *context, const unsigned char *row, unsigned left, unsigned columns);
    void *context;
    // Whether the bytes ended before the picture.
    int is_truncated;
    // Takes the text of an error: CPNG_MESSAGE_BYTES bytes.
    char *message;
};

static inline void cpng_failed(png_structp png, png_const_charp text) {
    struct cpng_request *request = (struct cpng_request *)png_get_error_ptr(png);
    snprintf(request->message, CPNG_MESSAGE_BYTES, "%s", text);
    png_longjmp(png, 1);
}

static inline void cpng_warned(png_structp png, png_const_charp text) {}

static inline void cpng_read(png_structp png, png_bytep target, size_t count) {
    struct cpng_request *request = (struct cpng_request *)png_get_io_ptr(png);
    if (count > request->count - request->position) {
        request->is_truncated = 1;
        png_error(png, "the bytes end");
    }
    memcpy(target, request->bytes + request->position, count);
    request->position += count;
}

// Asks for 8-bit red, green and blue: 16 bits lose their lower half, alpha is dropped, gamma plays no part.
static inline void cpng_set_transforms(png_structp png) {
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
}

// Decodes from memory. Gives 0, or else 1 with the text of the error in `message`.
//
// libpng leaves on an error by a long jump, which may pass frames of C alone: it starts below `setjmp` here, and
// `take` has returned before. `png` and `info`, which own all that libpng allocates, are set before `setjmp`.
__attribute__((noinline)) static inline int cpng_decode(struct cpng_request *request) {
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, request, cpng_failed, cpng_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        snprintf(request->message, CPNG_MESSAGE_BYTES, "libpng cannot start");
        png_destroy_read_struct(&png, NULL, NULL);
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 1;
    }
    png_set_read_fn(png, request, cpng_read);
    png_set_user_limits(png, request->width, request->height);
    png_set_chunk_malloc_max(png, 1 << 20);
    // No chunk but IHDR, PLTE, tRNS, IDAT and IEND is unpacked; their checksums are verified all the same.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);

    png_read_info(png, info);
    cpng_set_transforms(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_image_width(png, info) != request->width || png_get_image_height(png, info) != request->height
        || png_get_rowbytes(png, info) != (size_t)request->width * 3 || (passes > 1 && request->step == 0))
        png_error(png, "the header changed while the file was read");
    for (int pass = 1; pass <= passes; pass++) {
        unsigned rows = pass < passes ? request->height : request->rows;
        for (unsigned row = 0; row < rows; row++) {
            unsigned char *line = request->buffer + row * request->step;
            png_read_row(png, line, NULL);
            if (pass == passes) request->take(request->context, line, 0, request->width);
        }
    }
    if (request->finishes) png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
}
#endif
