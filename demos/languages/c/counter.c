// The counter in C. Its siblings in Rust, JavaScript and Python have the same state and do the same.

#include "generated/counter.h"

#include <stdlib.h>
#include <string.h>

#include "vblank_state.h"

// ---- The state, and what it is made of.

enum { CALM, EAGER, CONTENT };

static const vb_case moods[] = {VB_CASE("Calm"), VB_CASE("Eager"), VB_CASE("Content", .was = "Done")};
static const vb_type mood_type = VB_VARIANT(uint8_t, "Mood", moods);

enum { NOTHING, ADDED, NAMED };

typedef struct {
  uint8_t is;  // one of the three
  union {
    uint32_t added;
    vb_string before;  // named
  };
} last;

static const vb_field added_fields[] = {VB_AT(last, added, "0", &vb_u32)};
static const vb_field named_fields[] = {VB_AT(last, before, "before", &vb_text)};
static const vb_case last_cases[] = {
    VB_CASE("Nothing"),
    VB_CASE("Added", VB_CARRIES(added_fields)),
    VB_CASE("Named", VB_CARRIES(named_fields), .was = "Labelled"),
};
static const vb_type last_type = VB_VARIANT(last, "Last", last_cases);

typedef struct {
  uint64_t at;  // the count at which it was written
  vb_string text;
  bool pinned;
  vb_list replies;  // of note: what was written after it until the next one is pinned
} note;

static const vb_type note_type;

static const vb_field note_fields[] = {
    VB_FIELD(note, at, &vb_u64),
    VB_FIELD(note, text, &vb_text),
    VB_FIELD(note, pinned, &vb_bool),
    VB_FIELD(note, replies, VB_LIST(&note_type)),
};
// A remark, as it was called once.
static const vb_type note_type = VB_RECORD(note, "Note", note_fields, .was = "Remark", .version = 1);

typedef struct {
  bool is_some;
  uint32_t value;
} option_u32;

typedef struct {
  uint32_t steps;
  uint64_t sum;
} band;

typedef struct {
  uint32_t key;
  band value;
} band_of;

static const vb_field band_fields[] = {VB_FIELD(band, steps, &vb_u32), VB_FIELD(band, sum, &vb_u64)};

typedef struct {
  uint64_t count;
  vb_string label;
  vb_list initials;  // of uint32_t, all different: what its labels began with
  uint64_t goal;     // what is to be reached
  uint8_t mood;
  last last;           // what was last asked of it
  vb_list history;     // of uint32_t: each step
  uint32_t recent[3];  // the last three of them
  option_u32 best;     // the largest step
  vb_list bands;       // of band_of: by the hundred, how many steps there were, and what they come to
  vb_list notes;       // of note
  vb_list places;      // of uint32_t[2]: for each note, how many steps there were and whether it was pinned
} counter;

static const vb_field counter_fields[] = {
    VB_FIELD(counter, count, &vb_u64),
    VB_FIELD(counter, label, &vb_text),
    VB_FIELD(counter, initials, VB_SET(&vb_char)),
    VB_FIELD(counter, goal, &vb_u64, VB_OR(counter, goal, 1000), .was = "target"),
    VB_FIELD(counter, mood, &mood_type),
    VB_FIELD(counter, last, &last_type),
    VB_FIELD(counter, history, VB_LIST(&vb_u32)),
    VB_FIELD(counter, recent, VB_ARRAY(uint32_t, 3, &vb_u32)),
    VB_FIELD(counter, best, VB_OPTION(option_u32, &vb_u32)),
    VB_FIELD(counter, bands, VB_MAP(band_of, &vb_u32, VB_TUPLE(band, band_fields))),
    VB_FIELD(counter, notes, VB_LIST(&note_type)),
    VB_FIELD(counter, places, VB_LIST(VB_ARRAY(uint32_t, 2, &vb_u32))),
};
static const vb_type counter_type = VB_RECORD(counter, "Counter", counter_fields);

static counter state = {.goal = 1000};

VBLANK_STATE(counter, &counter_type, &state)

// ---- What it does.

// Of this hundred; a new one where there is none.
static band *band_at(uint32_t hundred) {
  band_of *bands = state.bands.items;
  for (size_t i = 0; i < state.bands.len; i++)
    if (bands[i].key == hundred) return &bands[i].value;
  band_of *made = vb_push(&state.bands, sizeof *made);
  made->key = hundred;
  return &made->value;
}

// What was last asked is this, and carries nothing yet.
static void asked(uint8_t is) {
  if (state.last.is == NAMED) free(state.last.before.text);
  state.last = (last){.is = is};
}

uint64_t exports_counter_add(uint32_t by) {
  state.count += by;
  state.mood = state.count >= state.goal ? CONTENT : state.count >= state.goal / 2 ? EAGER : CALM;
  asked(ADDED);
  state.last.added = by;
  *(uint32_t *)vb_push(&state.history, sizeof by) = by;
  memmove(state.recent, state.recent + 1, 2 * sizeof by);
  state.recent[2] = by;
  if (by > state.best.value) state.best.value = by;
  state.best.is_some = true;
  band *band = band_at(by / 100);
  band->steps++;
  band->sum += by;
  return state.count;
}

// The character that a text in UTF-8 begins with.
static uint32_t first_of(const uint8_t *text) {
  int more = *text < 0x80 ? 0 : *text < 0xE0 ? 1 : *text < 0xF0 ? 2 : 3;
  uint32_t first = more ? *text & (0x3F >> more) : *text;
  while (more--) first = first << 6 | (*++text & 0x3F);
  return first;
}

static void add_initial(uint32_t initial) {
  const uint32_t *initials = state.initials.items;
  for (size_t i = 0; i < state.initials.len; i++)
    if (initials[i] == initial) return;
  *(uint32_t *)vb_push(&state.initials, sizeof initial) = initial;
}

void exports_counter_name_it(counter_string_t *label) {
  if (label->len) add_initial(first_of(label->ptr));
  asked(NAMED);
  state.last.before = state.label;
  state.label = (vb_string){0};
  vb_set(&state.label, (char *)label->ptr, label->len);
  counter_string_free(label);
}

void exports_counter_note(counter_string_t *text, bool pinned) {
  uint32_t(*place)[2] = vb_push(&state.places, sizeof *place);
  (*place)[0] = (uint32_t)state.history.len;
  (*place)[1] = pinned;
  note *notes = state.notes.items;
  vb_list *where = pinned || !state.notes.len ? &state.notes : &notes[state.notes.len - 1].replies;
  note *written = vb_push(where, sizeof *written);
  written->at = state.count;
  vb_set(&written->text, (char *)text->ptr, text->len);
  written->pinned = pinned;
  counter_string_free(text);
}

// Append to the text that is told.
static void say(counter_string_t *told, const char *text, size_t len) {
  told->ptr = realloc(told->ptr, told->len + len);
  for (size_t i = 0; i < len; i++) told->ptr[told->len++] = (uint8_t)text[i];
}

static void say_text(counter_string_t *told, const char *text) {
  while (*text) say(told, text++, 1);
}

static void say_number(counter_string_t *told, uint64_t number) {
  if (number >= 10) say_number(told, number / 10);
  say(told, &"0123456789"[number % 10], 1);
}

static void say_notes(counter_string_t *told, const vb_list *notes) {
  const note *items = notes->items;
  for (size_t i = 0; i < notes->len; i++) {
    say_text(told, "; at ");
    say_number(told, items[i].at);
    say_text(told, ": ");
    say(told, items[i].text.text, items[i].text.len);
    if (items[i].pinned) say_text(told, "!");
    say_notes(told, &items[i].replies);
  }
}

static void say_last(counter_string_t *told) {
  say_text(told, ", last to ");
  switch (state.last.is) {
    case NOTHING:
      say_text(told, "nothing");
      break;
    case ADDED:
      say_text(told, "add ");
      say_number(told, state.last.added);
      break;
    case NAMED:
      say_text(told, "name \"");
      say(told, state.last.before.text, state.last.before.len);
      say_text(told, "\" anew");
  }
}

void exports_counter_tell(counter_string_t *told) {
  *told = (counter_string_t){0};
  say_text(told, "C: ");
  say(told, state.label.text, state.label.len);
  say_text(told, " is at ");
  say_number(told, state.count);
  say_text(told, " of ");
  say_number(told, state.goal);
  say_text(told, " after ");
  say_number(told, state.history.len);
  say_text(told, " steps of at most ");
  say_number(told, state.best.value);
  say_text(told, ", ");
  say_text(told, moods[state.mood].name);
  say_last(told);
  say_notes(told, &state.notes);
}
