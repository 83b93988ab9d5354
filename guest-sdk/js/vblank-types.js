// What the state of a guest written in JavaScript may be made of.
//
//     const Mood = enumeration("Mood", ["Calm", "Eager"]);
//     const Step = variant("Step", { Rest: null, Jump: [u32], Turn: { to: text } });
//     const Counter = record("Counter", { count: u64, label: text, mood: Mood, steps: list(Step) });
//
// Numbers are numbers, but for `u64` and `s64`, which are BigInts. An option is its value or null, a map a Map, a set
// a Set, a tuple an array; an enumeration is the name of its case, and a variant is as in `{ tag: "Jump", val: 3 }`.
//
// A fresh state is all 0, false, "", [] and null, and a variant is its first case. So is the default of a field that
// an old state lacks. `withDefault(u32, 7)` is a field that begins otherwise.
//
// What was called otherwise once says so: a field or a case as in `formerly(u32, "points")`, a record or a variant
// with `{ aliases: ["Tally"] }` as its last argument, which may have a declared `version` too.

// A list of numbers of this many bytes or more crosses as a segment, beside the tree.
const SEGMENT_MIN = 4096;

// ---- Types. Each says its own part of a schema, and how a value is made, written and read. `flat` is there where
// lists of a type may be segments: the numbers that it is made of, and how many.

function number(tag, width, view, Items) {
  const big = width === 8 && view.startsWith("Big");
  return {
    flat: { width, Items, count: 1 },
    schema: (out) => out.byte(tag),
    fresh: () => (big ? 0n : 0),
    write: (out, value) => out.view(width, `set${view}`, value),
    read: (input) => input.view(width, `get${view}`),
  };
}

export const u8 = number(0, 1, "Uint8", Uint8Array);
export const u16 = number(1, 2, "Uint16", Uint16Array);
export const u32 = number(2, 4, "Uint32", Uint32Array);
export const u64 = number(3, 8, "BigUint64", BigUint64Array);
export const s8 = number(4, 1, "Int8", Int8Array);
export const s16 = number(5, 2, "Int16", Int16Array);
export const s32 = number(6, 4, "Int32", Int32Array);
export const s64 = number(7, 8, "BigInt64", BigInt64Array);
export const f32 = number(8, 4, "Float32", Float32Array);
export const f64 = number(9, 8, "Float64", Float64Array);

export const bool = {
  schema: (out) => out.byte(10),
  fresh: () => false,
  write: (out, value) => out.byte(value ? 1 : 0),
  read: (input) => input.flag(),
};

// A text of one character.
export const char = {
  schema: (out) => out.byte(11),
  fresh: () => "\0",
  write: (out, value) => out.view(4, "setUint32", value.codePointAt(0)),
  read: (input) => String.fromCodePoint(input.view(4, "getUint32")),
};

export const text = {
  schema: (out) => out.byte(12),
  fresh: () => "",
  write(out, value) {
    const bytes = toUtf8(value);
    out.count(bytes.length);
    out.bytes(bytes);
  },
  read: (input) => fromUtf8(input.bytes(input.count())),
};

export function list(item) {
  const isSegment = (count) => item.flat && count * item.flat.count * item.flat.width >= SEGMENT_MIN;
  return {
    schema(out) {
      out.byte(13);
      item.schema(out);
    },
    fresh: () => [],
    write(out, values) {
      out.count(values.length);
      if (isSegment(values.length) && !out.inline) out.lend(item.flat, values.flat(Infinity));
      else for (const value of values) item.write(out, value);
    },
    read(input) {
      const count = input.count();
      if (!isSegment(count)) return many(count, () => item.read(input));
      const numbers = input.segment(item.flat, count * item.flat.count);
      return item.group ? item.group(numbers) : numbers;
    },
  };
}

// Exactly so many items.
export function array(item, length) {
  return {
    flat: item.flat && length > 0 ? { ...item.flat, count: item.flat.count * length } : undefined,
    // Of the numbers of several arrays, these.
    group(numbers) {
      const items = item.group ? item.group(numbers) : numbers;
      return many(items.length / length, (i) => items.slice(i * length, (i + 1) * length));
    },
    schema(out) {
      out.byte(14);
      out.leb(length);
      item.schema(out);
    },
    fresh: () => many(length, item.fresh),
    write(out, values) {
      if (values.length !== length) throw new Error(`an array of ${length} has ${values.length} items`);
      for (const value of values) item.write(out, value);
    },
    read: (input) => many(length, () => item.read(input)),
  };
}

// Of text, numbers, bools, characters or enumerations, which a Set can tell from one another; in the order in which
// they came.
export function set(item) {
  return {
    schema(out) {
      out.byte(15);
      item.schema(out);
    },
    fresh: () => new Set(),
    write(out, values) {
      out.count(values.size);
      for (const value of values) item.write(out, value);
    },
    read(input) {
      const count = input.count();
      return distinct(count, new Set(many(count, () => item.read(input))));
    },
  };
}

// The keys are as the items of a set.
export function map(key, value) {
  return {
    schema(out) {
      out.byte(16);
      key.schema(out);
      value.schema(out);
    },
    fresh: () => new Map(),
    write(out, entries) {
      out.count(entries.size);
      for (const [k, v] of entries) {
        key.write(out, k);
        value.write(out, v);
      }
    },
    read(input) {
      const count = input.count();
      return distinct(count, new Map(many(count, () => [key.read(input), value.read(input)])));
    },
  };
}

export function option(item) {
  return {
    schema(out) {
      out.byte(17);
      item.schema(out);
    },
    fresh: () => null,
    write(out, value) {
      out.byte(value === null ? 0 : 1);
      if (value !== null) item.write(out, value);
    },
    read: (input) => (input.flag() ? item.read(input) : null),
  };
}

export function tuple(...items) {
  return {
    schema(out) {
      out.byte(19);
      out.leb(items.length);
      for (const item of items) item.schema(out);
    },
    fresh: () => items.map((item) => item.fresh()),
    write: (out, values) => items.forEach((item, i) => item.write(out, values[i])),
    read: (input) => items.map((item) => item.read(input)),
  };
}

// The name is the one by which other versions know the type, in whatever language they are. `fields` may be a
// function that gives them, for a type that holds itself.
export function record(name, fields, before) {
  const all = once(() => new Fields(typeof fields === "function" ? fields() : fields));
  return named(name, before, {
    define(out) {
      out.byte(0); // a record, not flat
      all().define(out);
    },
    defaults: (out) => all().defaults(out),
    fresh: () => all().fresh(),
    write: (out, value) => all().write(out, value),
    read: (input) => all().read(input),
  });
}

// `cases` has for each name what it carries: nothing (null), values in a row ([u32, text]) or fields ({ to: text }).
// What it carries is `val`; one value that is alone in its row is not in an array.
export function variant(name, cases, before) {
  const all = once(() => {
    const entries = Object.entries(typeof cases === "function" ? cases() : cases);
    return entries.map(([tag, said]) => ({ tag, ...unwrapped(said), fields: new Fields(unwrapped(said).of) }));
  });
  const made = (found, val) => (val === undefined ? { tag: found.tag } : { tag: found.tag, val });
  return named(name, before, {
    define(out) {
      out.byte(2);
      out.leb(all().length);
      for (const found of all()) {
        out.name(found.tag);
        out.names(found.aliases);
        found.fields.define(out);
      }
    },
    defaults: (out) => all().forEach((found) => found.fields.defaults(out)),
    fresh: () => made(all()[0], all()[0].fields.fresh()),
    write(out, { tag, val }) {
      const index = all().findIndex((found) => found.tag === tag);
      if (index < 0) throw new Error(`${name} has no case ${tag}`);
      out.case(index, all().length);
      all()[index].fields.write(out, val);
    },
    read(input) {
      const found = all()[input.case(all().length)];
      return made(found, found.fields.read(input));
    },
  });
}

// A variant whose cases carry nothing: the value is the name of one.
export function enumeration(name, cases, before) {
  const said = cases.map(unwrapped).map(({ of, aliases }) => [of, formerly(null, ...aliases)]);
  const type = variant(name, Object.fromEntries(said), before);
  const { fresh, write, read } = type;
  return Object.assign(type, {
    fresh: () => fresh().tag,
    write: (out, tag) => write(out, { tag }),
    read: (input) => read(input).tag,
  });
}

// A field of this type, and its default. One that can be changed is made anew by a function, as in `() => [1, 2]`.
export function withDefault(type, value) {
  const isPlain = ["number", "bigint", "boolean"].includes(typeof value);
  const fresh = typeof value === "function" ? value : () => value;
  return new Said({ ...unwrapped(type), fresh, spelled: isPlain ? String(value) : undefined });
}

// A field of this type, or a case that carries this, and the names that it had before.
export function formerly(what, ...aliases) {
  return new Said({ ...unwrapped(what), aliases });
}

// What is said of a field or a case beside what it is made of (`of`).
class Said {
  constructor(said) {
    Object.assign(this, said);
  }
}

function unwrapped(what) {
  return what instanceof Said ? what : { of: what, aliases: [] };
}

// The fields of a record or a case: by name, in a row, or none at all.
class Fields {
  constructor(fields) {
    this.style = fields === null ? 0 : Array.isArray(fields) ? 1 : 2;
    this.list = Object.entries(fields ?? {}).map(([name, said]) => {
      const { of: type, aliases, fresh = type.fresh, spelled } = unwrapped(said);
      return { name, type, aliases, fresh, spelled };
    });
  }

  define(out) {
    out.byte(this.style);
    out.leb(this.list.length);
    for (const { name, aliases, type, spelled } of this.list) {
      out.name(name);
      out.names(aliases);
      type.schema(out);
      out.byte(spelled === undefined ? 1 : 2); // it has a default
      if (spelled !== undefined) out.name(spelled);
    }
    out.byte(0); // nothing is left out
  }

  defaults(out) {
    for (const { type, fresh } of this.list) type.write(out, fresh());
  }

  fresh() {
    return this.#value((field) => field.fresh());
  }

  read(input) {
    return this.#value((field) => field.type.read(input));
  }

  #value(of) {
    if (this.style === 2) return Object.fromEntries(this.list.map((field) => [field.name, of(field)]));
    const values = this.list.map(of);
    return values.length > 1 ? values : values[0];
  }

  write(out, value) {
    const isAlone = this.style === 1 && this.list.length === 1;
    for (const { name, type } of this.list) type.write(out, isAlone ? value : value[name]);
  }
}

// A type that has a name and an entry of its own in a schema.
function named(name, { aliases = [], version = 0 } = {}, type) {
  const { define } = type;
  return Object.assign(type, {
    schema(out) {
      out.byte(20);
      out.leb(out.named(type));
    },
    define(out) {
      out.name(name);
      out.names(aliases);
      out.leb(version);
      out.byte(0); // no hooks
      define(out);
    },
  });
}

function once(make) {
  let made;
  return () => (made ??= make());
}

function many(count, make) {
  return Array.from({ length: count }, (_, i) => make(i));
}

function distinct(count, collection) {
  if (collection.size !== count) throw new Error("a key comes twice in a map or set of the state");
  return collection;
}

// ---- UTF-8, since not every engine for components has a TextEncoder.

export function toUtf8(string) {
  const escaped = encodeURIComponent(string.toWellFormed());
  return Uint8Array.from(
    escaped.match(/%..|[^%]/g) ?? [],
    (unit) => (unit.length === 3 ? parseInt(unit.slice(1), 16) : unit.charCodeAt(0)),
  );
}

function fromUtf8(bytes) {
  return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
}
