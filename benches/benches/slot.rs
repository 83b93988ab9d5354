//! Cost of a slot: a call beside the same call through bare wasmtime, a call that uses another plugin,
//! a boundary with nothing to do, an image, and the memory of a thousand slots.
//!
//! `cargo bench -p vblank-benches --bench slot`; `-- --quick` for a look.

use std::time::{Duration, Instant};

use vblank_runtime::guest::wasmtime::component::{Component, Linker};
use vblank_runtime::guest::wasmtime::{Config, Engine, Store};
use vblank_runtime::guest::{CallResult, Code};
use vblank_runtime::plugin::{Host, Slot};
use vblank_tests::Guest;

vblank_runtime::plugin!(
    Tally, path: ["../wit", "../tests/wit"], world: "vblank:tests/tally",
    data: Board, imports: [vblank::tests::board],
);

/// The plugin that uses the other one.
mod relay {
    vblank_runtime::plugin!(Relay, path: ["../wit", "../tests/wit"], world: "vblank:tests/relay");
}

/// The application's board, which shows nothing and returns the number.
#[derive(Default)]
pub struct Board;

impl vblank::tests::board::Host for Board {
    fn show(&mut self, number: u64) -> CallResult<u64> {
        Ok(number)
    }
}

/// A component in bare wasmtime, as an application would use it, with the settings that matter for a
/// call.
struct Bare {
    store: Store<()>,
    tally: Tally,
}

impl Bare {
    fn new(component: &[u8]) -> Self {
        let mut config = Config::new();
        config.concurrency_support(false).epoch_interruption(true);
        let engine = Engine::new(&config).expect("an engine can be made");
        let component = Component::from_binary(&engine, component).expect("it compiles");
        let mut linker = Linker::new(&engine);
        linker
            .define_unknown_imports_as_traps(&component)
            .expect("nothing is in the way");
        let mut store = Store::new(&engine, ());
        store.epoch_deadline_trap();
        store.set_epoch_deadline(1 << 40);
        let tally = Tally::instantiate(&mut store, &component, &linker).expect("it is a tally");
        Self { store, tally }
    }

    fn add(&mut self, number: u64) -> u64 {
        let counting = self.tally.vblank_tests_counting();
        counting
            .call_add(&mut self.store, number)
            .expect("it does not trap")
    }
}

fn add(slot: &mut Slot<Tally>, number: u64) -> u64 {
    let sum = slot.call(|tally, store| tally.vblank_tests_counting().call_add(store, number));
    sum.expect("it does not trap")
}

fn record(slot: &mut Slot<Tally>, number: u64) -> u64 {
    let sum =
        slot.record(move |tally, store| tally.vblank_tests_counting().call_add(store, number));
    sum.expect("it does not trap")
}

fn pass(slot: &mut Slot<relay::Relay>, number: u64) -> u64 {
    let sum =
        slot.record(move |relay, store| relay.vblank_tests_relaying().call_pass(store, number));
    sum.expect("it does not trap")
}

/// Returns the nanoseconds of one of `count` repetitions.
fn time(count: u64, mut once: impl FnMut(u64)) -> f64 {
    let begun = Instant::now();
    for number in 0..count {
        once(number);
    }
    begun.elapsed().as_nanos() as f64 / count as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Returns the bytes that this process holds in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<usize>().ok());
    kilobytes.unwrap_or(0) << 10
}

fn main() {
    // `cargo test --benches` also runs this program, with this flag, and then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, count) = if is_quick { (5, 20_000) } else { (51, 100_000) };
    let component = Guest::plugin().component();
    let code = Code::from_bytes(component.clone()).expect("it is a guest");
    let host = Host::new().expect("there is a host");
    let start = |name: &str| -> Slot<Tally> {
        let slot = host.slot(name).start(&code);
        slot.unwrap_or_else(|error| panic!("{error}"))
    };

    let mut bare = Bare::new(&component);
    let mut slot = start("called");
    let mut recorded = start("recorded");
    let mut idle = start("idle");
    let used = start("used").provide();
    let relay = Code::from_bytes(Guest::relay().component()).expect("it is a guest");
    let relay = host.slot::<relay::Relay>("relay").uses(&used).start(&relay);
    let mut relay = relay.unwrap_or_else(|error| panic!("{error}"));
    let mut passed = Vec::new();
    let (mut bares, mut calls, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut records, mut bounded, mut boundaries) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        // The measurements alternate, so that a disturbance of the machine affects all of them.
        let one = time(count, |number| {
            bare.add(number);
        });
        let other = time(count, |number| {
            add(&mut slot, number);
        });
        bares.push(one);
        calls.push(other);
        ratios.push(other / one);
        bounded.push(time(count, |number| {
            slot.boundary();
            add(&mut slot, number);
        }));
        records.push(time(count, |number| {
            recorded.boundary();
            record(&mut recorded, number);
        }));
        passed.push(time(count, |number| {
            used.with(Slot::boundary);
            relay.boundary();
            pass(&mut relay, number);
        }));
        boundaries.push(time(count, |_| {
            std::hint::black_box(idle.boundary());
        }));
    }
    // Both were called with the same numbers, and the slot twice.
    let sum = rounds * (count * (count - 1) / 2);
    assert_eq!((bare.add(0), add(&mut slot, 0)), (sum, 2 * sum));
    assert_eq!(pass(&mut relay, 0), sum);
    println!("one call, ns, median of {rounds} rounds of {count}:");
    println!("  bare wasmtime            {:7.1}", median(bares));
    println!(
        "  Slot::call               {:7.1}   {:.2} of bare",
        median(calls),
        median(ratios)
    );
    println!("  boundary and call        {:7.1}", median(bounded));
    println!("  boundary and record      {:7.1}", median(records));
    println!("  that asks another plugin {:7.1}", median(passed));
    println!("  boundary, nothing to do  {:7.1}", median(boundaries));

    let swaps = if is_quick { 20 } else { 1000 };
    let other = Code::from_bytes(Guest::plugin().step(2).component()).expect("it is a guest");
    let mut pauses: Vec<f64> = (0..swaps)
        .map(|number| {
            let to = if number % 2 == 0 { &other } else { &code };
            let swap = slot.swap(to).unwrap_or_else(|refused| panic!("{refused}"));
            add(&mut slot, 0);
            swap.pause.as_nanos() as f64 / 1000.0
        })
        .collect();
    assert_eq!(add(&mut slot, 0), 2 * sum, "the state came along");
    pauses.sort_by(f64::total_cmp);
    println!(
        "a swap, us: median {:.1}, p99 {:.1}",
        pauses[pauses.len() / 2],
        pauses[pauses.len() * 99 / 100]
    );

    let slots = if is_quick { 100 } else { 1000 };
    let before = resident();
    let begun = Instant::now();
    let mut many: Vec<Slot<Tally>> = (0..slots)
        .map(|number| start(&number.to_string()))
        .collect();
    let took = begun.elapsed();
    for slot in &mut many {
        add(slot, 1);
    }
    let own: usize = many.iter_mut().map(|slot| slot.figures().memory).sum();
    let held = resident() - before;
    println!(
        "{slots} slots: {:.1} MiB resident, of {:.1} MiB of linear memory; {:.2} ms to start one",
        held as f64 / 1_048_576.0,
        own as f64 / 1_048_576.0,
        took.as_secs_f64() * 1e3 / f64::from(slots)
    );
    assert!(took < Duration::from_secs(600));
}
