// FreeType, loaded when text is drawn and not before: with all that it needs in turn (PNG, Brotli) it would
// make every start of skein longer.
#ifndef SKEIN_CFREETYPE_H
#define SKEIN_CFREETYPE_H

#include <stdint.h>

/// A character as it is drawn: how much of each pixel it covers, 0 to 255.
typedef struct {
    const uint8_t *_Nullable pixels;
    int32_t width;
    int32_t rows;
    /// Octets from a row to the next; negative where the last row comes first.
    int32_t pitch;
    /// From the pen to the first column, and up to the first row.
    int32_t left;
    int32_t top;
    /// To the next pen, in pixels.
    int32_t advance;
} cfreetype_glyph_t;

/// Loads FreeType; NULL, or why it cannot be loaded. The other functions must not be called before.
const char *_Nullable cfreetype_load(void);

/// Opens the first face of a font file; NULL where it cannot be read.
void *_Nullable cfreetype_open(const char *_Nonnull path);

/// Draws a character; 0, or FreeType's error. The pixels hold until the next call.
int32_t cfreetype_draw(
    void *_Nonnull font, uint32_t pixels, uint32_t character, cfreetype_glyph_t *_Nonnull glyph);

/// Closes what was opened.
void cfreetype_close(void *_Nonnull font);

#endif
