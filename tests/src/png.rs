//! PNG files that are small and hold many pixels, and chunks with their checksums. Knows no decoder.

/// Makes a chunk of a file, with its checksum.
#[must_use]
pub fn png_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name[..], data].concat();
    let mut sum = u32::MAX;
    for byte in &named {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    let len = (data.len() as u32).to_be_bytes();
    [&len[..], &named, &(!sum).to_be_bytes()].concat()
}

/// Makes a black square of this many pixels a side, of one bit each: 200 KB for 16384.
#[must_use]
pub fn blank_png(side: u32) -> Vec<u8> {
    let row = 1 + side.div_ceil(8) as usize;
    let header = [
        &side.to_be_bytes()[..],
        &side.to_be_bytes(),
        &[1, 0, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        png_chunk(b"IHDR", &header),
        png_chunk(b"IDAT", &zeros(row * side as usize)),
        png_chunk(b"IEND", b""),
    ]
    .concat()
}

/// Compresses at least this many zeros: one of them, and then copies of 258 zeros, each in 13 bits.
fn zeros(count: usize) -> Vec<u8> {
    // The lowest bit of a byte comes first; codes come with their highest bit first.
    let mut bits = vec![true, true, false];
    let mut put = |code: u32, width: u32| {
        bits.extend((0..width).rev().map(|bit| code >> bit & 1 == 1));
    };
    put(0b0011_0000, 8);
    for _ in 0..count.div_ceil(258) {
        put(0b1100_0101, 8);
        put(0, 5);
    }
    put(0, 7);
    let byte = |bits: &[bool]| {
        let bits = bits.iter().enumerate();
        bits.fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at)
    };
    let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    [&b"\x78\x01"[..], &bytes, &[0; 4]].concat()
}
