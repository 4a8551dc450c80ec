#include "CFreeType.h"

#include <dlfcn.h>
#include <ft2build.h>
#include <pthread.h>
#include <stdlib.h>
#include FT_FREETYPE_H

// Every function that is used; their types are those of FreeType's own header.
#define EACH_FUNCTION(x) \
    x(Init_FreeType) x(Done_FreeType) x(New_Face) x(Set_Pixel_Sizes) x(Load_Char)

#define MEMBER(name) __typeof__(&FT_##name) name;
static struct { EACH_FUNCTION(MEMBER) } library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *refusal;

static void load(void) {
    void *found = dlopen("libfreetype.so.6", RTLD_NOW | RTLD_LOCAL);
    if (!found) {
        refusal = "FreeType is not installed (Debian: libfreetype6)";
        return;
    }
#define FIND(name) \
    library.name = (__typeof__(library.name))dlsym(found, "FT_" #name); \
    if (!library.name) refusal = "FreeType is too old, it has no FT_" #name;
    EACH_FUNCTION(FIND)
}

const char *cfreetype_load(void) {
    pthread_once(&once, load);
    return refusal;
}

typedef struct {
    FT_Library library;
    FT_Face face;
} font_t;

void *cfreetype_open(const char *path) {
    font_t *font = calloc(1, sizeof *font);
    if (!font) return NULL;
    if (library.Init_FreeType(&font->library)) {
        free(font);
        return NULL;
    }
    if (library.New_Face(font->library, path, 0, &font->face)) {
        library.Done_FreeType(font->library);
        free(font);
        return NULL;
    }
    return font;
}

int32_t cfreetype_draw(
    void *opened, uint32_t pixels, uint32_t character, cfreetype_glyph_t *glyph) {
    font_t *font = opened;
    int32_t error = library.Set_Pixel_Sizes(font->face, 0, pixels);
    if (error) return error;
    error = library.Load_Char(font->face, character, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT);
    if (error) return error;
    FT_GlyphSlot slot = font->face->glyph;
    glyph->pixels = slot->bitmap.buffer;
    glyph->width = (int32_t)slot->bitmap.width;
    glyph->rows = (int32_t)slot->bitmap.rows;
    glyph->pitch = slot->bitmap.pitch;
    glyph->left = slot->bitmap_left;
    glyph->top = slot->bitmap_top;
    glyph->advance = (int32_t)((slot->advance.x + 32) >> 6);
    return 0;
}

void cfreetype_close(void *opened) {
    font_t *font = opened;
    library.Done_FreeType(font->library);
    free(font);
}
