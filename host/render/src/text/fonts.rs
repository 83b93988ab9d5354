//! The fonts: built-in ones, and those of guests. Knows no GPU.
//!
//! Each font has a family name that no file can have, so a guest's font cannot pass for another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cosmic_text::{Fallback, FontSystem, fontdb};
use unicode_script::Script;

/// A font of a guest: the revision of its content, and the file.
pub(crate) type FontFile = (u64, Arc<[u8]>);

/// The built-in fonts, in the order in which letters are looked up. `epaint_default_fonts` contains the
/// files with their licences.
const BUILT_IN: [(&str, &[u8]); 4] = [
    ("built-in: Ubuntu Light", epaint_default_fonts::UBUNTU_LIGHT),
    ("built-in: Hack", epaint_default_fonts::HACK_REGULAR),
    (
        "built-in: Noto Emoji",
        epaint_default_fonts::NOTO_EMOJI_REGULAR,
    ),
    ("built-in: emoji icons", epaint_default_fonts::EMOJI_ICON),
];

/// The fonts of guests, by the handles of the assets.
#[derive(Default)]
pub(super) struct Fonts {
    loaded: BTreeMap<u32, Loaded>,
    /// Handles and revisions of fonts that cannot be used.
    broken: BTreeSet<(u32, u64)>,
}

struct Loaded {
    revision: u64,
    family: String,
    faces: Vec<fontdb::ID>,
}

impl Fonts {
    /// Loads the built-in fonts. Takes some milliseconds.
    pub fn load() -> (FontSystem, Self) {
        let mut database = fontdb::Database::new();
        for (family, file) in BUILT_IN {
            add(&mut database, family, Arc::new(file));
        }
        let system =
            FontSystem::new_with_locale_and_db_and_fallback("en-US".to_owned(), database, BuiltIn);
        (system, Self::default())
    }

    /// Returns the family of a guest's font, or of the first built-in font if it is missing or broken.
    pub fn family(
        &mut self,
        system: &mut FontSystem,
        handle: u32,
        file: Option<&FontFile>,
    ) -> &str {
        let Some((revision, bytes)) = file else {
            return BUILT_IN[0].0;
        };
        if self.broken.contains(&(handle, *revision)) {
            return BUILT_IN[0].0;
        }
        let is_current = |loaded: &Loaded| loaded.revision == *revision;
        if !self.loaded.get(&handle).is_some_and(is_current) {
            self.drop_font(system, handle);
            let family = format!("asset {handle}.{revision}");
            let faces = add(system.db_mut(), &family, Arc::new(Arc::clone(bytes)));
            let revision = *revision;
            let loaded = Loaded {
                revision,
                family,
                faces,
            };
            self.loaded.insert(handle, loaded);
        }
        &self.loaded[&handle].family
    }

    /// Drops the fonts that do not exist any more.
    pub fn keep(&mut self, system: &mut FontSystem, is_there: impl Fn(u32) -> bool) {
        let gone: Vec<u32> = self
            .loaded
            .keys()
            .copied()
            .filter(|font| !is_there(*font))
            .collect();
        for font in gone {
            self.drop_font(system, font);
        }
    }

    /// Marks a font as broken, although it could be loaded. Its text then uses the built-in fonts. Returns
    /// false if no guest's font was found.
    pub fn give_up(
        &mut self,
        system: &mut FontSystem,
        is_it: impl Fn(u32, &[fontdb::ID]) -> bool,
    ) -> bool {
        let mut fonts = self.loaded.iter();
        let found = fonts.find(|(handle, font)| is_it(**handle, &font.faces));
        let Some((handle, revision)) = found.map(|(handle, font)| (*handle, font.revision)) else {
            return false;
        };
        tracing::warn!("a font of the guest is damaged: its text is in the built-in one");
        self.broken.insert((handle, revision));
        self.drop_font(system, handle);
        true
    }

    fn drop_font(&mut self, system: &mut FontSystem, handle: u32) {
        for face in self
            .loaded
            .remove(&handle)
            .into_iter()
            .flat_map(|font| font.faces)
        {
            system.db_mut().remove_face(face);
        }
    }
}

/// Adds the faces of a file under a family name, each as a regular face, since styles are separate files
/// here.
fn add(
    database: &mut fontdb::Database,
    family: &str,
    file: Arc<dyn AsRef<[u8]> + Send + Sync>,
) -> Vec<fontdb::ID> {
    let loaded = database.load_font_source(fontdb::Source::Binary(file));
    let rename = |id: &fontdb::ID| {
        let mut face = database.face(*id)?.clone();
        database.remove_face(*id);
        face.families = vec![(family.to_owned(), fontdb::Language::English_UnitedStates)];
        face.weight = fontdb::Weight::NORMAL;
        face.style = fontdb::Style::Normal;
        face.stretch = fontdb::Stretch::Normal;
        Some(database.push_face_info(face))
    };
    loaded.iter().filter_map(rename).collect()
}

/// The order in which missing letters are looked up.
struct BuiltIn;

impl Fallback for BuiltIn {
    fn common_fallback(&self) -> &[&'static str] {
        const NAMES: [&str; 4] = [BUILT_IN[0].0, BUILT_IN[1].0, BUILT_IN[2].0, BUILT_IN[3].0];
        &NAMES
    }

    fn forbidden_fallback(&self) -> &[&'static str] {
        &[]
    }

    fn script_fallback(&self, _: Script, _: &str) -> &[&'static str] {
        &[]
    }
}
