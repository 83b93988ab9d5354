// The last step of every drawing shader: its colour in the form that the pipeline's blend mode needs.

/// True for the blend mode `Multiply`. Its blend factors do not apply the colour's alpha, so the colour is
/// scaled by it here.
override vblank_multiplies: bool = false;

fn vblank_blended(color: vec4f) -> vec4f {
    return vec4f(select(color.rgb, color.rgb * color.a, vblank_multiplies), color.a);
}
