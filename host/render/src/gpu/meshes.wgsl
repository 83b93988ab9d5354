// Instances of meshes as in wit/draw.wit, behind the prelude and a `fragment`.

struct VblankVertex {
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec2f,
    @location(3) color: vec4f,
}

struct VblankInstance {
    /// Rows of the matrix from the mesh to the world.
    @location(4) x: vec4f,
    @location(5) y: vec4f,
    @location(6) z: vec4f,
    @location(7) tint: vec4f,
}

struct VblankCorner {
    @builtin(position) position: vec4f,
    @location(0) uv: vec2f,
    @location(1) color: vec4f,
    @location(2) point: vec3f,
    @location(3) normal: vec3f,
}

@vertex
fn vblank_corner(vertex: VblankVertex, instance: VblankInstance) -> VblankCorner {
    let local = vec4f(vertex.position, 1.0);
    let point = vec3f(dot(instance.x, local), dot(instance.y, local), dot(instance.z, local));
    let normal = vec3f(
        dot(instance.x.xyz, vertex.normal),
        dot(instance.y.xyz, vertex.normal),
        dot(instance.z.xyz, vertex.normal),
    );
    let color = vertex.color * instance.tint;
    return VblankCorner(view.matrix * vec4f(point, 1.0), vertex.uv, color, point, normal);
}

@fragment
fn vblank_shade(in: VblankCorner) -> @location(0) vec4f {
    let color = fragment(Surface(in.uv, in.position.xy, in.color, in.point, normalize(in.normal)));
    return vblank_blended(color);
}
