//! `State` for numbers, text, options, tuples, arrays and other types that are no collections.

use super::flat::Flat;
use super::is_flat::FlatProof;
use super::reader::{Reader, RestoreError};
use super::state::{State, write_default};
use super::writer::Writer;
use crate::schema::{FieldsSpec, KindSpec, Number, SchemaBuilder, Type, TypeSpec};
use std::time::Duration;

macro_rules! numbers {
    ($($ty:ty: $number:ident)*) => {$(
        impl State for $ty {
            const FLAT: Option<FlatProof<Self>> = Some(FlatProof::new());

            fn schema(_: &mut SchemaBuilder) -> Type {
                Type::Number(Number::$number)
            }

            fn save<'a>(&'a self, out: &mut Writer<'a>) {
                out.bytes(&self.to_le_bytes());
            }

            fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
                Ok(Self::from_le_bytes(input.array()?))
            }
        }

        // SAFETY: a number is its own bytes, every bit pattern is a value, and its width is its
        // size.
        unsafe impl Flat for $ty {
            const WIDTH: u8 = size_of::<$ty>() as u8;
        }
    )*};
}
numbers!(u8: U8 u16: U16 u32: U32 u64: U64 i8: S8 i16: S16 i32: S32 i64: S64 f32: F32 f64: F64);

macro_rules! sizes {
    ($($ty:ty as $wire:ty: $number:ident)*) => {$(
        /// Encoded in eight bytes on every machine.
        impl State for $ty {

            fn schema(_: &mut SchemaBuilder) -> Type {
                Type::Number(Number::$number)
            }

            fn save<'a>(&'a self, out: &mut Writer<'a>) {
                out.bytes(&(*self as $wire).to_le_bytes());
            }

            fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
                let wire = <$wire>::from_le_bytes(input.array()?);
                wire.try_into().map_err(|_| {
                    RestoreError::new(format!("{wire} is too large for a {} of this machine", stringify!($ty)))
                })
            }
        }
    )*};
}
sizes!(usize as u64: U64 isize as i64: S64);

impl State for bool {
    fn schema(_: &mut SchemaBuilder) -> Type {
        Type::Bool
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.bytes(&[u8::from(*self)]);
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        match input.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(RestoreError::new(format!("{other} is not a bool"))),
        }
    }
}

impl State for char {
    fn schema(_: &mut SchemaBuilder) -> Type {
        Type::Char
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.bytes(&u32::from(*self).to_le_bytes());
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let code = u32::from_le_bytes(input.array()?);
        char::from_u32(code).ok_or_else(|| RestoreError::new(format!("{code:#x} is not a char")))
    }
}

impl State for String {
    fn schema(_: &mut SchemaBuilder) -> Type {
        Type::String
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.count(self.len());
        out.bytes(self.as_bytes());
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let len = input.count()?;
        match std::str::from_utf8(input.bytes(len)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(RestoreError::new("a string is not UTF-8")),
        }
    }
}

impl<T: State> State for Box<T> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        T::schema(builder)
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.within::<T>(|out| (**self).save(out));
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        input.enter::<T>()?;
        match T::restore(input) {
            Ok(value) => {
                input.leave::<T>();
                Ok(Box::new(value))
            }
            Err(error) => Err(error),
        }
    }
}

impl<T: State> State for Option<T> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        Type::Option(Box::new(T::schema(builder)))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.bytes(&[u8::from(self.is_some())]);
        if let Some(value) = self {
            value.save(out);
        }
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        if !bool::restore(input)? {
            return Ok(None);
        }
        match T::restore(input) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error),
        }
    }
}

impl<T: State, E: State> State for Result<T, E> {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        Type::Result(Box::new(T::schema(builder)), Box::new(E::schema(builder)))
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.bytes(&[u8::from(self.is_err())]);
        match self {
            Ok(value) => value.save(out),
            Err(error) => error.save(out),
        }
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        Ok(if bool::restore(input)? {
            Err(E::restore(input)?)
        } else {
            Ok(T::restore(input)?)
        })
    }
}

impl<T: State, const N: usize> State for [T; N] {
    const FLAT: Option<FlatProof<Self>> = FlatProof::array(T::FLAT);

    fn schema(builder: &mut SchemaBuilder) -> Type {
        let count = u32::try_from(N).expect("an array of a state has at most 2^32 - 1 items");
        Type::Array(Box::new(T::schema(builder)), count)
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        match T::FLAT {
            Some(flat) => out.bytes((flat.bytes)(self)),
            None => {
                for item in self {
                    item.save(out);
                }
            }
        }
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        if let Some(flat) = Self::FLAT {
            return Ok((flat.value)(input.bytes(flat.size)?));
        }
        let mut items = Vec::with_capacity(N);
        for _ in 0..N {
            items.push(T::restore(input)?);
        }
        Ok(items
            .try_into()
            .unwrap_or_else(|_| unreachable!("as many items as the array has")))
    }
}

// SAFETY: an array is its items in order. `FlatProof::new` rejects an empty one, which has no
// bytes, when the program is compiled.
unsafe impl<T: Flat, const N: usize> Flat for [T; N] {
    const WIDTH: u8 = T::WIDTH;
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: State),*> State for ($($name,)*) {

            #[allow(unused_variables, reason = "the empty tuple has none")]
            fn schema(builder: &mut SchemaBuilder) -> Type {
                Type::Tuple(vec![$($name::schema(builder)),*])
            }

            #[allow(non_snake_case, unused_variables, reason = "one name for type and value")]
            fn save<'a>(&'a self, out: &mut Writer<'a>) {
                let ($($name,)*) = self;
                $($name.save(out);)*
            }

            #[allow(non_snake_case, unused_variables, clippy::unused_unit, reason = "one name for type and value")]
            // `?` costs the compiler two functions for each type.
            fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
                $(let $name = match $name::restore(input) {
                    Ok(value) => value,
                    Err(error) => return Err(error),
                };)*
                Ok(($($name,)*))
            }
        }
    )*};
}
tuples! {
    ; A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}

impl<T> State for std::marker::PhantomData<T> {
    fn schema(_: &mut SchemaBuilder) -> Type {
        Type::Tuple(Vec::new())
    }

    fn save<'a>(&'a self, _: &mut Writer<'a>) {}

    fn restore(_: &mut Reader<'_>) -> Result<Self, RestoreError> {
        Ok(std::marker::PhantomData)
    }
}

/// Encoded as a record of `secs` and `nanos`.
impl State for Duration {
    fn schema(builder: &mut SchemaBuilder) -> Type {
        const SPEC: TypeSpec = TypeSpec {
            name: "Duration",
            kind: KindSpec::Record(FieldsSpec::Named(&[
                ("secs", u64::schema, Some(write_default::<u64>)),
                ("nanos", u32::schema, Some(write_default::<u32>)),
            ])),
            flat: false,
            details: &[],
        };
        builder.named(std::any::type_name::<Self>(), &SPEC)
    }

    fn save<'a>(&'a self, out: &mut Writer<'a>) {
        out.bytes(&self.as_secs().to_le_bytes());
        out.bytes(&self.subsec_nanos().to_le_bytes());
    }

    fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let (secs, nanos) = (u64::restore(input)?, u32::restore(input)?);
        if nanos >= 1_000_000_000 {
            return Err(RestoreError::new(format!(
                "{nanos} nanoseconds are a second or more"
            )));
        }
        Ok(Duration::new(secs, nanos))
    }
}
