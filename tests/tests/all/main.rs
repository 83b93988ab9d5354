//! Whole-program tests, one binary with a module for each subject: it is linked once, and its tests share the cores.
//!
//! A test may rely on its own temporary folder, its own display and its own host. It may not set variables of
//! the environment, change the working folder, or measure the process that it runs in: tests that must do so
//! are binaries of their own beside this folder (`allocations.rs`, `many_swaps.rs`).

mod abi;
mod api;
mod assets;
mod bad_input;
mod bench;
mod bindings;
mod book;
mod build_once;
mod cache;
mod changed_types;
mod consent;
mod control;
mod deep_states;
mod demos;
mod doctor;
mod failures;
mod faults;
mod features;
mod four_crates;
mod going_back;
mod hostile;
mod hostile_states;
mod hostile_text;
mod input;
mod inputs;
mod inspect;
mod keys;
mod killed;
mod languages;
mod lends;
mod lost;
mod main_job;
mod new;
mod newcomer;
mod optimise;
mod overlay;
mod own_command;
mod pages;
mod pictures;
mod places;
mod played;
mod plugins;
mod providers;
mod report_fields;
mod requested_files;
mod resume;
mod saves;
mod scene;
mod sound;
mod stuck_build;
mod surroundings;
mod versions;
mod wants;
mod window;
mod without_cargo;
