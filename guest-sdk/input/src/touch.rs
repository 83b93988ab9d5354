//! Touches: fingers on the picture.

use serde::{Deserialize, Serialize};

/// The phase of a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finger {
    /// The finger came down.
    Down,
    /// The finger moved.
    Moved,
    /// The finger went up.
    Up,
}

/// A finger in one update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// Id of the finger, constant from down to up.
    pub id: u64,
    /// Distance to the right, in pixels of the picture.
    pub x: f32,
    /// Distance downwards, in pixels of the picture.
    pub y: f32,
    /// True when the finger came down since the last update.
    pub pressed: bool,
    /// True when the finger went up since the last update. This update is the last to report it.
    pub released: bool,
}

/// All fingers, in the order of their arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Touches(Vec<Touch>);

/// Largest number of fingers.
const MAX_TOUCHES: usize = 32;

impl Touches {
    pub(super) fn apply(&mut self, id: u64, finger: Finger, [x, y]: [f32; 2]) {
        let is_it = |touch: &&mut Touch| touch.id == id && !touch.released;
        let has_space = self.0.len() < MAX_TOUCHES;
        let found = self.0.iter_mut().find(is_it);
        match (finger, found) {
            (Finger::Down, None) if has_space => self.0.push(Touch {
                id,
                x,
                y,
                pressed: true,
                released: false,
            }),
            (_, Some(touch)) => {
                (touch.x, touch.y) = (x, y);
                touch.released = finger == Finger::Up;
            }
            _ => {}
        }
    }

    pub(super) fn release_all(&mut self) {
        self.0.iter_mut().for_each(|touch| touch.released = true);
    }

    pub(super) fn take(&mut self, into: &mut Vec<Touch>) {
        into.clone_from(&self.0);
        self.0.retain(|touch| !touch.released);
        self.0.iter_mut().for_each(|touch| touch.pressed = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finger_goes_down_moves_and_goes_up() {
        let mut touches = Touches::default();
        let mut step = |events: &[(u64, Finger, [f32; 2])]| {
            for (id, finger, place) in events {
                touches.apply(*id, *finger, *place);
            }
            let mut taken = Vec::new();
            touches.take(&mut taken);
            taken
        };
        let first = step(&[(7, Finger::Down, [1.0, 2.0]), (8, Finger::Down, [3.0, 4.0])]);
        assert_eq!(first.len(), 2);
        assert!(first.iter().all(|touch| touch.pressed && !touch.released));
        let second = step(&[
            (7, Finger::Moved, [5.0, 6.0]),
            (8, Finger::Up, [3.0, 4.0]),
            (9, Finger::Moved, [0.0, 0.0]),
        ]);
        assert_eq!((second[0].x, second[0].pressed), (5.0, false));
        assert!(second[1].released);
        assert_eq!(
            step(&[]).len(),
            1,
            "a released finger is reported once, and one that never came down is not reported"
        );
        let tap = step(&[(7, Finger::Up, [0.0, 0.0]), (7, Finger::Down, [1.0, 1.0])]);
        assert_eq!(tap.len(), 2, "the second touch is another finger");
    }
}
