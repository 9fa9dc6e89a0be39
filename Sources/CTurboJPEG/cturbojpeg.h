// libjpeg's own interface, of libjpeg-turbo, and the two functions that contain its long jumps.
#ifndef BALLAST_CTURBOJPEG_H
#define BALLAST_CTURBOJPEG_H
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

// What is decoded, and who is given the rows.
struct cturbojpeg_request {
    const unsigned char *bytes;
    unsigned long count;
    // The size that the file is known to announce; another one is an error.
    unsigned width, height;
    // Bytes that libjpeg may allocate, and scans that a file may have.
    long memory;
    int scans;
    // 3: red, green, blue; 4: cyan, magenta, yellow, black as they are stored.
    int channels;
    // Scale in eighths. All places below are those of the scaled picture.
    unsigned eighths;
    // Columns that are wanted; libjpeg may begin further left.
    unsigned left, columns;
    // Rows that are not decoded, and rows after them that are given to `take`.
    unsigned skipped, rows;
    // Whether all that follows the rows is read too, so that its absence is noticed.
    int finishes;
    // Is given each row, which begins at column `left`.
    void (*take)(void *context, const unsigned char *row, unsigned left, unsigned columns);
    void *context;
    // Takes the text of an error: JMSG_LENGTH_MAX bytes.
    char *message;
};

// Errors that libjpeg does not have: a header that is not the one that the request is for; too many scans.
#define CTURBOJPEG_OTHER_SIZE -1
#define CTURBOJPEG_MANY_SCANS -2

struct cturbojpeg_errors {
    struct jpeg_error_mgr manager;
    jmp_buf back;
};

static inline void cturbojpeg_exit(j_common_ptr decoder) {
    longjmp(((struct cturbojpeg_errors *)decoder->err)->back, 1);
}

// A warning about missing or damaged data is an error; one about a nonconforming but complete file is not.
static inline void cturbojpeg_emit(j_common_ptr decoder, int level) {
    if (level >= 0) return;
    switch (decoder->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
        return;
    }
    cturbojpeg_exit(decoder);
}

static inline void cturbojpeg_progress(j_common_ptr decoder) {
    struct cturbojpeg_request *request = (struct cturbojpeg_request *)decoder->client_data;
    if (((j_decompress_ptr)decoder)->input_scan_number <= request->scans) return;
    decoder->err->msg_code = CTURBOJPEG_MANY_SCANS;
    cturbojpeg_exit(decoder);
}

// Decodes from memory. Gives 0, or else libjpeg's code of the error (a `J_MESSAGE_CODE`), whose text is then in
// `message`, or one of the codes above.
//
// libjpeg leaves on an error by a long jump, which may pass frames of C alone: it starts below `setjmp` here, and
// `take` has returned before. What libjpeg allocates is in pools that `jpeg_destroy_decompress` frees.
__attribute__((noinline)) static inline int cturbojpeg_decode(struct cturbojpeg_request *request) {
    struct jpeg_decompress_struct decoder;
    struct cturbojpeg_errors errors;
    struct jpeg_progress_mgr progress;
    memset(&decoder, 0, sizeof decoder);
    memset(&progress, 0, sizeof progress);
    decoder.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = cturbojpeg_exit;
    errors.manager.emit_message = cturbojpeg_emit;
    if (setjmp(errors.back)) {
        (*errors.manager.format_message)((j_common_ptr)&decoder, request->message);
        jpeg_destroy_decompress(&decoder);
        return errors.manager.msg_code;
    }
    jpeg_create_decompress(&decoder);
    decoder.client_data = request;
    decoder.mem->max_memory_to_use = request->memory;
    progress.progress_monitor = cturbojpeg_progress;
    decoder.progress = &progress;

    jpeg_mem_src(&decoder, request->bytes, request->count);
    jpeg_read_header(&decoder, TRUE);
    if (decoder.image_width != request->width || decoder.image_height != request->height) {
        jpeg_destroy_decompress(&decoder);
        return CTURBOJPEG_OTHER_SIZE;
    }
    decoder.out_color_space = request->channels == 4 ? JCS_CMYK : JCS_RGB;
    decoder.scale_num = request->eighths;
    decoder.scale_denom = 8;
    if (!jpeg_start_decompress(&decoder)) ERREXIT(&decoder, JERR_CANT_SUSPEND);

    JDIMENSION left = request->left, columns = request->columns;
    jpeg_crop_scanline(&decoder, &left, &columns);
    JSAMPARRAY lines = (*decoder.mem->alloc_sarray)(
        (j_common_ptr)&decoder, JPOOL_IMAGE, columns * request->channels, decoder.rec_outbuf_height);
    if (request->skipped > 0) jpeg_skip_scanlines(&decoder, request->skipped);
    for (unsigned row = 0; row < request->rows;) {
        unsigned wanted = request->rows - row, most = decoder.rec_outbuf_height;
        unsigned got = jpeg_read_scanlines(&decoder, lines, wanted < most ? wanted : most);
        if (got == 0) ERREXIT(&decoder, JERR_CANT_SUSPEND);
        for (unsigned line = 0; line < got; line++) request->take(request->context, lines[line], left, columns);
        row += got;
    }
    if (request->finishes) jpeg_finish_decompress(&decoder);
    jpeg_destroy_decompress(&decoder);
    return 0;
}

// What is encoded, and what becomes of it.
struct cturbojpeg_picture {
    // Rows of `width * channels` bytes; 1: grey, 3: red, green, blue.
    const unsigned char *pixels;
    unsigned width, height;
    int channels;
    // 1 to 100.
    int quality;
    // The file, which `cturbojpeg_release` frees.
    unsigned char *bytes;
    unsigned long count;
    // Takes the text of an error: JMSG_LENGTH_MAX bytes.
    char *message;
};

// Encodes into memory with libjpeg's defaults. Gives 0, or else libjpeg's code of the error, whose text is then in
// `message`. Whatever it gives, `bytes` must be released.
__attribute__((noinline)) static inline int cturbojpeg_encode(struct cturbojpeg_picture *picture) {
    struct jpeg_compress_struct encoder;
    struct cturbojpeg_errors errors;
    memset(&encoder, 0, sizeof encoder);
    picture->bytes = NULL;
    picture->count = 0;
    encoder.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = cturbojpeg_exit;
    errors.manager.emit_message = cturbojpeg_emit;
    if (setjmp(errors.back)) {
        (*errors.manager.format_message)((j_common_ptr)&encoder, picture->message);
        jpeg_destroy_compress(&encoder);
        // libjpeg may have freed what this names: it says where a buffer that grew is at the end alone.
        picture->bytes = NULL;
        return errors.manager.msg_code;
    }
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &picture->bytes, &picture->count);
    encoder.image_width = picture->width;
    encoder.image_height = picture->height;
    encoder.input_components = picture->channels;
    encoder.in_color_space = picture->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&encoder);
    jpeg_set_quality(&encoder, picture->quality, TRUE);
    encoder.optimize_coding = TRUE;
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < encoder.image_height) {
        size_t offset = (size_t)encoder.next_scanline * picture->width * picture->channels;
        JSAMPROW row = (JSAMPROW)(picture->pixels + offset);
        jpeg_write_scanlines(&encoder, &row, 1);
    }
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    return 0;
}

static inline void cturbojpeg_release(struct cturbojpeg_picture *picture) {
    free(picture->bytes);
    picture->bytes = NULL;
    picture->count = 0;
}
#endif
