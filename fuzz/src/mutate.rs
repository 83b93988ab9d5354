//! Mutations of inputs. Knows no format; words of one are passed in.

use fastrand::Rng;

/// Numbers at which formats change their minds.
const NUMBERS: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 32,
    u64::MAX >> 1,
    u64::MAX,
];

/// Changes an input in one to six places. `other` is another input, of which parts may come in.
pub(crate) fn mutate(
    input: &mut Vec<u8>,
    other: &[u8],
    words: &[&str],
    most: usize,
    random: &mut Rng,
) {
    for _ in 0..random.usize(1..=6) {
        once(input, other, words, random);
        input.truncate(most);
    }
}

fn once(input: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Rng) {
    let at = random.usize(..=input.len());
    match random.u8(..12) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.u8(..8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.u8(..);
            }
        }
        2 => {
            let bytes = random.choice(NUMBERS).unwrap_or_default().to_le_bytes();
            let width = random.choice([1, 2, 4, 8]).unwrap_or(8);
            overwrite(input, at, &bytes[..width]);
        }
        3 => {
            let number = random.choice(NUMBERS).unwrap_or_default();
            insert(input, at, &leb128(number));
        }
        4 => drop(input.drain(at..end(at, input.len(), random))),
        5 => {
            let part = input[at..end(at, input.len(), random)].to_vec();
            insert(input, random.usize(..=input.len()), &part);
        }
        // Many copies of a part, for whatever nests, chains or multiplies.
        6 => {
            let len = random.usize(..=48).min(input.len() - at);
            let part = input[at..at + len].repeat(1 << random.u32(..13));
            insert(input, at, &part);
        }
        7 => {
            let from = random.usize(..=other.len());
            let part = &other[from..end(from, other.len(), random)];
            insert(input, at, part);
        }
        8 => {
            let from = random.usize(..=other.len());
            overwrite(input, at, &other[from..end(from, other.len(), random)]);
        }
        9 | 10 if !words.is_empty() => {
            let word = words[random.usize(..words.len())].as_bytes();
            match random.bool() {
                true => insert(input, at, word),
                false => overwrite(input, at, word),
            }
        }
        _ => {
            let text = random.choice(NUMBERS).unwrap_or_default().to_string();
            insert(input, at, text.as_bytes());
        }
    }
}

/// Returns an end behind this place. Short parts are more frequent.
fn end(at: usize, len: usize, random: &mut Rng) -> usize {
    let most = 1_usize << random.u32(..16);
    at + random.usize(..=most.min(len - at))
}

fn insert(input: &mut Vec<u8>, at: usize, part: &[u8]) {
    input.splice(at..at, part.iter().copied());
}

fn overwrite(input: &mut Vec<u8>, at: usize, part: &[u8]) {
    let end = input.len().min(at + part.len());
    input.splice(at..end, part.iter().copied());
}

/// Encodes a number as WebAssembly and schemas have it.
fn leb128(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
