// Sprites as in wit/draw.wit: one instance each, four corners, a part of a texture. Behind the prelude and a
// `fragment`.

struct VblankSprite {
    @location(0) position: vec2f,
    @location(1) size: vec2f,
    /// Rotation, pivot.
    @location(2) turn: vec3f,
    /// x, y, width, height, in pixels of the texture.
    @location(3) source: vec4u,
    @location(4) tint: vec4f,
    @location(5) scale: vec2f,
}

struct VblankCorner {
    @builtin(position) position: vec4f,
    /// Texture coordinates, 0 to 1.
    @location(0) place: vec2f,
    @location(1) @interpolate(flat) tint: vec4f,
    /// The middles of the source's outer pixels: nothing beyond them is blended in.
    @location(2) @interpolate(flat) inside: vec4f,
}

fn vblank_turned(point: vec2f, rotor: vec2f) -> vec2f {
    return vec2f(point.x * rotor.x - point.y * rotor.y, point.x * rotor.y + point.y * rotor.x);
}

fn vblank_rotor(angle: f32) -> vec2f {
    let turns = angle * 0.15915494;
    let once = (turns - round(turns)) * 6.2831853;
    return select(vec2f(cos(once), sin(once)), vec2f(1.0, 0.0), angle == 0.0);
}

fn vblank_sane(number: f32) -> bool {
    const billion = 0x4e6e6b28u;
    return (bitcast<u32>(number) & 0x7fffffffu) < billion;
}

@vertex
fn vblank_corner(sprite: VblankSprite, @builtin(vertex_index) index: u32) -> VblankCorner {
    let whole = vec2f(textureDimensions(image));
    let part = vec2f(sprite.source.zw);
    let source_size = select(part, whole, part == vec2f());
    let source = vec2f(sprite.source.xy);
    let size = select(sprite.size, source_size, sprite.size == vec2f()) * sprite.scale * view.zoom;
    let pivot = view.middle + vblank_turned(sprite.position - view.center, view.rotor) * view.zoom;
    let turn = sprite.turn;
    if !(vblank_sane(pivot.x) && vblank_sane(pivot.y) && vblank_sane(size.x) && vblank_sane(size.y)
        && vblank_sane(turn.x) && vblank_sane(turn.y) && vblank_sane(turn.z)) {
        // Four equal corners cover no pixel.
        return VblankCorner(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(), vec4f(), vec4f());
    }
    let side = vec2f(f32(index & 1u), f32(index >> 1u));
    let pixel = pivot + vblank_turned(vblank_turned((side - turn.yz) * size, vblank_rotor(turn.x)), view.rotor);
    let clip = vec4f(pixel * view.to_clip + vec2f(-1.0, 1.0), 0.0, 1.0);
    let inside = vec4f(source + 0.5, source + source_size - 0.5) / whole.xyxy;
    return VblankCorner(clip, (source + side * source_size) / whole, sprite.tint, inside);
}

@fragment
fn vblank_shade(in: VblankCorner) -> @location(0) vec4f {
    let place = clamp(in.place, in.inside.xy, in.inside.zw);
    let color = fragment(Surface(place, in.position.xy, in.tint, vec3f(), vec3f(0.0, 0.0, 1.0)));
    return vblank_blended(color);
}
