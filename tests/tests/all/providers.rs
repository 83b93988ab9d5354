//! Plugins that use plugins: called through another's store, swapped under their users, and refused where the
//! types of what is used would not fit.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use vblank_runtime::error::{Misfit, Reason, SwapError};
use vblank_runtime::guest::{CallResult, Code};
use vblank_runtime::plugin::{
    CallError, Change, Host, Plugin, Provider, RestartPolicy, Slot, StartError, commit,
};
use vblank_tests::{DEADLINE, Guest, wait_until};

/// The provider: `counting`.
mod tally {
    vblank_runtime::plugin!(
        Tally, path: ["../wit", "wit"], world: "vblank:tests/tally",
        data: super::Board, imports: [vblank::tests::board],
    );
}

/// The provider of an application that does not know what it exports.
mod silent {
    vblank_runtime::plugin!(
        Silent, path: ["../wit", "wit"], world: "vblank:tests/silent",
        data: super::Board, imports: [vblank::tests::board],
    );
}

/// The plugin that uses the provider, and nothing of the application's.
mod relay {
    vblank_runtime::plugin!(Relay, path: ["../wit", "wit"], world: "vblank:tests/relay");
}

/// The provider of an application that counts itself.
mod counted {
    vblank_runtime::plugin!(
        Relay, path: ["../wit", "wit"], world: "vblank:tests/relay",
        data: super::Thousand, imports: [vblank::tests::counting],
    );
}

use relay::Relay;
use silent::Silent;
use tally::Tally;

/// Effect of `show`.
#[derive(Clone, Default)]
pub struct Board(Option<Arc<dyn Fn(u64) + Send + Sync>>);

impl tally::vblank::tests::board::Host for Board {
    fn show(&mut self, number: u64) -> CallResult<u64> {
        if let Some(shown) = &self.0 {
            shown(number);
        }
        Ok(number)
    }
}

impl silent::vblank::tests::board::Host for Board {
    fn show(&mut self, number: u64) -> CallResult<u64> {
        Ok(number)
    }
}

/// Always a thousand.
#[derive(Default)]
pub struct Thousand;

impl counted::vblank::tests::counting::Host for Thousand {
    fn add(&mut self, _: u64) -> CallResult<u64> {
        Ok(1000)
    }

    fn bytes(&mut self, _: u32) -> CallResult<Vec<u8>> {
        Ok(Vec::new())
    }
}

fn code(guest: &Guest) -> Code {
    Code::from_bytes(guest.component()).expect("it is a guest")
}

fn provider(host: &Host, guest: &Guest) -> Provider<Tally> {
    let slot = host.slot::<Tally>("tally").start(&code(guest));
    slot.unwrap_or_else(|error| panic!("{error}")).provide()
}

fn user<P: Plugin>(host: &Host, tally: &Provider<P>, guest: &Guest) -> Slot<Relay> {
    let slot = host.slot::<Relay>("relay").uses(tally).start(&code(guest));
    slot.unwrap_or_else(|error| panic!("{error}"))
}

fn pass(slot: &mut Slot<Relay>, number: u64) -> Result<u64, CallError> {
    slot.record(move |relay, store| relay.vblank_tests_relaying().call_pass(store, number))
}

fn add(tally: &Provider<Tally>, number: u64) -> Result<u64, CallError> {
    tally.with(|slot| {
        slot.record(move |tally, store| tally.vblank_tests_counting().call_add(store, number))
    })
}

/// Number of calls to the relay, times its step.
fn calls(slot: &mut Slot<Relay>) -> u64 {
    let image = slot.image().expect("it can be saved");
    vblank_state::restore::<vblank_tests::Counter>(image.parcel)
        .expect("it is a counter")
        .count
}

/// Trap when this number comes.
fn trap_at(guest: Guest, export: &'static str, number: u64) -> Guest {
    guest.before(
        export,
        &format!("(if (i64.eq (local.get $p0) (i64.const {number})) (then unreachable))"),
    )
}

/// Changes the type of the function, for the user and for the provider.
fn with_two(guest: Guest) -> Guest {
    guest.contract(
        "add: func(number: u64) -> u64",
        "add: func(number: u64, times: u64) -> u64",
    )
}

fn misfits(refused: SwapError) -> Vec<Misfit> {
    match refused {
        SwapError::Misfits(misfits) => misfits,
        other => panic!("{other}"),
    }
}

#[test]
fn a_plugin_is_called_by_another() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let mut relay = user(&host, &tally, &Guest::relay());
    assert_eq!(pass(&mut relay, 5).unwrap(), 5);
    assert_eq!(add(&tally, 2).unwrap(), 7, "it is one state for all");
    assert_eq!(pass(&mut relay, 1).unwrap(), 8);
    assert_eq!(calls(&mut relay), 2);
}

#[test]
fn both_are_swapped_by_themselves_as_long_as_types_are_kept() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let mut relay = user(&host, &tally, &Guest::relay());
    pass(&mut relay, 5).unwrap();
    let running = relay.hash();
    // The next version has an additional function, which nobody uses.
    let next = Guest::plugin().step(10).contract(
        "add: func(number: u64) -> u64;",
        "add: func(number: u64) -> u64;\n subtract: func(number: u64) -> u64;",
    );
    tally
        .with(|slot| slot.swap(&code(&next)).map(drop))
        .unwrap();
    assert_eq!(pass(&mut relay, 1).unwrap(), 15, "its state, its new code");
    assert_eq!(relay.hash(), running, "the user was not touched");
    relay.swap(&code(&Guest::relay().step(100))).unwrap();
    assert_eq!(pass(&mut relay, 1).unwrap(), 25);
    assert_eq!(calls(&mut relay), 102);
}

#[test]
fn a_provider_is_provider_failure_type_is_refused_and_its_users_are_listed() {
    let host = Host::new().unwrap();
    let slot = host.slot::<Silent>("tally").start(&code(&Guest::plugin()));
    let tally = slot.unwrap().provide();
    let mut relay = user(&host, &tally, &Guest::relay());
    let refused = tally.with(|slot| slot.swap(&code(&with_two(Guest::plugin()))));
    let refused = refused.map(drop).unwrap_err();
    assert_eq!(refused.reason(), Reason::Misfits);
    let text = refused.to_string();
    assert!(
        text.contains(
            "relay uses vblank:tests/counting@0.1.0 add: func(number: u64) -> u64, \
             which in tally is func(number: u64, times: u64) -> u64"
        ),
        "{text}"
    );
    let [misfit] = &misfits(refused)[..] else {
        panic!("one function has changed")
    };
    assert_eq!((&*misfit.user, &*misfit.function), ("relay", "add"));
    assert_eq!(pass(&mut relay, 5).unwrap(), 5, "all is as it was");
    // An interface without users may change.
    drop(relay);
    let swapped = tally.with(|slot| slot.swap(&code(&with_two(Guest::plugin()))).map(drop));
    swapped.unwrap();
}

#[test]
fn a_user_that_wants_another_type_is_refused() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let mut relay = user(&host, &tally, &Guest::relay());
    let other =
        with_two(Guest::relay().instead("pass", "(call $add (local.get $p0) (i64.const 2))"));
    relay.offer(&code(&other));
    let change = wait_until("a change at a boundary", DEADLINE, || relay.boundary());
    let Change::Refused { why, .. } = change else {
        panic!("{change}")
    };
    assert_eq!(misfits(*why).len(), 1);
    assert_eq!(pass(&mut relay, 5).unwrap(), 5);
    // And from the beginning.
    let started = host.slot::<Relay>("new").uses(&tally).start(&code(&other));
    let Err(StartError::Refused { why, .. }) = started else {
        panic!("it does not fit")
    };
    assert_eq!(misfits(*why)[0].user, "new");
}

#[test]
fn what_must_change_together_is_swapped_in_one_commit() {
    let host = Host::new().unwrap();
    let builder = host.slot::<Silent>("tally").waits_for_commit();
    let tally = builder.start(&code(&Guest::plugin())).unwrap().provide();
    let builder = host.slot::<Relay>("relay").waits_for_commit().uses(&tally);
    let mut relay = builder.start(&code(&Guest::relay())).unwrap();
    pass(&mut relay, 5).unwrap();

    let new_tally = with_two(Guest::plugin().instead(
        "add",
        "(i64.store (i32.const 64) (i64.add (i64.load (i32.const 64))
           (i64.mul (local.get $p0) (local.get $p1))))
         (i64.load (i32.const 64))",
    ));
    let new_relay =
        with_two(Guest::relay().instead("pass", "(call $add (local.get $p0) (i64.const 100))"));
    let both = |relay: &mut Slot<Relay>| {
        wait_until("versions of both", DEADLINE, || {
            match tally.with(|tally| commit(&mut [tally, relay])) {
                Ok(true) => Some(Ok(())),
                Ok(false) => None,
                Err(error) => Some(Err(error.to_string())),
            }
        })
    };
    // One that does not know the new type spoils it for both.
    tally.with(|slot| slot.offer(&code(&new_tally)));
    relay.offer(&code(&Guest::relay().step(2)));
    let error = both(&mut relay).unwrap_err();
    assert!(error.contains("nothing was swapped"), "{error}");
    assert!(
        error.contains("relay uses vblank:tests/counting"),
        "{error}"
    );
    assert_eq!(pass(&mut relay, 1).unwrap(), 6);

    tally.with(|slot| slot.offer(&code(&new_tally)));
    relay.offer(&code(&new_relay));
    both(&mut relay).unwrap();
    assert_eq!(pass(&mut relay, 1).unwrap(), 106);
}

/// The provider fails in a call of its user. The user gets the error, and is not blamed for it.
#[test]
fn a_failure_of_the_provider_is_told_as_such() {
    let host = Host::new().unwrap();
    let builder = host.slot::<Tally>("tally").restart_policy(RestartPolicy {
        rest: Duration::ZERO,
        ..RestartPolicy::default()
    });
    let bad = code(&trap_at(Guest::plugin(), "add", 7));
    let tally = builder.start(&bad).unwrap().provide();
    let mut relay = user(&host, &tally, &Guest::relay());
    pass(&mut relay, 5).unwrap();
    for failure in 0..20 {
        let Err(CallError::Failed { plugin, trap }) = pass(&mut relay, 7) else {
            panic!("the user is called each time")
        };
        assert_eq!(plugin, "relay");
        assert!(trap.is_provider_failure);
        let why = if failure < 5 {
            "plugin tally: call trapped"
        } else {
            "plugin tally was taken out after 5 failures"
        };
        assert!(trap.to_string().contains(why), "{trap}");
    }
    // The provider comes back with other code. Neither has lost anything.
    assert!(matches!(add(&tally, 1), Err(CallError::TakenOut { .. })));
    tally
        .with(|slot| slot.swap(&code(&Guest::plugin())).map(drop))
        .unwrap();
    assert_eq!(pass(&mut relay, 1).unwrap(), 6);
    assert_eq!(calls(&mut relay), 2, "its failed calls left nothing");
}

/// A provider fails while the user is in its first calls: the user is not undone for that, and has lost nothing.
#[test]
fn a_failure_of_the_provider_undoes_nobody_else() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &trap_at(Guest::plugin(), "add", 7));
    let mut relay = user(&host, &tally, &Guest::relay());
    pass(&mut relay, 1).unwrap();
    relay.swap(&code(&Guest::relay().step(10))).unwrap();
    pass(&mut relay, 1).unwrap();
    let error = pass(&mut relay, 7).unwrap_err().to_string();
    assert!(error.contains("plugin tally: call trapped"), "{error}");
    assert_eq!(relay.figures().rollbacks, 0);
    assert_eq!(pass(&mut relay, 1).unwrap(), 3, "each was added once");
    assert_eq!(calls(&mut relay), 21, "1 by the old code, 20 by the new");
    // The user can still be undone for a fault of its own.
    relay
        .swap(&code(&trap_at(Guest::relay(), "pass", 8)))
        .unwrap();
    assert_eq!(pass(&mut relay, 8).unwrap(), 11, "by the code before");
    assert_eq!(relay.figures().rollbacks, 1);
}

/// The user's new version fails after it has asked. The old one makes the same calls again, and the
/// provider is not asked twice for what it has done.
#[test]
fn nobody_is_asked_twice_for_a_call_that_is_made_again() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let mut relay = user(&host, &tally, &Guest::relay());
    let asks_then_traps = Guest::relay().instead(
        "pass",
        "(local $given i64)
         (local.set $given (call $add (local.get $p0)))
         (if (i64.eq (local.get $p0) (i64.const 7)) (then unreachable))
         (local.get $given)",
    );
    relay.swap(&code(&asks_then_traps)).unwrap();
    assert_eq!(pass(&mut relay, 1).unwrap(), 1);
    assert_eq!(pass(&mut relay, 2).unwrap(), 3);
    assert_eq!(pass(&mut relay, 7).unwrap(), 10, "by the old code");
    assert_eq!(relay.figures().rollbacks, 1);
    assert_eq!(
        calls(&mut relay),
        3,
        "the old code has made all three calls"
    );
    assert_eq!(add(&tally, 0).unwrap(), 10, "each was added once");
}

/// The provider's new version fails in its first calls: the one before takes over and answers, and its user
/// sees nothing of it.
#[test]
fn a_provider_is_rolled_back_under_its_user() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let mut relay = user(&host, &tally, &Guest::relay());
    pass(&mut relay, 1).unwrap();
    let bad = trap_at(Guest::plugin().step(10), "add", 7);
    tally.with(|slot| slot.swap(&code(&bad)).map(drop)).unwrap();
    assert_eq!(pass(&mut relay, 2).unwrap(), 21);
    assert_eq!(
        pass(&mut relay, 7).unwrap(),
        10,
        "1 + 2 + 7, by the old code"
    );
    assert_eq!(relay.figures().failures, 0);
    assert_eq!(tally.with(|slot| slot.figures().rollbacks), 1);
}

/// The provider's new version gave something that the one before has not, and a user has come to want it.
#[test]
fn a_rollback_that_takes_something_away_is_told() {
    let with_more = |guest: Guest| {
        guest.contract(
            "add: func(number: u64) -> u64;",
            "add: func(number: u64) -> u64;\n more: func() -> u64;",
        )
    };
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let mut relay = user(&host, &tally, &Guest::relay());
    let new = with_more(trap_at(Guest::plugin(), "add", 7).instead("more", "(i64.const 42)"));
    tally.with(|slot| slot.swap(&code(&new)).map(drop)).unwrap();
    let wants_more = with_more(Guest::relay().before(
        "pass",
        "(if (i64.eq (local.get $p0) (i64.const 1)) (then (return (call $more))))",
    ));
    relay.swap(&code(&wants_more)).unwrap();
    assert_eq!(pass(&mut relay, 1).unwrap(), 42);
    assert_eq!(
        pass(&mut relay, 7).unwrap(),
        7,
        "by the old code of the provider"
    );
    let told: Vec<String> = std::iter::from_fn(|| tally.with(Slot::boundary))
        .map(|change| change.to_string())
        .collect();
    assert!(
        told.iter()
            .any(|line| line.contains("more: func() -> u64, which tally does not give")),
        "{told:?}"
    );
    // As far as the user knows, it has made its first calls long ago.
    for _ in 0..100 {
        pass(&mut relay, 2).unwrap();
    }
    relay.boundary();
    let error = pass(&mut relay, 1).unwrap_err().to_string();
    assert!(
        error.contains("plugin tally: it does not give it any more"),
        "{error}"
    );
    assert!(add(&tally, 1).is_ok(), "the provider is not harmed");
}

/// The provider asks the application, which asks the user, which asks the provider.
#[test]
fn calling_back_is_an_error() {
    let host = Host::new().unwrap();
    let relay: Arc<Mutex<Option<Slot<Relay>>>> = Arc::default();
    let asked = Arc::clone(&relay);
    let called_back = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&called_back);
    let board = Board(Some(Arc::new(move |number| {
        let mut relay = asked.lock().unwrap();
        let relay = relay.as_mut().expect("there is one");
        *heard.lock().unwrap() = pass(relay, number).unwrap_err().to_string();
    })));
    let shows = Guest::plugin().before("add", "(drop (call $show (local.get $p0)))");
    let slot = host.slot_with::<Tally>("tally", move || board.clone());
    let tally = slot.start(&code(&shows)).unwrap().provide();
    *relay.lock().unwrap() = Some(user(&host, &tally, &Guest::relay()));
    assert_eq!(add(&tally, 5).unwrap(), 5, "it was not harmed");
    let called_back = called_back.lock().unwrap();
    assert!(
        called_back.contains("plugin tally is in a call already and cannot be called back"),
        "{called_back}"
    );
}

#[test]
fn what_nobody_gives_is_named() {
    let host = Host::new().unwrap();
    let alone = host.slot::<Relay>("relay").start(&code(&Guest::relay()));
    let error = alone.err().expect("it wants something").to_string();
    assert!(
        error.contains(
            "it imports `vblank:tests/counting@0.1.0`, which this application does not offer"
        ),
        "{error}"
    );
    // A provider of something else.
    let tally = provider(&host, &Guest::plugin());
    let relay = user(&host, &tally, &Guest::relay()).provide();
    let slot = host.slot::<Relay>("second").uses(&relay);
    let error = slot
        .start(&code(&Guest::relay()))
        .err()
        .expect("nobody counts");
    let error = error.to_string();
    assert!(
        error.contains("add: func(number: u64) -> u64, which no plugin that it uses gives"),
        "{error}"
    );
}

#[test]
fn what_the_application_offers_goes_first() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    let slot = host.slot::<counted::Relay>("relay").uses(&tally);
    let mut relay = slot.start(&code(&Guest::relay())).unwrap();
    let passed = relay.call(|relay, store| relay.vblank_tests_relaying().call_pass(store, 5));
    assert_eq!(passed.unwrap(), 1000);
    assert_eq!(add(&tally, 0).unwrap(), 0);
}

#[test]
fn users_on_several_threads_wait_for_each_other() {
    let host = Host::new().unwrap();
    let tally = provider(&host, &Guest::plugin());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut relay = user(&host, &tally, &Guest::relay());
            scope.spawn(move || {
                for _ in 0..250 {
                    pass(&mut relay, 1).unwrap();
                }
            });
        }
        for step in [1, 1, 1] {
            let next = code(&Guest::plugin().step(step));
            tally.with(|slot| {
                slot.offer(&next);
                slot.boundary();
            });
        }
    });
    assert_eq!(add(&tally, 0).unwrap(), 1000);
}
