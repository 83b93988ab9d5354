// A game in C: a square that goes to and fro and counts its bounces. Change a number, save, and it goes on. Its
// siblings in Rust, JavaScript and Python have the same state and draw the same.

#include "generated/game.h"

#include "vblank_state.h"

typedef struct {
  float x, y;    // its middle, in pixels
  float dx, dy;  // pixels a second
  uint32_t bounces;
} square;

static const vb_field square_fields[] = {
    VB_FIELD(square, x, &vb_f32),
    VB_FIELD(square, y, &vb_f32),
    VB_FIELD(square, dx, &vb_f32),
    VB_FIELD(square, dy, &vb_f32),
    VB_FIELD(square, bounces, &vb_u32),
};
static const vb_type square_type = VB_RECORD(square, "Square", square_fields);

static square state;

VBLANK_STATE(game, &square_type, &state)

static const float HALF = 40;

void exports_vblank_guest_lifecycle_init(exports_vblank_guest_lifecycle_setup_t *setup) {
  state = (square){.x = setup->size.width / 2.0f, .y = setup->size.height / 2.0f, .dx = 240, .dy = 180};
}

// One step along an axis, and back at its ends.
static void step(float *at, float *speed, float dt, float end) {
  *at += *speed * dt;
  if ((*at < HALF && *speed < 0) || (*at > end - HALF && *speed > 0)) {
    *speed = -*speed;
    state.bounces++;
  }
}

void exports_vblank_guest_lifecycle_update(exports_vblank_guest_lifecycle_frame_t *frame) {
  step(&state.x, &state.dx, frame->dt, frame->size.width);
  step(&state.y, &state.dy, frame->dt, frame->size.height);
  exports_vblank_guest_lifecycle_frame_free(frame);
}

// What is drawn stays where it is until `draw` has returned, so all of this is static.

static void quad(int which, float x, float y, uint32_t color) {
  // The words of a quad, as `draw.wit` has them.
  static struct {
    float x, y, half_width, half_height, rotation, corner, outline;
    uint32_t color;
  } quads[2];
  quads[which].x = x;
  quads[which].y = y;
  quads[which].half_width = quads[which].half_height = HALF;
  quads[which].corner = 8;
  quads[which].color = color;
  vblank_guest_draw_quads(&(game_list_u32_t){(uint32_t *)&quads[which], sizeof *quads / 4});
}

static void number(float x, float y, uint32_t number) {
  static uint8_t digits[10];
  game_string_t text = {digits + sizeof digits, 0};
  do {
    *--text.ptr = '0' + number % 10;
    text.len++;
  } while (number /= 10);
  vblank_guest_draw_text_style_t style = {.size = 20, .color = 0xFF302018, .align = VBLANK_GUEST_DRAW_ALIGN_CENTER};
  vblank_guest_draw_text(&style, x, y, &text);
}

void exports_vblank_guest_lifecycle_draw(exports_vblank_guest_lifecycle_view_t *view) {
  (void)view;
  vblank_guest_draw_clear(0xFF302018);
  quad(0, state.x + 6, state.y + 8, 0x60000000);
  quad(1, state.x, state.y, state.bounces % 2 ? 0xFF40C0FF : 0xFFFFC040);
  number(state.x, state.y - 12, state.bounces);
}

void exports_vblank_guest_lifecycle_shutdown(void) {}
