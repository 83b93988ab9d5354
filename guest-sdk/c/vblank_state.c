// Schema, saving and restoring for the types of `vblank_state.h`. The encodings are those of the crate `vblank-state`:
// `schema/wire.rs` for the schema, `codec/` for the tree and the segments.

#include "vblank_state.h"

#include <stdlib.h>
#include <string.h>

// Size in bytes from which a list of numbers is a segment beside the tree.
#define SEGMENT_MIN 4096

enum {
  U8, U16, U32, U64, S8, S16, S32, S64, F32, F64, BOOL, CHAR, STRING, LIST, ARRAY, SET, MAP, OPTION,
  TUPLE = 19, RECORD, VARIANT  // a schema names these types by number
};

const vb_type vb_u8 = {.tag = U8, .size = 1}, vb_u16 = {.tag = U16, .size = 2}, vb_u32 = {.tag = U32, .size = 4},
              vb_u64 = {.tag = U64, .size = 8}, vb_s8 = {.tag = S8, .size = 1}, vb_s16 = {.tag = S16, .size = 2},
              vb_s32 = {.tag = S32, .size = 4}, vb_s64 = {.tag = S64, .size = 8}, vb_f32 = {.tag = F32, .size = 4},
              vb_f64 = {.tag = F64, .size = 8}, vb_bool = {.tag = BOOL, .size = 1},
              vb_char = {.tag = CHAR, .size = 4},
              vb_text = {.tag = STRING, .size = sizeof(vb_string)};

// The imports of `vblank:guest/lend` as in the module. The host reads lent memory in place.
#define LEND(name) __attribute__((import_module("vblank:guest/lend@0.1.0"), import_name(#name))) \
  extern void lend_##name(const void *items, size_t len)
LEND(tree);
LEND(bytes);
LEND(halves);
LEND(words);
LEND(longs);

static void *reallocate(void *old, size_t size) {
  void *memory = realloc(old, size ? size : 1);
  if (!memory) __builtin_trap();
  return memory;
}

void *vb_push(vb_list *list, size_t item_size) {
  // A list is full at each power of two, so its capacity need not be stored.
  if ((list->len & (list->len - 1)) == 0) list->items = reallocate(list->items, (list->len ? list->len * 2 : 1) * item_size);
  return memset((char *)list->items + list->len++ * item_size, 0, item_size);
}

void vb_set(vb_string *text, const char *from, size_t len) {
  text->text = memcpy(reallocate(text->text, len), from, len);
  text->len = len;
}

// A growing list of bytes. `whole` also puts large lists into the tree.
typedef struct {
  vb_list bytes;
  size_t capacity;
  bool whole;
} out;

static void put(out *out, const void *bytes, size_t len) {
  if (out->capacity - out->bytes.len < len) {
    out->capacity = (out->bytes.len + len) * 2;
    out->bytes.items = reallocate(out->bytes.items, out->capacity);
  }
  if (len) memcpy((char *)out->bytes.items + out->bytes.len, bytes, len);
  out->bytes.len += len;
}

static void put_byte(out *out, uint8_t byte) { put(out, &byte, 1); }

static void put_count(out *out, size_t count) { put(out, &(uint32_t){(uint32_t)count}, 4); }

// ---- The schema: version, root, number of named types, named types.

static void put_leb(out *out, size_t number) {
  for (; number >= 0x80; number >>= 7) put_byte(out, (uint8_t)(number | 0x80));
  put_byte(out, (uint8_t)number);
}

static void put_name(out *out, const char *name) {
  put_leb(out, strlen(name));
  put(out, name, strlen(name));
}

static void put_was(out *out, const char *name) {
  put_leb(out, name ? 1 : 0);
  if (name) put_name(out, name);
}

// The named types of a state, each once, in the order in which they are met.
typedef struct {
  const vb_type *types[64];
  size_t len;
} named;

static size_t number_of(const named *named, const vb_type *type) {
  for (size_t i = 0; i < named->len; i++)
    if (named->types[i] == type) return i;
  return named->len;
}

static void meet(named *named, const vb_type *type) {
  if (type->name && number_of(named, type) < named->len) return;
  if (type->name && named->len == 64) __builtin_trap();
  if (type->name) named->types[named->len++] = type;
  if (type->item) meet(named, type->item);
  for (size_t i = 0; type->fields && i < type->count; i++) meet(named, type->fields[i].type);
  for (size_t i = 0; type->cases && i < type->count; i++)
    for (size_t j = 0; j < type->cases[i].count; j++) meet(named, type->cases[i].fields[j].type);
}

static void put_type(out *out, const named *named, const vb_type *type) {
  put_byte(out, type->name ? RECORD : type->tag);
  if (type->name) put_leb(out, number_of(named, type));
  if (type->tag == ARRAY || type->tag == TUPLE) put_leb(out, type->count);
  if (type->tag == TUPLE)
    for (size_t i = 0; i < type->count; i++) put_type(out, named, type->fields[i].type);
  if (type->tag == MAP)
    for (size_t i = 0; i < 2; i++) put_type(out, named, type->item->fields[i].type);
  else if (type->item)
    put_type(out, named, type->item);
}

// The style of fields: none, by position when they are called "0" and so on, or by name.
static void put_fields(out *out, const named *named, const vb_field *fields, size_t count, bool is_record) {
  put_byte(out, is_record ? 2 : !count ? 0 : fields[0].name[0] == '0' ? 1 : 2);
  put_leb(out, count);
  for (size_t i = 0; i < count; i++) {
    put_name(out, fields[i].name);
    put_was(out, fields[i].was);
    put_type(out, named, fields[i].type);
    put_byte(out, fields[i].spelled ? 2 : 1);  // there is a default
    if (fields[i].spelled) put_name(out, fields[i].spelled);
  }
  put_byte(out, 0);  // no skipped fields
}

vb_list vb_schema(const vb_type *state_type) {
  out out = {0};
  named named = {0};
  meet(&named, state_type);
  put_byte(&out, 1);
  put_type(&out, &named, state_type);
  put_leb(&out, named.len);
  for (size_t i = 0; i < named.len; i++) {
    const vb_type *type = named.types[i];
    put_name(&out, type->name);
    put_was(&out, type->was);
    put_leb(&out, type->version);
    put_byte(&out, 0);  // no hooks
    if (type->tag == RECORD) {
      put_byte(&out, 0);  // not flat
      put_fields(&out, &named, type->fields, type->count, true);
      continue;
    }
    put_byte(&out, 2);
    put_leb(&out, type->count);
    for (size_t j = 0; j < type->count; j++) {
      put_name(&out, type->cases[j].name);
      put_was(&out, type->cases[j].was);
      put_fields(&out, &named, type->cases[j].fields, type->cases[j].count, false);
    }
  }
  return out.bytes;
}

// ---- Saving.

// Returns the width of the numbers of a list that may be a segment, otherwise 0.
static size_t flat_width(const vb_type *type) {
  if (type->tag == ARRAY && type->count) return flat_width(type->item);
  return type->tag <= F64 ? type->size : 0;
}

static void lend(size_t width, const void *items, size_t len) {
  if (width == 1) lend_bytes(items, len);
  if (width == 2) lend_halves(items, len);
  if (width == 4) lend_words(items, len);
  if (width == 8) lend_longs(items, len);
}

static void put_value(out *out, const vb_type *type, const char *value);

static void put_items(out *out, const vb_type *item, const char *items, size_t count) {
  for (size_t i = 0; i < count; i++) put_value(out, item, items + i * item->size);
}

static void put_values(out *out, const vb_field *fields, size_t count, const char *value) {
  for (size_t i = 0; i < count; i++) put_value(out, fields[i].type, value + fields[i].offset);
}

static void put_list(out *out, const vb_type *item, const vb_list *list) {
  size_t width = flat_width(item), size = list->len * item->size;
  put_count(out, list->len);
  if (width && size >= SEGMENT_MIN && !out->whole)
    lend(width, list->items, size / width);
  else if (width)
    put(out, list->items, size);
  else
    put_items(out, item, list->items, list->len);
}

static void put_value(out *out, const vb_type *type, const char *value) {
  const vb_string *text = (const vb_string *)value;
  const vb_list *list = (const vb_list *)value;
  switch (type->tag) {
    case STRING:
      put_count(out, text->len);
      put(out, text->text, text->len);
      break;
    case LIST:
      put_list(out, type->item, list);
      break;
    case SET:
    case MAP:
      put_count(out, list->len);
      put_items(out, type->item, list->items, list->len);
      break;
    case ARRAY:
      put_items(out, type->item, value, type->count);
      break;
    case OPTION:
      put_byte(out, *value != 0);
      if (*value) put_value(out, type->item, value + type->offset);
      break;
    case TUPLE:
    case RECORD:
      put_values(out, type->fields, type->count, value);
      break;
    case VARIANT: {
      const vb_case *is = &type->cases[(uint8_t)*value];
      put_byte(out, (uint8_t)*value);
      put_values(out, is->fields, is->count, value);
      break;
    }
    default:
      put(out, value, type->size);
  }
}

// Writes the default of a type, which is encoded from zeros.
static void make_fresh(const vb_type *type, char *value) {
  const vb_field *fields = type->tag == VARIANT ? type->cases[0].fields : type->fields;
  size_t count = type->tag == VARIANT ? type->cases[0].count : type->count;
  for (size_t i = 0; fields && i < count; i++) {
    char *field = value + fields[i].offset;
    if (fields[i].fresh)
      memcpy(field, fields[i].fresh, fields[i].type->size);
    else
      make_fresh(fields[i].type, field);
  }
  for (size_t i = 0; type->tag == ARRAY && i < type->count; i++) make_fresh(type->item, value + i * type->item->size);
}

static void put_defaults(out *out, const vb_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t size = fields[i].type->size;
    char *value = memset(reallocate(NULL, size), 0, size);
    make_fresh(fields[i].type, value);
    put_value(out, fields[i].type, fields[i].fresh ? fields[i].fresh : value);
    free(value);
  }
}

vb_list vb_defaults(const vb_type *state_type) {
  out out = {.whole = true};
  named named = {0};
  meet(&named, state_type);
  for (size_t i = 0; i < named.len; i++) {
    const vb_type *type = named.types[i];
    if (type->tag == RECORD) put_defaults(&out, type->fields, type->count);
    for (size_t j = 0; type->cases && j < type->count; j++)
      put_defaults(&out, type->cases[j].fields, type->cases[j].count);
  }
  return out.bytes;
}

void vb_save(const vb_type *state_type, const void *state) {
  // The tree is kept, because it has to stay in place while it is lent.
  static out tree;
  tree.bytes.len = 0;
  put_value(&tree, state_type, state);
  lend_tree(tree.bytes.items, tree.bytes.len);
}

// ---- Restoring.

typedef struct {
  vb_list tree;
  // Segments by width: bytes, halves, words, longs. Each is a list of lists.
  vb_list segments[4];
} parcel;

typedef struct {
  const parcel *parcel;
  size_t at, used[4];
  const char *wrong;
} in;

static void take(in *in, void *to, size_t len) {
  if (in->parcel->tree.len - in->at < len) {
    in->wrong = "the state ends too early";
    memset(to, 0, len);
    return;
  }
  if (len) memcpy(to, (char *)in->parcel->tree.items + in->at, len);
  in->at += len;
}

static bool take_flag(in *in) {
  uint8_t flag;
  take(in, &flag, 1);
  if (flag > 1) in->wrong = "a byte of the state is no bool";
  return flag == 1;
}

// Reads a number of items, each of which takes at least a byte.
static size_t take_count(in *in) {
  uint32_t count;
  take(in, &count, 4);
  if (count <= in->parcel->tree.len - in->at) return count;
  in->wrong = "a list of the state is longer than the state";
  return 0;
}

// Rounds the memory of a list up to a power of two of items, so that items can be appended.
static size_t memory_of(size_t len, size_t size) {
  size_t capacity = 1;
  while (capacity < len) capacity *= 2;
  return capacity * size;
}

static void *items(size_t len, size_t size) {
  return memset(reallocate(NULL, memory_of(len, size)), 0, memory_of(len, size));
}

static void take_numbers(in *in, vb_list *list, size_t width, size_t item_size) {
  uint32_t count;
  take(in, &count, 4);
  size_t size = (size_t)count * item_size, kind = width == 8 ? 3 : width / 2;
  if (in->wrong || count > SIZE_MAX / 2 / item_size) {
    in->wrong = in->wrong ? in->wrong : "a list of the state is too long";
  } else if (size < SEGMENT_MIN) {
    list->items = items(count, item_size);
    list->len = count;
    take(in, list->items, size);
  } else {
    const vb_list *segments = &in->parcel->segments[kind];
    vb_list *segment = (vb_list *)segments->items + in->used[kind];
    // An empty segment asks for moved pages. This SDK does not support them, and the host then copies.
    if (in->used[kind] == segments->len || segment->len != size / width) {
      in->wrong = "a segment of the state is missing";
      return;
    }
    in->used[kind]++;
    // The list takes over the memory of the segment, which realloc extends in place when it can.
    list->items = reallocate(segment->items, memory_of(count, item_size));
    list->len = count;
    segment->len = 0;
  }
}

static void take_value(in *in, const vb_type *type, char *value);

static void take_values(in *in, const vb_field *fields, size_t count, char *value) {
  for (size_t i = 0; i < count && !in->wrong; i++) take_value(in, fields[i].type, value + fields[i].offset);
}

static void take_list(in *in, const vb_type *item, vb_list *list) {
  size_t count = take_count(in);
  list->items = items(count, item->size);
  for (; list->len < count && !in->wrong; list->len++)
    take_value(in, item, (char *)list->items + list->len * item->size);
}

static void take_value(in *in, const vb_type *type, char *value) {
  vb_string *text = (vb_string *)value;
  vb_list *list = (vb_list *)value;
  switch (type->tag) {
    case BOOL:
      *(bool *)value = take_flag(in);
      break;
    case STRING:
      text->len = take_count(in);
      text->text = reallocate(NULL, text->len);
      take(in, text->text, text->len);
      break;
    case LIST:
      if (flat_width(type->item))
        take_numbers(in, list, flat_width(type->item), type->item->size);
      else
        take_list(in, type->item, list);
      break;
    case SET:
    case MAP:
      take_list(in, type->item, list);
      break;
    case ARRAY:
      for (size_t i = 0; i < type->count && !in->wrong; i++)
        take_value(in, type->item, value + i * type->item->size);
      break;
    case OPTION:
      *(bool *)value = take_flag(in);
      if (*(bool *)value) take_value(in, type->item, value + type->offset);
      break;
    case TUPLE:
    case RECORD:
      take_values(in, type->fields, type->count, value);
      break;
    case VARIANT: {
      uint8_t is;
      take(in, &is, 1);
      if (is >= type->count) {
        in->wrong = "a case of the state is not there";
        break;
      }
      *(uint8_t *)value = is;
      take_values(in, type->cases[is].fields, type->cases[is].count, value);
      break;
    }
    default:
      take(in, value, type->size);
  }
}

static void drop_value(const vb_type *type, char *value) {
  vb_list *list = (vb_list *)value;
  const vb_case *is = type->cases ? &type->cases[*(uint8_t *)value] : NULL;
  const vb_field *fields = is ? is->fields : type->fields;
  size_t count = is ? is->count : type->count;
  for (size_t i = 0; fields && i < count; i++) drop_value(fields[i].type, value + fields[i].offset);
  if (type->tag == OPTION && *value) drop_value(type->item, value + type->offset);
  for (size_t i = 0; type->tag == ARRAY && i < type->count; i++) drop_value(type->item, value + i * type->item->size);
  if (type->tag == LIST || type->tag == SET || type->tag == MAP)
    for (size_t i = 0; !flat_width(type->item) && i < list->len; i++)
      drop_value(type->item, (char *)list->items + i * type->item->size);
  if (type->tag == LIST || type->tag == SET || type->tag == MAP || type->tag == STRING) free(list->items);
}

static void drop_parcel(parcel *parcel) {
  for (int kind = 0; kind < 4; kind++) {
    vb_list *lists = parcel->segments[kind].items;
    for (size_t i = 0; i < parcel->segments[kind].len; i++)
      if (lists[i].len) free(lists[i].items);
    if (parcel->segments[kind].len) free(lists);
  }
  if (parcel->tree.len) free(parcel->tree.items);
}

const char *vb_migrate(const vb_type *state_type, void *state, void *from) {
  in in = {.parcel = from};
  // The state does not change until the new one is complete.
  char *fresh = items(1, state_type->size);
  take_value(&in, state_type, fresh);
  if (!in.wrong && in.at < in.parcel->tree.len) in.wrong = "the state is longer than its type";
  for (int kind = 0; kind < 4; kind++)
    if (!in.wrong && in.used[kind] < in.parcel->segments[kind].len) in.wrong = "the state has a segment too many";
  if (!in.wrong) {
    drop_value(state_type, state);
    memcpy(state, fresh, state_type->size);
  } else {
    drop_value(state_type, fresh);
  }
  free(fresh);
  drop_parcel(from);
  return in.wrong;
}

void vb_prewarm(uint64_t bytes) {
  if (bytes > SIZE_MAX) return;
  // Reserving is not enough: each page costs a fault at its first write.
  volatile char *memory = malloc((size_t)bytes);
  for (size_t i = 0; memory && i < bytes; i += 4096) memory[i] = 1;
  free((void *)memory);
}
