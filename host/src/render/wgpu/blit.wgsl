// Shows the picture in the window: pixel by pixel, and stretched for the moment in which their sizes
// differ.

@group(0) @binding(0) var picture: texture_2d<f32>;

/// Whether the window's format takes linear colours and encodes them itself.
override encodes: bool;

struct Corner {
    @builtin(position) position: vec4f,
    /// 0 to 1 over the picture.
    @location(0) place: vec2f,
}

@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    // One triangle that covers the window.
    let place = vec2f(f32(index & 1u), f32(index >> 1u)) * 2.0;
    return Corner(vec4f(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0), place);
}

fn linear(color: vec3f) -> vec3f {
    let high = pow((color + 0.055) / 1.055, vec3f(2.4));
    return select(high, color / 12.92, color <= vec3f(0.04045));
}

@fragment
fn shade(in: Corner) -> @location(0) vec4f {
    let size = textureDimensions(picture);
    let pixel = min(vec2u(in.place * vec2f(size)), size - 1u);
    let color = textureLoad(picture, pixel, 0).rgb;
    if encodes {
        return vec4f(linear(color), 1.0);
    }
    return vec4f(color, 1.0);
}
