// Shows the picture in the viewport that is set for it. Pixels stay sharp if the viewport has the picture's
// size or a whole multiple of it, and are smoothed otherwise.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var smooth_sampler: sampler;

/// True if the window's format takes linear colours and encodes them itself.
override encodes: bool;

struct Corner {
    @builtin(position) position: vec4f,
    /// Position in the picture, 0 to 1.
    @location(0) place: vec2f,
}

@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    // One triangle that covers the viewport.
    let place = vec2f(f32(index & 1u), f32(index >> 1u)) * 2.0;
    return Corner(vec4f(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0), place);
}

fn linear(color: vec3f) -> vec3f {
    let high = pow((color + 0.055) / 1.055, vec3f(2.4));
    return select(high, color / 12.92, color <= vec3f(0.04045));
}

@fragment
fn shade(in: Corner) -> @location(0) vec4f {
    let size = vec2f(textureDimensions(picture));
    // Pixels of the window for one of the picture. Colours are mixed only over the seam between two pixels,
    // which is as wide as one pixel of the window.
    let scale = max(1.0 / (fwidth(in.place) * size), vec2f(1.0));
    let at = in.place * size;
    let seam = floor(at + 0.5);
    let place = (seam + clamp((at - seam) * scale, vec2f(-0.5), vec2f(0.5))) / size;
    let color = textureSampleLevel(picture, smooth_sampler, place, 0.0).rgb;
    if encodes {
        return vec4f(linear(color), 1.0);
    }
    return vec4f(color, 1.0);
}
