//! Shaders of guests: a fragment function in WGSL after a prelude that declares its inputs. Knows no GPU.
//!
//! Sources are checked here before any GPU gets them, so that a mistake is reported with line and column in
//! the guest's own file. The grammar is that of <https://www.w3.org/TR/WGSL/>.

use std::fmt;
use std::sync::Arc;

use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Block, Module, Statement, TypeInner};

use super::shader_error::BadShader;
use super::shader_size;

/// The declarations before every shader, documented in `docs/drawing.md`.
pub const PRELUDE: &str = include_str!("prelude.wgsl");
/// Size of the stack on which a library recurses through a source.
const STACK: usize = 16 << 20;
/// Largest size of the parameter block in bytes.
pub const MAX_PARAMS: usize = 256;

/// A valid shader.
#[derive(Clone, PartialEq, Eq)]
pub struct Shader {
    /// The guest's own source.
    pub source: Arc<str>,
    /// Bytes of the declared parameters; 0 if there are none.
    pub params: usize,
}

impl Shader {
    /// Checks a source. Takes about a millisecond.
    ///
    /// # Errors
    /// When the source is no valid shader, has no fragment function, or has a loop without an exit. The
    /// error has the position.
    pub fn parse(source: &str) -> Result<Self, BadShader> {
        shader_size::check(source)?;
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().name("shader".to_owned());
            let thread = builder
                .stack_size(STACK)
                .spawn_scoped(scope, || Self::parse_checked(source));
            let thread = thread.map_err(|error| BadShader::of(format!("no thread: {error}")))?;
            // The panic hook has reported a panic of the library.
            let parsed = thread.join();
            parsed.unwrap_or_else(|_| Err(BadShader::of("the parser failed")))
        })
    }

    fn parse_checked(source: &str) -> Result<Self, BadShader> {
        let text = format!("{PRELUDE}{source}");
        let lines = PRELUDE.lines().count();
        let at = |line: u32, column: u32| {
            let line = (line as usize)
                .checked_sub(lines)
                .filter(|line| *line > 0)?;
            Some((line, column as usize))
        };
        let module = wgsl::parse_str(&text).map_err(|error| {
            let found = error.location(&text);
            let location = found.and_then(|found| at(found.line_number, found.line_position));
            let message = error.message().to_owned();
            BadShader { location, message }
        })?;
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::IMMEDIATES);
        validator.validate(&module).map_err(|error| {
            let found = error.location(&text);
            let location = found.and_then(|found| at(found.line_number, found.line_position));
            let message = causes(error.as_inner());
            BadShader { location, message }
        })?;
        let has_fragment = module.functions.iter().find(|(_, function)| {
            let surface = function.arguments.first();
            let is_surface = surface.is_some_and(|argument| {
                module.types[argument.ty].name.as_deref() == Some("Surface")
            });
            let gives = function.result.as_ref();
            let is_color = gives.is_some_and(|result| {
                let vector = &module.types[result.ty].inner;
                matches!(vector, TypeInner::Vector { size: naga::VectorSize::Quad, scalar } if *scalar == naga::Scalar::F32)
            });
            function.name.as_deref() == Some("fragment")
                && function.arguments.len() == 1
                && is_surface
                && is_color
        });
        if has_fragment.is_none() {
            return Err(BadShader::of(
                "it has no `fn fragment(in: Surface) -> vec4f`",
            ));
        }
        for (_, function) in module.functions.iter() {
            if has_endless_loop(&function.body) {
                let name = function.name.as_deref().unwrap_or("?");
                let message = format!("a loop in `{name}` has no way out");
                return Err(BadShader::of(message));
            }
        }
        if !module.entry_points.is_empty() {
            return Err(BadShader::of(
                "it has an entry point; write a plain `fn fragment(in: Surface) -> vec4f`",
            ));
        }
        let params = params(&module)?;
        let source = source.into();
        Ok(Self { source, params })
    }
}

/// Returns the size of the parameter block that the guest declares.
fn params(module: &Module) -> Result<usize, BadShader> {
    let mut bytes = 0;
    for (_, variable) in module.global_variables.iter() {
        let binding = variable.binding.as_ref();
        let place = binding.map(|binding| (binding.group, binding.binding));
        match (variable.space, place) {
            (AddressSpace::Uniform, Some((1, 0))) => {
                bytes = module.types[variable.ty].inner.size(module.to_ctx()) as usize;
            }
            // Declared by the prelude.
            (AddressSpace::Handle, Some((0 | 2 | 3, 0 | 1))) | (AddressSpace::Immediate, None) => {}
            (AddressSpace::Private, None) => {}
            _ => {
                let name = variable.name.as_deref().unwrap_or("?");
                return Err(BadShader::of(format!(
                    "`{name}`: the only variable that a shader may declare beside private ones is \
                     `@group(1) @binding(0) var<uniform>`"
                )));
            }
        }
    }
    if bytes > MAX_PARAMS {
        return Err(BadShader::of(format!(
            "its parameters have {bytes} bytes, and {MAX_PARAMS} are possible"
        )));
    }
    Ok(bytes)
}

/// True if a block contains a loop without an exit. An exit that is never taken is not detected, since that
/// is undecidable.
fn has_endless_loop(block: &Block) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Loop {
            body,
            continuing,
            break_if,
        } => {
            let leads_out = break_if.is_some() || leaves(body) || leaves(continuing);
            !leads_out || has_endless_loop(body)
        }
        Statement::Block(block) => has_endless_loop(block),
        Statement::If { accept, reject, .. } => {
            has_endless_loop(accept) || has_endless_loop(reject)
        }
        Statement::Switch { cases, .. } => cases.iter().any(|case| has_endless_loop(&case.body)),
        _ => false,
    })
}

/// True if a statement in the body of a loop may end the loop.
fn leaves(block: &Block) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Break | Statement::Return { .. } | Statement::Kill => true,
        Statement::Block(block) => leaves(block),
        Statement::If { accept, reject, .. } => leaves(accept) || leaves(reject),
        // A `break` in it ends only the switch.
        Statement::Switch { cases, .. } => cases.iter().any(|case| returns(&case.body)),
        Statement::Loop { body, .. } => returns(body),
        _ => false,
    })
}

fn returns(block: &Block) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Return { .. } | Statement::Kill => true,
        Statement::Block(block) => returns(block),
        Statement::If { accept, reject, .. } => returns(accept) || returns(reject),
        Statement::Switch { cases, .. } => cases.iter().any(|case| returns(&case.body)),
        Statement::Loop { body, .. } => returns(body),
        _ => false,
    })
}

/// Joins an error and its causes in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

impl fmt::Debug for Shader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shader({} bytes)", self.source.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(source: &str) -> String {
        Shader::parse(source).expect_err(source).to_string()
    }

    #[test]
    fn a_shader_may_declare_parameters() {
        let plain = "fn fragment(in: Surface) -> vec4f { return texel(in.uv) * in.tint; }";
        assert_eq!(Shader::parse(plain).unwrap().params, 0);
        let waves = "
            struct Params { color: vec4f, height: f32 }
            @group(1) @binding(0) var<uniform> params: Params;
            fn fragment(in: Surface) -> vec4f {
                let wave = sin(in.uv.x * 9.0 + view.time) * params.height;
                return mix(texel(in.uv), texel1(in.uv), wave) * params.color;
            }";
        assert_eq!(Shader::parse(waves).unwrap().params, 32);
    }

    #[test]
    fn a_mistake_is_reported_with_its_position() {
        let error = wrong("fn fragment(in: Surface) -> vec4f {\n    return in.colour;\n}");
        assert!(error.starts_with("line 2, column 15: "), "{error}");
        let error =
            wrong("fn fragment(in: Surface) -> vec4f {\n  let a = 1.0\n  return vec4f(a);\n}");
        assert!(error.starts_with("line 3, column 3: "), "{error}");
        let error = wrong("");
        assert!(
            error.contains("fn fragment(in: Surface) -> vec4f"),
            "{error}"
        );
        assert!(
            wrong("fn fragment(in: f32) -> vec4f { return vec4f(in); }")
                .contains("no `fn fragment")
        );
    }

    #[test]
    fn a_loop_without_an_exit_is_refused() {
        let in_body = |body: &str| {
            format!("fn fragment(in: Surface) -> vec4f {{ var a = 0.0; {body} return vec4f(a); }}")
        };
        let endless = in_body(
            "loop { a += 1.0; if false { continue; } switch 1 { case 1: { break; } default: {} } }",
        );
        assert!(
            wrong(&endless).contains("no way out"),
            "{}",
            wrong(&endless)
        );
        for fine in [
            "loop { a += 1.0; if a > 9.0 { break; } }",
            "for (var i = 0; i < 9; i++) { a += 1.0; }",
            "loop { a += 1.0; continuing { break if a > 9.0; } }",
            "loop { loop { return in.tint; } }",
        ] {
            assert!(Shader::parse(&in_body(fine)).is_ok(), "{fine}");
        }
    }

    /// A library recurses through each of these, and would end the process.
    #[test]
    fn a_deep_source_is_an_error() {
        let in_body =
            |body: &str| format!("fn fragment(in: Surface) -> vec4f {{ let a = in.tint; {body} }}");
        for body in [
            format!("return vec4f(a{});", "+a".repeat(3740)),
            format!("return vec4f(a{});", "+a".repeat(14_900)),
            format!("return a{};", ".xyzw".repeat(20_000)),
            format!(
                "if a.x > 1.0 {{}}{} return a;",
                " else if a.x > 2.0 {}".repeat(8000)
            ),
            format!("return {}a{};", "(".repeat(60_000), ")".repeat(60_000)),
            format!("{}{}", "{".repeat(60_000), "}".repeat(60_000)),
        ] {
            assert!(Shader::parse(&in_body(&body)).is_err());
        }
        let chain: String = (1..9000)
            .map(|i| format!("const c{i} = c{} + 1;", i - 1))
            .collect();
        assert!(Shader::parse(&format!("const c0 = 1;{chain}{}", in_body("return a;"))).is_err());
        // What is just within the bounds is parsed.
        assert!(Shader::parse(&in_body(&format!("return a{};", "+a".repeat(500)))).is_ok());
    }

    #[test]
    fn only_the_block_of_parameters_may_be_bound() {
        let with =
            |line: &str| format!("{line}\nfn fragment(in: Surface) -> vec4f {{ return in.tint; }}");
        let storage = with("@group(1) @binding(1) var<storage, read> all: array<vec4f>;");
        assert!(
            wrong(&storage).contains("only variable"),
            "{}",
            wrong(&storage)
        );
        let large = with("@group(1) @binding(0) var<uniform> all: array<vec4f, 17>;");
        assert!(wrong(&large).contains("272 bytes"), "{}", wrong(&large));
        let entry = with("@fragment fn main() -> @location(0) vec4f { return vec4f(); }");
        assert!(wrong(&entry).contains("entry point"), "{}", wrong(&entry));
    }
}
