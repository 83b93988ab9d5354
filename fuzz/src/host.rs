//! Targets of the host: images, guests, lists of wants, assets and input scripts. Each function returns the
//! reason why an input is refused.

use std::time::Duration;

use tempfile::TempDir;
use vblank_input::Script;
use vblank_render::assets::{DecodeBudget, Kind};
use vblank_runtime::guest::{Code, Interfaces};
use vblank_runtime::image::{Image, state_hash};
use vblank_tests::{ogg_of, png_chunk};

use crate::seeds;

/// Bytes of memory and time that a picture or a sound may take.
const ASSET: (u64, Duration) = (64 << 20, Duration::from_secs(1));

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// The body of an image. The file around it is made here, since its checksum would stop every mutation.
pub(crate) fn image(body: &[u8]) -> Result<(), String> {
    let size = (body.len() as u64).to_le_bytes();
    let rest = [&size[..], &lz4_flex::block::compress(body)].concat();
    let file = [&b"VBS1"[..], blake3::hash(&rest).as_bytes(), &rest].concat();
    let image = Image::decode(&file)?;
    let hash = |image: &Image| state_hash(&image.schema, &image.parcel.as_ref());
    let again = Image::decode(&image.encode()).expect("an image that is written can be read");
    assert_eq!(hash(&again), hash(&image));
    Ok(())
}

/// The file of a guest, up to its compilation.
pub(crate) fn code(bytes: &[u8]) -> Result<(), String> {
    let code = Code::from_bytes(bytes.to_owned()).map_err(text)?;
    let schema = code.declared_schema().map_err(text);
    let component = code.componentise().map_err(text)?;
    Interfaces::of(&component).map_err(text)?;
    schema.map(drop)
}

/// A list of wants, beside a healthy guest.
pub(crate) fn wants(list: &[u8]) -> Result<(), String> {
    thread_local! {
        static FOLDER: TempDir = {
            let folder = TempDir::new().expect("a temporary folder can be made");
            std::fs::write(folder.path().join("a.wasm"), seeds::guest()).expect("a file can be written");
            folder
        };
    }
    FOLDER.with(|folder| {
        let written = std::fs::write(folder.path().join("a.wants.toml"), list);
        written.expect("a file can be written");
        let code = Code::read(&folder.path().join("a.wasm")).map_err(|error| {
            let text = error.to_string();
            // Without the path of the file.
            text.rsplit_once("a.wants.toml")
                .map_or(text.clone(), |(_, rest)| rest.to_owned())
        })?;
        // As a refusal prints them.
        let _ = code
            .wants
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        let _ = code
            .wants
            .iter()
            .map(|want| want.grant())
            .collect::<String>();
        Ok(())
    })
}

/// An input script.
pub(crate) fn script(bytes: &[u8]) -> Result<(), String> {
    let script = Script::parse(&String::from_utf8_lossy(bytes)).map_err(text)?;
    (0..100).for_each(|frame| {
        let _ = script.events_at(frame).count();
    });
    Ok(())
}

/// The source of a shader.
pub(crate) fn shader(bytes: &[u8]) -> Result<(), String> {
    asset(Kind::Shader, bytes)
}

/// A picture: the data of its header, and those of its pixels. The file around them is made here, with
/// checksums.
pub(crate) fn picture(bytes: &[u8]) -> Result<(), String> {
    let (header, pixels) = bytes.split_at(bytes.len().min(13));
    let parts = [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(b"IHDR", header),
        png_chunk(b"IDAT", pixels),
        png_chunk(b"IEND", b""),
    ];
    asset(Kind::Texture, &parts.concat())
}

/// A sound.
pub(crate) fn sound(bytes: &[u8]) -> Result<(), String> {
    asset(Kind::Sound, bytes)
}

/// A sound in Ogg Vorbis: packets, each with its length in two bytes. The pages around them are made here, with
/// checksums.
pub(crate) fn vorbis(bytes: &[u8]) -> Result<(), String> {
    let (mut rest, mut packets) = (bytes, Vec::new());
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let len = usize::from(u16::from_le_bytes(*len)).min(after.len());
        packets.push(after[..len].to_vec());
        rest = &after[len..];
    }
    asset(Kind::Sound, &ogg_of(&packets))
}

fn asset(kind: Kind, bytes: &[u8]) -> Result<(), String> {
    let budget = DecodeBudget::new(ASSET.0, ASSET.1);
    kind.decode(bytes, &budget).map(drop).map_err(text)
}
