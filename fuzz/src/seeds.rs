//! Inputs that mutations begin with: the hostile cases of the tests, and healthy files of each format.

use std::path::Path;

use vblank_state::{Schema, save};
use vblank_tests::{Counter, Guest, Tally, workspace};

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Returns the files of a folder with this ending, up to a size.
fn files(folder: &str, ending: &str, most: usize) -> Vec<Vec<u8>> {
    let folder = workspace().join(folder);
    let entries = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    // The same order on every machine, for the same inputs from a seed.
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    let mut files: Vec<_> = paths.iter().map(|path| read(path)).collect();
    files.retain(|file| file.len() <= most);
    files
}

const HOSTILE: &str = "tests/cases/hostile";

/// Returns a healthy guest.
pub(crate) fn guest() -> Vec<u8> {
    Guest::of::<Counter>().module()
}

pub(crate) fn code() -> Vec<Vec<u8>> {
    let mut files = files(HOSTILE, "wasm", 64 << 10);
    files.push(guest());
    files.push(Guest::of::<Counter>().component());
    files.push(Guest::tally(512).stamp("0.1.0").component());
    files
}

/// Returns the bodies of images.
pub(crate) fn image() -> Vec<Vec<u8>> {
    const MOST: usize = 64 << 10;
    let body = |file: Vec<u8>| {
        let (size, packed) = file.get(36..)?.split_first_chunk::<8>()?;
        let size = usize::try_from(u64::from_le_bytes(*size)).ok()?;
        (size <= MOST).then(|| lz4_flex::block::decompress(packed, size).ok())?
    };
    files(HOSTILE, "vbs", MOST)
        .into_iter()
        .filter_map(body)
        .collect()
}

pub(crate) fn wants() -> Vec<Vec<u8>> {
    let mut lists = files(HOSTILE, "toml", 4096);
    lists.push(
        b"# a comment\nclock = \"to date its notes\"\n\"read=/data\" = \"the dictionaries\"\n"
            .to_vec(),
    );
    lists.push(b"\"http=example.org\" = \"news\"\n\"random=7\" = \"\"\"\ndice\n\"\"\"\n\"env=HOME\" = 'x'\n".to_vec());
    lists
}

pub(crate) fn script() -> Vec<Vec<u8>> {
    vec![
        br#"# a comment
{"frame": 30, "key": "Space", "down": true}
{"frame": 31, "pointer": [200, 120]}
{"frame": 31, "button": "primary", "down": true}
{"frame": 32, "wheel": [0, 1]}
{"frame": 40, "text": "hi"}
{"frame": 50, "pointer": null}
{"frame": 60, "blur": true}
{"frame": 70, "pad": 0, "button": "south", "down": true}
{"frame": 71, "pad": 0, "axis": "left-x", "value": -0.5}
{"frame": 80, "pad": 0, "connected": false}
{"frame": 90, "touch": 1, "finger": "down", "pointer": [200, 120]}
"#
        .to_vec(),
    ]
}

pub(crate) fn shader() -> Vec<Vec<u8>> {
    let mut sources = files("demos/meadow/assets", "wgsl", 16 << 10);
    sources.push(b"fn fragment(in: Surface) -> vec4f { return in.color; }".to_vec());
    sources.push(
        b"struct A { a: vec4f, b: array<mat4x4f, 4> }\nvar<private> a: A;\nfn f(a: u32) -> u32 { if a > 3u { return 1u; } else if a < 2u { return f2(a); } return a; }\nfn f2(a: u32) -> u32 { var s = 0u; for (var i = 0u; i < a; i++) { s += i; } return s; }\nfn fragment(in: Surface) -> vec4f { var b = A(); switch f(2u) { case 1u: { b.a = vec4f(1.0); } default: {} } return b.a + (b.a * 2.0); }"
            .to_vec(),
    );
    sources
}

/// Returns headers and pixels of pictures.
pub(crate) fn picture() -> Vec<Vec<u8>> {
    let mut pictures: Vec<_> = files("docs/pictures/drawing", "png", 20 << 10)
        .iter()
        .map(|file| parts_of(file))
        .collect();
    // 4 x 4 pixels of the colour types, without compression.
    for (colour, channels) in [(0, 1), (2, 3), (3, 1), (4, 2), (6, 4)] {
        let row = vec![0; 1 + 4 * channels];
        let rows = row.repeat(4);
        let len = (rows.len() as u16).to_le_bytes();
        let not_len = (!(rows.len() as u16)).to_le_bytes();
        let header = [0, 0, 0, 4, 0, 0, 0, 4, 8, colour, 0, 0, 0];
        pictures.push([&header[..], b"\x78\x01\x01", &len, &not_len, &rows, &[0; 4]].concat());
    }
    pictures
}

/// Returns the data of the header and of the pixels in a PNG file.
fn parts_of(file: &[u8]) -> Vec<u8> {
    let (mut rest, mut parts) = (&file[8..], Vec::new());
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some((data, next)) = after.split_at_checked(len) else {
            break;
        };
        if [&b"IHDR"[..], b"IDAT"].contains(&&head[4..]) {
            parts.extend_from_slice(data);
        }
        rest = next.get(4..).unwrap_or_default();
    }
    parts
}

pub(crate) fn sound() -> Vec<Vec<u8>> {
    let wav = |channels: u16, bits: u16, samples: &[u8]| {
        let rate = 8000_u32;
        let frame = channels * bits / 8;
        [
            &b"RIFF"[..],
            &(36 + samples.len() as u32).to_le_bytes(),
            b"WAVEfmt \x10\0\0\0\x01\0",
            &channels.to_le_bytes(),
            &rate.to_le_bytes(),
            &(rate * u32::from(frame)).to_le_bytes(),
            &frame.to_le_bytes(),
            &bits.to_le_bytes(),
            b"data",
            &(samples.len() as u32).to_le_bytes(),
            samples,
        ]
        .concat()
    };
    vec![
        wav(1, 16, &[7; 64]),
        wav(2, 8, &[128; 64]),
        wav(2, 24, &[0; 96]),
        vblank_tests::silent_ogg(4),
    ]
}

/// Returns packets of a silent sound, each with its length in two bytes.
pub(crate) fn vorbis() -> Vec<Vec<u8>> {
    let mut packets = vblank_tests::ogg_headers().to_vec();
    packets.resize(6, vec![0]);
    let with_len = |packet: &Vec<u8>| [&(packet.len() as u16).to_le_bytes()[..], packet].concat();
    vec![packets.iter().flat_map(with_len).collect()]
}

/// Returns schemas of some types, each with a state.
fn states() -> Vec<(Vec<u8>, Vec<u8>)> {
    fn of<T: vblank_state::State>(state: &T) -> (Vec<u8>, Vec<u8>) {
        (Schema::of::<T>().encode(), save(state).tree)
    }
    vec![
        of(&Counter { count: 3 }),
        of(&Tally {
            count: 3,
            words: vec![1, 2],
        }),
        of(&(7_u32, String::from("name"), vec![(1_u8, 'a'), (2, 'b')])),
        of(&[Some(Ok::<u16, String>(3)), None]),
        of(&std::collections::BTreeMap::from([(1_u8, vec![0.5_f32])])),
    ]
}

pub(crate) fn schema() -> Vec<Vec<u8>> {
    states().into_iter().map(|(schema, _)| schema).collect()
}

/// Returns sections `vblank:schema`, as compilers write them.
pub(crate) fn section() -> Vec<Vec<u8>> {
    let mut sections = schema();
    sections.push(vblank_state::schema_bytes::<Tally>());
    sections
}

/// Returns schemas with states, the length of the schema first.
pub(crate) fn value() -> Vec<Vec<u8>> {
    let join =
        |(schema, tree): (Vec<u8>, Vec<u8>)| [&[schema.len() as u8][..], &schema, &tree].concat();
    states().into_iter().map(join).collect()
}

/// Returns pairs of schemas with default values and states, the three lengths first.
pub(crate) fn plan() -> Vec<Vec<u8>> {
    let (mut pairs, all) = (Vec::new(), states());
    for (old, tree) in &all {
        for (new, defaults) in &all {
            let lens = [old.len() as u8, new.len() as u8, defaults.len() as u8];
            pairs.push([&lens[..], old, new, defaults, tree].concat());
        }
    }
    pairs
}

/// Returns trees of states, behind two bytes that choose the schemas.
pub(crate) fn migrate() -> Vec<Vec<u8>> {
    (0..32)
        .map(|choice| [&[choice, 0][..], &[1; 64]].concat())
        .collect()
}

pub(crate) fn restore() -> Vec<Vec<u8>> {
    // Lists in lists, each of which claims more items than there are.
    let lies = [&[0][..], &[255, 0, 0, 0].repeat(1000)].concat();
    vec![vec![0; 64], [&[4][..], &[0; 4], &[1; 64]].concat(), lies]
}

pub(crate) fn parked() -> Vec<Vec<u8>> {
    vec![vblank_state::Parked::default().encode(), vec![1; 32]]
}
