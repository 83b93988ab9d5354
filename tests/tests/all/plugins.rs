//! Slots: an application's plugins, called, swapped between two calls, and brought back when they fail.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use vblank_runtime::error::{GuestError, Reason, SwapError};
use vblank_runtime::guest::{CallResult, Code, Limits};
use vblank_runtime::image::Image;
use vblank_runtime::plugin::{CallError, Change, Host, RestartPolicy, Slot, StartError, commit};
use vblank_state::{Parked, Schema};
use vblank_tests::{DEADLINE, Guest, component_of, wait_until};

vblank_runtime::plugin!(
    Tally, path: ["../wit", "wit"], world: "vblank:tests/tally",
    data: Board, imports: [vblank::tests::board],
);

/// Board on which the application shows numbers.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<Vec<u64>>>);

impl vblank::tests::board::Host for Board {
    fn show(&mut self, number: u64) -> CallResult<u64> {
        assert!(number != 13, "thirteen is not shown");
        self.0.lock().expect("nobody panics with it").push(number);
        Ok(number)
    }
}

fn code(guest: &Guest) -> Code {
    Code::from_bytes(guest.component()).expect("it is a guest")
}

fn host() -> Host {
    Host::new().expect("there is a host")
}

fn slot(host: &Host, guest: &Guest) -> Slot<Tally> {
    let slot = host.slot("tally").start(&code(guest));
    slot.unwrap_or_else(|error| panic!("{error}"))
}

fn add(slot: &mut Slot<Tally>, number: u64) -> Result<u64, CallError> {
    slot.call(|tally, store| tally.vblank_tests_counting().call_add(store, number))
}

/// Adds, and records the call for the version that takes over after a failure.
fn record(slot: &mut Slot<Tally>, number: u64) -> Result<u64, CallError> {
    slot.record(move |tally, store| tally.vblank_tests_counting().call_add(store, number))
}

/// The change of the next boundary at which something has happened.
#[track_caller]
fn next_change(slot: &mut Slot<Tally>) -> Change {
    wait_until("a change at a boundary", DEADLINE, || slot.boundary())
}

/// Trap when `add` is given this number.
fn trap_at(number: u64) -> Guest {
    Guest::plugin().before(
        "add",
        &format!("(if (i64.eq (local.get $p0) (i64.const {number})) (then unreachable))"),
    )
}

#[test]
fn a_plugin_is_swapped_between_two_calls() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    assert_eq!(add(&mut slot, 5).unwrap(), 5);
    assert!(slot.boundary().is_none());
    slot.offer(&code(&Guest::plugin().step(100)));
    let Change::Swapped { swap, .. } = next_change(&mut slot) else {
        panic!("it is swapped")
    };
    assert!(swap.is_identical());
    assert_eq!(add(&mut slot, 1).unwrap(), 105, "old state, new code");
    let figures = slot.figures();
    assert_eq!((figures.calls, figures.swaps, figures.failures), (2, 1, 0));
}

#[test]
fn what_is_offered_and_not_wanted_is_told() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    slot.offer(&code(&Guest::of::<vblank_tests::Counter>()));
    let Change::Refused { why, .. } = next_change(&mut slot) else {
        panic!("a game is no tally")
    };
    let why = why.to_string();
    for part in [
        "not of the world vblank:tests/tally",
        "it imports `vblank:guest/draw@0.1.0`",
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
    slot.offer(&code(&Guest::plugin().refuse_state("not this one")));
    let change = next_change(&mut slot).to_string();
    assert!(change.contains("tally: refused"), "{change}");
    assert!(
        change.contains("migrate refused the state: not this one"),
        "{change}"
    );
    assert_eq!(add(&mut slot, 5).unwrap(), 5);
}

/// The export has the name that the application knows, and another type.
#[test]
fn a_version_that_changed_its_wit_is_refused() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    let changed = Guest::plugin().contract(
        "add: func(number: u64) -> u64",
        "add: func(number: string) -> u64",
    );
    let changed = changed.instead("add", "(i64.const 0)");
    let refused = slot.swap(&code(&changed)).map(drop).unwrap_err();
    assert_eq!(refused.reason(), Reason::WrongWorld);
    let message = refused.to_string();
    assert!(
        message.contains(
            "vblank:tests/counting@0.1.0 add is func(number: string) -> u64, \
             and was func(number: u64) -> u64"
        ),
        "{message}"
    );
    assert_eq!(add(&mut slot, 5).unwrap(), 5);
}

#[test]
fn a_plugin_of_the_wrong_world_is_not_started() {
    let wit = "package a:b; world w { export hello: func(); }";
    let component = component_of(wit, r#"(module (func (export "hello")))"#);
    let code = Code::from_bytes(component).expect("it is a component");
    let refused = host().slot::<Tally>("tally").start(&code);
    let message = refused.err().expect("it is none").to_string();
    assert!(
        message.contains(
            "plugin tally: not of the world vblank:tests/tally: it does not export `vblank:guest/state`"
        ),
        "{message}"
    );
    // The plugin has a state, and nothing of the application's.
    let wit = "package a:b; world w { import c:d/e; export hello: func(); } \
               package c:d { interface e { f: func(); } }";
    let component = component_of(
        wit,
        r#"(module (import "c:d/e" "f" (func)) (func (export "hello")))"#,
    );
    let code = Code::from_bytes(component).expect("it is a component");
    let refused = host().slot::<Tally>("tally").start(&code);
    assert!(matches!(refused, Err(StartError::Refused { .. })));
}

/// The new version traps in its third call. The one before takes over, has made the two calls that were
/// recorded, and answers the third.
#[test]
fn a_version_that_fails_in_its_first_calls_is_undone() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    record(&mut slot, 1).unwrap();
    slot.swap(&code(&trap_at(7).step(10))).unwrap();
    assert!(matches!(slot.boundary(), Some(Change::Swapped { .. })));
    assert_eq!(record(&mut slot, 2).unwrap(), 21);
    assert_eq!(record(&mut slot, 3).unwrap(), 51);
    assert_eq!(
        record(&mut slot, 7).unwrap(),
        13,
        "1 + 2 + 3 + 7, by the old code"
    );
    let Some(Change::RolledBack { trap, .. }) = slot.boundary() else {
        panic!("it is told")
    };
    assert!(trap.to_string().contains("unreachable"), "{trap}");
    let figures = slot.figures();
    assert_eq!((figures.rollbacks, figures.failures), (1, 1));
    assert_eq!(record(&mut slot, 1).unwrap(), 14);
}

/// After probation a failure costs only the failed call: the plugin continues from its recorded calls.
#[test]
fn a_later_failure_costs_the_call_that_failed() {
    let host = host();
    let mut slot = slot(&host, &trap_at(7));
    for number in 1..=5 {
        record(&mut slot, number).unwrap();
    }
    let Err(CallError::Failed { plugin, trap }) = record(&mut slot, 7) else {
        panic!("it traps")
    };
    assert_eq!(plugin, "tally");
    assert!(trap.to_string().contains("unreachable"), "{trap}");
    assert_eq!(record(&mut slot, 10).unwrap(), 25);
}

#[test]
fn what_was_kept_is_not_lost() {
    let host = host();
    let mut slot = slot(&host, &trap_at(7));
    add(&mut slot, 20).unwrap();
    slot.keep().unwrap();
    assert!(add(&mut slot, 7).is_err());
    assert_eq!(add(&mut slot, 1).unwrap(), 21);
}

#[test]
fn a_plugin_that_fails_again_and_again_is_taken_out() {
    let host = host();
    let patience = RestartPolicy {
        rest: Duration::from_millis(1),
        failures: 3,
        ..RestartPolicy::default()
    };
    let bad = code(&trap_at(7));
    let mut slot: Slot<Tally> = host
        .slot("bad")
        .restart_policy(patience)
        .start(&bad)
        .unwrap();
    let mut beside = self::slot(&host, &Guest::plugin());
    record(&mut slot, 2).unwrap();
    let (mut failed, mut rested) = (0, 0);
    let taken_out = loop {
        match add(&mut slot, 7) {
            Err(CallError::Failed { .. }) => failed += 1,
            Err(CallError::Resting { .. }) => {
                rested += 1;
                std::thread::yield_now();
            }
            Err(error @ CallError::TakenOut { .. }) => break error.to_string(),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("it fails"),
        }
        add(&mut beside, 1).expect("it has nothing to do with the other");
    };
    assert_eq!(failed, 3);
    assert!(rested > 0, "it rests between two failures");
    assert!(
        taken_out.contains("plugin bad was taken out after 3 failures"),
        "{taken_out}"
    );
    // Its state is kept, and other code may do better.
    slot.swap(&code(&Guest::plugin())).unwrap();
    assert_eq!(add(&mut slot, 7).unwrap(), 9);
}

#[test]
fn what_hangs_or_wants_too_much_is_stopped() {
    let host = host();
    let limits = Limits {
        call: Duration::from_millis(50),
        memory: 4 << 20,
        ..Limits::default()
    };
    let hang = Guest::plugin().before("add", "(loop $for_ever (br $for_ever))");
    let greedy = Guest::plugin().before(
        "add",
        "(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))",
    );
    for (guest, what) in [
        (hang, "ran longer than 50 ms"),
        (greedy, "more memory than allowed"),
    ] {
        let builder = host.slot::<Tally>("tally").limits(limits);
        let mut slot = builder.start(&code(&guest)).unwrap();
        let error = add(&mut slot, 1).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_list_that_is_not_there_is_an_error() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    let mut bytes = |count| {
        slot.call(move |tally, store| tally.vblank_tests_counting().call_bytes(store, count))
    };
    assert_eq!(bytes(3).unwrap(), [0; 3]);
    let error = bytes(u32::MAX).unwrap_err().to_string();
    assert!(error.contains("plugin tally"), "{error}");
    assert_eq!(bytes(3).unwrap(), [0; 3], "it is called again");
}

/// Shows what it is given, before it adds.
fn showing() -> Guest {
    Guest::plugin().before("add", "(drop (call $show (local.get $p0)))")
}

#[test]
fn imports_work_on_the_applications_data() {
    let board = Board::default();
    let given = board.clone();
    let host = host();
    let slot = host.slot_with::<Tally>("tally", move || given.clone());
    let mut slot = slot.start(&code(&showing())).unwrap();
    add(&mut slot, 3).unwrap();
    slot.swap(&code(&showing().step(2))).unwrap();
    add(&mut slot, 4).unwrap();
    assert_eq!(*board.0.lock().unwrap(), [3, 4]);
}

#[test]
fn a_panic_in_an_import_does_not_reach_the_application() {
    let host = host();
    let mut slot = slot(&host, &showing());
    record(&mut slot, 2).unwrap();
    let error = record(&mut slot, 13).unwrap_err().to_string();
    assert!(
        error.contains("a panic of the application: thirteen is not shown"),
        "{error}"
    );
    assert_eq!(record(&mut slot, 1).unwrap(), 3);
}

/// The calls that are made again when a version is undone may meet an import that panics by then.
#[test]
fn a_panic_while_calls_are_made_again_does_not_reach_the_application() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    slot.swap(&code(&trap_at(7).step(10))).unwrap();
    let is_again = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = Arc::clone(&is_again);
    slot.record(move |tally, store| {
        assert!(!asked.swap(true, Ordering::Relaxed), "not twice");
        tally.vblank_tests_counting().call_add(store, 1)
    })
    .unwrap();
    let error = record(&mut slot, 7).unwrap_err().to_string();
    assert!(error.contains("not twice"), "{error}");
    assert!(is_again.load(Ordering::Relaxed));
    assert!(record(&mut slot, 2).is_ok(), "it is called on");
}

fn two(host: &Host, second: &Guest) -> (Slot<Tally>, Slot<Tally>) {
    let slot = |name: &str, guest: &Guest| {
        let builder = host.slot::<Tally>(name).waits_for_commit();
        builder.start(&code(guest)).unwrap()
    };
    (slot("a", &Guest::plugin()), slot("b", second))
}

/// Runs boundaries until both slots have their new versions.
#[track_caller]
fn commit_both(a: &mut Slot<Tally>, b: &mut Slot<Tally>) -> Result<(), String> {
    wait_until("versions of both", DEADLINE, || {
        match commit(&mut [&mut *a, &mut *b]) {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(error) => Some(Err(error.to_string())),
        }
    })
}

#[test]
fn two_slots_are_swapped_together() {
    let host = host();
    let (mut a, mut b) = two(&host, &Guest::plugin());
    add(&mut a, 1).unwrap();
    add(&mut b, 2).unwrap();
    a.offer(&code(&Guest::plugin().step(10)));
    // The host makes versions ready one after the other: when this one is in, that one waits.
    let mut beside = slot(&host, &Guest::plugin());
    beside.offer(&code(&Guest::plugin().step(2)));
    next_change(&mut beside);
    assert!(
        !commit(&mut [&mut a, &mut b]).unwrap(),
        "the other has nothing"
    );
    assert!(a.boundary().is_none(), "it waits for the commit");
    b.offer(&code(&Guest::plugin().step(100)));
    commit_both(&mut a, &mut b).unwrap();
    assert_eq!(add(&mut a, 1).unwrap(), 11);
    assert_eq!(add(&mut b, 1).unwrap(), 102);
}

#[test]
fn none_is_swapped_if_one_refuses() {
    let host = host();
    let (mut a, mut b) = two(&host, &Guest::plugin());
    a.offer(&code(&Guest::plugin().step(10)));
    b.offer(&code(&Guest::plugin().refuse_state("not I")));
    let error = commit_both(&mut a, &mut b).unwrap_err();
    assert!(
        error.contains("nothing was swapped, since plugin b refused"),
        "{error}"
    );
    assert!(error.contains("not I"), "{error}");
    assert_eq!(add(&mut a, 1).unwrap(), 1);
    assert_eq!(add(&mut b, 1).unwrap(), 1);
}

#[test]
fn those_that_came_together_go_together() {
    let host = host();
    let (mut a, mut b) = two(&host, &Guest::plugin());
    record(&mut a, 1).unwrap();
    a.offer(&code(&Guest::plugin().step(10)));
    b.offer(&code(&trap_at(7).step(100)));
    commit_both(&mut a, &mut b).unwrap();
    assert_eq!(record(&mut a, 1).unwrap(), 11);
    assert_eq!(record(&mut b, 7).unwrap(), 7, "by the old code");
    assert_eq!(record(&mut a, 1).unwrap(), 3, "all of it by the old code");
}

#[test]
fn hundreds_of_slots_have_states_of_their_own() {
    let host = host();
    let code = code(&Guest::plugin());
    let mut slots: Vec<Slot<Tally>> = (0..300)
        .map(|number| host.slot(format!("slot {number}")).start(&code).unwrap())
        .collect();
    for (number, slot) in slots.iter_mut().enumerate() {
        add(slot, number as u64).unwrap();
    }
    let next = self::code(&Guest::plugin().step(2));
    for slot in &mut slots {
        slot.offer(&next);
    }
    for (number, slot) in slots.iter_mut().enumerate() {
        assert!(matches!(next_change(slot), Change::Swapped { .. }));
        assert_eq!(add(slot, 1).unwrap(), number as u64 + 2);
    }
}

/// A state that outlives the application.
#[test]
fn a_slot_begins_with_what_another_kept() {
    let host = host();
    let mut first = slot(&host, &Guest::plugin());
    add(&mut first, 41).unwrap();
    let image = first.image().unwrap();
    drop(first);
    let next = code(&Guest::plugin().step(1));
    let mut second: Slot<Tally> = host.slot("tally").state(image).start(&next).unwrap();
    assert_eq!(add(&mut second, 1).unwrap(), 42);
}

#[test]
fn a_slot_may_be_called_from_any_thread() {
    let host = host();
    let slot = Mutex::new(slot(&host, &Guest::plugin()));
    let calls = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let mut slot = slot.lock().unwrap();
                    slot.boundary();
                    add(&mut slot, 1).unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut slot = slot.lock().unwrap();
        slot.offer(&code(&Guest::plugin().step(1).before("add", "nop")));
    });
    let mut slot = slot.into_inner().unwrap();
    assert_eq!(add(&mut slot, 0).unwrap(), calls.into_inner());
}

/// Makes a plugin with this import of `wasi_snapshot_preview1`, which runs this code before it adds.
fn asking(import: &str, code: &str) -> Code {
    // The adapter asks for some memory of its own.
    let code = format!("(drop (memory.grow (i32.const 8))) {code}");
    let guest = Guest::plugin().import(import).before("add", &code);
    Code::from_bytes(guest.module()).expect("it is a guest")
}

/// Numbers shown by a plugin that was granted this.
fn shown(code: &Code, capability: &str) -> Result<Vec<u64>, String> {
    let board = Board::default();
    let given = board.clone();
    let host = host();
    let builder = host.slot_with::<Tally>("tally", move || given.clone());
    let slot = builder.allow(capability.parse()?).start(code);
    let mut slot = slot.map_err(|error| error.to_string())?;
    add(&mut slot, 1).map_err(|error| error.to_string())?;
    let shown = board.0.lock().unwrap().clone();
    Ok(shown)
}

#[test]
fn random_numbers_are_granted_and_can_be_the_same() {
    let code = asking(
        r#"(import "wasi_snapshot_preview1" "random_get"
             (func $random (param i32 i32) (result i32)))"#,
        "(drop (call $random (i32.const 900) (i32.const 8)))
         (drop (call $show (i64.load (i32.const 900))))",
    );
    let refused = shown(&code, "clock").unwrap_err();
    assert!(
        refused.contains("needs the capability `random`"),
        "{refused}"
    );
    let seven = shown(&code, "random=7").unwrap();
    assert_eq!(seven, shown(&code, "random=7").unwrap());
    assert_ne!(seven, shown(&code, "random=8").unwrap());
    assert_ne!(
        shown(&code, "random").unwrap(),
        shown(&code, "random").unwrap()
    );
}

#[test]
fn an_environment_variable_is_granted_by_name() {
    // Their number.
    let code = asking(
        r#"(import "wasi_snapshot_preview1" "environ_sizes_get"
             (func $environment (param i32 i32) (result i32)))"#,
        "(drop (call $environment (i32.const 900) (i32.const 904)))
         (drop (call $show (i64.extend_i32_u (i32.load (i32.const 900)))))",
    );
    assert_eq!(shown(&code, "env=PATH").unwrap(), [1]);
    assert_eq!(shown(&code, "env=NO_SUCH_VARIABLE").unwrap(), [0]);
    assert_eq!(shown(&code, "wasi").unwrap(), [0]);
}

/// Makes a plugin that opens a file of the first folder that there is, and shows the error and the first byte.
fn opening(name: char) -> Code {
    let name = u32::from(name);
    asking(
        r#"(import "wasi_snapshot_preview1" "path_open"
             (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
           (import "wasi_snapshot_preview1" "fd_read"
             (func $read (param i32 i32 i32 i32) (result i32)))"#,
        &format!(
            "(i32.store8 (i32.const 900) (i32.const {name}))
         (i32.store (i32.const 916) (i32.const 940))
         (i32.store (i32.const 920) (i32.const 1))
         (drop (call $show (i64.extend_i32_u (call $open
           (i32.const 3) (i32.const 0) (i32.const 900) (i32.const 1) (i32.const 0)
           (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 904)))))
         (drop (call $read (i32.load (i32.const 904)) (i32.const 916) (i32.const 1) (i32.const 924)))
         (drop (call $show (i64.load8_u (i32.const 940))))"
        ),
    )
}

#[test]
fn files_are_those_of_the_folder_that_was_granted() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    std::fs::write(folder.path().join("n"), "A").expect("it can be written");
    let code = opening('n');
    let read = format!("read={}", folder.path().display());
    assert_eq!(shown(&code, &read).unwrap(), [0, u64::from(b'A')]);
    let elsewhere = tempfile::TempDir::new().expect("a temporary folder can be made");
    let other = format!("read={}::/data", elsewhere.path().display());
    let missing = shown(&code, &other).unwrap();
    assert_ne!(missing[0], 0, "there is no such file");
    let nowhere = shown(&code, "read=/no/such/folder").unwrap_err();
    assert!(
        nowhere.contains("cannot open the folder /no/such/folder"),
        "{nowhere}"
    );
}

/// A guest that opened a fifo of its folder would wait for somebody to write to it.
#[cfg(unix)]
#[test]
fn a_fifo_in_a_granted_folder_is_not_opened() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let made = mknodat(CWD, folder.path().join("n"), FileType::Fifo, Mode::RWXU, 0);
    made.expect("a fifo can be made");
    for verb in ["read", "write"] {
        let grant = format!("{verb}={}", folder.path().display());
        let shown = shown(&opening('n'), &grant).expect("it is no trap");
        assert_ne!(shown[0], 0, "the fifo is opened");
    }
}

#[test]
fn what_was_refused_comes_in_when_it_is_granted() {
    let host = host();
    let mut slot = slot(&host, &Guest::plugin());
    slot.offer(&asking(
        r#"(import "wasi_snapshot_preview1" "clock_time_get"
             (func $now (param i32 i64 i32) (result i32)))"#,
        "(drop (call $now (i32.const 1) (i64.const 0) (i32.const 900)))",
    ));
    let change = next_change(&mut slot).to_string();
    assert!(change.contains("needs the capability `clock`"), "{change}");
    assert_eq!(add(&mut slot, 1).unwrap(), 1);
    slot.allow("clock".parse().unwrap()).unwrap();
    assert!(matches!(next_change(&mut slot), Change::Swapped { .. }));
    assert_eq!(add(&mut slot, 1).unwrap(), 2);
}

/// Each plugin has a log of its own, if the application wants one.
#[test]
fn what_a_plugin_logs_comes_where_it_is_wanted() {
    let host = host();
    let logged: Arc<Mutex<Vec<String>>> = Arc::default();
    let talks = Guest::plugin().before(
        "add",
        "(i64.store (i32.const 900) (i64.const 0x6f6c6c6568))
         (call $log (i32.const 1) (i32.const 900) (i32.const 2) (i32.const 900) (i32.const 5))",
    );
    let start = |name: &'static str| {
        let logged = Arc::clone(&logged);
        let slot = host.slot::<Tally>(name).log(move |line| {
            let line = format!("{name} {} {line}", line.level);
            logged.lock().unwrap().push(line);
        });
        slot.start(&code(&talks)).unwrap()
    };
    let (mut one, mut two) = (start("one"), start("two"));
    add(&mut two, 1).unwrap();
    add(&mut one, 1).unwrap();
    assert_eq!(
        *logged.lock().unwrap(),
        ["two WARN he: hello", "one WARN he: hello"]
    );
}

mod richer {
    use vblank_derive::State;

    /// The plugin's state with a field more.
    #[derive(State)]
    #[state(crate = vblank_state)]
    pub struct Counter {
        pub count: u64,
        pub bonus: u64,
    }
}

#[test]
fn a_start_from_another_type_is_the_first_news() {
    let old = richer::Counter { count: 5, bonus: 7 };
    let image = Image {
        code: String::new(),
        frame: 0,
        schema: Arc::new(Schema::of::<richer::Counter>()),
        parcel: vblank_state::save(&old).to_parcel(),
        parked: Parked::default(),
    };
    let host = host();
    let slot = host.slot::<Tally>("tally").state(image);
    let mut slot = slot.start(&code(&Guest::plugin())).unwrap();
    let Some(Change::Notice { message, .. }) = slot.boundary() else {
        panic!("the first boundary returns what changed");
    };
    for word in ["automatic", "Counter.bonus", "parked"] {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
    assert_eq!(add(&mut slot, 1).unwrap(), 6);
    let image = slot.image().unwrap();
    assert_eq!(image.parked.paths(), [("bonus".to_owned(), 1)]);

    // An unchanged type is no news.
    let slot = host.slot::<Tally>("tally").state(image);
    let mut slot = slot.start(&code(&Guest::plugin().step(2))).unwrap();
    assert!(slot.boundary().is_none());
}

/// A list that is copied for the host is the host's memory: there is no more of it than the plugin's own.
#[test]
fn what_is_copied_when_it_is_lent_has_an_end() {
    let host = host();
    let limits = Limits {
        memory: 4 << 20,
        ..Limits::default()
    };
    let greedy = Guest::plugin().before(
        "save",
        "(call $copied)
         (if (i64.eq (i64.load (i32.const 64)) (i64.const 7)) (then
           (loop $more (call $bytes (i32.const 0) (i32.const 65536)) (br $more))))",
    );
    let slot = host.slot::<Tally>("greedy").limits(limits);
    let mut slot = slot.start(&code(&greedy)).unwrap();
    add(&mut slot, 1).unwrap();
    slot.keep().unwrap();
    add(&mut slot, 6).unwrap();
    let error = slot.keep().unwrap_err().to_string();
    assert!(
        error.contains("lists that were lent have more than 4 MiB together"),
        "{error}"
    );
    assert_eq!(
        add(&mut slot, 1).unwrap(),
        2,
        "it goes on from its last image"
    );
}

#[test]
fn a_capability_nobody_gave_is_named() {
    let wit = "package a:b; world w { import wasi:random/random@0.2.0; export hello: func(); } \
               package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }";
    let component = component_of(
        wit,
        r#"(module (import "wasi:random/random@0.2.0" "get-random-u64" (func (result i64)))
             (func (export "hello")))"#,
    );
    let code = Code::from_bytes(component).expect("it is a component");
    let Err(StartError::Refused { why, .. }) = host().slot::<Tally>("tally").start(&code) else {
        panic!("it was not granted")
    };
    assert!(
        matches!(&*why, SwapError::Guest(GuestError::NotAllowed { .. })),
        "{why}"
    );
}
