// The state of a guest written in JavaScript: the exports of `vblank:guest/state`, made from a description of the
// state (`vblank-types.js`). Knows nothing of games or of an application's world.
//
//     const Counter = record("Counter", { count: u64, label: text, history: list(u32) });
//     const counter = keep(Counter);
//     export const state = counter.exports;
//     // counter.now.count is the count
//
// The encodings are those of the crate `vblank-state`: `schema/wire.rs` for the schema, `codec/` for the tree and the
// segments.

import * as lend from "vblank:guest/lend@0.1.0";

import { toUtf8 } from "./vblank-types.js";

export {
  array, bool, char, enumeration, f32, f64, formerly, list, map, option, record, s16, s32, s64, s8, set, text, tuple,
  u16, u32, u64, u8, variant, withDefault,
} from "./vblank-types.js";

// Segments by the width of their numbers: the import that lends one, its field in a parcel, and the array type.
const SEGMENTS = {
  1: [lend.bytes, "bytes", Uint8Array],
  2: [lend.halves, "halves", Uint16Array],
  // The array is signed, because the bindings return 2^31 - 1 for any larger number.
  4: [lend.words, "words", Int32Array],
  8: [lend.longs, "longs", BigUint64Array],
};

// ---- A state: its value is `now`, and the exports are what the host calls.

export function keep(type) {
  const kept = {
    now: type.fresh(),
    exports: {
      schema: () => schema(type),
      defaults: () => defaults(type),
      save() {
        // Memory that is passed to an import is freed when the call returns, so the host copies it.
        lend.copied();
        const out = new Out();
        type.write(out, kept.now);
        lend.tree(out.done());
      },
      prewarm() {}, // the engine's own memory grows by itself
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

// Returns the definitions of all named types, each once, in the order in which they are met.
function namedTypes(type) {
  const met = [];
  const definitions = [];
  const number = (type) => {
    const known = met.indexOf(type);
    if (known >= 0) return known;
    const own = met.push(type) - 1;
    const out = new Out({ named: number });
    type.define(out);
    definitions[own] = out.done();
    return own;
  };
  const root = new Out({ named: number });
  type.schema(root);
  return { root: root.done(), met, definitions };
}

function schema(type) {
  const { root, definitions } = namedTypes(type);
  const out = new Out();
  out.byte(1); // version of the encoding
  out.bytes(root);
  out.leb(definitions.length);
  definitions.forEach((definition) => out.bytes(definition));
  return out.done();
}

function defaults(type) {
  const out = new Out({ inline: true });
  namedTypes(type).met.forEach((type) => type.defaults(out));
  return out.done();
}

// ---- Writing and reading bytes.

class Out {
  #bytes = new Uint8Array(256);
  #len = 0;

  // `named` numbers the named types of a schema. `inline` also puts large lists into the tree.
  constructor({ named, inline = false } = {}) {
    this.named = named;
    this.inline = inline;
  }

  #reserve(len) {
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
    const at = this.#reserve(1);
    this.#bytes[at] = byte;
  }

  bytes(bytes) {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  view(width, method, value) {
    const at = this.#reserve(width);
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

  names(names) {
    this.leb(names.length);
    names.forEach((name) => this.name(name));
  }

  // Writes the number of one of `cases` cases.
  case(index, cases) {
    if (cases <= 256) this.byte(index);
    else this.count(index);
  }

  lend({ width, Items }, numbers) {
    const [give, , Words] = SEGMENTS[width];
    const { buffer } = Items.from(numbers);
    if (width === 8) give(Array.from(new Words(buffer), (word) => exact(Number(word))));
    else give([...new Words(buffer)]);
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

  case(cases) {
    const index = cases <= 256 ? this.view(1, "getUint8") : this.count();
    if (index >= cases) throw new Error(`there is no case ${index} among ${cases}`);
    return index;
  }

  segment({ width, Items }, count) {
    const [, kind, Words] = SEGMENTS[width];
    const words = this.#segments[kind].shift();
    // An empty segment asks for moved pages. This SDK does not support them, and the host then copies.
    if (words?.length !== count) throw new Error("a segment of the state is missing");
    const whole = width === 8 ? words.map((word) => BigInt(exact(word))) : words;
    return Array.from(new Items(Words.from(whole).buffer));
  }

  end() {
    const left = Object.values(SEGMENTS).some(([, kind]) => this.#segments[kind].length > 0);
    if (left || this.#at < this.#tree.length) throw new Error("the state is longer than its type");
  }
}

// A 64-bit word crosses a call as a number, so not every word can.
function exact(word) {
  if (Number.isSafeInteger(word) && word >= 0) return word;
  throw new Error("a list of 512 or more u64 or s64 holds 0 to 2^53 in JavaScript, and one of f64 cannot cross");
}
