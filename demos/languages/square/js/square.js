// A game in JavaScript: a square that goes to and fro and counts its bounces. Its siblings in Rust, C and Python have
// the same state and draw the same.

import * as draw from "vblank:guest/draw@0.1.0";

import { f32, keep, record, u32 } from "./vblank-state.js";

const Square = record("Square", {
  x: f32, // its middle, in pixels
  y: f32,
  dx: f32, // pixels a second
  dy: f32,
  bounces: u32,
});

const square = keep(Square);

const HALF = 40;

// One step along an axis, and back at its ends. The state has f32, so it is rounded to these: it is the same whether
// the code was swapped in between or not.
function step(now, at, speed, dt, end) {
  now[at] = Math.fround(now[at] + Math.fround(now[speed] * dt));
  if ((now[at] < HALF && now[speed] < 0) || (now[at] > end - HALF && now[speed] > 0)) {
    now[speed] = -now[speed];
    now.bounces++;
  }
}

// A call that takes a u32 gives 2^31 - 1 for any number that is larger, so colours are passed as signed ones.
const [DARK, SHADOW, BLUE, AMBER] = [0xff302018 | 0, 0x60000000, 0xffffc040 | 0, 0xff40c0ff | 0];

// The words of a quad, as `draw.wit` has them.
function quad(x, y, color) {
  const words = new Int32Array(8);
  const [rotation, corner, outline] = [0, 8, 0];
  new Float32Array(words.buffer).set([x, y, HALF, HALF, rotation, corner, outline]);
  words[7] = color;
  return [...words];
}

export const state = square.exports;

export const lifecycle = {
  init({ size }) {
    Object.assign(square.now, { x: size.width / 2, y: size.height / 2, dx: 240, dy: 180 });
  },

  update({ dt, size }) {
    step(square.now, "x", "dx", dt, size.width);
    step(square.now, "y", "dy", dt, size.height);
  },

  draw() {
    const { x, y, bounces } = square.now;
    // What is passed to an import is gone when it returns.
    draw.copied();
    draw.clear(DARK);
    draw.quads(quad(x + 6, y + 8, SHADOW));
    draw.quads(quad(x, y, bounces % 2 ? AMBER : BLUE));
    const style = { font: 0, size: 20, color: DARK, align: "center", width: undefined };
    draw.text(style, x, y - 12, String(bounces));
  },

  shutdown() {},
};
