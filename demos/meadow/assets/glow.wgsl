// The lights: brighter where they look at you, and they breathe.

fn fragment(in: Surface) -> vec4f {
    let breath = 0.85 + 0.15 * sin(view.time * 3.0 + in.point.x);
    return vec4f(in.tint.rgb * (0.8 + 0.4 * abs(in.normal.y)) * breath, 1.0);
}
