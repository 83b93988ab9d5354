//! Silent Ogg Vorbis files, in which each two bytes hold half a second of sound. Knows no decoder.

/// Samples of a packet.
const SAMPLES: u64 = 4096;

/// Makes a file of this many packets, each of which takes two bytes and makes 4096 samples.
#[must_use]
pub fn silent_ogg(packets: usize) -> Vec<u8> {
    let mut file = page(2, 0, 0, &[identification()]);
    file.extend(page(0, 0, 1, &[comment(), setup()]));
    let (mut made, mut number) = (0, 2);
    while made < packets {
        let count = (packets - made).min(255);
        made += count;
        let kind = if made == packets { 4 } else { 0 };
        let position = made as u64 * SAMPLES;
        // An audio packet in the only mode, whose only channel has no floor.
        file.extend(page(kind, position, number, &vec![vec![0]; count]));
        number += 1;
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

/// Makes a page of packets of less than 255 bytes.
fn page(kind: u8, position: u64, number: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let lens: Vec<u8> = packets.iter().map(|packet| packet.len() as u8).collect();
    let mut page = [
        &b"OggS\0"[..],
        &[kind],
        &position.to_le_bytes(),
        &7_u32.to_le_bytes(),
        &number.to_le_bytes(),
        &[0; 4],
        &[lens.len() as u8],
        &lens,
        &packets.concat(),
    ]
    .concat();
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
