// The types that the state of a guest written in JavaScript may have. Knows no host.
//
//     const Mood = enumeration("Mood", ["Calm", "Eager"]);
//     const Step = variant("Step", { Rest: null, Jump: [u32], Turn: { to: text } });
//     const Counter = record("Counter", { count: u64, label: text, mood: Mood, steps: list(Step) });
//
// `u64` and `s64` are BigInts, and all other numbers are numbers. An option is its value or null, a map a Map, a set a
// Set, a tuple an array. An enumeration is the name of its case, and a variant is `{ tag: "Jump", val: 3 }`.
//
// A fresh state is all 0, false, "", [] and null, and a variant is its first case. These are also the defaults of
// fields that an old state lacks. `withDefault(u32, 7)` gives a field another default.
//
// Renames are declared: a field or a case with `formerly(u32, "points")`, a record or a variant with `{ aliases:
// ["Tally"] }` as its last argument, which may also have a `version`.

// Size in bytes from which a list of numbers is a segment beside the tree.
const SEGMENT_MIN = 4096;

// ---- Types. Each has its part of a schema, and functions that make, write and read a value. `flat` is set when lists
// of the type may be segments: the type of its numbers, and their count.

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

// A fixed number of items.
export function array(item, length) {
  return {
    flat: item.flat && length > 0 ? { ...item.flat, count: item.flat.count * length } : undefined,
    // Joins the numbers of several arrays.
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

// A set of text, numbers, bools, characters or enumerations, which a Set can compare, in order of insertion.
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

// The keys follow the rules for items of a set.
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

// A record. Other versions know the type by this name, in any language. `fields` may be a function that returns them,
// for a type that contains itself.
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

// A variant. `cases` has for each name its content: nothing (null), values by position ([u32, text]) or fields ({ to:
// text }). The content is `val`. A single value by position is not in an array.
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

// A variant whose cases have no content. The value is the name of a case.
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

// A field with a default. A mutable default is given as a function, such as `() => [1, 2]`.
export function withDefault(type, value) {
  const isPlain = ["number", "bigint", "boolean"].includes(typeof value);
  const fresh = typeof value === "function" ? value : () => value;
  return new Said({ ...unwrapped(type), fresh, spelled: isPlain ? String(value) : undefined });
}

// A field or the content of a case, with its former names.
export function formerly(what, ...aliases) {
  return new Said({ ...unwrapped(what), aliases });
}

// Returns a field or case with its settings. `of` is the type.
class Said {
  constructor(said) {
    Object.assign(this, said);
  }
}

function unwrapped(what) {
  return what instanceof Said ? what : { of: what, aliases: [] };
}

// The fields of a record or a case: by name, by position, or none.
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
      out.byte(spelled === undefined ? 1 : 2); // there is a default
      if (spelled !== undefined) out.name(spelled);
    }
    out.byte(0); // no skipped fields
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

// A named type, with an entry of its own in a schema.
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

// ---- UTF-8, because not every engine for components has a TextEncoder.

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
