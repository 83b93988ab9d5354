// A game in C: a square that goes to and fro and counts its bounces. Change a number, save, and it goes on.

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

void exports_vblank_guest_lifecycle_draw(exports_vblank_guest_lifecycle_view_t *view) {
  (void)view;
  vblank_guest_draw_clear(0xFF302018);
  // The words of a quad, as `draw.wit` has them.
  static struct {
    float x, y, half_width, half_height, rotation, corner, outline;
    uint32_t color;
  } quad = {.half_width = HALF, .half_height = HALF, .corner = 8};
  quad.x = state.x;
  quad.y = state.y;
  quad.color = state.bounces % 2 ? 0xFF40C0FF : 0xFFFFC040;
  vblank_guest_draw_quads(&(game_list_u32_t){(uint32_t *)&quad, sizeof quad / 4});
}

void exports_vblank_guest_lifecycle_shutdown(void) {}
