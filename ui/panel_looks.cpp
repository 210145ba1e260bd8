/* SPDX-License-Identifier: MIT
 * Colours, sizes and fonts of ImGui's own parts. */
#include "panel_parts.h"

#include <fontconfig/fontconfig.h>
#include <imgui_freetype.h>
#include <math.h>
#include <stdio.h>

namespace panel
{

static ImVec4 colour4(ImU32 colour)
{
    return ImGui::ColorConvertU32ToFloat4(colour);
}

void set_style(float size)
{
    ImGuiStyle &style = ImGui::GetStyle();

    ImGui::StyleColorsLight();
    style.WindowPadding = ImVec2(0, 0);
    style.WindowBorderSize = 0;
    style.ItemSpacing = ImVec2(0, 0);
    style.WindowMinSize = ImVec2(1, 1);
    style.FramePadding = ImVec2(floorf(5 * size), floorf(2 * size));
    style.FrameRounding = floorf(4 * size);
    style.FrameBorderSize = 1;
    style.PopupRounding = floorf(5 * size);
    style.ScrollbarSize = floorf(9 * size);
    style.ScrollbarRounding = floorf(5 * size);
    style.Colors[ImGuiCol_Text] = colour4(INK);
    style.Colors[ImGuiCol_FrameBg] = colour4(WHITE);
    style.Colors[ImGuiCol_Border] = colour4(ACCENT);
    style.Colors[ImGuiCol_TextSelectedBg] = colour4(ACCENT_SOFT);
    style.Colors[ImGuiCol_PopupBg] = colour4(WHITE);
    style.Colors[ImGuiCol_ScrollbarBg] = ImVec4(0, 0, 0, 0);
    style.Colors[ImGuiCol_ScrollbarGrab] = colour4(EDGE);
    style.Colors[ImGuiCol_ScrollbarGrabHovered] = colour4(SOFT);
    style.Colors[ImGuiCol_ScrollbarGrabActive] = colour4(SOFT);
}

/* The file of a font, or what comes nearest. False if the machine has none. */
static bool font_file(const char *pattern, char *file, size_t size)
{
    FcPattern *wanted = FcNameParse((const FcChar8 *)pattern), *found;
    FcResult result;
    FcChar8 *name = NULL;

    FcConfigSubstitute(NULL, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    found = FcFontMatch(NULL, wanted, &result);
    file[0] = '\0';
    if (found && FcPatternGetString(found, FC_FILE, 0, &name) == FcResultMatch)
        snprintf(file, size, "%s", (const char *)name);
    if (found)
        FcPatternDestroy(found);
    FcPatternDestroy(wanted);
    return file[0];
}

static ImFont *load_font(const char *pattern, float pixels)
{
    static const ImWchar ranges[] = {0x20,   0xFF,   0x370,  0x3FF,  0x2010, 0x2027, 0x2190,
                                     0x2193, 0x2212, 0x2212, 0x25A0, 0x25FF, 0};
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;
    char file[512];

    return font_file(pattern, file, sizeof file) ? atlas->AddFontFromFileTTF(file, floorf(pixels), NULL, ranges) : NULL;
}

bool load_fonts(struct ui_panel *p)
{
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;

    atlas->FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    atlas->FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
    /* ImGui's pixel height is the line's, some 1.16 times the font's. */
    p->plain = load_font("DejaVu Sans:style=Book", 15 * p->size);
    p->bold = load_font("DejaVu Sans:bold", 15 * p->size);
    p->small = load_font("DejaVu Sans:style=Book", 13 * p->size);
    p->large = load_font("DejaVu Sans:bold", 20 * p->size);
    p->mono = load_font("DejaVu Sans Mono:style=Book", 14 * p->size);
    return p->plain && p->bold && p->small && p->large && p->mono;
}

bool make_font_texture(struct ui_panel *p)
{
    ImFontAtlas *atlas = ImGui::GetIO().Fonts;
    unsigned char *pixels;
    int w, h;

    atlas->GetTexDataAsRGBA32(&pixels, &w, &h);
    p->font_texture = SDL_CreateTexture(p->renderer, SDL_PIXELFORMAT_RGBA32, SDL_TEXTUREACCESS_STATIC, w, h);
    if (!p->font_texture)
        return false;
    SDL_UpdateTexture(p->font_texture, NULL, pixels, 4 * w);
    SDL_SetTextureBlendMode(p->font_texture, SDL_BLENDMODE_BLEND);
    atlas->SetTexID((ImTextureID)p->font_texture);
    return true;
}

} // namespace panel
