//! Benchmarks of whole programs. Each is a program in `benches/`: `cargo bench -p vblank-benches`.
