// The state of a guest written in C: what it is made of, and the exports of `vblank:guest/state` made of that.
// Knows nothing of games or of an application's world.
//
// A state is a struct, and a description of it says what its fields are:
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
// A fresh state is what `state` is made with, and all zeros if nothing is said: 0, false, the empty text, the empty
// list, no value, the first case. So is the default of a field that an old state lacks, but for what `VB_OR` says.
// What text and lists point to is the state's own and comes from `malloc`.

#ifndef VBLANK_STATE_H
#define VBLANK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// UTF-8, without a zero at its end.
typedef struct {
  char *text;
  size_t len;
} vb_string;

// So many items, one after the other.
typedef struct {
  void *items;
  size_t len;
} vb_list;

typedef struct vb_type vb_type;

// A field. `fresh` is what it begins as where that is not zeros, `spelled` the same for people, `was` its name of
// before.
typedef struct {
  const char *name;
  const vb_type *type;
  size_t offset;
  const void *fresh;
  const char *spelled, *was;
} vb_field;

// A case of a variant, and what it carries.
typedef struct {
  const char *name;
  const vb_field *fields;
  size_t count;
  const char *was;
} vb_case;

// A type. `size` is what a value takes in C, `offset` where in an option the value lies, `count` how many fields,
// cases or items there are.
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

// `vb_char` is a `uint32_t`.
extern const vb_type vb_u8, vb_u16, vb_u32, vb_u64, vb_s8, vb_s16, vb_s32, vb_s64, vb_f32, vb_f64, vb_bool,
    vb_char, vb_text;

#define VB_COUNT(table) (sizeof(table) / sizeof *(table))

// A `vb_list` of items of a type.
#define VB_LIST(item_type) (&(const vb_type){.tag = 13, .size = sizeof(vb_list), .item = (item_type)})

// An array in C, of so many items.
#define VB_ARRAY(c_type, length, item_type) \
  (&(const vb_type){.tag = 14, .size = sizeof(c_type) * (length), .item = (item_type), .count = (length)})

// A `vb_list` of items that are all different.
#define VB_SET(item_type) (&(const vb_type){.tag = 15, .size = sizeof(vb_list), .item = (item_type)})

// A `vb_list` of `pair`, a struct of one's own, `{ K key; V value; }`; the keys are all different.
#define VB_MAP(pair, key_type, value_type)                                    \
  (&(const vb_type){.tag = 16,                                                \
                    .size = sizeof(vb_list),                                  \
                    .item = VB_TUPLE(pair, ((const vb_field[]){               \
                                               VB_FIELD(pair, key, key_type), \
                                               VB_FIELD(pair, value, value_type)}))})

// An option is a struct of one's own, `{ bool is_some; T value; }`; this is its type.
#define VB_OPTION(option, item_type) \
  (&(const vb_type){.tag = 17, .size = sizeof(option), .offset = offsetof(option, value), .item = (item_type)})

// A tuple is a struct whose fields have no names for others.
#define VB_TUPLE(tuple, tuple_fields) \
  (&(const vb_type){.tag = 19, .size = sizeof(tuple), .fields = (tuple_fields), .count = VB_COUNT(tuple_fields)})

// More can be said of a field at its end: `VB_OR`, and `.was = "its name of before"`.
#define VB_FIELD(record, field, field_type, ...) \
  {.name = #field, .type = (field_type), .offset = offsetof(record, field), __VA_ARGS__}

// What a field begins as where an old state lacks it.
#define VB_OR(record, field, value) .fresh = &(const __typeof__(((record *)0)->field)){value}, .spelled = #value

// `schema_name` is the name by which other versions know the type, in whatever language they are. Its name of before
// and a version may follow: `.was = "…", .version = 2`.
#define VB_RECORD(record, schema_name, record_fields, ...)                               \
  {.tag = 20, .size = sizeof(record), .name = (schema_name), .fields = (record_fields), \
   .count = VB_COUNT(record_fields), __VA_ARGS__}

// A variant is a struct that begins with a `uint8_t`, the number of its case; this is its type. An enum is that
// `uint8_t` alone.
#define VB_VARIANT(variant, schema_name, variant_cases, ...)                             \
  {.tag = 21, .size = sizeof(variant), .name = (schema_name), .cases = (variant_cases), \
   .count = VB_COUNT(variant_cases), __VA_ARGS__}

// A case that carries nothing, or the fields of a table of `VB_AT`.
#define VB_CASE(case_name, ...) {.name = (case_name), __VA_ARGS__}
#define VB_CARRIES(case_fields) .fields = (case_fields), .count = VB_COUNT(case_fields)

// A field that lies at a place in the variant's struct; "0", "1" and so on where it has no name.
#define VB_AT(variant, place, field_name, field_type) \
  {.name = (field_name), .type = (field_type), .offset = offsetof(variant, place)}

// Room for one more item at the end of a list; it is zeros.
void *vb_push(vb_list *list, size_t item_size);

// Have a text be a copy of this one.
void vb_set(vb_string *text, const char *from, size_t len);

// What is behind the exports. The lists that these give are the caller's, from `malloc`.
vb_list vb_schema(const vb_type *state_type);
vb_list vb_defaults(const vb_type *state_type);
void vb_save(const vb_type *state_type, const void *state);
void vb_prewarm(uint64_t bytes);
// `parcel` is the record of that name in `state.wit`; it is used up. What is wrong with it, or nothing.
const char *vb_migrate(const vb_type *state_type, void *state, void *parcel);

// The six exports of `vblank:guest/state`, on what wit-bindgen has generated for a world of this name.
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
