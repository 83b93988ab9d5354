//! Cost of one swap per second for the clients of an HTTP service. `demos/plugins/service` runs under
//! load with and without swaps of its handler, and alternately with the same service on Extism. Every
//! answer is checked: none of ours fails, and each is counted once.
//!
//! `cargo build --release -p service && cargo bench -p vblank-benches --bench service`; `-- --quick` for a look.
//! Extism: `cargo build --release --manifest-path benches/rivals-service/Cargo.toml`, some minutes.

mod handlers;
mod load;
mod program;

use std::time::Duration;

use vblank_benches::{Times, row};

use crate::handlers::Handlers;
use crate::load::{CLIENTS, Load};
use crate::program::Program;

fn main() {
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, seconds) = if is_quick { (1, 3) } else { (4, 20) };
    let mut sides = vec![Side::vblank()];
    sides.extend(Side::extism());
    let length = Duration::from_secs(seconds);
    // Afterwards, caches and the services' threads are warm.
    sides.iter_mut().for_each(|side| side.warm(length));
    for _ in 0..rounds {
        sides.iter_mut().for_each(|side| side.round(length));
    }
    println!("{CLIENTS} clients, {rounds} rounds by turns, {seconds} s each without and with\n");
    println!("| a request, µs | p50 | p99 | max |\n|---|---|---|---|");
    sides.iter().for_each(Side::rows);
    println!();
    sides.iter().for_each(Side::tell);
}

/// A service and its measurements.
struct Side {
    name: &'static str,
    /// This program's term for replacing a handler.
    swap: &'static str,
    program: Program,
    handlers: Handlers,
    keeps_state: bool,
    without: Times,
    with: Times,
    /// Ratio of p99 with swaps to p99 without, for each round.
    ratios: Vec<f64>,
    swaps: usize,
    failed: usize,
    /// Counts of the handler, one in each answer.
    counts: Vec<u64>,
}

impl Side {
    fn vblank() -> Self {
        let handlers = Handlers::vblank();
        let program = Program::vblank(&handlers.file());
        Self::new("Vblank", "swap", true, program, handlers)
    }

    /// Starts the service with Extism. Returns `None` if it was not built.
    fn extism() -> Option<Self> {
        if !Program::has_extism() {
            println!(
                "Extism is not beside it: cargo build --release --manifest-path benches/rivals-service/Cargo.toml\n"
            );
            return None;
        }
        let handlers = Handlers::extism();
        let program = Program::extism(&handlers.file());
        Some(Self::new("Extism", "reload", false, program, handlers))
    }

    fn new(
        name: &'static str,
        swap: &'static str,
        keeps_state: bool,
        program: Program,
        handlers: Handlers,
    ) -> Self {
        Self {
            name,
            swap,
            program,
            handlers,
            keeps_state,
            without: Times::default(),
            with: Times::default(),
            ratios: Vec::new(),
            swaps: 0,
            failed: 0,
            counts: Vec::new(),
        }
    }

    /// Runs a round that is counted and not measured.
    fn warm(&mut self, length: Duration) {
        let load = load::of(&self.program, length, None);
        self.take(load);
    }

    fn round(&mut self, length: Duration) {
        let still = load::of(&self.program, length, None);
        let still = self.take(still);
        let swaps = self.program.swaps();
        let swapped = load::of(&self.program, length, Some(&mut self.handlers));
        let swapped = self.take(swapped);
        self.swaps += self.program.swaps() - swaps;
        self.ratios
            .push(swapped.quantile(0.99) / still.quantile(0.99));
        self.without.append(still);
        self.with.append(swapped);
    }

    fn take(&mut self, load: Load) -> Times {
        self.failed += load.failed;
        self.counts.extend(load.counts);
        load.times
    }

    fn rows(&self) {
        let Self { name, swap, .. } = self;
        row(&format!("{name} without {swap}s"), &self.without);
        row(&format!("{name} with a {swap} a second"), &self.with);
    }

    /// Prints the results, and checks them.
    fn tell(&self) {
        assert!(self.swaps > 0, "no handler of {} was replaced", self.name);
        let answered = self.counts.len() as u64;
        let lost = answered + 1 - self.program.count();
        if self.keeps_state {
            let mut counts = self.counts.clone();
            counts.sort_unstable();
            assert!(counts.into_iter().eq(1..=answered), "each is counted once");
            assert_eq!((self.failed, lost), (0, 0));
        }
        let mut ratios = self.ratios.clone();
        ratios.sort_by(f64::total_cmp);
        println!(
            "{}: {answered} requests answered, {} failed, {lost} counts lost, {} {}s; p99 with over p99 without {:.2} \
             for all requests together, {:.2} the median of the rounds, from {:.2} to {:.2}",
            self.name,
            self.failed,
            self.swaps,
            self.swap,
            self.with.quantile(0.99) / self.without.quantile(0.99),
            (ratios[(ratios.len() - 1) / 2] + ratios[ratios.len() / 2]) / 2.0,
            ratios[0],
            ratios[ratios.len() - 1]
        );
    }
}
