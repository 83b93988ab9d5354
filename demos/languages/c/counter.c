// The counter in C. Its siblings in Rust, JavaScript and Python have the same state and do the same.

#include "generated/counter.h"

#include <stdlib.h>

#include "vblank_state.h"

typedef struct {
  uint64_t at;  // the count at which it was written
  vb_string text;
  bool pinned;
} note;

typedef struct {
  bool is_some;
  uint32_t value;
} option_u32;

typedef struct {
  uint64_t count;
  vb_string label;
  vb_list history;  // of uint32_t: each step
  option_u32 best;  // the largest step
  vb_list notes;    // of note
} counter;

static const vb_field note_fields[] = {
    VB_FIELD(note, at, &vb_u64),
    VB_FIELD(note, text, &vb_text),
    VB_FIELD(note, pinned, &vb_bool),
};
static const vb_type note_type = VB_RECORD(note, "Note", note_fields);

static const vb_field counter_fields[] = {
    VB_FIELD(counter, count, &vb_u64),
    VB_FIELD(counter, label, &vb_text),
    VB_FIELD(counter, history, VB_LIST(&vb_u32)),
    VB_FIELD(counter, best, VB_OPTION(option_u32, &vb_u32)),
    VB_FIELD(counter, notes, VB_LIST(&note_type)),
};
static const vb_type counter_type = VB_RECORD(counter, "Counter", counter_fields);

static counter state;

VBLANK_STATE(counter, &counter_type, &state)

uint64_t exports_counter_add(uint32_t by) {
  state.count += by;
  *(uint32_t *)vb_push(&state.history, sizeof by) = by;
  if (by > state.best.value) state.best.value = by;
  state.best.is_some = true;
  return state.count;
}

void exports_counter_name_it(counter_string_t *label) {
  vb_set(&state.label, (char *)label->ptr, label->len);
  counter_string_free(label);
}

void exports_counter_note(counter_string_t *text, bool pinned) {
  note *written = vb_push(&state.notes, sizeof *written);
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

void exports_counter_tell(counter_string_t *told) {
  *told = (counter_string_t){0};
  say_text(told, "C: ");
  say(told, state.label.text, state.label.len);
  say_text(told, " is at ");
  say_number(told, state.count);
  say_text(told, " after ");
  say_number(told, state.history.len);
  say_text(told, " steps of at most ");
  say_number(told, state.best.value);
  const note *notes = state.notes.items;
  for (size_t i = 0; i < state.notes.len; i++) {
    say_text(told, "; at ");
    say_number(told, notes[i].at);
    say_text(told, ": ");
    say(told, notes[i].text.text, notes[i].text.len);
    if (notes[i].pinned) say_text(told, "!");
  }
}
