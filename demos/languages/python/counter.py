"""The counter in Python. Its siblings in Rust, C and JavaScript have the same state and do the same."""

from dataclasses import dataclass, field

import wit_world
from vblank_state import U32, U64, Kept


@dataclass
class Note:
    at: U64 = 0
    """The count at which it was written."""
    text: str = ""
    pinned: bool = False


@dataclass
class Counter:
    count: U64 = 0
    label: str = ""
    history: list[U32] = field(default_factory=list)
    """Each step."""
    best: U32 | None = None
    """The largest step."""
    notes: list[Note] = field(default_factory=list)


counter = Kept(Counter)

State = counter.exports()


class WitWorld(wit_world.WitWorld):
    def add(self, by: int) -> int:
        now = counter.now
        now.count += by
        now.history.append(by)
        now.best = max(now.best or 0, by)
        return now.count

    def name_it(self, label: str) -> None:
        counter.now.label = label

    def note(self, text: str, pinned: bool) -> None:
        counter.now.notes.append(Note(counter.now.count, text, pinned))

    def tell(self) -> str:
        now = counter.now
        notes = "".join(f"; at {note.at}: {note.text}{'!' if note.pinned else ''}" for note in now.notes)
        steps = f"{len(now.history)} steps of at most {now.best or 0}"
        return f"Python: {now.label} is at {now.count} after {steps}{notes}"
