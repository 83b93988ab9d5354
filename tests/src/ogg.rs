//! Silent Ogg Vorbis files, in which each two bytes hold half a second of sound. Knows no decoder.

/// Samples of a packet.
const SAMPLES: u64 = 4096;

/// Makes a file of this many packets, each of which takes two bytes and makes 4096 samples.
#[must_use]
pub fn silent_ogg(packets: usize) -> Vec<u8> {
    let mut all = ogg_headers().to_vec();
    all.resize(3 + packets, SILENCE.to_vec());
    ogg_of(&all)
}

/// An audio packet in the only mode, whose only channel has no floor.
const SILENCE: &[u8] = &[0];

/// Returns the three packets that a file of silence begins with.
#[must_use]
pub fn ogg_headers() -> [Vec<u8>; 3] {
    [identification(), comment(), setup()]
}

/// Makes a file whose codebook has words of 69 bits, where 32 is the limit of the format.
#[must_use]
pub fn ogg_of_long_words() -> Vec<u8> {
    let [identification, comment, _] = ogg_headers();
    let mut bits = Bits::default();
    // One ordered codebook of two words: no word of 32 bits, none of 33, and so on.
    for (value, width) in [(0, 8), (0x0056_4342, 24), (1, 16), (2, 24), (1, 1), (31, 5)] {
        bits.put(value, width);
    }
    (32..69).for_each(|_| bits.put(0, 2));
    // Both words, and the rest, which is not read.
    bits.put(2, 2);
    (0..16).for_each(|_| bits.put(0, 8));
    let setup = [&b"\x05vorbis"[..], &bits.bytes].concat();
    ogg_of(&[identification, comment, setup, SILENCE.to_vec()])
}

/// Makes a file of these packets. The first is alone on its page, and the next two on theirs.
#[must_use]
pub fn ogg_of(packets: &[Vec<u8>]) -> Vec<u8> {
    let (first, rest) = packets.split_at(packets.len().min(1));
    let (headers, sound) = rest.split_at(rest.len().min(2));
    let mut file = Vec::new();
    let mut pages = Pages::default();
    for (kind, packets) in [(2, first), (0, headers), (4, sound)] {
        let samples = if kind == 4 { SAMPLES } else { 0 };
        pages.put(&mut file, kind, samples, packets);
    }
    file
}

fn identification() -> Vec<u8> {
    let rate = 8000_u32.to_le_bytes();
    // Version, channel, rate, bit rates, both sizes of blocks (2^13), end.
    [&b"\x01vorbis\0\0\0\0\x01"[..], &rate, &[0; 12], &[0xdd, 1]].concat()
}

fn comment() -> Vec<u8> {
    [&b"\x03vorbis"[..], &[0; 8], &[1]].concat()
}

/// Makes the header with the tables of the codec: one of each kind, as small as it may be.
fn setup() -> Vec<u8> {
    let mut bits = Bits::default();
    // A codebook of two words of one bit.
    for (value, width) in [
        (0, 8),
        (0x0056_4342, 24),
        (1, 16),
        (2, 24),
        (0, 1),
        (0, 1),
        (0, 5),
        (0, 5),
        (0, 4),
    ] {
        bits.put(value, width);
    }
    // A time transform, and a floor without partitions.
    for (value, width) in [(0, 6), (0, 16), (0, 6), (1, 16), (0, 5), (0, 2), (0, 4)] {
        bits.put(value, width);
    }
    // A residue of nothing.
    for (value, width) in [
        (0, 6),
        (0, 16),
        (0, 24),
        (0, 24),
        (0, 24),
        (0, 6),
        (0, 8),
        (0, 3),
        (0, 1),
    ] {
        bits.put(value, width);
    }
    // A mapping, a mode of the first size of blocks, and the end.
    for (value, width) in [
        (0, 6),
        (0, 16),
        (0, 1),
        (0, 1),
        (0, 2),
        (0, 8),
        (0, 8),
        (0, 8),
    ] {
        bits.put(value, width);
    }
    for (value, width) in [(0, 6), (0, 1), (0, 16), (0, 16), (0, 8), (1, 1)] {
        bits.put(value, width);
    }
    [&b"\x05vorbis"[..], &bits.bytes].concat()
}

/// Bits in bytes, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    fn put(&mut self, value: u32, width: usize) {
        for bit in 0..width {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if value >> bit & 1 == 1 {
                self.bytes[self.len / 8] |= 1 << (self.len % 8);
            }
            self.len += 1;
        }
    }
}

/// The pages of a stream.
#[derive(Default)]
struct Pages {
    number: u32,
    position: u64,
}

impl Pages {
    /// Writes packets to as many pages as they need. `kind` is the flag of the last one, and each packet that
    /// ends makes this many samples.
    fn put(&mut self, file: &mut Vec<u8>, kind: u8, samples: u64, packets: &[Vec<u8>]) {
        const MOST: usize = 255;
        // Parts of 255 bytes, of which each packet ends with a shorter one.
        let mut parts: Vec<&[u8]> = Vec::new();
        for packet in packets {
            parts.extend(packet.chunks(MOST));
            if packet.len() % MOST == 0 {
                parts.push(&[]);
            }
        }
        let count = parts.len().div_ceil(MOST);
        let mut goes_on = false;
        for (index, parts) in parts.chunks(MOST).enumerate() {
            let ended = parts.iter().filter(|part| part.len() < MOST).count();
            self.position += ended as u64 * samples;
            let last = if index + 1 == count { kind } else { 0 };
            file.extend(self.page(last | u8::from(goes_on), parts));
            goes_on = parts.last().is_some_and(|part| part.len() == MOST);
        }
    }

    fn page(&mut self, kind: u8, parts: &[&[u8]]) -> Vec<u8> {
        let lens: Vec<u8> = parts.iter().map(|part| part.len() as u8).collect();
        let mut page = [
            &b"OggS\0"[..],
            &[kind],
            &self.position.to_le_bytes(),
            &7_u32.to_le_bytes(),
            &self.number.to_le_bytes(),
            &[0; 4],
            &[lens.len() as u8],
            &lens,
            &parts.concat(),
        ]
        .concat();
        self.number += 1;
        let mut sum = 0_u32;
        for byte in &page {
            sum ^= u32::from(*byte) << 24;
            for _ in 0..8 {
                sum = sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            }
        }
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        page
    }
}
