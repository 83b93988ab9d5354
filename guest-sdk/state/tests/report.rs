//! The report on a needed migration, and the hook that it prints, which must compile.

use vblank_derive::State;
use vblank_state::{Comparison, Schema, explain};

/// Stands in for the guest's SDK.
mod vblank_guest {
    pub use vblank_state as state;
}

mod v1 {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Gun {
        pub range: f32,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Ship {
        pub name: String,
        pub speed: String,
        pub cargo: Vec<(u8, i16)>,
        pub gun: Gun,
    }
}

mod v2 {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Ship {
        pub name: String,
        pub speed: f64,
        pub cargo: u32,
        pub gun: bool,
        pub pilot: Pilot,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Pilot {
        pub name: String,
    }
}

const REPORT: &str = r#"the state needs a migration

! Ship.speed  string → f64  no rule leads from one to the other
! Ship.cargo  list<tuple<u8, s16>> → u32  no rule leads from one to the other
! Ship.gun  Gun → bool  no rule leads from one to the other
+ Ship.pilot  Pilot  no default: add `#[state(default = …)]`
"#;

#[test]
fn the_report_shows_both_types_and_a_hook() {
    let (old, new) = (Schema::of::<v1::Ship>(), Schema::of::<v2::Ship>());
    let needs = Comparison::new(&old, &new).into_plan().unwrap_err();
    let report = explain(&old, &new, &needs);
    assert!(report.starts_with(REPORT), "{report}");
    assert!(
        report.contains("      speed: string,               |     speed: f64,\n"),
        "{report}"
    );
    assert!(
        report.contains("give pilot of Ship a default: `#[state(default = …)]`"),
        "{report}"
    );
    assert!(
        report.contains("    #[state(version = 1, migrate(from = 0, with = Ship::migrate_v0))]"),
        "{report}"
    );
    // The report prints exactly the hook that is compiled below.
    let stub = include_str!("stubs/ship.rs");
    let indented: String = stub
        .lines()
        .map(|line| {
            if line.is_empty() {
                "\n".into()
            } else {
                format!("    {line}\n")
            }
        })
        .collect();
    assert!(report.contains(&indented), "{report}\nlacks\n{indented}");
}

mod pasted {
    use super::*;

    #[derive(State)]
    #[state(crate = vblank_state)]
    #[state(version = 1, migrate(from = 0, with = Ship::migrate_v0))]
    pub struct Ship {
        pub name: String,
        pub speed: f64,
        pub cargo: u32,
        pub gun: bool,
        #[state(default = Pilot { name: "nobody".into() })]
        pub pilot: Pilot,
    }

    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Pilot {
        pub name: String,
    }

    include!("stubs/ship.rs");
}

#[test]
fn the_printed_hook_makes_a_plan() {
    let plan = Comparison::new(&Schema::of::<v1::Ship>(), &Schema::of::<pasted::Ship>())
        .into_plan()
        .unwrap();
    assert!(plan.runs_hooks());
}

#[test]
fn a_type_of_another_kind_gets_a_replacing_hook() {
    mod v3 {
        use super::*;
        #[derive(State)]
        #[state(crate = vblank_state)]
        pub enum Ship {
            Afloat,
            Sunk,
        }
    }
    let (old, new) = (Schema::of::<v1::Ship>(), Schema::of::<v3::Ship>());
    let report = explain(
        &old,
        &new,
        &Comparison::new(&old, &new).into_plan().unwrap_err(),
    );
    assert!(
        report.contains("#[state(version = 1, replace(from = 0, with = Ship::from_v0))]"),
        "{report}"
    );
    assert!(
        report.contains("-> Result<Self, vblank_guest::state::RestoreError>"),
        "{report}"
    );
}
