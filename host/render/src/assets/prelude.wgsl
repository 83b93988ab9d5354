// What every shader finds: put before a guest's own source.

struct Surface {
    /// In the texture, 0 to 1.
    uv: vec2f,
    /// In the picture: pixels from the top left.
    pixel: vec2f,
    /// The colour that was said with the sprite or the mesh.
    tint: vec4f,
    /// Of a mesh: the point in the world, and its normal. Of a sprite: 0, and towards the viewer.
    point: vec3f,
    normal: vec3f,
}

struct View {
    /// Of sprites: the point of the world that is shown at `middle`, in pixels.
    center: vec2f,
    middle: vec2f,
    /// From pixels to clip space.
    to_clip: vec2f,
    /// Cosine and sine of the world's rotation.
    rotor: vec2f,
    /// Pixels for one unit of the world.
    zoom: f32,
    /// Seconds of the game.
    time: f32,
    /// Of the picture, in pixels.
    resolution: vec2f,
    /// Of meshes: from the world to clip space.
    matrix: mat4x4f,
}

var<immediate> view: View;

@group(0) @binding(0) var image: texture_2d<f32>;
@group(0) @binding(1) var look: sampler;
@group(2) @binding(0) var image1: texture_2d<f32>;
@group(2) @binding(1) var look1: sampler;
@group(3) @binding(0) var image2: texture_2d<f32>;
@group(3) @binding(1) var look2: sampler;

/// The texture that it is drawn with, and the two further ones of its material.
fn texel(uv: vec2f) -> vec4f {
    return textureSampleLevel(image, look, uv, 0.0);
}

fn texel1(uv: vec2f) -> vec4f {
    return textureSampleLevel(image1, look1, uv, 0.0);
}

fn texel2(uv: vec2f) -> vec4f {
    return textureSampleLevel(image2, look2, uv, 0.0);
}
