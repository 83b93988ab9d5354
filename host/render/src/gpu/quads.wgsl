// Quads as in wit/draw.wit: one instance each, four corners, coverage from a signed distance.
//
// All shapes are measured in pixels of the picture, along the quad's own axes. An axis-aligned
// rectangle covers each pixel by exactly the area that it shares with it.

struct View {
    /// The point of the world that is shown at `middle`, in pixels.
    center: vec2f,
    middle: vec2f,
    /// Factors from pixels to clip space.
    to_clip: vec2f,
    /// Cosine and sine of the world's rotation.
    rotor: vec2f,
    /// Pixels for one unit of the world, not negative.
    zoom: f32,
}

var<immediate> view: View;

struct Quad {
    @location(0) center: vec2f,
    @location(1) half: vec2f,
    /// Rotation, radius, outline.
    @location(2) shape: vec3f,
    @location(3) color: vec4f,
}

struct Corner {
    @builtin(position) position: vec4f,
    /// Position from the quad's middle.
    @location(0) place: vec2f,
    @location(1) @interpolate(flat) half: vec2f,
    @location(2) @interpolate(flat) radius: f32,
    @location(3) @interpolate(flat) outline: f32,
    @location(4) @interpolate(flat) color: vec4f,
}

fn turned(point: vec2f, rotor: vec2f) -> vec2f {
    return vec2f(point.x * rotor.x - point.y * rotor.y, point.x * rotor.y + point.y * rotor.x);
}

/// Returns cosine and sine. GPUs guarantee precision only in the first turn, and none guarantees an exact
/// result for angle 0.
fn rotor(angle: f32) -> vec2f {
    let turns = angle * 0.15915494;
    let once = (turns - round(turns)) * 6.2831853;
    return select(vec2f(cos(once), sin(once)), vec2f(1.0, 0.0), angle == 0.0);
}

/// True if a number is finite, and small enough to draw with. The check uses bits, since shader compilers
/// may assume that all numbers are finite.
fn sane(number: f32) -> bool {
    const billion = 0x4e6e6b28u;
    return (bitcast<u32>(number) & 0x7fffffffu) < billion;
}

@vertex
fn corner(quad: Quad, @builtin(vertex_index) index: u32) -> Corner {
    let half = abs(quad.half) * view.zoom;
    let center = view.middle + turned(quad.center - view.center, view.rotor) * view.zoom;
    let shape = vec3f(quad.shape.x, max(quad.shape.yz, vec2f()) * view.zoom);
    if !(sane(center.x) && sane(center.y) && sane(half.x) && sane(half.y)
        && sane(quad.shape.x) && sane(quad.shape.y) && sane(quad.shape.z)
        && sane(shape.y) && sane(shape.z)) {
        // Four equal corners cover no pixel.
        return Corner(vec4f(0.0, 0.0, 0.0, 1.0), vec2f(), vec2f(), 0.0, 0.0, vec4f());
    }
    let side = vec2f(f32(index & 1u), f32(index >> 1u)) * 2.0 - 1.0;
    // Pixels whose middle is within half a pixel of the edge are covered in part.
    let place = side * (half + 0.5);
    let pixel = center + turned(turned(place, rotor(shape.x)), view.rotor);
    let clip = vec4f(pixel * view.to_clip + vec2f(-1.0, 1.0), 0.0, 1.0);
    return Corner(clip, place, half, min(shape.y, min(half.x, half.y)), shape.z, quad.color);
}

/// Returns the share of the pixel around `place` that lies in a rounded rectangle.
fn coverage(place: vec2f, half: vec2f, radius: f32) -> f32 {
    let beyond = abs(place) - half;
    // A shape narrower than a pixel covers no more than its width.
    let sides = clamp(0.5 - beyond, vec2f(), clamp(2.0 * half, vec2f(), vec2f(1.0)));
    let corner = beyond + radius;
    let distance = length(max(corner, vec2f())) + min(max(corner.x, corner.y), 0.0) - radius;
    return min(sides.x * sides.y, saturate(0.5 - distance));
}

@fragment
fn shade(in: Corner) -> @location(0) vec4f {
    var covered = coverage(in.place, in.half, in.radius);
    if in.outline > 0.0 {
        let inside = coverage(in.place, in.half - in.outline, max(in.radius - in.outline, 0.0));
        covered = max(covered - inside, 0.0);
    }
    return vblank_blended(vec4f(in.color.rgb, in.color.a * covered));
}
