// The state of a guest written in JavaScript: what it is made of, and the exports of `vblank:guest/state` made of
// that. Knows nothing of games or of an application's world.
//
//     const Counter = record("Counter", { count: u64, label: text, history: list(u32) });
//     const counter = keep(Counter);
//     export const state = counter.exports;
//     // counter.now.count is the count
//
// Numbers are numbers, but for `u64` and `s64`, which are BigInts. An option is its value or null. A fresh state
// is all 0, false, "", [] and null, and so is the default of a field that an old state lacks.
//
// The encodings are those of the crate `vblank-state`: `schema/wire.rs` for the schema, `codec/` for the tree and
// the segments.

import * as lend from "vblank:guest/lend@0.1.0";

// A list of numbers of this many bytes or more crosses as a segment, beside the tree.
const SEGMENT_MIN = 4096;

// By the width of a number: where a segment of such goes, where it comes from, and what holds its words.
const SEGMENTS = {
  1: [lend.bytes, "bytes", Uint8Array],
  2: [lend.halves, "halves", Uint16Array],
  4: [lend.words, "words", Uint32Array],
  8: [lend.longs, "longs", BigUint64Array],
};

// ---- Types. Each says its own part of a schema, and how a value is made, written and read.

function number(tag, width, view, Items) {
  const big = width === 8 && view.startsWith("Big");
  return {
    width,
    Items,
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
  return {
    schema(out) {
      out.byte(13);
      item.schema(out);
    },
    fresh: () => [],
    write(out, values) {
      out.count(values.length);
      if (values.length * item.width >= SEGMENT_MIN) out.lend(item, values);
      else for (const value of values) item.write(out, value);
    },
    read(input) {
      const count = input.count();
      if (count * item.width >= SEGMENT_MIN) return input.segment(item, count);
      return Array.from({ length: count }, () => item.read(input));
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

// The name is the one by which other versions know the type, in whatever language they are.
export function record(name, fields) {
  const entries = Object.entries(fields);
  const type = {
    schema(out) {
      out.byte(20);
      out.leb(out.record(type));
    },
    define(out) {
      out.name(name);
      out.bytes([0, 0, 0, 0, 2]); // no aliases, version 0, no hooks; a record, not flat; fields by name
      out.leb(entries.length);
      for (const [field, fieldType] of entries) {
        out.name(field);
        out.byte(0); // no aliases
        fieldType.schema(out);
        out.byte(1); // it has a default
      }
      out.byte(0); // nothing is left out
    },
    fresh: () => Object.fromEntries(entries.map(([field, fieldType]) => [field, fieldType.fresh()])),
    write: (out, value) => entries.forEach(([field, fieldType]) => fieldType.write(out, value[field])),
    read: (input) => Object.fromEntries(entries.map(([field, fieldType]) => [field, fieldType.read(input)])),
  };
  return type;
}

// ---- A state of a type: `now`, and what the host asks of it.

export function keep(type) {
  const kept = {
    now: type.fresh(),
    exports: {
      schema: () => schema(type),
      defaults: () => defaults(type),
      save() {
        // What is passed to an import is gone when it returns.
        lend.copied();
        const out = new Out();
        type.write(out, kept.now);
        lend.tree(out.done());
      },
      prewarm() {}, // the engine's own memory grows as it needs
      migrate(parcel) {
        try {
          const input = new In(parcel);
          const state = type.read(input);
          input.end();
          kept.now = state;
        } catch (error) {
          throw String(error.message ?? error);
        }
      },
      resume() {},
    },
  };
  return kept;
}

// The records that a type is made of, each once, in the order in which they are met, and their definitions.
function records(type) {
  const met = [];
  const definitions = [];
  const number = (record) => {
    const known = met.indexOf(record);
    if (known >= 0) return known;
    const own = met.push(record) - 1;
    const out = new Out(number);
    record.define(out);
    definitions[own] = out.done();
    return own;
  };
  const root = new Out(number);
  type.schema(root);
  return { root: root.done(), met, definitions };
}

function schema(type) {
  const { root, definitions } = records(type);
  const out = new Out();
  out.byte(1); // the version of the encoding
  out.bytes(root);
  out.leb(definitions.length);
  definitions.forEach((definition) => out.bytes(definition));
  return out.done();
}

function defaults(type) {
  const out = new Out();
  records(type).met.forEach((record) => record.write(out, record.fresh()));
  return out.done();
}

// ---- Bytes that are written, and bytes that are read.

class Out {
  #bytes = new Uint8Array(256);
  #len = 0;

  constructor(record) {
    this.record = record;
  }

  #room(len) {
    const at = this.#len;
    this.#len += len;
    if (this.#len > this.#bytes.length) {
      const old = this.#bytes;
      this.#bytes = new Uint8Array(this.#len * 2);
      this.#bytes.set(old);
    }
    return at;
  }

  byte(byte) {
    const at = this.#room(1);
    this.#bytes[at] = byte;
  }

  bytes(bytes) {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  view(width, method, value) {
    const at = this.#room(width);
    new DataView(this.#bytes.buffer)[method](at, value, true);
  }

  count(count) {
    this.view(4, "setUint32", count);
  }

  leb(number) {
    for (; number >= 0x80; number >>>= 7) this.byte((number & 0x7f) | 0x80);
    this.byte(number);
  }

  name(name) {
    const bytes = toUtf8(name);
    this.leb(bytes.length);
    this.bytes(bytes);
  }

  lend(item, values) {
    const [give, , Words] = SEGMENTS[item.width];
    const words = new Words(item.Items.from(values).buffer);
    give(item.width === 8 ? Array.from(words, (word) => exact(Number(word))) : [...words]);
  }

  done() {
    return this.#bytes.slice(0, this.#len);
  }
}

class In {
  #tree;
  #segments;
  #at = 0;

  constructor(parcel) {
    this.#tree = Uint8Array.from(parcel.tree);
    this.#segments = { ...parcel };
    for (const [, kind] of Object.values(SEGMENTS)) this.#segments[kind] = [...parcel[kind]];
  }

  #skip(len) {
    const at = this.#at;
    this.#at += len;
    if (this.#at > this.#tree.length) throw new Error("the state ends too early");
    return at;
  }

  bytes(len) {
    const at = this.#skip(len);
    return this.#tree.subarray(at, this.#at);
  }

  view(width, method) {
    const at = this.#skip(width);
    return new DataView(this.#tree.buffer)[method](at, true);
  }

  count() {
    return this.view(4, "getUint32");
  }

  flag() {
    const [byte] = this.bytes(1);
    if (byte > 1) throw new Error("a byte of the state is no bool");
    return byte === 1;
  }

  segment(item, count) {
    const [, kind, Words] = SEGMENTS[item.width];
    const words = this.#segments[kind].shift();
    // One that is empty is to be moved by its pages, which this SDK leaves: the host then copies.
    if (words?.length !== count) throw new Error("a segment of the state is missing");
    const whole = item.width === 8 ? words.map((word) => BigInt(exact(word))) : words;
    return Array.from(new item.Items(Words.from(whole).buffer));
  }

  end() {
    const left = Object.values(SEGMENTS).some(([, kind]) => this.#segments[kind].length > 0);
    if (left || this.#at < this.#tree.length) throw new Error("the state is longer than its type");
  }
}

// A word of 64 bits crosses a call as a number, so not every one does.
function exact(word) {
  if (Number.isSafeInteger(word) && word >= 0) return word;
  throw new Error("a list of 512 or more u64 or s64 holds 0 to 2^53 in JavaScript, and one of f64 cannot cross");
}

// ---- UTF-8, since not every engine for components has a TextEncoder.

function toUtf8(string) {
  const escaped = encodeURIComponent(string.toWellFormed());
  return Uint8Array.from(
    escaped.match(/%..|[^%]/g) ?? [],
    (unit) => (unit.length === 3 ? parseInt(unit.slice(1), 16) : unit.charCodeAt(0)),
  );
}

function fromUtf8(bytes) {
  return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
}
