//! The cases of Mun's hot reloading and the rules of Avro's schema resolution, each as one test.
//!
//! The name of a test says when Vblank differs. `docs/state.md` gives the reasons.

mod common;
#[macro_use]
#[path = "common/versions.rs"]
mod versions;

use common::{carry, swap, verdict};
use std::collections::BTreeMap;
use vblank_state::Parked;
use vblank_state::Verdict::{Automatic, DependsOnValues, Identical, NeedsMigration};

/// Swaps one old value to a new type, and checks the result.
macro_rules! crosses {
    ($old:expr, $new:expr) => {
        assert_eq!(carry(&$old, &mut Parked::default()).as_ref(), Ok(&$new))
    };
}

mod mun {
    use super::*;

    #[test]
    fn insert_a_field() {
        versions! { v1 { struct S { a: i64, c: u64 } } v2 { struct S { a: i64, b: u8, c: u64 } } }
        crosses!(v1::S { a: -5, c: 7 }, v2::S { a: -5, b: 0, c: 7 });
    }

    #[test]
    fn remove_a_field_which_vblank_parks() {
        versions! { v1 { struct S { a: i64, b: u8, c: u64 } } v2 { struct S { a: i64, c: u64 } } }
        let mut parked = Parked::default();
        let new: v2::S = swap(&v1::S { a: 1, b: 2, c: 3 }, &mut parked);
        assert_eq!((new.a, new.c, parked.len()), (1, 3, 1));
    }

    #[test]
    fn swap_two_fields() {
        versions! { v1 { struct S { a: i64, b: u8 } } v2 { struct S { b: u8, a: i64 } } }
        crosses!(v1::S { a: -1, b: 2 }, v2::S { a: -1, b: 2 });
    }

    #[test]
    fn cast_a_field_to_a_wider_number() {
        versions! { v1 { struct S { a: u8, b: i16 } } v2 { struct S { a: i32, b: i64 } } }
        crosses!(v1::S { a: 255, b: -1 }, v2::S { a: 255, b: -1 });
    }

    #[test]
    fn cast_a_field_that_does_not_fit_where_mun_writes_zero_and_vblank_refuses() {
        versions! { v1 { struct S { a: i64 } } v2 { struct S { a: u8 } } }
        crosses!(v1::S { a: 200 }, v2::S { a: 200 });
        assert!(carry::<_, v2::S>(&v1::S { a: -1 }, &mut Parked::default()).is_err());
    }

    #[test]
    fn rename_a_field_where_mun_guesses_and_vblank_asks() {
        versions! { v1 { struct S { a: u32 } } v2 { struct S { z: u32 } } v3 { struct S { #[state(alias = "a")] z: u32 } } }
        let mut parked = Parked::default();
        let new: v2::S = swap(&v1::S { a: 5 }, &mut parked);
        assert_eq!((new.z, parked.len()), (0, 1));
        assert_eq!(swap::<_, v3::S>(&new, &mut parked).z, 5);
        crosses!(v1::S { a: 5 }, v3::S { z: 5 });
    }

    #[test]
    fn change_the_element_type_of_an_array() {
        crosses!(vec![1_u8, 2, 3], vec![1_u64, 2, 3]);
        crosses!([1.5_f32, 2.5], [1.5_f64, 2.5]);
        crosses!(vec![1_i8, -2], vec![Some(1_i32), Some(-2)]);
    }

    #[test]
    fn a_struct_becomes_an_array_of_one() {
        versions! { v { struct S { a: u32, b: u32 } } }
        crosses!(v::S { a: 1, b: 2 }, vec![v::S { a: 1, b: 2 }]);
        crosses!(7_u8, vec![7_u16]);
    }

    #[test]
    fn an_array_becomes_its_element_where_mun_takes_the_first_and_vblank_asks() {
        versions! { v { struct S { a: u32, b: u32 } } }
        assert_eq!(verdict::<Vec<v::S>, v::S>(), NeedsMigration);
        assert_eq!(verdict::<[u32; 2], u32>(), NeedsMigration);
    }

    #[test]
    fn a_struct_becomes_a_number_where_mun_writes_zero_and_vblank_asks() {
        versions! { v { struct S { a: u32 } } }
        assert_eq!(verdict::<v::S, u32>(), NeedsMigration);
        assert_eq!(verdict::<u32, v::S>(), NeedsMigration);
        assert_eq!(verdict::<[u32; 2], v::S>(), NeedsMigration);
    }

    #[test]
    fn all_edits_at_once_in_nested_structs() {
        versions! {
            v1 { struct Outer { gone: u8, inner: Vec<Inner>, n: u16 } struct Inner { x: u8, y: u8 } }
            v2 { struct Outer { n: u64, inner: Vec<Inner>, new: String } struct Inner { y: i32, z: bool, x: u8 } }
        }
        let old = v1::Outer {
            gone: 1,
            inner: vec![v1::Inner { x: 2, y: 3 }],
            n: 4,
        };
        let inner = vec![v2::Inner {
            y: 3,
            z: false,
            x: 2,
        }];
        crosses!(
            old,
            v2::Outer {
                n: 4,
                inner,
                new: String::new()
            }
        );
    }
}

mod avro {
    use super::*;

    #[test]
    fn records_match_by_unqualified_name_and_fields_by_name() {
        versions! { here { struct R { a: u32, b: u8 } } there { struct R { b: u8, a: u32 } } }
        crosses!(here::R { a: 1, b: 2 }, there::R { b: 2, a: 1 });
    }

    #[test]
    fn a_field_only_the_writer_has_is_ignored_by_avro_and_parked_by_vblank() {
        versions! { v1 { struct R { a: u32, b: u8 } } v2 { struct R { a: u32 } } }
        let mut parked = Parked::default();
        assert_eq!(
            swap::<_, v2::R>(&v1::R { a: 1, b: 2 }, &mut parked),
            v2::R { a: 1 }
        );
        assert_eq!(parked.len(), 1);
    }

    #[test]
    fn a_field_of_the_reader_with_a_default_gets_it() {
        versions! { v1 { struct R { a: u32 } } v2 { struct R { a: u32, #[state(default = 9)] b: u8 } } }
        crosses!(v1::R { a: 1 }, v2::R { a: 1, b: 9 });
    }

    #[test]
    fn a_field_of_the_reader_without_a_default_is_an_error() {
        versions! { v1 { struct R { a: u32 } } v2 { struct R { a: u32, b: N } struct N { x: u8 } } }
        assert_eq!(verdict::<v1::R, v2::R>(), NeedsMigration);
    }

    #[test]
    fn enums_match_by_symbol_and_an_unknown_symbol_is_an_error() {
        versions! { v1 { enum E { A, B, C } } v2 { enum E { C, A } } }
        crosses!(v1::E::C, v2::E::C);
        assert_eq!(verdict::<v1::E, v2::E>(), DependsOnValues);
        assert!(carry::<_, v2::E>(&v1::E::B, &mut Parked::default()).is_err());
    }

    #[test]
    fn arrays_and_maps_match_by_their_items() {
        crosses!(
            BTreeMap::from([("k".to_string(), 1_u8)]),
            BTreeMap::from([("k".to_string(), 1_i64)])
        );
        assert_eq!(verdict::<Vec<bool>, Vec<String>>(), NeedsMigration);
    }

    #[test]
    fn int_promotes_to_long_and_double_and_to_float_when_it_fits() {
        crosses!(i32::MIN, i64::from(i32::MIN));
        crosses!(i32::MAX, f64::from(i32::MAX));
        // Avro rounds. Vblank takes the values that lose nothing.
        assert_eq!(verdict::<i32, f32>(), DependsOnValues);
        crosses!(1_i32 << 24, 16_777_216_f32);
        assert!(carry::<_, f32>(&((1_i32 << 24) + 1), &mut Parked::default()).is_err());
    }

    #[test]
    fn long_promotes_to_float_and_double_when_it_fits() {
        assert_eq!(verdict::<i64, f64>(), DependsOnValues);
        crosses!(-(1_i64 << 53), -9_007_199_254_740_992_f64);
        assert!(carry::<_, f64>(&((1_i64 << 53) + 1), &mut Parked::default()).is_err());
    }

    #[test]
    fn float_promotes_to_double() {
        crosses!(0.1_f32, f64::from(0.1_f32));
        assert_eq!(verdict::<f32, f64>(), Automatic);
    }

    #[test]
    fn string_promotes_to_bytes_and_bytes_that_are_text_to_string() {
        crosses!("é".to_string(), "é".as_bytes().to_vec());
        crosses!("x".repeat(9000), vec![b'x'; 9000]);
        crosses!(b"ok".to_vec(), "ok".to_string());
        assert!(carry::<_, String>(&vec![0xff_u8], &mut Parked::default()).is_err());
    }

    #[test]
    fn a_value_goes_into_a_union_that_has_it() {
        crosses!(5_u8, Some(5_u16));
    }

    #[test]
    fn a_union_resolves_to_its_value_in_avro_and_needs_a_migration_in_vblank() {
        assert_eq!(verdict::<Option<u8>, u8>(), NeedsMigration);
    }

    #[test]
    fn aliases_of_the_reader_rewrite_the_writer() {
        versions! {
            v1 { struct Old { a: u8 } }
            v2 { #[state(alias = "Old")] struct New { #[state(alias = "a")] b: u8 } }
        }
        crosses!(v1::Old { a: 1 }, v2::New { b: 1 });
        assert_eq!(verdict::<v2::New, v2::New>(), Identical);
    }

    #[test]
    fn fixed_matches_only_its_own_size() {
        assert_eq!(verdict::<[u8; 4], [u8; 4]>(), Identical);
        assert_eq!(verdict::<[u8; 4], [u8; 5]>(), NeedsMigration);
    }
}
