//! State images: a guest's state at one frame, in memory and as a `.vbs` file. Knows no guest and no
//! session.
//!
//! A file consists of `VBS1`, the BLAKE3 hash of everything that follows, the size of the body, and the
//! body compressed with LZ4. The body holds code hash, frame, schema, parcel and parked values, each list
//! preceded by its length. A file is written under a temporary name and renamed, so it is complete or
//! absent.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use vblank_state::{Parcel, ParcelRef, Parked, SEGMENT_MIN, Schema};

use crate::files::{self, Access};
use crate::reserve;

/// The state of a guest before one of its updates.
#[derive(Clone, Debug)]
pub struct Image {
    /// Hash of the code that the state belongs to, in hexadecimal digits.
    pub code: String,
    /// Number of the next update.
    pub frame: u64,
    /// Type of the state.
    pub schema: Arc<Schema>,
    /// The state.
    pub parcel: Parcel,
    /// Values whose fields are gone.
    pub parked: Parked,
}

/// The reason why an image cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file system reported an error.
    #[error("cannot {action} the image {path}: {cause}")]
    Io {
        /// The operation: read or write.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Error of the system.
        cause: std::io::Error,
    },
    /// The file is no image.
    #[error("{0} is not a state image (.vbs)")]
    NotAnImage(PathBuf),
    /// The file is a damaged image.
    #[error("the image {path} is damaged: {cause}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Description of the damage.
        cause: String,
    },
}

const MAGIC: &[u8; 4] = b"VBS1";
/// Position of what the checksum covers.
const CHECKED: usize = MAGIC.len() + 32;
/// Position of the compressed body, behind the size of the body.
const PACKED: usize = CHECKED + size_of::<u64>();
/// Best possible ratio of LZ4. A body that claims more is refused before memory is allocated.
const BEST_RATIO: usize = 255;
/// Longest hash of code, which is text for people.
const MOST_CODE: usize = 256;
/// Largest size of a body in bytes: a guest's memory has at most 4 GiB, and parked values are bounded.
const MOST_BODY: usize = (4 << 30) + (512 << 20);

impl Image {
    /// Encodes the image as the bytes of a file.
    ///
    /// # Panics
    /// When there is no memory for them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.try_encode().expect("there is memory for an image")
    }

    /// Encodes the image as the bytes of a file.
    ///
    /// # Errors
    /// When there is no memory for them.
    fn try_encode(&self) -> io::Result<Vec<u8>> {
        let (schema, parked) = (self.schema.encode(), self.parked.encode());
        // Each segment has its length before it, and is 4 KiB long at least.
        let bytes = self.parcel.bytes() + self.parcel.bytes() / SEGMENT_MIN * size_of::<u64>();
        let mut body = reserve::list(bytes + parked.len() + schema.len() + 4096)?;
        put(&mut body, self.code.as_bytes());
        body.extend_from_slice(&self.frame.to_le_bytes());
        put(&mut body, &schema);
        put(&mut body, &self.parcel.tree);
        put_all(&mut body, &self.parcel.w8);
        put_all(&mut body, &self.parcel.w16);
        put_all(&mut body, &self.parcel.w32);
        put_all(&mut body, &self.parcel.w64);
        put(&mut body, &parked);
        let most = lz4_flex::block::get_maximum_output_size(body.len());
        let mut file = reserve::zeros(PACKED + most)?;
        let packed = lz4_flex::block::compress_into(&body, &mut file[PACKED..]);
        file.truncate(PACKED + packed.map_err(io::Error::other)?);
        file[CHECKED..PACKED].copy_from_slice(&(body.len() as u64).to_le_bytes());
        let sum = blake3::hash(&file[CHECKED..]);
        file[..MAGIC.len()].copy_from_slice(MAGIC);
        file[MAGIC.len()..CHECKED].copy_from_slice(sum.as_bytes());
        Ok(file)
    }

    /// True if a file's bytes begin like an image.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Decodes the bytes of a file, which may be hostile. Takes at most twice the memory of the unpacked
    /// body, which is at most 255 times the file.
    ///
    /// # Errors
    /// A description of the damage.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::try_decode(bytes).map_err(|error| match error {
            DecodeError::Damaged(cause) => cause,
            DecodeError::Memory(error) => error.to_string(),
        })
    }

    fn try_decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or("it does not begin as one")?;
        let (sum, rest) = rest.split_first_chunk::<32>().ok_or("cut short")?;
        if blake3::hash(rest).as_bytes() != sum {
            return Err("its checksum does not match".into());
        }
        let (size, packed) = rest.split_first_chunk::<8>().ok_or("cut short")?;
        let size = usize::try_from(u64::from_le_bytes(*size)).unwrap_or(usize::MAX);
        if size / BEST_RATIO > packed.len() {
            return Err(format!("it claims {size} bytes of state").into());
        }
        if size > MOST_BODY {
            return Err(format!("{size} bytes of state are more than any guest has").into());
        }
        let mut body = reserve::zeros(size)?;
        let unpacked = lz4_flex::block::decompress_into(packed, &mut body);
        body.truncate(unpacked.map_err(|error| error.to_string())?);
        let mut input = Input::new(&body);
        let code = input.bytes()?;
        if code.len() > MOST_CODE {
            return Err("its code has no hash".into());
        }
        let code = String::from_utf8_lossy(code).into_owned();
        let frame = input.u64()?;
        let schema = Schema::decode(input.bytes()?).map_err(|error| error.to_string())?;
        let tree = input.range()?;
        let bytes = input.segments(1)?;
        let mut parcel = Parcel {
            tree: Vec::new(),
            w8: vec![Vec::new(); bytes.len()],
            w16: input.lists()?,
            w32: input.lists()?,
            w64: input.lists()?,
        };
        let parked = Parked::decode(input.bytes()?).map_err(|error| error.to_string())?;
        take_bytes(body, tree, bytes, &mut parcel)?;
        vblank_state::check(&schema, &parcel.as_ref()).map_err(|error| error.to_string())?;
        Ok(Self {
            code,
            frame,
            schema: Arc::new(schema),
            parcel,
            parked,
        })
    }

    /// Limit of a file's size in bytes: 5 GiB. A state has at most 4 GiB, and compressing makes it hardly
    /// larger.
    pub const MOST_BYTES: u64 = 5 << 30;

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no image, or is damaged.
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        let bytes = files::read(path, Self::MOST_BYTES).map_err(|cause| ImageError::Io {
            action: "read",
            path: path.to_owned(),
            cause,
        })?;
        if !Self::is_one(&bytes) {
            return Err(ImageError::NotAnImage(path.to_owned()));
        }
        let path = path.to_owned();
        Self::try_decode(&bytes).map_err(|error| match error {
            DecodeError::Damaged(cause) => ImageError::Damaged { path, cause },
            DecodeError::Memory(cause) => ImageError::Io {
                action: "read",
                path,
                cause,
            },
        })
    }

    /// Writes a file, completely or not at all.
    ///
    /// # Errors
    /// When the file system refuses. An older file of that name is then unchanged.
    pub fn write(&self, path: &Path, access: Access) -> Result<(), ImageError> {
        let encoded = self.try_encode();
        let written = encoded.and_then(|bytes| files::write_whole(path, access, &[&bytes]));
        written.map_err(|cause| ImageError::Io {
            action: "write",
            path: path.to_owned(),
            cause,
        })
    }
}

/// Returns the hash of a state: equal states of equal types have equal hashes.
#[must_use]
pub fn state_hash(schema: &Schema, parcel: &ParcelRef<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&schema.encode());
    hasher.update(&(parcel.tree.len() as u64).to_le_bytes());
    hasher.update(parcel.tree);
    for bytes in segments(parcel) {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

fn segments<'a>(parcel: &'a ParcelRef<'_>) -> impl Iterator<Item = &'a [u8]> {
    let w8 = parcel.w8.iter().copied();
    let w16 = parcel.w16.iter().map(|list| bytemuck::cast_slice(list));
    let w32 = parcel.w32.iter().map(|list| bytemuck::cast_slice(list));
    let w64 = parcel.w64.iter().map(|list| bytemuck::cast_slice(list));
    w8.chain(w16).chain(w32).chain(w64)
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_all<T: bytemuck::NoUninit>(out: &mut Vec<u8>, lists: &[Vec<T>]) {
    out.extend_from_slice(&(lists.len() as u64).to_le_bytes());
    for list in lists {
        put(out, bytemuck::cast_slice(list));
    }
}

/// Moves the tree and the segments of bytes out of the body. The largest of them keeps the body's memory,
/// so a state that is one large list is not held twice.
fn take_bytes(
    mut body: Vec<u8>,
    tree: Range<usize>,
    segments: Vec<Range<usize>>,
    parcel: &mut Parcel,
) -> io::Result<()> {
    let lists = std::iter::once(&mut parcel.tree).chain(&mut parcel.w8);
    let mut parts: Vec<_> = std::iter::once(tree).chain(segments).zip(lists).collect();
    parts.sort_by_key(|(range, _)| range.len());
    let largest = parts.pop();
    for (range, list) in parts {
        *list = reserve::list(range.len())?;
        list.extend_from_slice(&body[range]);
    }
    if let Some((range, list)) = largest {
        body.truncate(range.end);
        body.drain(..range.start);
        *list = body;
    }
    Ok(())
}

/// The reason why an image cannot be decoded.
enum DecodeError {
    /// Description of the damage.
    Damaged(String),
    /// There is no memory for the state.
    Memory(io::Error),
}

impl From<String> for DecodeError {
    fn from(cause: String) -> Self {
        Self::Damaged(cause)
    }
}

impl From<&str> for DecodeError {
    fn from(cause: &str) -> Self {
        Self::Damaged(cause.to_owned())
    }
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> Self {
        Self::Memory(error)
    }
}

/// Reads the format that [`put`] writes. Each length is checked against the remaining bytes.
struct Input<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    fn u64(&mut self) -> Result<u64, String> {
        let (number, _) = self.body[self.at..]
            .split_first_chunk::<8>()
            .ok_or("cut short")?;
        self.at += 8;
        Ok(u64::from_le_bytes(*number))
    }

    /// Returns where the next list of bytes lies.
    fn range(&mut self) -> Result<Range<usize>, String> {
        let len = usize::try_from(self.u64()?).unwrap_or(usize::MAX);
        if len > self.body.len() - self.at {
            return Err("cut short".to_owned());
        }
        let range = self.at..self.at + len;
        self.at = range.end;
        Ok(range)
    }

    fn bytes(&mut self) -> Result<&'a [u8], String> {
        Ok(&self.body[self.range()?])
    }

    /// Returns where the segments of one width lie. A state has no short ones, so the number of segments is
    /// bounded by the bytes of the body.
    fn segments(&mut self, width: usize) -> Result<Vec<Range<usize>>, String> {
        (0..self.u64()?)
            .map(|_| match self.range()? {
                range if range.len() % width != 0 => Err("a list of broken words".to_owned()),
                range if range.len() < SEGMENT_MIN => {
                    Err(format!("a segment of {} bytes", range.len()))
                }
                range => Ok(range),
            })
            .collect()
    }

    fn lists<T: bytemuck::AnyBitPattern + bytemuck::NoUninit>(
        &mut self,
    ) -> Result<Vec<Vec<T>>, DecodeError> {
        let ranges = self.segments(size_of::<T>())?;
        let list = |range: Range<usize>| {
            let mut list: Vec<T> = reserve::zeros(range.len() / size_of::<T>())?;
            bytemuck::cast_slice_mut(&mut list).copy_from_slice(&self.body[range]);
            Ok(list)
        };
        ranges.into_iter().map(list).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small state with one segment, which stands for large arrays.
    fn image() -> Image {
        Image {
            code: "c0de".to_owned(),
            frame: 42,
            schema: Arc::new(Schema::of::<(u32, Vec<u64>)>()),
            parcel: vblank_state::save(&(7_u32, vec![9_u64; 1000])).to_parcel(),
            parked: Parked::default(),
        }
    }

    #[test]
    fn a_written_file_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.vbs");
        image().write(&path, Access::Shared).unwrap();
        let read = Image::read(&path).unwrap();
        assert_eq!((read.code.as_str(), read.frame), ("c0de", 42));
        assert_eq!(read.parcel, image().parcel);
        assert_eq!(read.schema.hash(), image().schema.hash());
        let hash = |image: &Image| state_hash(&image.schema, &image.parcel.as_ref());
        assert_eq!(hash(&read), hash(&image()));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "a temporary file was left behind");
    }

    #[test]
    fn every_damage_is_noticed() {
        let good = image().encode();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert!(Image::decode(&bad).is_err(), "byte {at}");
            assert!(Image::decode(&good[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_false_size_allocates_no_memory() {
        let rest = [u64::MAX.to_le_bytes().to_vec(), vec![0; 100]].concat();
        let sum = blake3::hash(&rest);
        let bytes = [MAGIC.as_slice(), sum.as_bytes(), &rest].concat();
        let error = Image::decode(&bytes).unwrap_err();
        assert!(error.contains("claims"), "{error}");
    }

    #[test]
    fn another_file_is_no_image() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.vbs");
        std::fs::write(&path, "hello").unwrap();
        let error = Image::read(&path).unwrap_err().to_string();
        assert!(error.contains("not a state image"), "{error}");
        let error = Image::read(&folder.path().join("none.vbs")).unwrap_err();
        assert!(error.to_string().contains("none.vbs"), "{error}");
    }
}
