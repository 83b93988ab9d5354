"""The state of a guest written in Python: what it is made of, and the exports of `vblank:guest/state` made of that.
Knows nothing of games or of an application's world.

    @dataclass
    class Counter:
        count: U64 = 0
        label: str = ""
        history: list[U32] = field(default_factory=list)

    counter = Kept(Counter)
    State = counter.exports()
    # counter.now.count is the count

A state is a dataclass, of `bool`, `str`, the numbers below, `list[T]`, `T | None` and other dataclasses, all with
defaults: a fresh state is made of these, and so is a field that an old state lacks.

The encodings are those of the crate `vblank-state`: `schema/wire.rs` for the schema, `codec/` for the tree and the
segments.
"""

import array
import dataclasses
import struct
import types
import typing

from componentize_py_types import Err
from wit_world.imports import lend

U8 = typing.Annotated[int, "B"]
U16 = typing.Annotated[int, "H"]
U32 = typing.Annotated[int, "I"]
U64 = typing.Annotated[int, "Q"]
S8 = typing.Annotated[int, "b"]
S16 = typing.Annotated[int, "h"]
S32 = typing.Annotated[int, "i"]
S64 = typing.Annotated[int, "q"]
F32 = typing.Annotated[float, "f"]
F64 = typing.Annotated[float, "d"]

# The order is that of their numbers in a schema.
NUMBERS = "BHIQbhiqfd"
BOOL, TEXT, LIST, OPTION, RECORD = 10, 12, 13, 17, 20

# A list of numbers of this many bytes or more crosses as a segment, beside the tree.
SEGMENT_MIN = 4096

# By the width of a number: where a segment of such goes, where it comes from, and what its words are.
SEGMENTS = {
    1: (lend.bytes, "bytes", "B"),
    2: (lend.halves, "halves", "H"),
    4: (lend.words, "words", "I"),
    8: (lend.longs, "longs", "Q"),
}


class Kept:
    """A state of a type: `now`, and what the host asks of it."""

    def __init__(self, record: type):
        self.now = record()
        # Made when the component is built, so that no call has to look at annotations.
        self._record = Record(record, {})
        self._schema = schema(self._record)
        self._defaults = defaults(self._record)

    def exports(self) -> type:
        """The class `State` that the component exports."""
        kept = self

        class State:
            def schema(self) -> bytes:
                return kept._schema

            def defaults(self) -> bytes:
                return kept._defaults

            def save(self) -> None:
                # What is passed to an import is gone when it returns.
                lend.copied()
                out = Out()
                kept._record.write(out, kept.now)
                lend.tree(bytes(out.tree))

            def prewarm(self, bytes: int) -> None:
                pass  # the interpreter's own memory grows as it needs

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


# ---- Types. Each says its own part of a schema, and how a value is written and read.


def describe(hint, records: dict):
    """The type of an annotation. Records are described once, in the order in which they are met."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated and arguments[1] in tuple(NUMBERS):
        return Number(arguments[1])
    if hint is bool:
        return Bool()
    if hint is str:
        return Text()
    if origin is list:
        return List(describe(arguments[0], records))
    if origin in (types.UnionType, typing.Union) and arguments[1:] == (type(None),):
        return Option(describe(arguments[0], records))
    if dataclasses.is_dataclass(hint):
        return records.get(hint) or Record(hint, records)
    raise TypeError(f"{hint} cannot cross a swap; numbers are U8 to F64, an option is `T | None`")


class Number:
    def __init__(self, code: str):
        self.code = code
        self.struct = struct.Struct("<" + code)

    def schema(self) -> bytes:
        return bytes([NUMBERS.index(self.code)])

    def write(self, out, value):
        out.tree += self.struct.pack(value)

    def read(self, source):
        return self.struct.unpack(source.take(self.struct.size))[0]


class Bool:
    def schema(self) -> bytes:
        return bytes([BOOL])

    def write(self, out, value):
        out.tree.append(value)

    def read(self, source):
        return source.flag()


class Text:
    def schema(self) -> bytes:
        return bytes([TEXT])

    def write(self, out, value):
        encoded = value.encode()
        out.count(len(encoded))
        out.tree += encoded

    def read(self, source):
        return source.take(source.count()).decode()


class List:
    def __init__(self, item):
        self.item = item

    def schema(self) -> bytes:
        return bytes([LIST]) + self.item.schema()

    def write(self, out, values):
        out.count(len(values))
        if isinstance(self.item, Number):
            out.numbers(self.item, values)
        else:
            for value in values:
                self.item.write(out, value)

    def read(self, source):
        count = source.count()
        if isinstance(self.item, Number):
            return source.numbers(self.item, count)
        return [self.item.read(source) for _ in range(count)]


class Option:
    def __init__(self, item):
        self.item = item

    def schema(self) -> bytes:
        return bytes([OPTION]) + self.item.schema()

    def write(self, out, value):
        out.tree.append(value is not None)
        if value is not None:
            self.item.write(out, value)

    def read(self, source):
        return self.item.read(source) if source.flag() else None


class Record:
    def __init__(self, record: type, records: dict):
        self.record, self.number = record, len(records)
        records[record] = self
        self.records = records
        hints = typing.get_type_hints(record, include_extras=True)
        names = [field.name for field in dataclasses.fields(record)]
        self.fields = [(name, describe(hints[name], records)) for name in names]

    def schema(self) -> bytes:
        return bytes([RECORD]) + leb(self.number)

    def define(self) -> bytes:
        # No aliases, version 0, no hooks; a record, not flat; fields by name.
        head = name(self.record.__name__) + bytes([0, 0, 0, 0, 2]) + leb(len(self.fields))
        # A field: no aliases, its type, and that it has a default. At the end: nothing is left out.
        fields = (name(field) + b"\0" + kind.schema() + b"\1" for field, kind in self.fields)
        return head + b"".join(fields) + b"\0"

    def write(self, out, value):
        for field, kind in self.fields:
            kind.write(out, getattr(value, field))

    def read(self, source):
        return self.record(**{field: kind.read(source) for field, kind in self.fields})


def schema(root: Record) -> bytes:
    records = root.records.values()
    version = b"\1"
    return version + root.schema() + leb(len(records)) + b"".join(record.define() for record in records)


def defaults(root: Record) -> bytes:
    out = Out(inline=True)
    for record in root.records.values():
        record.write(out, record.record())
    return bytes(out.tree)


def leb(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def name(text: str) -> bytes:
    encoded = text.encode()
    return leb(len(encoded)) + encoded


# ---- A tree that is written, and a parcel that is read.


class Out:
    def __init__(self, inline=False):
        self.tree = bytearray()
        self.inline = inline

    def count(self, count: int):
        self.tree += struct.pack("<I", count)

    def numbers(self, item: Number, values):
        memory = struct.pack(f"<{len(values)}{item.code}", *values)
        if self.inline or len(memory) < SEGMENT_MIN:
            self.tree += memory
        else:
            give, _, word = SEGMENTS[item.struct.size]
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

    def numbers(self, item: Number, count: int) -> list:
        size = count * item.struct.size
        if size < SEGMENT_MIN:
            memory = self.take(size)
        else:
            _, kind, word = SEGMENTS[item.struct.size]
            words = self.segments[kind].pop(0) if self.segments[kind] else []
            # One that is empty is to be moved by its pages, which this SDK leaves: the host then copies.
            if len(words) != count:
                raise ValueError("a segment of the state is missing")
            memory = struct.pack(f"<{count}{word}", *words)
        return list(struct.unpack(f"<{count}{item.code}", memory))

    def end(self):
        if self.at < len(self.tree) or any(self.segments.values()):
            raise ValueError("the state is longer than its type")
