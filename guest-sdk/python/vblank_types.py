"""The types that the state of a guest written in Python may have, read from the annotations of a dataclass.

    class Mood(Enum):
        Calm = 0
        Eager = 1

    @dataclass
    class Rest:
        pass

    @dataclass
    class Jump:
        height: U32

    @dataclass
    class Counter:
        count: U64 = 0
        label: str = ""
        mood: Mood = Mood.Calm
        last: Annotated[Rest | Jump, "Step"] = field(default_factory=Rest)
        history: list[U32] = field(default_factory=list)

A state is a dataclass. Its fields are `bool`, `str`, `Char`, the numbers below, `T | None`, `list[T]`, `set[T]`,
`dict[K, V]`, `tuple[A, B]`, `Annotated[list[T], 4]` (exactly four items), enums, variants, and other dataclasses,
which may contain themselves. A variant is a union of dataclasses with a name. Fields called `_0`, `_1` have no names
in other languages.

A fresh state is made of the defaults of the fields. They are also used for fields that an old state lacks. A field
without a default starts as 0, false, "", empty, or as its first case.

Renames are declared: a field with `Annotated[U32, Formerly("points")]`, and a class with
`@known(formerly=["Tally"], version=2)`.
"""

import dataclasses
import enum
import struct
import types
import typing

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
Char = typing.Annotated[str, "char"]

# The order is that of their numbers in a schema.
NUMBERS = "BHIQbhiqfd"
BOOL, CHAR, TEXT, LIST, ARRAY, SET, MAP, OPTION, TUPLE, NAMED = 10, 11, 12, 13, 14, 15, 16, 17, 19, 20
# The kinds of a named type, and the styles of its fields.
FLAT_NOT, VARIANT = 0, 2
NO_FIELDS, IN_A_ROW, BY_NAME = 0, 1, 2


# ---- Former names.


@dataclasses.dataclass(frozen=True)
class Formerly:
    """A former name of a field: `points: Annotated[U32, Formerly("score")]`."""

    name: str


def known(formerly=(), version=0, cases=None):
    """Declares former names of a class, its version, and former names of an enum's cases, by case."""

    def say(kind):
        kind.vblank_known = (tuple(formerly), version, cases or {})
        return kind

    return say


def aliases_and_version(kind) -> tuple:
    # The declaration belongs to this class only. A derived class is another type.
    return getattr(kind, "__dict__", {}).get("vblank_known", ((), 0, {}))


# ---- Types. Each has its part of a schema, and functions that make, write and read a value. `flat` is set when lists
# of the type may be segments: the type of its numbers, and their count.


def describe(hint, named: dict):
    """Returns the type of an annotation. Named types are described once, in the order in which they are met."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return annotated(arguments[0], [said for said in arguments[1:] if not isinstance(said, Formerly)], named)
    if hint is bool:
        return Bool()
    if hint is str:
        return Text()
    if origin is list:
        return List(describe(arguments[0], named))
    if origin is set:
        return Set(describe(arguments[0], named))
    if origin is dict:
        return Map(*(describe(argument, named) for argument in arguments))
    if origin is tuple:
        return Tuple([describe(argument, named) for argument in arguments if argument != ()])
    if origin in (types.UnionType, typing.Union) and arguments[1:] == (type(None),):
        return Option(describe(arguments[0], named))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return named.get(hint) or Enumeration(hint, named)
    if dataclasses.is_dataclass(hint):
        return named.get(hint) or Record(hint, named)
    raise TypeError(f"{hint} cannot cross a swap; numbers are U8 to F64, an option is `T | None`")


def annotated(hint, said: list, named: dict):
    """Returns the type of an `Annotated`, without the settings of the field."""
    if not said:
        return describe(hint, named)
    if hint in (int, float) and said[0] in tuple(NUMBERS):
        return Number(said[0])
    if hint is str and said[0] == "char":
        return Character()
    if typing.get_origin(hint) is list and isinstance(said[0], int):
        return Array(describe(typing.get_args(hint)[0], named), said[0])
    if typing.get_origin(hint) in (types.UnionType, typing.Union) and isinstance(said[0], str):
        cases = typing.get_args(hint)
        return named.get((said[0], cases)) or Variant(said[0], cases, named)
    raise TypeError(f"{hint} with {said} cannot cross a swap")


class Number:
    def __init__(self, code: str):
        self.code = code
        self.struct = struct.Struct("<" + code)
        self.flat = (self, 1)

    def schema(self) -> bytes:
        return bytes([NUMBERS.index(self.code)])

    def fresh(self):
        return 0.0 if self.code in "fd" else 0

    def write(self, out, value):
        out.tree += self.struct.pack(value)

    def read(self, source):
        return self.struct.unpack(source.take(self.struct.size))[0]

    def group(self, numbers: list) -> list:
        return numbers


class Bool:
    flat = None

    def schema(self) -> bytes:
        return bytes([BOOL])

    def fresh(self):
        return False

    def write(self, out, value):
        out.tree.append(value)

    def read(self, source):
        return source.flag()


class Character:
    flat = None

    def schema(self) -> bytes:
        return bytes([CHAR])

    def fresh(self):
        return "\0"

    def write(self, out, value):
        out.count(ord(value))

    def read(self, source):
        return chr(source.count())


class Text:
    flat = None

    def schema(self) -> bytes:
        return bytes([TEXT])

    def fresh(self):
        return ""

    def write(self, out, value):
        encoded = value.encode()
        out.count(len(encoded))
        out.tree += encoded

    def read(self, source):
        return source.take(source.count()).decode()


class List:
    flat = None

    def __init__(self, item):
        self.item = item

    def schema(self) -> bytes:
        return bytes([LIST]) + self.item.schema()

    def fresh(self):
        return []

    def write(self, out, values):
        out.count(len(values))
        if self.item.flat:
            out.numbers(self.item, values)
        else:
            for value in values:
                self.item.write(out, value)

    def read(self, source):
        count = source.count()
        if self.item.flat:
            return source.numbers(self.item, count)
        return [self.item.read(source) for _ in range(count)]


class Array:
    def __init__(self, item, length: int):
        self.item, self.length = item, length
        self.flat = (item.flat[0], item.flat[1] * length) if item.flat and length else None

    def schema(self) -> bytes:
        return bytes([ARRAY]) + leb(self.length) + self.item.schema()

    def fresh(self):
        return [self.item.fresh() for _ in range(self.length)]

    def write(self, out, values):
        if len(values) != self.length:
            raise ValueError(f"an array of {self.length} has {len(values)} items")
        for value in values:
            self.item.write(out, value)

    def read(self, source):
        return [self.item.read(source) for _ in range(self.length)]

    def group(self, numbers: list) -> list:
        """Joins the numbers of several arrays."""
        items = self.item.group(numbers)
        return [items[at : at + self.length] for at in range(0, len(items), self.length)]


class Set:
    flat = None

    def __init__(self, item):
        self.item = item

    def schema(self) -> bytes:
        return bytes([SET]) + self.item.schema()

    def fresh(self):
        return set()

    def write(self, out, values):
        out.count(len(values))
        # A set has no order, so the items are sorted: equal states then have equal bytes.
        out.tree += b"".join(sorted(out.apart(self.item, value) for value in values))

    def read(self, source):
        count = source.count()
        return distinct(count, {self.item.read(source) for _ in range(count)})


class Map:
    """A map in order of insertion, as a dict is."""

    flat = None

    def __init__(self, key, value):
        self.key, self.value = key, value

    def schema(self) -> bytes:
        return bytes([MAP]) + self.key.schema() + self.value.schema()

    def fresh(self):
        return {}

    def write(self, out, entries):
        out.count(len(entries))
        for key, value in entries.items():
            self.key.write(out, key)
            self.value.write(out, value)

    def read(self, source):
        count = source.count()
        return distinct(count, dict((self.key.read(source), self.value.read(source)) for _ in range(count)))


class Option:
    flat = None

    def __init__(self, item):
        self.item = item

    def schema(self) -> bytes:
        return bytes([OPTION]) + self.item.schema()

    def fresh(self):
        return None

    def write(self, out, value):
        out.tree.append(value is not None)
        if value is not None:
            self.item.write(out, value)

    def read(self, source):
        return self.item.read(source) if source.flag() else None


class Tuple:
    flat = None

    def __init__(self, items: list):
        self.items = items

    def schema(self) -> bytes:
        return bytes([TUPLE]) + leb(len(self.items)) + b"".join(item.schema() for item in self.items)

    def fresh(self):
        return tuple(item.fresh() for item in self.items)

    def write(self, out, values):
        for item, value in zip(self.items, values, strict=True):
            item.write(out, value)

    def read(self, source):
        return tuple(item.read(source) for item in self.items)


class Named:
    """A named type with an entry of its own in a schema. Other versions know it by its name."""

    flat = None

    def __init__(self, key, name: str, named: dict):
        self.name, self.number = name, len(named)
        self.aliases, self.version, self.case_aliases = aliases_and_version(key)
        self.named = named
        named[key] = self

    def schema(self) -> bytes:
        return bytes([NAMED]) + leb(self.number)

    def define(self) -> bytes:
        # The zero byte says that there are no hooks.
        return name(self.name) + names(self.aliases) + leb(self.version) + b"\0" + self.kind()


class Record(Named):
    def __init__(self, record: type, named: dict):
        super().__init__(record, record.__name__, named)
        self.fields = Fields(record, named)
        self.fresh, self.write, self.read = self.fields.fresh, self.fields.write, self.fields.read

    def kind(self) -> bytes:
        return bytes([FLAT_NOT]) + self.fields.define(BY_NAME)

    def defaults(self, out):
        self.fields.defaults(out)


class Variant(Named):
    def __init__(self, name: str, cases: tuple, named: dict):
        super().__init__((name, cases), name, named)
        self.cases = [Fields(case, named) for case in cases]

    def kind(self) -> bytes:
        cases = (name(case.record.__name__) + names(case.formerly) + case.define(case.style) for case in self.cases)
        return bytes([VARIANT]) + leb(len(self.cases)) + b"".join(cases)

    def defaults(self, out):
        for case in self.cases:
            case.defaults(out)

    def fresh(self):
        return self.cases[0].fresh()

    def write(self, out, value):
        [index] = [index for index, case in enumerate(self.cases) if case.record is type(value)]
        out.case(index, len(self.cases))
        self.cases[index].write(out, value)

    def read(self, source):
        return self.cases[source.case(len(self.cases))].read(source)


class Enumeration(Named):
    """A variant whose cases have names only."""

    def __init__(self, kind: type, named: dict):
        super().__init__(kind, kind.__name__, named)
        self.cases = list(kind)

    def kind(self) -> bytes:
        nothing = bytes([NO_FIELDS, 0, 0])
        cases = (name(case.name) + names(self.case_aliases.get(case.name, ())) + nothing for case in self.cases)
        return bytes([VARIANT]) + leb(len(self.cases)) + b"".join(cases)

    def defaults(self, out):
        pass

    def fresh(self):
        return self.cases[0]

    def write(self, out, value):
        out.case(self.cases.index(value), len(self.cases))

    def read(self, source):
        return self.cases[source.case(len(self.cases))]


class Fields:
    """The fields of a record or of a case of a variant."""

    def __init__(self, record: type, named: dict):
        self.record = record
        self.formerly, _, _ = aliases_and_version(record)
        hints = typing.get_type_hints(record, include_extras=True)
        self.list = [Field(field, hints[field.name], named) for field in dataclasses.fields(record)]
        in_a_row = [f"_{i}" for i in range(len(self.list))] == [field.name for field in self.list]
        self.style = NO_FIELDS if not self.list else IN_A_ROW if in_a_row else BY_NAME

    def define(self, style: int) -> bytes:
        # The last byte says that no field is skipped.
        return bytes([style]) + leb(len(self.list)) + b"".join(field.define(style) for field in self.list) + b"\0"

    def defaults(self, out):
        for field in self.list:
            field.kind.write(out, field.fresh())

    def fresh(self):
        return self.record(**{field.name: field.fresh() for field in self.list})

    def write(self, out, value):
        for field in self.list:
            field.kind.write(out, getattr(value, field.name))

    def read(self, source):
        return self.record(**{field.name: field.kind.read(source) for field in self.list})


class Field:
    def __init__(self, field: dataclasses.Field, hint, named: dict):
        self.name, self.kind = field.name, describe(hint, named)
        said = getattr(hint, "__metadata__", ())
        self.formerly = [said.name for said in said if isinstance(said, Formerly)]
        self.fresh, self.spelled = self.kind.fresh, None
        if field.default_factory is not dataclasses.MISSING:
            self.fresh = field.default_factory
        elif field.default is not dataclasses.MISSING:
            self.fresh = lambda: field.default
            # A report shows the default of a new field only when it differs from that of its type.
            if isinstance(self.kind, (Number, Bool)) and field.default != self.kind.fresh():
                self.spelled = str(field.default).lower()

    def define(self, style: int) -> bytes:
        # The last part says that there is a default.
        default = b"\1" if self.spelled is None else b"\2" + name(self.spelled)
        own = self.name.removeprefix("_") if style == IN_A_ROW else self.name
        return name(own) + names(self.formerly) + self.kind.schema() + default


def distinct(count: int, collection):
    if len(collection) != count:
        raise ValueError("a key comes twice in a map or set of the state")
    return collection


def leb(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def name(text: str) -> bytes:
    encoded = text.encode()
    return leb(len(encoded)) + encoded


def names(texts) -> bytes:
    return leb(len(texts)) + b"".join(name(text) for text in texts)
