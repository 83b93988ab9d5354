// The declarations before the source of every guest's shader.

struct Surface {
    /// Texture coordinates, 0 to 1.
    uv: vec2f,
    /// Position in the picture, in pixels from the top left.
    pixel: vec2f,
    /// Colour of the sprite, the triangle or the mesh.
    tint: vec4f,
    /// Point in the world and its normal, for a mesh. For a sprite: 0, and towards the viewer.
    point: vec3f,
    normal: vec3f,
}

struct View {
    /// Point of the world that is shown at `middle`, which is in pixels. For sprites.
    center: vec2f,
    middle: vec2f,
    /// Factors from pixels to clip space.
    to_clip: vec2f,
    /// Cosine and sine of the world's rotation.
    rotor: vec2f,
    /// Pixels for one unit of the world.
    zoom: f32,
    /// Game time in seconds.
    time: f32,
    /// Size of the picture in pixels.
    resolution: vec2f,
    /// Matrix from the world to clip space. For meshes.
    matrix: mat4x4f,
}

var<immediate> view: View;

@group(0) @binding(0) var image: texture_2d<f32>;
@group(0) @binding(1) var look: sampler;
@group(2) @binding(0) var image1: texture_2d<f32>;
@group(2) @binding(1) var look1: sampler;
@group(3) @binding(0) var image2: texture_2d<f32>;
@group(3) @binding(1) var look2: sampler;

/// Colour of the texture that is drawn with; `texel1` and `texel2` read the further ones of the look.
fn texel(uv: vec2f) -> vec4f {
    return textureSampleLevel(image, look, uv, 0.0);
}

fn texel1(uv: vec2f) -> vec4f {
    return textureSampleLevel(image1, look1, uv, 0.0);
}

fn texel2(uv: vec2f) -> vec4f {
    return textureSampleLevel(image2, look2, uv, 0.0);
}
