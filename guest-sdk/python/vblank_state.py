"""The state of a guest written in Python: the exports of `vblank:guest/state`, made from a description of the state
(`vblank_types.py`). Knows nothing of games or of an application's world.

    @dataclass
    class Counter:
        count: U64 = 0
        label: str = ""
        history: list[U32] = field(default_factory=list)

    counter = Kept(Counter)
    State = counter.exports()
    # counter.now.count is the count

The encodings are those of the crate `vblank-state`: `schema/wire.rs` for the schema, `codec/` for the tree and the
segments.
"""

import array
import struct

from componentize_py_types import Err
from vblank_types import F32, F64, S8, S16, S32, S64, U8, U16, U32, U64, Char, Formerly, Record, known, leb
from wit_world.imports import lend

__all__ = ["F32", "F64", "S8", "S16", "S32", "S64", "U8", "U16", "U32", "U64", "Char", "Formerly", "Kept", "known"]

# Size in bytes from which a list of numbers is a segment beside the tree.
SEGMENT_MIN = 4096

# Segments by the width of their numbers: the import that lends one, its field in a parcel, and the type code of its
# words.
SEGMENTS = {
    1: (lend.bytes, "bytes", "B"),
    2: (lend.halves, "halves", "H"),
    4: (lend.words, "words", "I"),
    8: (lend.longs, "longs", "Q"),
}


class Kept:
    """A state: its value is `now`, and `exports` returns what the host calls."""

    def __init__(self, record: type):
        # The types are made when the component is built, so that no call has to read annotations.
        self._record = Record(record, {})
        self._schema = schema(self._record)
        self._defaults = defaults(self._record)
        self.now = self._record.fresh()

    def exports(self) -> type:
        """Returns the class `State` that the component exports."""
        kept = self

        class State:
            def schema(self) -> bytes:
                return kept._schema

            def defaults(self) -> bytes:
                return kept._defaults

            def save(self) -> None:
                # Memory that is passed to an import is freed when the call returns, so the host copies it.
                lend.copied()
                out = Out()
                kept._record.write(out, kept.now)
                lend.tree(bytes(out.tree))

            def prewarm(self, bytes: int) -> None:
                pass  # the interpreter's own memory grows by itself

            def migrate(self, state, leftovers: bytes) -> None:
                try:
                    source = In(state)
                    now = kept._record.read(source)
                    source.end()
                except (ValueError, struct.error) as error:
                    raise Err(str(error)) from error
                kept.now = now

            def resume(self, swapped) -> None:
                pass

        return State


# ---- Schema and defaults of a type.


def schema(root: Record) -> bytes:
    named = root.named.values()
    version = b"\1"
    return version + root.schema() + leb(len(named)) + b"".join(kind.define() for kind in named)


def defaults(root: Record) -> bytes:
    out = Out(inline=True)
    for kind in root.named.values():
        kind.defaults(out)
    return bytes(out.tree)


# ---- Writing a tree, and reading a parcel.


class Out:
    def __init__(self, inline=False):
        self.tree = bytearray()
        self.inline = inline

    def apart(self, kind, value) -> bytes:
        """Returns the encoding of a value with everything inline."""
        out = Out(inline=True)
        kind.write(out, value)
        return bytes(out.tree)

    def count(self, count: int):
        self.tree += struct.pack("<I", count)

    def case(self, index: int, cases: int):
        """Writes the number of one of `cases` cases."""
        self.tree += struct.pack("<B" if cases <= 256 else "<I", index)

    def numbers(self, item, values):
        """Writes items of a flat type."""
        number, _ = item.flat
        if item is number:
            memory = struct.pack(f"<{len(values)}{number.code}", *values)
        else:
            memory = b"".join(self.apart(item, value) for value in values)
        if self.inline or len(memory) < SEGMENT_MIN:
            self.tree += memory
        else:
            give, _, word = SEGMENTS[number.struct.size]
            give(memory if word == "B" else array.array(word, memory).tolist())


class In:
    def __init__(self, parcel):
        self.tree, self.at = parcel.tree, 0
        self.segments = {kind: list(getattr(parcel, kind)) for _, kind, _ in SEGMENTS.values()}

    def take(self, size: int) -> bytes:
        start, self.at = self.at, self.at + size
        if self.at > len(self.tree):
            raise ValueError("the state ends too early")
        return self.tree[start : self.at]

    def count(self) -> int:
        return struct.unpack("<I", self.take(4))[0]

    def flag(self) -> bool:
        [byte] = self.take(1)
        if byte > 1:
            raise ValueError("a byte of the state is no bool")
        return byte == 1

    def case(self, cases: int) -> int:
        [index] = self.take(1) if cases <= 256 else [self.count()]
        if index >= cases:
            raise ValueError(f"there is no case {index} among {cases}")
        return index

    def numbers(self, item, items: int) -> list:
        """Reads items of a flat type."""
        number, each = item.flat
        count = items * each
        size = count * number.struct.size
        if size < SEGMENT_MIN:
            memory = self.take(size)
        else:
            _, kind, word = SEGMENTS[number.struct.size]
            words = self.segments[kind].pop(0) if self.segments[kind] else []
            # An empty segment asks for moved pages. This SDK does not support them, and the host then copies.
            if len(words) != count:
                raise ValueError("a segment of the state is missing")
            memory = struct.pack(f"<{count}{word}", *words)
        return item.group(list(struct.unpack(f"<{count}{number.code}", memory)))

    def end(self):
        if self.at < len(self.tree) or any(self.segments.values()):
            raise ValueError("the state is longer than its type")
