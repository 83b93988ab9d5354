// The counter in JavaScript. Its siblings in Rust, C and Python have the same state and do the same.

import {
  array, bool, char, enumeration, formerly, keep, list, map, option, record, set, text, tuple, u32, u64, variant,
  withDefault,
} from "./vblank-state.js";

const Mood = enumeration("Mood", ["Calm", "Eager", formerly("Content", "Done")]);

const Last = variant("Last", { Nothing: null, Added: [u32], Named: formerly({ before: text }, "Labelled") });

// A remark, as it was called once. A type that holds itself gives its fields when they are asked for.
const Note = record(
  "Note",
  () => ({
    at: u64, // the count at which it was written
    text,
    pinned: bool,
    replies: list(Note), // what was written after it until the next one is pinned
  }),
  { aliases: ["Remark"], version: 1 },
);

const Counter = record("Counter", {
  count: u64,
  label: text,
  initials: set(char), // what its labels began with
  goal: formerly(withDefault(u64, 1000n), "target"), // what is to be reached
  mood: Mood,
  last: Last, // what was last asked of it
  history: list(u32), // each step
  recent: array(u32, 3), // the last three of them
  best: option(u32), // the largest step
  bands: map(u32, tuple(u32, u64)), // by the hundred: how many steps there were, and what they come to
  notes: list(Note),
  places: list(array(u32, 2)), // for each note, how many steps there were and whether it was pinned
});

const counter = keep(Counter);

export const state = counter.exports;

export function add(number) {
  const { now } = counter;
  const by = number >>> 0; // a u32 of more than 31 bits comes as a negative number
  now.count += BigInt(by);
  now.mood = now.count >= now.goal ? "Content" : now.count >= now.goal / 2n ? "Eager" : "Calm";
  now.last = { tag: "Added", val: by };
  now.history.push(by);
  now.recent = [...now.recent.slice(1), by];
  now.best = Math.max(now.best ?? 0, by);
  const band = Math.floor(by / 100);
  const [steps, sum] = now.bands.get(band) ?? [0, 0n];
  now.bands.set(band, [steps + 1, sum + BigInt(by)]);
  return Number(now.count);
}

export function nameIt(label) {
  const { now } = counter;
  if (label) now.initials.add(String.fromCodePoint(label.codePointAt(0)));
  now.last = { tag: "Named", val: { before: now.label } };
  now.label = label;
}

export function note(text, pinned) {
  const { count, history, notes, places } = counter.now;
  places.push([history.length, pinned ? 1 : 0]);
  const written = { at: count, text, pinned, replies: [] };
  if (pinned || notes.length === 0) notes.push(written);
  else notes.at(-1).replies.push(written);
}

export function tell() {
  const { label, count, goal, mood, last, history, best, notes } = counter.now;
  const asked = {
    Nothing: () => "nothing",
    Added: (by) => `add ${by}`,
    Named: ({ before }) => `name "${before}" anew`,
  };
  const steps = `${history.length} steps of at most ${best ?? 0}`;
  const said = `${mood}, last to ${asked[last.tag](last.val)}`;
  const written = notes
    .flatMap((note) => [note, ...note.replies])
    .map(({ at, text, pinned }) => `; at ${at}: ${text}${pinned ? "!" : ""}`);
  return `JavaScript: ${label} is at ${count} of ${goal} after ${steps}, ${said}${written.join("")}`;
}
