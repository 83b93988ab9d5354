// The water: it takes the sky's colour and glitters. Change a number and save: no code is swapped.

fn fragment(in: Surface) -> vec4f {
    let at = in.point.xz;
    let waves = sin(at.x * 1.3 + view.time * 0.9) + sin(at.y * 1.7 - view.time * 1.1)
        + sin((at.x + at.y) * 2.9 + view.time * 1.7) * 0.5;
    let glitter = smoothstep(1.6, 2.4, waves);
    let color = in.tint.rgb * (0.55 + 0.06 * waves) + vec3f(glitter * 0.35);
    return vec4f(color, in.tint.a);
}
