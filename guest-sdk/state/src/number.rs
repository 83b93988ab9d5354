//! Lossless conversion of numbers. Knows no plans and no parcels.

use crate::schema::Number;

/// Returns true when every value of `from` is a value of `to`.
pub(crate) fn widens(from: Number, to: Number) -> bool {
    use Number::*;
    match (from, to) {
        (a, b) if a == b => true,
        (U8, U16 | U32 | U64 | S16 | S32 | S64 | F32 | F64) => true,
        (U16, U32 | U64 | S32 | S64 | F32 | F64) => true,
        (U32, U64 | S64 | F64) => true,
        (S8, S16 | S32 | S64 | F32 | F64) => true,
        (S16, S32 | S64 | F32 | F64) => true,
        (S32, S64 | F64) => true,
        (F32, F64) => true,
        _ => false,
    }
}

/// A number between two types. Every integer fits the first case, every float the second.
#[derive(Clone, Copy)]
enum WideNumber {
    Int(i128),
    Float(f64),
}

/// Converts one number. Returns `None` when the target cannot hold exactly this value.
pub(crate) fn convert(from: Number, to: Number, bytes: &[u8]) -> Option<([u8; 8], usize)> {
    write(to, read(from, bytes))
}

fn read(number: Number, bytes: &[u8]) -> WideNumber {
    let mut word = [0; 8];
    word[..number.size()].copy_from_slice(bytes);
    let word = u64::from_le_bytes(word);
    WideNumber::Int(match number {
        Number::U8 | Number::U16 | Number::U32 | Number::U64 => i128::from(word),
        Number::S8 => i128::from(word as i8),
        Number::S16 => i128::from(word as i16),
        Number::S32 => i128::from(word as i32),
        Number::S64 => i128::from(word as i64),
        Number::F32 => return WideNumber::Float(widen(f32::from_bits(word as u32))),
        Number::F64 => return WideNumber::Float(f64::from_bits(word)),
    })
}

fn write(number: Number, value: WideNumber) -> Option<([u8; 8], usize)> {
    let word = match number {
        Number::F32 => u64::from(match value {
            WideNumber::Int(int) => exact(int, (int as f32).to_bits(), int as f32 as f64)?,
            WideNumber::Float(float) => narrow(float)?.to_bits(),
        }),
        Number::F64 => match value {
            WideNumber::Int(int) => exact(int, (int as f64).to_bits(), int as f64)?,
            WideNumber::Float(float) => float.to_bits(),
        },
        integer => {
            let int = match value {
                WideNumber::Int(int) => int,
                // A fraction, a NaN, an infinity and -0.0 have no integer of the same value.
                WideNumber::Float(float) => {
                    Some(float as i128).filter(|int| (*int as f64).to_bits() == float.to_bits())?
                }
            };
            let (low, high) = range(integer);
            (low..=high).contains(&int).then_some(int as u64)?
        }
    };
    Some((word.to_le_bytes(), number.size()))
}

/// Returns `bits` when the float that they encode is exactly `int`.
fn exact<B>(int: i128, bits: B, float: f64) -> Option<B> {
    (float as i128 == int).then_some(bits)
}

fn range(number: Number) -> (i128, i128) {
    match number {
        Number::U8 => (0, u8::MAX.into()),
        Number::U16 => (0, u16::MAX.into()),
        Number::U32 => (0, u32::MAX.into()),
        Number::U64 => (0, u64::MAX.into()),
        Number::S8 => (i8::MIN.into(), i8::MAX.into()),
        Number::S16 => (i16::MIN.into(), i16::MAX.into()),
        Number::S32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// Converts `f32` to `f64`. A cast may make a NaN quiet, so its bits are moved by hand.
pub(crate) fn widen(float: f32) -> f64 {
    if !float.is_nan() {
        return f64::from(float);
    }
    let bits = u64::from(float.to_bits());
    f64::from_bits((bits >> 31) << 63 | 0x7ff << 52 | (bits & 0x7f_ffff) << 29)
}

/// Returns the `f32` that widens to exactly this `f64`.
fn narrow(float: f64) -> Option<f32> {
    let narrow = if float.is_nan() {
        let bits = float.to_bits();
        f32::from_bits(((bits >> 63) << 31) as u32 | 0xff << 23 | (bits >> 29 & 0x7f_ffff) as u32)
    } else {
        float as f32
    };
    (widen(narrow).to_bits() == float.to_bits()).then_some(narrow)
}

/// Formats a number in decimal.
pub(crate) fn show(number: Number, bytes: &[u8]) -> String {
    match (read(number, bytes), number) {
        (WideNumber::Int(int), _) => int.to_string(),
        (WideNumber::Float(float), Number::F32) => (float as f32).to_string(),
        (WideNumber::Float(float), _) => float.to_string(),
    }
}
