//! The driver: starts the real binary, edits a guest, and reads what happened.
