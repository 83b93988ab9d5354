//! The table behind [`Assets`](super::Assets): contents, sources and claims. Knows no files and no GPU.

use std::collections::BTreeMap;
use std::sync::Arc;

use vblank_input::Size;

use super::error::AssetError;
use super::info::{AssetInfo, AssetRequest, Held, Live};
use super::key;
use super::limits::{MAX_BYTES, MAX_ENTRIES};
use super::payload::{Filter, Kind, Payload, Status};
use crate::sound::LookUp;
use crate::text::FontFile;

/// The identity of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner(u64);

#[derive(Default)]
pub(super) struct Registry {
    entries: BTreeMap<u32, Entry>,
    /// Handles by kind and key.
    handles: BTreeMap<(Kind, Arc<str>), u32>,
    last_handle: u32,
    last_owner: u64,
    /// Increased by each change.
    version: u64,
    bytes: u64,
    /// Callback for new requests in `wanted`.
    loader: Option<Box<dyn Fn() + Send>>,
    wanted: Vec<u32>,
    /// Largest size of an owner's assets, if it has a limit of its own.
    limits: BTreeMap<Owner, u64>,
}

struct Entry {
    kind: Kind,
    key: Arc<str>,
    source: Source,
    /// Hash of the file or the bytes that the payload was made of.
    hash: Option<blake3::Hash>,
    payload: Option<Payload>,
    revision: u64,
    filter: Filter,
    status: Status,
    /// Last notice about a missing or damaged file.
    notice: Option<String>,
    /// True once a wait for it has timed out.
    is_late: bool,
    claims: Vec<Owner>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The asset folder.
    File,
    /// The guest.
    Given,
}

impl Entry {
    fn bytes(&self) -> u64 {
        self.payload.as_ref().map_or(0, Payload::bytes)
    }
}

impl Registry {
    pub fn new_owner(&mut self) -> Owner {
        self.last_owner += 1;
        Owner(self.last_owner)
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn set_limit(&mut self, owner: Owner, bytes: u64) {
        self.limits.insert(owner, bytes);
    }

    /// Bytes of the assets that an owner claims.
    pub fn bytes_of(&self, owner: Owner) -> u64 {
        let claimed = self.entries.values();
        let claimed = claimed.filter(|entry| entry.claims.contains(&owner));
        claimed.map(Entry::bytes).sum()
    }

    /// Bytes that an owner may have in an asset.
    pub fn left_for(&self, owner: Owner, kind: Kind, key: &str) -> u64 {
        let now = self.find(kind, key);
        self.left(owner, now.and_then(|handle| self.entries.get(&handle)))
    }

    /// Bytes that an asset from a file may have, because of the owner with the largest limit.
    pub fn left_for_file(&self, handle: u32) -> u64 {
        let Some(entry) = self.entries.get(&handle) else {
            return 0;
        };
        let owners = entry.claims.iter();
        owners
            .map(|owner| self.left(*owner, Some(entry)))
            .max()
            .unwrap_or(0)
    }

    fn left(&self, owner: Owner, now: Option<&Entry>) -> u64 {
        let of_all = MAX_BYTES.saturating_sub(self.bytes - now.map_or(0, Entry::bytes));
        let Some(limit) = self.limits.get(&owner) else {
            return of_all;
        };
        let own = now.filter(|entry| entry.claims.contains(&owner));
        let others = self.bytes_of(owner) - own.map_or(0, Entry::bytes);
        of_all.min(limit.saturating_sub(others))
    }

    /// Finds an asset, or requests its file.
    pub fn ask(&mut self, owner: Owner, kind: Kind, key: &str) -> Result<u32, AssetError> {
        if let Some(handle) = self.find(kind, key) {
            self.claim(handle, owner);
            return Ok(handle);
        }
        key::check(key)?;
        let handle = self.insert(owner, kind, key, Source::File)?;
        match &self.loader {
            Some(wake) => {
                self.wanted.push(handle);
                wake();
            }
            None => {
                let error = AssetError::Damaged("there is no asset folder".to_owned());
                self.fail(handle, error.to_string());
            }
        }
        Ok(handle)
    }

    /// Finds the asset if it was made of exactly these bytes.
    pub fn given(
        &mut self,
        owner: Owner,
        kind: Kind,
        key: &str,
        hash: blake3::Hash,
    ) -> Option<u32> {
        let handle = self
            .find(kind, key)
            .filter(|handle| self.has(*handle, hash))?;
        self.claim(handle, owner);
        let entry = self.entries.get_mut(&handle)?;
        entry.source = Source::Given;
        Some(handle)
    }

    pub fn give(
        &mut self,
        owner: Owner,
        kind: Kind,
        key: &str,
        hash: blake3::Hash,
        payload: Payload,
    ) -> Result<u32, AssetError> {
        let known = self.find(kind, key);
        self.check_limit(known, &payload)?;
        let handle = match known {
            Some(handle) => handle,
            None => self.insert(owner, kind, key, Source::Given)?,
        };
        self.claim(handle, owner);
        self.put(handle, Source::Given, hash, payload);
        Ok(handle)
    }

    pub fn loaded(
        &mut self,
        handle: u32,
        content: Result<(blake3::Hash, Payload), AssetError>,
    ) -> Option<String> {
        // The asset may have been freed or provided by a guest meanwhile.
        let entry = self.entries.get(&handle)?;
        if entry.source != Source::File {
            return None;
        }
        let content = content.and_then(|(hash, payload)| {
            self.check_limit(Some(handle), &payload)?;
            Ok((hash, payload))
        });
        match content {
            Ok((hash, payload)) => {
                self.put(handle, Source::File, hash, payload);
                None
            }
            Err(error) => self.fail(handle, error.to_string()),
        }
    }

    /// Notes a failure. Returns a notice if it is new.
    fn fail(&mut self, handle: u32, why: String) -> Option<String> {
        let entry = self.entries.get_mut(&handle)?;
        let (kind, key) = (entry.kind.name(), &entry.key);
        let notice = if entry.payload.is_some() {
            format!("the {kind} `{key}` stays as it was: {why}")
        } else {
            format!("no {kind} `{key}`: {why}")
        };
        if entry.payload.is_none() {
            entry.status = Status::Failed(why);
        }
        let is_new = entry.notice.as_ref() != Some(&notice);
        entry.notice = Some(notice.clone());
        is_new.then_some(notice)
    }

    fn put(&mut self, handle: u32, source: Source, hash: blake3::Hash, payload: Payload) {
        let Some(entry) = self.entries.get_mut(&handle) else {
            return;
        };
        let before = entry.payload.as_ref().map_or(0, Payload::bytes);
        self.bytes = self.bytes - before + payload.bytes();
        entry.source = source;
        entry.status = Status::Ready;
        entry.notice = None;
        if entry.hash.replace(hash) != Some(hash) {
            self.version += 1;
            entry.revision = self.version;
        }
        entry.payload = Some(payload);
    }

    /// Checks that the limit allows this payload in place of the asset's present one.
    fn check_limit(&self, handle: Option<u32>, payload: &Payload) -> Result<(), AssetError> {
        let now = handle.and_then(|handle| self.entries.get(&handle)?.payload.as_ref());
        let held = self.bytes - now.map_or(0, Payload::bytes);
        let bytes = payload.bytes();
        if held + bytes <= MAX_BYTES {
            return Ok(());
        }
        Err(AssetError::TooLarge { bytes, held })
    }

    fn find(&self, kind: Kind, key: &str) -> Option<u32> {
        // The allocation is rare: each version of the code looks a key up once.
        self.handles.get(&(kind, Arc::from(key))).copied()
    }

    fn insert(
        &mut self,
        owner: Owner,
        kind: Kind,
        key: &str,
        source: Source,
    ) -> Result<u32, AssetError> {
        if self.entries.len() >= MAX_ENTRIES {
            return Err(AssetError::TooMany);
        }
        let handle = self.last_handle.checked_add(1).ok_or(AssetError::TooMany)?;
        self.last_handle = handle;
        let key: Arc<str> = key.into();
        self.handles.insert((kind, Arc::clone(&key)), handle);
        let entry = Entry {
            kind,
            key,
            source,
            hash: None,
            payload: None,
            revision: 0,
            filter: Filter::default(),
            status: Status::Loading,
            notice: None,
            is_late: false,
            claims: vec![owner],
        };
        self.entries.insert(handle, entry);
        Ok(handle)
    }

    fn claim(&mut self, handle: u32, owner: Owner) {
        if let Some(entry) = self.entries.get_mut(&handle)
            && !entry.claims.contains(&owner)
        {
            entry.claims.push(owner);
        }
    }

    pub fn release(&mut self, owner: Owner) {
        self.limits.remove(&owner);
        for entry in self.entries.values_mut() {
            entry.claims.retain(|claim| *claim != owner);
        }
    }

    /// Frees assets without a claim. Returns true if any were freed.
    pub fn sweep(&mut self) -> bool {
        let before = self.entries.len();
        let Self { handles, bytes, .. } = self;
        self.entries.retain(|_, entry| {
            let stays = !entry.claims.is_empty();
            if !stays {
                handles.remove(&(entry.kind, Arc::clone(&entry.key)));
                *bytes -= entry.payload.as_ref().map_or(0, Payload::bytes);
            }
            stays
        });
        let is_less = self.entries.len() != before;
        if is_less {
            self.version += 1;
        }
        is_less
    }

    pub fn held(&self) -> Held {
        Held {
            entries: self.entries.len(),
            bytes: self.bytes,
        }
    }

    pub fn list(&self) -> Vec<AssetInfo> {
        let listed = self.entries.iter().map(|(handle, entry)| AssetInfo {
            kind: entry.kind,
            key: Arc::clone(&entry.key),
            bytes: entry.payload.as_ref().map_or(0, Payload::bytes),
            size: self.texture_size(*handle),
            status: entry.status.clone(),
            problem: entry.notice.clone(),
            pixels: match &entry.payload {
                Some(Payload::Texture(pixels)) => Some((entry.revision, pixels.clone())),
                _ => None,
            },
        });
        listed.collect()
    }

    pub fn live(&self) -> Vec<Live> {
        let live = self.entries.iter().filter_map(|(handle, entry)| {
            Some(Live {
                handle: *handle,
                revision: entry.revision,
                payload: entry.payload.clone()?,
                filter: entry.filter,
            })
        });
        live.collect()
    }

    pub fn set_filter(&mut self, handle: u32, filter: Filter) {
        if let Some(entry) = self.entries.get_mut(&handle)
            && entry.filter != filter
        {
            entry.filter = filter;
            self.version += 1;
        }
    }

    pub fn status(&self, handle: u32) -> Status {
        let entry = self.entries.get(&handle);
        entry.map_or_else(
            || Status::Failed("there is no such asset".to_owned()),
            |entry| entry.status.clone(),
        )
    }

    pub fn texture_size(&self, handle: u32) -> Option<Size> {
        match self.entries.get(&handle)?.payload.as_ref()? {
            Payload::Texture(pixels) => Some(pixels.size),
            Payload::Canvas(size) => Some(*size),
            Payload::Font(_) | Payload::Sound(_) | Payload::Shader(_) | Payload::Mesh(_) => None,
        }
    }

    pub fn problem(&self, handle: u32) -> Option<String> {
        match self.entries.get(&handle) {
            None => Some("there is no such asset".to_owned()),
            Some(entry) => entry.notice.clone(),
        }
    }

    pub fn params_of(&self, handle: u32) -> Option<usize> {
        match self.entries.get(&handle)?.payload.as_ref()? {
            Payload::Shader(shader) => Some(shader.params),
            _ => None,
        }
    }

    pub fn sound(&self, handle: u32) -> LookUp {
        match self.entries.get(&handle) {
            Some(Entry {
                payload: Some(Payload::Sound(sound)),
                revision,
                ..
            }) => LookUp::Ready(sound.clone(), *revision),
            Some(entry) if entry.status == Status::Loading => LookUp::Loading,
            _ => LookUp::Missing,
        }
    }

    /// Returns a font's file with its revision.
    pub fn font(&self, handle: u32) -> Option<FontFile> {
        let entry = self.entries.get(&handle)?;
        match entry.payload.as_ref()? {
            Payload::Font(file) => Some((entry.revision, Arc::clone(file))),
            _ => None,
        }
    }

    pub fn has(&self, handle: u32, hash: blake3::Hash) -> bool {
        let entry = self.entries.get(&handle);
        entry.is_some_and(|entry| entry.hash == Some(hash) && entry.payload.is_some())
    }

    pub fn set_loader(&mut self, loader: Option<Box<dyn Fn() + Send>>) {
        self.loader = loader;
        if self.loader.is_none() {
            self.give_up_waiting();
        }
    }

    pub fn take_wanted(&mut self) -> Vec<AssetRequest> {
        let wanted = std::mem::take(&mut self.wanted);
        let wanted = wanted.into_iter();
        wanted.filter_map(|handle| self.wanted(handle)).collect()
    }

    pub fn files(&self) -> Vec<AssetRequest> {
        let handles = self.entries.keys();
        handles.filter_map(|handle| self.wanted(*handle)).collect()
    }

    fn wanted(&self, handle: u32) -> Option<AssetRequest> {
        let entry = self.entries.get(&handle)?;
        (entry.source == Source::File).then(|| AssetRequest {
            handle,
            kind: entry.kind,
            key: Arc::clone(&entry.key),
        })
    }

    /// True if a file has not been tried yet.
    pub fn is_waiting(&self) -> bool {
        let mut entries = self.entries.values();
        entries.any(|entry| entry.status == Status::Loading && !entry.is_late)
    }

    pub fn give_up_waiting(&mut self) {
        for entry in self.entries.values_mut() {
            entry.is_late |= entry.status == Status::Loading;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::super::Assets;
    use super::*;

    const SIZE: Size = Size::new(1, 1);

    /// Returns the notice that a loaded file causes.
    fn loaded(
        assets: &Assets,
        handle: u32,
        content: Result<(blake3::Hash, Payload), AssetError>,
    ) -> Option<String> {
        let mut new = None;
        assets.loaded(handle, content, |notice| new = Some(notice));
        new
    }

    fn texture(red: u8) -> Result<(blake3::Hash, Payload), AssetError> {
        let pixels = super::super::Pixels::new(SIZE, &[red, 0, 0, 255])?;
        Ok((blake3::hash(&[red]), Payload::Texture(pixels)))
    }

    #[test]
    fn equal_key_and_kind_mean_the_same_asset() {
        let assets = Assets::default();
        let (old, new) = (assets.claim(), assets.claim());
        let ship = old.pixels("ship", SIZE, &[1; 4], Filter::Linear).unwrap();
        assert_ne!(ship, 0);
        let mut seen = 0;
        assert_eq!(assets.changed_since(&mut seen).unwrap().len(), 1);
        // Another guest provides the same bytes: nothing has changed.
        assert_eq!(new.pixels("ship", SIZE, &[1; 4], Filter::Linear), Ok(ship));
        assert_eq!(new.texture("ship", Filter::Linear), Ok(ship));
        assert!(assets.changed_since(&mut seen).is_none());
        // With other bytes, the same asset gets new content.
        assert_eq!(new.pixels("ship", SIZE, &[2; 4], Filter::Linear), Ok(ship));
        let live = assets.changed_since(&mut seen).unwrap();
        let Payload::Texture(pixels) = &live[0].payload else {
            panic!("it is a texture")
        };
        assert_eq!(*pixels.rgba, [2; 4]);
        // Another kind makes another asset.
        assert_ne!(new.font("ship").unwrap(), ship);
        assert!(new.font_file("ship", b"").is_err());
    }

    #[test]
    fn unclaimed_assets_are_swept() {
        let assets = Assets::default();
        let (old, new) = (assets.claim(), assets.claim());
        let both = old.pixels("both", SIZE, &[1; 4], Filter::Linear).unwrap();
        let only = old.pixels("only", SIZE, &[2; 4], Filter::Linear).unwrap();
        assert_eq!(new.texture("both", Filter::Linear), Ok(both));
        assets.sweep();
        assert_eq!(
            assets.held(),
            Held {
                entries: 2,
                bytes: 8
            }
        );
        drop(old);
        assert_eq!(new.texture_size(only), Some(SIZE), "not before a sweep");
        assets.sweep();
        assert_eq!(
            assets.held(),
            Held {
                entries: 1,
                bytes: 4
            }
        );
        assert_eq!(
            (new.texture_size(only), new.texture_size(both)),
            (None, Some(SIZE))
        );
        assert!(matches!(new.status(only), Status::Failed(_)));
        // A handle is never reused.
        let again = new.pixels("only", SIZE, &[2; 4], Filter::Linear).unwrap();
        assert!(again > only);
    }

    #[test]
    fn files_are_requested_and_loaded() {
        let assets = Assets::default();
        let calls = Arc::new(AtomicU32::new(0));
        let woken = Arc::clone(&calls);
        assets.attach_loader(move || {
            woken.fetch_add(1, Ordering::Relaxed);
        });
        let claim = assets.claim();
        let ship = claim.texture("ship", Filter::Nearest).unwrap();
        assert_eq!(claim.texture("ship", Filter::Nearest), Ok(ship));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        let wanted = assets.take_wanted();
        assert_eq!(
            (wanted.len(), wanted[0].handle, &*wanted[0].key),
            (1, ship, "ship")
        );
        assert!(assets.take_wanted().is_empty());
        assert_eq!(claim.status(ship), Status::Loading);
        let missing = AssetError::Damaged("it is not there".to_owned());
        let notice = loaded(&assets, ship, Err(missing.clone())).unwrap();
        assert!(
            notice.contains("`ship`") && notice.contains("not there"),
            "{notice}"
        );
        assert_eq!(
            loaded(&assets, ship, Err(missing.clone())),
            None,
            "said once"
        );
        assert!(matches!(claim.status(ship), Status::Failed(_)));
        assets.wait(Duration::from_secs(60));
        let mut seen = 0;
        assert!(assets.changed_since(&mut seen).unwrap().is_empty());
        assert_eq!(loaded(&assets, ship, texture(1)), None);
        assert_eq!(claim.status(ship), Status::Ready);
        let first = assets.changed_since(&mut seen).unwrap();
        assert_eq!((first.len(), first[0].filter), (1, Filter::Nearest));
        // The file is damaged later. The asset stays as it was, and there is one notice.
        let notice = loaded(&assets, ship, Err(missing.clone())).unwrap();
        assert!(notice.contains("stays"), "{notice}");
        assert_eq!(loaded(&assets, ship, Err(missing)), None);
        assert_eq!(claim.status(ship), Status::Ready);
        assert!(assets.changed_since(&mut seen).is_none());
        loaded(&assets, ship, texture(2));
        let second = assets.changed_since(&mut seen).unwrap();
        assert!(second[0].revision > first[0].revision);
        assert_eq!(assets.files().len(), 1);
    }

    #[test]
    fn no_file_is_waited_for_twice() {
        let assets = Assets::default();
        assets.attach_loader(|| {});
        let claim = assets.claim();
        claim.texture("late", Filter::Linear).unwrap();
        assert!(assets.lock().is_waiting());
        assets.wait(Duration::ZERO);
        assert!(!assets.lock().is_waiting());
        claim.texture("later", Filter::Linear).unwrap();
        assert!(assets.lock().is_waiting());
        assets.detach_loader();
        assert!(!assets.lock().is_waiting());
        let orphan = claim.texture("orphan", Filter::Linear).unwrap();
        assert!(matches!(claim.status(orphan), Status::Failed(_)));
    }

    #[test]
    fn number_and_size_of_assets_are_limited() {
        let assets = Assets::default();
        let claim = assets.claim();
        for i in 0..MAX_ENTRIES {
            claim.texture(&format!("{i}"), Filter::Linear).unwrap();
        }
        assert_eq!(
            claim.texture("more", Filter::Linear),
            Err(AssetError::TooMany)
        );
        assert!(claim.texture("0", Filter::Linear).is_ok());
        claim.release();
        assets.sweep();
        let size = Size::new(1 << 14, 1 << 12);
        let large: Arc<[u8]> = vec![0; 1 << 28].into();
        for i in 0..4_u8 {
            let rgba = Arc::clone(&large);
            let payload = Payload::Texture(super::super::Pixels { size, rgba });
            let (owner, hash) = (Owner(1), blake3::hash(&[i]));
            let given = assets
                .lock()
                .give(owner, Kind::Texture, &format!("{i}"), hash, payload);
            assert!(given.is_ok(), "{i}");
        }
        let error = claim
            .pixels("more", SIZE, &[0; 4], Filter::Linear)
            .unwrap_err();
        assert!(
            matches!(error, AssetError::OverBudget { bytes: 4, left: 0 }),
            "{error}"
        );
        assert!(claim.texture_size(0).is_none());
    }
}
