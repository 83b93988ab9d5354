//! The fonts: those that are built in, and those of guests.
//!
//! Each has a family of its own by a name that no file has, so that a guest's font cannot pass for another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cosmic_text::{Fallback, FontSystem, fontdb};
use unicode_script::Script;

/// A font of a guest: the revision of its content, and the file.
pub(crate) type FontFile = (u64, Arc<[u8]>);

/// What is built in, in the order in which a letter is looked for: `epaint_default_fonts` has the files
/// with their licences.
const BUILT_IN: [(&str, &[u8]); 4] = [
    ("built-in: Ubuntu Light", epaint_default_fonts::UBUNTU_LIGHT),
    ("built-in: Hack", epaint_default_fonts::HACK_REGULAR),
    (
        "built-in: Noto Emoji",
        epaint_default_fonts::NOTO_EMOJI_REGULAR,
    ),
    ("built-in: emoji icons", epaint_default_fonts::EMOJI_ICON),
];

/// Those of guests, by the handles of the assets.
#[derive(Default)]
pub(super) struct Fonts {
    loaded: BTreeMap<u32, Loaded>,
    /// Handles and revisions of those that cannot be used.
    broken: BTreeSet<(u32, u64)>,
}

struct Loaded {
    revision: u64,
    family: String,
    faces: Vec<fontdb::ID>,
}

impl Fonts {
    /// The built-in ones. Some milliseconds.
    pub fn load() -> (FontSystem, Self) {
        let mut database = fontdb::Database::new();
        for (family, file) in BUILT_IN {
            add(&mut database, family, Arc::new(file));
        }
        let system =
            FontSystem::new_with_locale_and_db_and_fallback("en-US".to_owned(), database, BuiltIn);
        (system, Self::default())
    }

    /// The family of a guest's font, or of the first that is built in where that is not there.
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

    /// Drop those that are not there any more.
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

    /// The font of a face cannot be used, though it looked like one. Text is in the built-in one then, also
    /// what its letters are looked for in. Whether it is one of a guest.
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

/// Add a file's faces under a name of ours, as a plain one each: styles are files of their own here.
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

/// Where letters are looked for that the font of a text lacks.
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
