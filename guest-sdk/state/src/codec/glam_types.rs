//! `State` and `Flat` for glam's vectors, quaternions and matrices.

use super::flat::Flat;
use super::is_flat::FlatProof;
use super::reader::{Reader, RestoreError};
use super::state::{State, write_default};
use super::writer::Writer;
use crate::schema::{FieldsSpec, KindSpec, SchemaBuilder, Type, TypeSpec};
use glam::{
    DVec2, DVec3, DVec4, IVec2, IVec3, IVec4, Mat2, Mat3, Mat4, Quat, UVec2, UVec3, UVec4, Vec2,
    Vec3, Vec4,
};

macro_rules! records {
    ($($ty:ident: $item:ty { $($field:ident)* })*) => {$(
        impl State for $ty {
            const FLAT: Option<FlatProof<Self>> = Some(FlatProof::new());

            fn schema(builder: &mut SchemaBuilder) -> Type {
                const SPEC: TypeSpec = TypeSpec {
                    name: stringify!($ty),
                    kind: KindSpec::Record(FieldsSpec::Named(&[
                        $((stringify!($field), <$item>::schema, Some(write_default::<$item>))),*
                    ])),
                    flat: true,
                    details: &[],
                };
                builder.named(std::any::type_name::<Self>(), &SPEC)
            }

            fn save<'a>(&'a self, out: &mut Writer<'a>) {
                $(out.bytes(&self.$field.to_le_bytes());)*
            }

            fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
                Ok(<$ty>::from_array([$({
                    let $field = <$item>::restore(input)?;
                    $field
                }),*]))
            }
        }

        const _: () = assert!(size_of::<$ty>() == [$(stringify!($field)),*].len() * size_of::<$item>());

        // SAFETY: glam lays these types out as their fields in order, and implements
        // `bytemuck::Pod` for them. The assertion above shows that their size has no padding.
        unsafe impl Flat for $ty {
            const WIDTH: u8 = size_of::<$item>() as u8;
        }
    )*};
}

records! {
    Vec2: f32 { x y }
    Vec3: f32 { x y z }
    Vec4: f32 { x y z w }
    DVec2: f64 { x y }
    DVec3: f64 { x y z }
    DVec4: f64 { x y z w }
    IVec2: i32 { x y }
    IVec3: i32 { x y z }
    IVec4: i32 { x y z w }
    UVec2: u32 { x y }
    UVec3: u32 { x y z }
    UVec4: u32 { x y z w }
    Quat: f32 { x y z w }
}

macro_rules! matrices {
    ($($ty:ident: $count:literal)*) => {$(
        /// Encoded as an array of the numbers of the columns.
        impl State for $ty {
            const FLAT: Option<FlatProof<Self>> = Some(FlatProof::new());

            fn schema(builder: &mut SchemaBuilder) -> Type {
                <[f32; $count]>::schema(builder)
            }

            fn save<'a>(&'a self, out: &mut Writer<'a>) {
                self.to_cols_array().iter().for_each(|number| out.bytes(&number.to_le_bytes()));
            }

            fn restore(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
                <[f32; $count]>::restore(input).map(|columns| Self::from_cols_array(&columns))
            }
        }

        const _: () = assert!(size_of::<$ty>() == $count * size_of::<f32>());

        // SAFETY: a matrix is its columns in order, without padding.
        unsafe impl Flat for $ty {
            const WIDTH: u8 = 4;
        }
    )*};
}
matrices!(Mat2: 4 Mat3: 9 Mat4: 16);
