//! The typesetter: it lays texts out in lines and rasterises their glyphs. It works on the CPU and uses no
//! fonts of the system, so a text looks the same on every machine. Knows no GPU.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cosmic_text::{
    Align as Side, Attrs, Buffer, CacheKey, Family, FontSystem, Metrics, Shaping, SwashCache,
    SwashContent,
};

use super::fonts::{FontFile, Fonts};
use super::layout::{Glyph, Layout, Raster};
use super::layout_cache::LayoutCache;
use crate::commands::{Align, TextStyle};

/// Height of a line, in sizes of the font.
const LINE: f32 = 1.2;
/// Largest text in bytes. The rest is left out.
const LONGEST: usize = 16 << 10;
/// Largest font size in units.
const LARGEST: f32 = 10_000.0;

/// The typesetter of a host.
pub(crate) struct Typesetter {
    system: FontSystem,
    fonts: Fonts,
    buffer: Buffer,
    swash: SwashCache,
    cache: LayoutCache,
    /// Work for all layouts so far, in bytes of text.
    work: u64,
}

/// Work for a new layout beside that for its bytes.
const EACH: u64 = 256;

impl Typesetter {
    pub fn new() -> Self {
        let (system, fonts) = Fonts::load();
        Self {
            system,
            fonts,
            buffer: Buffer::new_empty(Metrics::new(1.0, LINE)),
            swash: SwashCache::new(),
            cache: LayoutCache::default(),
            work: 0,
        }
    }

    /// Work for all new layouts so far, in bytes of text. A layout from the cache is none.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Returns the layout of a text, from the cache if possible. `font` is the style's font, if it is
    /// loaded.
    pub fn layout(
        &mut self,
        font: Option<&FontFile>,
        style: &TextStyle,
        text: &str,
    ) -> Arc<Layout> {
        let has_size = style.size > 0.0 && style.size <= LARGEST;
        if !has_size || !style.width.is_none_or(|width| width > 0.0) {
            return Arc::default();
        }
        let text = &text[..text.floor_char_boundary(LONGEST)];
        let revision = font.map_or(0, |(revision, _)| *revision);
        if let Some(layout) = self.cache.find(revision, style, text) {
            return layout;
        }
        self.work += text.len() as u64 + EACH;
        let layout = guarded(|| self.set(font, style, text)).or_else(|| {
            self.swash = SwashCache::new();
            self.buffer = Buffer::new_empty(Metrics::new(1.0, LINE));
            let fonts = &mut self.fonts;
            fonts.give_up(&mut self.system, |font, _| font == style.font);
            guarded(|| self.set(font, style, text))
        });
        let layout = Arc::new(layout.unwrap_or_default());
        self.cache.keep(revision, style, text, Arc::clone(&layout));
        layout
    }

    fn set(&mut self, font: Option<&FontFile>, style: &TextStyle, text: &str) -> Layout {
        let family = self.fonts.family(&mut self.system, style.font, font);
        let attrs = Attrs::new().family(Family::Name(family));
        let (buffer, system) = (&mut self.buffer, &mut self.system);
        buffer.set_metrics_and_size(Metrics::relative(style.size, LINE), style.width, None);
        // Lines are aligned below, in the same way with and without a width.
        buffer.set_text(text, &attrs, Shaping::Advanced, Some(Side::Left));
        buffer.shape_until_scroll(system, false);
        let mut layout = Layout::default();
        for run in buffer.layout_runs() {
            let left = run.glyphs.iter().map(|glyph| glyph.x);
            let left = left.fold(f32::INFINITY, f32::min);
            let part = match style.align {
                Align::Left => 0.0,
                Align::Center => 0.5,
                Align::Right => 1.0,
            };
            let begins = (style.width.unwrap_or(0.0) - run.line_w) * part - left;
            layout.glyphs.extend(run.glyphs.iter().map(|glyph| Glyph {
                x: begins + glyph.x + glyph.font_size * glyph.x_offset,
                y: run.line_y + glyph.y - glyph.font_size * glyph.y_offset,
                font: glyph.font_id,
                weight: glyph.font_weight,
                number: glyph.glyph_id,
                flags: glyph.cache_key_flags,
            }));
            let [width, height] = &mut layout.size;
            *width = width.max(run.line_w);
            *height = height.max(run.line_top + run.line_height);
        }
        layout
    }

    /// Rasterises a glyph. `None` if it has no pixels, like a space.
    pub fn rasterise(&mut self, key: CacheKey) -> Option<Raster> {
        let image = guarded(|| self.swash.get_image_uncached(&mut self.system, key));
        let image = image.unwrap_or_else(|| {
            self.swash = SwashCache::new();
            let fonts = &mut self.fonts;
            fonts.give_up(&mut self.system, |_, faces| faces.contains(&key.font_id));
            // Layouts with this font are no longer valid.
            self.cache = LayoutCache::default();
            None
        })?;
        let rgba = match image.content {
            SwashContent::Color => image.data,
            SwashContent::Mask => {
                let pixels = image.data.iter();
                pixels.flat_map(|alpha| [255, 255, 255, *alpha]).collect()
            }
            SwashContent::SubpixelMask => return None,
        };
        let placement = image.placement;
        (placement.width > 0 && placement.height > 0).then_some(Raster {
            size: [placement.width, placement.height],
            corner: [placement.left, placement.top],
            rgba,
        })
    }

    /// Drops the fonts that do not exist any more.
    pub fn keep_fonts(&mut self, is_there: impl Fn(u32) -> bool) {
        self.fonts.keep(&mut self.system, is_there);
    }
}

/// Calls a font library, which may panic over a damaged font.
fn guarded<T>(something: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(something)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Color;

    const STYLE: TextStyle = TextStyle {
        font: 0,
        size: 20.0,
        color: Color::BLACK,
        align: Align::Left,
        width: None,
    };

    fn spread(layout: &Layout) -> (f32, f32) {
        let places = layout.glyphs.iter().map(|glyph| glyph.x);
        places.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), x| {
            (least.min(x), most.max(x))
        })
    }

    #[test]
    fn text_height_grows_with_its_lines() {
        let mut typesetter = Typesetter::new();
        let mut size = |text: &str| typesetter.layout(None, &STYLE, text).size;
        let one = size("one");
        assert_eq!(one[1], 24.0);
        assert!(one[0] > 20.0 && one[0] < 60.0, "{one:?}");
        assert_eq!(size("one\none"), [one[0], 48.0]);
        assert!(size("one one")[0] > 2.0 * one[0]);
        assert_eq!(size("")[0], 0.0);
    }

    #[test]
    fn lines_are_aligned_as_requested() {
        let mut typesetter = Typesetter::new();
        let mut lay = |align, width| {
            let style = TextStyle {
                align,
                width,
                ..STYLE
            };
            typesetter.layout(None, &style, "abc")
        };
        let width = lay(Align::Left, None).size[0];
        assert_eq!(spread(&lay(Align::Left, None)).0, 0.0);
        assert_eq!(spread(&lay(Align::Center, None)).0, -width / 2.0);
        assert_eq!(spread(&lay(Align::Right, None)).0, -width);
        assert_eq!(spread(&lay(Align::Left, Some(100.0))).0, 0.0);
        assert_eq!(spread(&lay(Align::Right, Some(100.0))).0, 100.0 - width);
    }

    #[test]
    fn a_width_breaks_lines() {
        let mut typesetter = Typesetter::new();
        let width = Some(80.0);
        let narrow = TextStyle { width, ..STYLE };
        let text = "a few words that need several lines";
        let layout = typesetter.layout(None, &narrow, text);
        assert!(
            layout.size[0] <= 80.0 && layout.size[1] > 70.0,
            "{:?}",
            layout.size
        );
    }

    #[test]
    fn right_to_left_text_and_fallback_fonts() {
        let mut typesetter = Typesetter::new();
        // Digits after Hebrew letters stand to the left of them, independent of the font.
        let layout = typesetter.layout(None, &STYLE, "אב 12");
        assert_eq!(layout.glyphs.len(), 5);
        assert_eq!(spread(&layout).0, 0.0);
        let font_of = |layout: &Layout| layout.glyphs[0].font;
        let letter = typesetter.layout(None, &STYLE, "a");
        let face = typesetter.layout(None, &STYLE, "😀");
        assert_ne!(font_of(&letter), font_of(&face), "another font has it");
        assert_ne!(face.glyphs[0].number, 0);
    }

    #[test]
    fn layouts_are_cached() {
        let mut typesetter = Typesetter::new();
        let first = typesetter.layout(None, &STYLE, "kept");
        assert!(Arc::ptr_eq(
            &first,
            &typesetter.layout(None, &STYLE, "kept")
        ));
        // The colour does not matter, the size does.
        let red = TextStyle {
            color: Color(7),
            ..STYLE
        };
        assert!(Arc::ptr_eq(&first, &typesetter.layout(None, &red, "kept")));
        let large = TextStyle {
            size: 30.0,
            ..STYLE
        };
        assert!(!Arc::ptr_eq(
            &first,
            &typesetter.layout(None, &large, "kept")
        ));
        for number in 0..10_000 {
            typesetter.layout(None, &STYLE, &number.to_string());
        }
        assert!(typesetter.cache.len() <= 4096, "{}", typesetter.cache.len());
        assert!(!Arc::ptr_eq(
            &first,
            &typesetter.layout(None, &STYLE, "kept")
        ));
    }

    #[test]
    fn a_font_of_a_guest_is_used_and_dropped() {
        let mut typesetter = Typesetter::new();
        let style = TextStyle { font: 3, ..STYLE };
        let file: Arc<[u8]> = epaint_default_fonts::HACK_REGULAR.into();
        let font = (5, file);
        let built_in = typesetter.layout(None, &STYLE, "iiii").size;
        assert_eq!(typesetter.layout(None, &style, "iiii").size, built_in);
        let own = typesetter.layout(Some(&font), &style, "iiii").size;
        assert!(
            own[0] > 1.5 * built_in[0],
            "every letter of it is as wide: {own:?}"
        );
        typesetter.keep_fonts(|_| false);
        assert_eq!(typesetter.layout(None, &style, "iiii").size, built_in);
    }

    #[test]
    fn a_text_that_cannot_be_laid_out_is_empty() {
        let mut typesetter = Typesetter::new();
        for size in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9] {
            let style = TextStyle { size, ..STYLE };
            assert_eq!(
                typesetter.layout(None, &style, "x").size,
                [0.0; 2],
                "{size}"
            );
        }
        let width = Some(f32::NAN);
        let style = TextStyle { width, ..STYLE };
        assert_eq!(typesetter.layout(None, &style, "x").size, [0.0; 2]);
        let long = "ä".repeat(LONGEST);
        let layout = typesetter.layout(None, &STYLE, &long);
        assert_eq!(layout.glyphs.len(), LONGEST / 2);
    }

    #[test]
    fn a_letter_has_pixels_and_a_space_none() {
        let mut typesetter = Typesetter::new();
        let layout = typesetter.layout(None, &STYLE, "H ");
        let raster = typesetter
            .rasterise(layout.glyphs[0].key(20.0, 0.0).0)
            .unwrap();
        let [width, height] = raster.size;
        assert!(
            (8..20).contains(&width) && (12..18).contains(&height),
            "{width}x{height}"
        );
        assert_eq!(raster.rgba.len(), (width * height * 4) as usize);
        assert!(raster.rgba.chunks(4).any(|pixel| pixel == [255; 4]));
        assert!(
            typesetter
                .rasterise(layout.glyphs[1].key(20.0, 0.0).0)
                .is_none()
        );
    }

    /// Two of 2,500 such fonts made a library panic, one during layout and one during rasterisation.
    #[test]
    fn a_damaged_font_does_no_harm() {
        let mut random = fastrand::Rng::with_seed(7);
        let style = TextStyle { font: 3, ..STYLE };
        let mut typesetter = Typesetter::new();
        for revision in 1..400 {
            let mut file = epaint_default_fonts::HACK_REGULAR.to_vec();
            for _ in 0..random.usize(1..40) {
                let at = random.usize(..20_000);
                file[at] = random.u8(..);
            }
            let font: FontFile = (revision, file.into());
            let layout = typesetter.layout(Some(&font), &style, "Größe fi 😀");
            for glyph in &layout.glyphs {
                typesetter.rasterise(glyph.key(20.0, 0.3).0);
            }
        }
        assert!(typesetter.layout(None, &STYLE, "still").size[0] > 20.0);
    }

    #[test]
    fn a_broken_font_is_not_used_until_it_changes() {
        let mut typesetter = Typesetter::new();
        let style = TextStyle { font: 3, ..STYLE };
        let file: Arc<[u8]> = epaint_default_fonts::HACK_REGULAR.into();
        let built_in = typesetter.layout(None, &STYLE, "ii").size;
        let own = typesetter
            .layout(Some(&(1, Arc::clone(&file))), &style, "ii")
            .size;
        let Typesetter { fonts, system, .. } = &mut typesetter;
        assert!(fonts.give_up(system, |font, _| font == 3));
        assert!(!fonts.give_up(system, |font, _| font == 3));
        typesetter.cache = LayoutCache::default();
        let now = typesetter
            .layout(Some(&(1, Arc::clone(&file))), &style, "ii")
            .size;
        let mended = typesetter.layout(Some(&(2, file)), &style, "ii").size;
        assert!(own != built_in && now == built_in && mended == own);
        assert!(guarded(|| -> u8 { panic!("as such a library does") }).is_none());
    }
}
