"""A game in Python: a square that goes to and fro and counts its bounces. Its siblings in Rust, C and JavaScript have
the same state and draw the same."""

import struct
from dataclasses import dataclass

from vblank_state import F32, U32, Kept
from wit_world.imports import draw


@dataclass
class Square:
    x: F32 = 0.0
    """Its middle, in pixels."""
    y: F32 = 0.0
    dx: F32 = 0.0
    """Pixels a second."""
    dy: F32 = 0.0
    bounces: U32 = 0


square = Kept(Square)

State = square.exports()

HALF = 40.0


def f32(number: float) -> float:
    """The nearest f32. The state has these, and is the same whether the code was swapped in between or not."""
    return struct.unpack("f", struct.pack("f", number))[0]


def step(at: float, speed: float, dt: float, end: float) -> tuple[float, float]:
    """One step along an axis, and back at its ends."""
    at = f32(at + f32(speed * dt))
    if (at < HALF and speed < 0) or (at > end - HALF and speed > 0):
        square.now.bounces += 1
        speed = -speed
    return at, speed


def quad(x: float, y: float, color: int) -> list[int]:
    """The words of a quad, as `draw.wit` has them."""
    rotation, corner, outline = 0.0, 8.0, 0.0
    return list(struct.unpack("8I", struct.pack("7fI", x, y, HALF, HALF, rotation, corner, outline, color)))


class Lifecycle:
    def init(self, setup) -> None:
        square.now = Square(setup.size.width / 2, setup.size.height / 2, 240.0, 180.0)

    def update(self, frame) -> None:
        now = square.now
        now.x, now.dx = step(now.x, now.dx, frame.dt, frame.size.width)
        now.y, now.dy = step(now.y, now.dy, frame.dt, frame.size.height)

    def draw(self, view) -> None:
        now = square.now
        # What is passed to an import is gone when it returns.
        draw.copied()
        draw.clear(0xFF302018)
        draw.quads(quad(now.x + 6, now.y + 8, 0x60000000))
        draw.quads(quad(now.x, now.y, 0xFF40C0FF if now.bounces % 2 else 0xFFFFC040))
        style = draw.TextStyle(font=0, size=20.0, color=0xFF302018, align=draw.Align.CENTER, width=None)
        draw.text(style, now.x, now.y - 12, str(now.bounces))

    def shutdown(self) -> None:
        pass
