// The counter in JavaScript. Its siblings in Rust, C and Python have the same state and do the same.

import { bool, keep, list, option, record, text, u32, u64 } from "./vblank-state.js";

const Note = record("Note", {
  at: u64, // the count at which it was written
  text,
  pinned: bool,
});

const Counter = record("Counter", {
  count: u64,
  label: text,
  history: list(u32), // each step
  best: option(u32), // the largest step
  notes: list(Note),
});

const counter = keep(Counter);

export const state = counter.exports;

export function add(by) {
  const { now } = counter;
  now.count += BigInt(by);
  now.history.push(by);
  now.best = Math.max(now.best ?? 0, by);
  return Number(now.count);
}

export function nameIt(label) {
  counter.now.label = label;
}

export function note(text, pinned) {
  const { count, notes } = counter.now;
  notes.push({ at: count, text, pinned });
}

export function tell() {
  const { label, count, history, best, notes } = counter.now;
  const written = notes.map(({ at, text, pinned }) => `; at ${at}: ${text}${pinned ? "!" : ""}`);
  return `JavaScript: ${label} is at ${count} after ${history.length} steps of at most ${best ?? 0}${written.join("")}`;
}
