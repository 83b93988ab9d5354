// Sprites as in wit/draw.wit: one instance each, four corners, a part of a texture.
//
// `View`, `turned`, `rotor` and `sane` are those of quads.wgsl.

struct View {
    /// The point of the world that is shown at `middle`, in pixels.
    center: vec2f,
    middle: vec2f,
    /// From pixels to clip space.
    to_clip: vec2f,
    /// Cosine and sine of the world's rotation.
    rotor: vec2f,
    /// Pixels for one unit of the world, not negative.
    zoom: f32,
}

var<immediate> view: View;

@group(0) @binding(0) var image: texture_2d<f32>;
@group(0) @binding(1) var look: sampler;

struct Sprite {
    @location(0) position: vec2f,
    @location(1) size: vec2f,
    /// Rotation, pivot.
    @location(2) turn: vec3f,
    /// x, y, width, height, in pixels of the texture.
    @location(3) source: vec4u,
    @location(4) tint: vec4f,
    @location(5) scale: vec2f,
}

struct Corner {
    @builtin(position) position: vec4f,
    /// In the texture, 0 to 1.
    @location(0) place: vec2f,
    @location(1) @interpolate(flat) tint: vec4f,
    /// The middles of the source's outer pixels: nothing beyond them is blended in.
    @location(2) @interpolate(flat) inside: vec4f,
}

fn turned(point: vec2f, rotor: vec2f) -> vec2f {
    return vec2f(point.x * rotor.x - point.y * rotor.y, point.x * rotor.y + point.y * rotor.x);
}

fn rotor(angle: f32) -> vec2f {
    let turns = angle * 0.15915494;
    let once = (turns - round(turns)) * 6.2831853;
    return select(vec2f(cos(once), sin(once)), vec2f(1.0, 0.0), angle == 0.0);
}

fn sane(number: f32) -> bool {
    const billion = 0x4e6e6b28u;
    return (bitcast<u32>(number) & 0x7fffffffu) < billion;
}

@vertex
fn corner(sprite: Sprite, @builtin(vertex_index) index: u32) -> Corner {
    let whole = vec2f(textureDimensions(image));
    let part = vec2f(sprite.source.zw);
    let source_size = select(part, whole, part == vec2f());
    let source = vec2f(sprite.source.xy);
    let size = select(sprite.size, source_size, sprite.size == vec2f()) * sprite.scale * view.zoom;
    let pivot = view.middle + turned(sprite.position - view.center, view.rotor) * view.zoom;
    let turn = sprite.turn;
    if !(sane(pivot.x) && sane(pivot.y) && sane(size.x) && sane(size.y)
        && sane(turn.x) && sane(turn.y) && sane(turn.z)) {
        // Four corners in one place cover no pixel.
        return Corner(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(), vec4f(), vec4f());
    }
    let side = vec2f(f32(index & 1u), f32(index >> 1u));
    let pixel = pivot + turned(turned((side - turn.yz) * size, rotor(turn.x)), view.rotor);
    let clip = vec4f(pixel * view.to_clip + vec2f(-1.0, 1.0), 0.0, 1.0);
    let inside = vec4f(source + 0.5, source + source_size - 0.5) / whole.xyxy;
    return Corner(clip, (source + side * source_size) / whole, sprite.tint, inside);
}

@fragment
fn shade(in: Corner) -> @location(0) vec4f {
    let place = clamp(in.place, in.inside.xy, in.inside.zw);
    return textureSampleLevel(image, look, place, 0.0) * in.tint;
}
