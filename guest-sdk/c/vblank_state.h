// The state of a guest written in C: its description, and the exports of `vblank:guest/state` that use it. Knows
// nothing of games or of an application's world.
//
// A state is a struct. A description lists its fields:
//
//     typedef struct { uint64_t count; vb_string label; vb_list /* of uint32_t */ history; } counter;
//
//     static const vb_field counter_fields[] = {
//       VB_FIELD(counter, count, &vb_u64),
//       VB_FIELD(counter, label, &vb_text),
//       VB_FIELD(counter, history, VB_LIST(&vb_u32)),
//     };
//     static const vb_type counter_type = VB_RECORD(counter, "Counter", counter_fields);
//     static counter state;
//     VBLANK_STATE(my_world, &counter_type, &state)
//
// A fresh state is the initial value of `state`, which is all zeros unless an initialiser says otherwise: 0, false,
// the empty text, the empty list, no value, the first case. Zeros are also the default of a field that an old state
// lacks, unless `VB_OR` gives another. The state owns the memory of texts and lists, which comes from `malloc`.

#ifndef VBLANK_STATE_H
#define VBLANK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// UTF-8 text, without a terminating zero.
typedef struct {
  char *text;
  size_t len;
} vb_string;

// A list: a number of items in one block of memory.
typedef struct {
  void *items;
  size_t len;
} vb_list;

typedef struct vb_type vb_type;

// A field. `fresh` is its default when that is not zeros, `spelled` is the default as text, and `was` is its former
// name.
typedef struct {
  const char *name;
  const vb_type *type;
  size_t offset;
  const void *fresh;
  const char *spelled, *was;
} vb_field;

// A case of a variant, with its fields.
typedef struct {
  const char *name;
  const vb_field *fields;
  size_t count;
  const char *was;
} vb_case;

// A type. `size` is the size of a value in C. `offset` is the position of the value in an option. `count` is the
// number of fields, cases or items.
struct vb_type {
  uint8_t tag;
  size_t size, offset;
  const vb_type *item;
  const char *name;
  const vb_field *fields;
  const vb_case *cases;
  size_t count;
  const char *was;
  uint8_t version;
};

// The value of `vb_char` is a `uint32_t`.
extern const vb_type vb_u8, vb_u16, vb_u32, vb_u64, vb_s8, vb_s16, vb_s32, vb_s64, vb_f32, vb_f64, vb_bool,
    vb_char, vb_text;

#define VB_COUNT(table) (sizeof(table) / sizeof *(table))

// A `vb_list` with items of one type.
#define VB_LIST(item_type) (&(const vb_type){.tag = 13, .size = sizeof(vb_list), .item = (item_type)})

// A C array with a fixed number of items.
#define VB_ARRAY(c_type, length, item_type) \
  (&(const vb_type){.tag = 14, .size = sizeof(c_type) * (length), .item = (item_type), .count = (length)})

// A `vb_list` of distinct items.
#define VB_SET(item_type) (&(const vb_type){.tag = 15, .size = sizeof(vb_list), .item = (item_type)})

// A `vb_list` of `pair`, a struct `{ K key; V value; }` of the guest. Keys are distinct.
#define VB_MAP(pair, key_type, value_type)                                    \
  (&(const vb_type){.tag = 16,                                                \
                    .size = sizeof(vb_list),                                  \
                    .item = VB_TUPLE(pair, ((const vb_field[]){               \
                                               VB_FIELD(pair, key, key_type), \
                                               VB_FIELD(pair, value, value_type)}))})

// The type of an option, which is a struct `{ bool is_some; T value; }` of the guest.
#define VB_OPTION(option, item_type) \
  (&(const vb_type){.tag = 17, .size = sizeof(option), .offset = offsetof(option, value), .item = (item_type)})

// A tuple is a struct whose field names are not part of the state.
#define VB_TUPLE(tuple, tuple_fields) \
  (&(const vb_type){.tag = 19, .size = sizeof(tuple), .fields = (tuple_fields), .count = VB_COUNT(tuple_fields)})

// Further settings of a field follow at its end: `VB_OR`, and `.was = "former name"`.
#define VB_FIELD(record, field, field_type, ...) \
  {.name = #field, .type = (field_type), .offset = offsetof(record, field), __VA_ARGS__}

// The default of a field that an old state lacks.
#define VB_OR(record, field, value) .fresh = &(const __typeof__(((record *)0)->field)){value}, .spelled = #value

// `schema_name` is the name by which other versions know the type, in any language. A former name and a version may
// follow: `.was = "…", .version = 2`.
#define VB_RECORD(record, schema_name, record_fields, ...)                               \
  {.tag = 20, .size = sizeof(record), .name = (schema_name), .fields = (record_fields), \
   .count = VB_COUNT(record_fields), __VA_ARGS__}

// The type of a variant, which is a struct that begins with a `uint8_t`, the number of its case. An enum is that
// `uint8_t` alone.
#define VB_VARIANT(variant, schema_name, variant_cases, ...)                             \
  {.tag = 21, .size = sizeof(variant), .name = (schema_name), .cases = (variant_cases), \
   .count = VB_COUNT(variant_cases), __VA_ARGS__}

// A case without fields, or with the fields of a table of `VB_AT`.
#define VB_CASE(case_name, ...) {.name = (case_name), __VA_ARGS__}
#define VB_CARRIES(case_fields) .fields = (case_fields), .count = VB_COUNT(case_fields)

// A field at a position in the variant's struct. Fields without a name are "0", "1" and so on.
#define VB_AT(variant, place, field_name, field_type) \
  {.name = (field_name), .type = (field_type), .offset = offsetof(variant, place)}

// Appends an item of zeros to a list, and returns it.
void *vb_push(vb_list *list, size_t item_size);

// Sets a text to a copy of another.
void vb_set(vb_string *text, const char *from, size_t len);

// The implementation of the exports. The caller owns the returned lists, which come from `malloc`.
vb_list vb_schema(const vb_type *state_type);
vb_list vb_defaults(const vb_type *state_type);
void vb_save(const vb_type *state_type, const void *state);
void vb_prewarm(uint64_t bytes);
// Restores a state. `parcel` is the record of that name in `state.wit`, and is consumed. Returns an error message, or
// NULL.
const char *vb_migrate(const vb_type *state_type, void *state, void *parcel);

// Defines the six exports of `vblank:guest/state`, on top of the bindings that wit-bindgen generated for this world.
#define VBLANK_STATE(world, state_type, state)                                                                \
  static void vb_give(world##_list_u8_t *to, vb_list list) {                                                  \
    to->ptr = list.items;                                                                                     \
    to->len = list.len;                                                                                       \
  }                                                                                                           \
  void exports_vblank_guest_state_schema(world##_list_u8_t *to) { vb_give(to, vb_schema(state_type)); }       \
  void exports_vblank_guest_state_defaults(world##_list_u8_t *to) { vb_give(to, vb_defaults(state_type)); }   \
  void exports_vblank_guest_state_save(void) { vb_save(state_type, state); }                                  \
  void exports_vblank_guest_state_prewarm(uint64_t bytes) { vb_prewarm(bytes); }                              \
  void exports_vblank_guest_state_resume(exports_vblank_guest_state_swapped_t *swapped) { (void)swapped; }    \
  bool exports_vblank_guest_state_migrate(exports_vblank_guest_state_parcel_t *parcel,                        \
                                          world##_list_u8_t *leftovers, world##_string_t *error) {            \
    const char *wrong = vb_migrate(state_type, state, parcel);                                                \
    world##_list_u8_free(leftovers);                                                                          \
    if (wrong) world##_string_dup(error, wrong);                                                              \
    return !wrong;                                                                                            \
  }

#endif
