//! The wall: its bricks, and how they stand in each level. Knows nothing of balls.

use vblank_guest::prelude::*;

pub const SIZE: Vec2 = vec2(48.0, 18.0);
const COLUMNS: u8 = 12;
const ROWS: u8 = 6;
/// The wall's upper left corner.
const CORNER: Vec2 = vec2(32.0, 48.0);

#[derive(State, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Clay,
    /// Has to be hit twice.
    Stone,
}

#[derive(State, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Brick {
    pub column: u8,
    pub row: u8,
    pub kind: Kind,
    pub hits: u8,
}

impl Brick {
    /// The upper left one.
    pub fn corner(self) -> Vec2 {
        CORNER + vec2(f32::from(self.column), f32::from(self.row)) * SIZE
    }

    pub fn is_broken(self) -> bool {
        let needed = match self.kind {
            Kind::Clay => 1,
            Kind::Stone => 2,
        };
        self.hits >= needed
    }

    /// Returns the points for the brick: higher up is more.
    pub fn worth(self) -> u32 {
        10 * u32::from(ROWS - self.row)
    }

    pub fn color(self) -> Color {
        const COLORS: [u32; ROWS as usize] =
            [0xef476f, 0xf78c6b, 0xffd166, 0x06d6a0, 0x118ab2, 0x7b6cd9];
        match self.kind {
            Kind::Clay => Color::hex(COLORS[usize::from(self.row)]),
            Kind::Stone => Color::hex(0xaab4c4),
        }
    }
}

/// The bricks of a level, which counts from 1.
pub fn wall(level: u32) -> Vec<Brick> {
    let mut bricks = Vec::new();
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            if let Some(kind) = kind(level, column, row) {
                let hits = 0;
                bricks.push(Brick {
                    column,
                    row,
                    kind,
                    hits,
                });
            }
        }
    }
    bricks
}

/// The brick at a place, if there is one.
fn kind(level: u32, column: u8, row: u8) -> Option<Kind> {
    let from_middle = (i16::from(column) * 2 - 11).unsigned_abs();
    let stands = match level % 4 {
        1 => true,
        2 => (column + row).is_multiple_of(2),
        3 => from_middle <= 1 + 2 * u16::from(row),
        _ => column % 3 != 2,
    };
    let stone = match level % 4 {
        1 => row == 0,
        2 => row.is_multiple_of(3),
        3 => from_middle == 1 + 2 * u16::from(row),
        _ => row == 5,
    };
    stands.then_some(if stone { Kind::Stone } else { Kind::Clay })
}
