/* The one call through which jpeg.rs decodes with libjpeg-turbo.
 *
 * libjpeg reports errors by calling error_exit, which must not return; the longjmp that answers stays inside this file and crosses
 * no Rust frame. Nothing here is global: any number of threads may call at once.
 *
 * The settings are libtiff's (tif_jpeg.c), so that the pixels are GDAL's: accurate integer DCT, fancy upsampling, and either YCbCr
 * to RGB or no colour conversion at all, whatever the stream's own markers say.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

enum { COG_JPEG_OK = 0, COG_JPEG_CORRUPT = 1, COG_JPEG_UNSUPPORTED = 2, COG_JPEG_SCANS = 3 };

/* More rows than libjpeg makes at a time. */
enum { ROWS_AT_ONCE = 16 };

typedef struct {
    struct jpeg_decompress_struct jpeg; /* first: its address is the decoder's */
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_source_mgr source;
    jmp_buf escape;
    char *message; /* JMSG_LENGTH_MAX bytes of the caller's */
    int status;
    unsigned max_scans; /* a progressive picture made by an encoder has about ten */
    int input_ended;    /* libjpeg asked for more than there is */
    int samples_missed; /* and had to make samples up */
} decoder;

static void escape(decoder *self, int status, const char *message) {
    self->status = status;
    if (message != NULL) {
        snprintf(self->message, JMSG_LENGTH_MAX, "%s", message);
    }
    longjmp(self->escape, 1);
}

static void error_exit(j_common_ptr jpeg) {
    decoder *self = (decoder *)jpeg;
    int status = COG_JPEG_CORRUPT;
    switch (jpeg->err->msg_code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
        status = COG_JPEG_UNSUPPORTED;
        break;
    default:
        break;
    }
    jpeg->err->format_message(jpeg, self->message);
    escape(self, status, NULL);
}

/* Warnings pass, as they do in libtiff; only the one that says that samples are missing is remembered. */
static void emit_message(j_common_ptr jpeg, int level) {
    if (level < 0) {
        jpeg->err->num_warnings++;
        if (jpeg->err->msg_code == JWRN_HIT_MARKER) {
            ((decoder *)jpeg)->samples_missed = 1;
        }
    }
}

static void output_message(j_common_ptr jpeg) { (void)jpeg; }

static void progress_monitor(j_common_ptr jpeg) {
    decoder *self = (decoder *)jpeg;
    if (jpeg->is_decompressor && (unsigned)self->jpeg.input_scan_number > self->max_scans) {
        escape(self, COG_JPEG_SCANS, "more scans than max_scans");
    }
}

static void init_source(j_decompress_ptr jpeg) { (void)jpeg; }

static void term_source(j_decompress_ptr jpeg) { (void)jpeg; }

/* All of the input is there from the start: to be asked for more means that it ends early. An end marker lets libjpeg finish. */
static boolean fill_input_buffer(j_decompress_ptr jpeg) {
    static const JOCTET end_of_image[2] = {0xFF, JPEG_EOI};
    ((decoder *)jpeg)->input_ended = 1;
    jpeg->src->next_input_byte = end_of_image;
    jpeg->src->bytes_in_buffer = sizeof end_of_image;
    return TRUE;
}

static void skip_input_data(j_decompress_ptr jpeg, long count) {
    if (count <= 0) {
        return;
    }
    if ((size_t)count > jpeg->src->bytes_in_buffer) {
        fill_input_buffer(jpeg);
        return;
    }
    jpeg->src->next_input_byte += count;
    jpeg->src->bytes_in_buffer -= (size_t)count;
}

static void start(decoder *self, char *message) {
    self->message = message;
    self->jpeg.err = jpeg_std_error(&self->errors);
    self->errors.error_exit = error_exit;
    self->errors.emit_message = emit_message;
    self->errors.output_message = output_message;
    self->progress.progress_monitor = progress_monitor;
    self->source.init_source = init_source;
    self->source.fill_input_buffer = fill_input_buffer;
    self->source.skip_input_data = skip_input_data;
    self->source.resync_to_restart = jpeg_resync_to_restart;
    self->source.term_source = term_source;
}

/* A TIFF's tables are read by the same object as its blocks, which then begin without any. */
static void read_tables(decoder *self, const unsigned char *tables, size_t length) {
    self->source.next_input_byte = tables;
    self->source.bytes_in_buffer = length;
    if (jpeg_read_header(&self->jpeg, FALSE) != JPEG_HEADER_TABLES_ONLY) {
        escape(self, COG_JPEG_CORRUPT, "JPEGTables holds a picture");
    }
    self->input_ended = 0;
}

/* Reads the header and compares it with what the TIFF says, before anything is allocated by it. */
static void read_header(decoder *self, unsigned width, unsigned height, int components) {
    j_decompress_ptr jpeg = &self->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->data_precision != 8) {
        escape(self, COG_JPEG_UNSUPPORTED, "JPEG samples of other than 8 bits");
    }
    if (jpeg->num_components != components) {
        escape(self, COG_JPEG_CORRUPT, "the JPEG picture has another number of components than the file has samples");
    }
    /* A last strip may hold the rows of a full one: only the block's are read. */
    if (jpeg->image_width > width || (jpeg->image_height > height && jpeg_has_multiple_scans(jpeg))) {
        escape(self, COG_JPEG_CORRUPT, "the JPEG picture is larger than its block");
    }
}

static void read_rows(decoder *self, unsigned width, unsigned height, int components, unsigned char *out) {
    j_decompress_ptr jpeg = &self->jpeg;
    size_t stride = (size_t)width * (size_t)components;
    size_t used = (size_t)jpeg->output_width * (size_t)components;
    unsigned rows = jpeg->output_height < height ? jpeg->output_height : height;
    while (jpeg->output_scanline < rows) {
        JSAMPROW row[ROWS_AT_ONCE];
        unsigned done, first = jpeg->output_scanline;
        unsigned count = rows - first < ROWS_AT_ONCE ? rows - first : ROWS_AT_ONCE;
        for (unsigned i = 0; i < count; i++) {
            row[i] = out + (first + i) * stride;
        }
        done = jpeg_read_scanlines(jpeg, row, count);
        if (done == 0) {
            escape(self, COG_JPEG_CORRUPT, "the JPEG stream ends early");
        }
        for (unsigned i = 0; i < done && used < stride; i++) {
            memset(row[i] + used, 0, stride - used);
        }
    }
    memset(out + rows * stride, 0, (height - rows) * stride);
}

/* Decodes one block of `height` rows of `width` pixels of `components` bytes into `out`, which must have exactly that length. A
 * smaller picture fills its corner of the block and leaves zeros elsewhere. Returns a status, with its reason in `message`, which
 * must have room for JMSG_LENGTH_MAX (200) bytes. */
int cog_jpeg_decode(const unsigned char *tables, size_t tables_length, const unsigned char *data, size_t data_length, unsigned width,
                    unsigned height, int components, int ycbcr, unsigned max_scans, unsigned char *out, size_t out_length, char *message) {
    decoder self;
    memset(&self, 0, sizeof self);
    if (components < 1 || (size_t)width * height * (size_t)components != out_length) {
        snprintf(message, JMSG_LENGTH_MAX, "a JPEG block that is not whole");
        return COG_JPEG_UNSUPPORTED;
    }
    start(&self, message);
    self.max_scans = max_scans;
    if (setjmp(self.escape)) {
        jpeg_destroy_decompress(&self.jpeg);
        return self.status;
    }
    jpeg_create_decompress(&self.jpeg);
    self.jpeg.src = &self.source;
    self.jpeg.progress = &self.progress;
    if (tables_length > 0) {
        read_tables(&self, tables, tables_length);
    }
    self.source.next_input_byte = data;
    self.source.bytes_in_buffer = data_length;
    read_header(&self, width, height, components);
    self.jpeg.jpeg_color_space = ycbcr ? JCS_YCbCr : JCS_UNKNOWN;
    self.jpeg.out_color_space = ycbcr ? JCS_RGB : JCS_UNKNOWN;
    self.jpeg.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&self.jpeg);
    read_rows(&self, width, height, components, out);
    /* A missing end marker harms nothing where every sample was there; in a progressive picture, nobody can tell. */
    if (self.input_ended && (self.samples_missed || jpeg_has_multiple_scans(&self.jpeg))) {
        escape(&self, COG_JPEG_CORRUPT, "the JPEG stream ends early");
    }
    jpeg_destroy_decompress(&self.jpeg);
    return COG_JPEG_OK;
}
