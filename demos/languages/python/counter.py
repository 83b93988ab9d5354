"""The counter in Python. Its siblings in Rust, C and JavaScript have the same state and do the same."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

import wit_world
from vblank_state import U32, U64, Char, Formerly, Kept, known


@known(cases={"Content": ["Done"]})
class Mood(Enum):
    Calm = 0
    Eager = 1
    Content = 2


@dataclass
class Nothing:
    pass


@dataclass
class Added:
    _0: U32


@known(formerly=["Labelled"])
@dataclass
class Named:
    before: str


Last = Annotated[Nothing | Added | Named, "Last"]


@known(formerly=["Remark"], version=1)
@dataclass
class Note:
    at: U64
    """The count at which it was written."""
    text: str
    pinned: bool
    replies: list["Note"] = field(default_factory=list)
    """What was written after it until the next one is pinned."""


@dataclass
class Counter:
    count: U64
    label: str
    initials: set[Char]
    """What its labels began with."""
    goal: Annotated[U64, Formerly("target")] = 1000
    """What is to be reached."""
    mood: Mood = Mood.Calm
    last: Last = field(default_factory=Nothing)
    """What was last asked of it."""
    history: list[U32] = field(default_factory=list)
    """Each step."""
    recent: Annotated[list[U32], 3] = field(default_factory=lambda: [0, 0, 0])
    """The last three of them."""
    best: U32 | None = None
    """The largest step."""
    bands: dict[U32, tuple[U32, U64]] = field(default_factory=dict)
    """By the hundred: how many steps there were, and what they come to."""
    notes: list[Note] = field(default_factory=list)
    places: list[Annotated[list[U32], 2]] = field(default_factory=list)
    """For each note, how many steps there were and whether it was pinned."""


counter = Kept(Counter)

State = counter.exports()


class WitWorld(wit_world.WitWorld):
    def add(self, by: int) -> int:
        now = counter.now
        now.count += by
        now.mood = Mood.Content if now.count >= now.goal else Mood.Eager if now.count >= now.goal // 2 else Mood.Calm
        now.last = Added(by)
        now.history.append(by)
        now.recent = [*now.recent[1:], by]
        now.best = max(now.best or 0, by)
        steps, total = now.bands.get(by // 100, (0, 0))
        now.bands[by // 100] = (steps + 1, total + by)
        return now.count

    def name_it(self, label: str) -> None:
        now = counter.now
        now.initials.update(label[:1])
        now.last = Named(now.label)
        now.label = label

    def note(self, text: str, pinned: bool) -> None:
        notes = counter.now.notes
        counter.now.places.append([len(counter.now.history), int(pinned)])
        written = Note(counter.now.count, text, pinned)
        (notes if pinned or not notes else notes[-1].replies).append(written)

    def tell(self) -> str:
        now = counter.now
        match now.last:
            case Nothing():
                last = "nothing"
            case Added(by):
                last = f"add {by}"
            case Named(before):
                last = f'name "{before}" anew'
        written = [note for pinned in now.notes for note in [pinned, *pinned.replies]]
        notes = "".join(f"; at {note.at}: {note.text}{'!' if note.pinned else ''}" for note in written)
        steps = f"{len(now.history)} steps of at most {now.best or 0}"
        return (
            f"Python: {now.label} is at {now.count} of {now.goal} after {steps}, {now.mood.name}, last to {last}{notes}"
        )
