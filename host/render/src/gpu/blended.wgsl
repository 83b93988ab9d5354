// Behind every shader that draws: its colour as the pipeline's way of blending wants it.

/// Whether what is there is multiplied by the colour: the blending takes that as it is, and so it has to be as
/// weak here as it is transparent.
override vblank_multiplies: bool = false;

fn vblank_blended(color: vec4f) -> vec4f {
    return vec4f(select(color.rgb, color.rgb * color.a, vblank_multiplies), color.a);
}
