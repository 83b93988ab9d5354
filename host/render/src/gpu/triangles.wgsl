// Triangles as in wit/draw.wit, behind the prelude and a `fragment`.

struct VblankVertex {
    @location(0) position: vec2f,
    @location(1) uv: vec2f,
    @location(2) color: vec4f,
}

struct VblankCorner {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) color: vec4f,
}

@vertex
fn vblank_corner(vertex: VblankVertex) -> VblankCorner {
    let off = vertex.position - view.center;
    let rotor = view.rotor;
    let turned = vec2f(off.x * rotor.x - off.y * rotor.y, off.x * rotor.y + off.y * rotor.x);
    let pixel = view.middle + turned * view.zoom;
    let clip = vec4f(pixel * view.to_clip + vec2f(-1.0, 1.0), 0.0, 1.0);
    return VblankCorner(clip, vertex.uv, vertex.color);
}

@fragment
fn vblank_shade(in: VblankCorner) -> @location(0) vec4f {
    let color = fragment(Surface(in.uv, in.position.xy, in.color, vec3f(), vec3f(0.0, 0.0, 1.0)));
    return vblank_blended(color);
}
