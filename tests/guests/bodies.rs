//! A game whose state is as many KiB as its seed says, for tests and benchmarks of the swap. They make
//! versions of it by replacing the constants.

use vblank_guest::prelude::*;

type Bodies = PageVec<Body>;
/// Amount that an update adds.
const STEP: u32 = 1;
/// The update that traps.
const TRAP_AT: u64 = u64::MAX;
/// The update from which on `resumed` traps.
const TRAP_IN_RESUME_FROM: u64 = u64::MAX;
/// Bodies that an update changes.
const MOVED: usize = 4096;

#[derive(State, Flat, Clone, Copy)]
#[repr(C)]
struct Body {
    at: [f32; 2],
    speed: [f32; 2],
    age: u32,
    kind: u32,
    mass: f32,
    charge: f32,
}

impl Body {
    fn numbered(number: usize) -> Self {
        Self {
            at: [number as f32, 0.5],
            speed: [1.0, -1.0],
            age: 0,
            kind: number as u32 % 7,
            mass: 2.0,
            charge: 0.25,
        }
    }
}

#[derive(State)]
struct World {
    bodies: Bodies,
    updates: u64,
    resumed: u32,
}

impl Game for World {
    fn new(setup: &Setup) -> Self {
        let count = setup.seed as usize * 1024 / size_of::<Body>();
        let mut bodies = Bodies::with_capacity(count);
        bodies.extend((0..count).map(Body::numbered));
        Self {
            bodies,
            updates: 0,
            resumed: 0,
        }
    }

    fn update(&mut self, frame: &Frame) {
        assert!(frame.number != TRAP_AT, "told to trap");
        if frame.is_pressed(Key::KeyG) {
            let more = self.bodies.len() / 2;
            self.bodies.extend((0..more).map(Body::numbered));
        }
        self.updates += 1;
        let count = self.bodies.len();
        let begin = (self.updates as usize * MOVED) % count.max(1);
        for offset in 0..MOVED.min(count) {
            let body = &mut self.bodies[(begin + offset) % count];
            body.age += STEP;
            body.at[0] += body.speed[0] * frame.dt;
        }
    }

    fn draw(&self, _: &mut Canvas) {}

    fn resumed(&mut self, swapped: &Swapped) {
        self.resumed += 1;
        // The guest sees the bodies that were there before the swap.
        let aged: u64 = self.bodies.iter().map(|body| u64::from(body.age)).sum();
        assert!(self.updates == 0 || aged > 0, "the bodies are not there");
        assert!(swapped.frame < TRAP_IN_RESUME_FROM, "told to trap");
    }
}

game!(World);
