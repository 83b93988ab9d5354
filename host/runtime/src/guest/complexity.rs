//! The complexity of a guest's file, measured before a library parses or compiles it. It uses no recursion
//! and takes time in proportion to the file's size. Knows no engine.
//!
//! Libraries recurse through nested types, and compile a component once for each time it is instantiated. A
//! file of some kilobytes could therefore exhaust the stack or the memory of the host.

use std::collections::HashSet;

use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentImport,
    ComponentInstance, ComponentOuterAliasKind, ComponentType, ComponentTypeRef, Encoding,
    FromReader, FunctionBody, Instance, InstanceTypeDeclaration, Operator, Parser, Payload,
};

use crate::error::GuestError;

/// Largest size of a guest's file in bytes.
pub(crate) const MAX_FILE: u64 = 256 << 20;
/// Largest nesting of component types, and of components. Tools make less than ten levels.
const MAX_NESTING: usize = 64;
/// Largest number of types in a component. The libraries recurse along chains of types as well, and
/// [`deep_stack`](crate::thread::deep_stack) suffices for a chain of this length.
const MAX_TYPES: u64 = 50_000;
/// Largest number of things that the instances of a component consist of, where a component that is
/// instantiated twice counts twice.
const MAX_ITEMS: u64 = 250_000;
/// Largest number of locals of a module that has few bytes of code.
const MAX_LOCALS: u64 = 1 << 20;
/// Largest product of a function's locals and of its blocks. The compiler may note each local in each block.
const MAX_NOTES: u64 = 16 << 20;
/// Number of results or parameters of a block that any function may use.
const FREE_ARITY: u64 = 16;
/// Largest product of a function's bytes and of the results that one of its instructions may have.
const MAX_VALUES: u64 = 32 << 20;

/// Checks that a file is simple enough for the libraries that parse and compile it.
///
/// # Errors
/// When a bound is exceeded, or when the file is damaged.
pub(super) fn check(bytes: &[u8]) -> Result<(), GuestError> {
    let mut found = Ok(());
    for embedded in check_file(bytes)? {
        // A core module carries the type of its component in a section, as a component.
        found = found.and(check_file(embedded).map(drop));
    }
    found
}

fn check_file(bytes: &[u8]) -> Result<Vec<&[u8]>, GuestError> {
    let mut survey = Survey::default();
    for payload in Parser::new(0).parse_all(bytes) {
        survey.add(payload.map_err(damaged)?, bytes)?;
    }
    Ok(survey.embedded)
}

fn damaged(error: BinaryReaderError) -> GuestError {
    GuestError::Damaged {
        message: error.to_string(),
    }
}

fn within(count: u64, most: u64, what: &'static str) -> Result<(), GuestError> {
    match count <= most {
        true => Ok(()),
        false => Err(GuestError::TooComplex { what, most }),
    }
}

/// The sizes of one component and of those around it.
#[derive(Default)]
struct Survey<'a> {
    /// Open components, the innermost last, and open modules, which have no component.
    open: Vec<Option<Component>>,
    types: u64,
    module: Module,
    /// Contents of custom sections that are components.
    embedded: Vec<&'a [u8]>,
}

/// A component as far as it was read.
#[derive(Default)]
struct Component {
    /// Items of one instance of it, with those of the components that it instantiates.
    items: u64,
    /// Items of each component that it can name. `None` for a component that was given to it.
    components: Vec<Option<u64>>,
    /// Imports of the largest module in it.
    imports: u64,
}

/// A core module as far as it was read.
#[derive(Default)]
struct Module {
    imports: u64,
    locals: u64,
    code: u64,
    /// Largest number of results of a function type, or of parameters of a type that only blocks use.
    arity: u64,
    params: Vec<u64>,
    /// Types of functions, whose parameters are no values of an instruction.
    of_functions: HashSet<u32>,
    largest_body: u64,
}

impl<'a> Survey<'a> {
    fn add(&mut self, payload: Payload<'a>, bytes: &'a [u8]) -> Result<(), GuestError> {
        match payload {
            Payload::Version { encoding, .. } => {
                within(
                    self.open.len() as u64,
                    MAX_NESTING as u64,
                    "nested components",
                )?;
                self.open.push(match encoding {
                    Encoding::Component => Some(Component::default()),
                    Encoding::Module => None,
                });
                self.module = Module::default();
                return Ok(());
            }
            Payload::End(_) => return self.close(),
            Payload::CustomSection(section) => {
                if self.open.len() == 1 && section.data().starts_with(b"\0asm") {
                    self.embedded.push(section.data());
                }
                return Ok(());
            }
            Payload::ComponentTypeSection(section) => {
                let range = section.range();
                let section = bytes.get(range.start as usize..range.end as usize);
                self.types += count_types(section.unwrap_or_default())?;
                return within(self.types, MAX_TYPES, "types");
            }
            _ => {}
        }
        if let Some(Some(_)) = self.open.last() {
            self.add_to_component(payload)
        } else {
            self.module.add(payload)
        }
    }

    fn close(&mut self) -> Result<(), GuestError> {
        let Some(closed) = self.open.pop() else {
            return Ok(());
        };
        let around = self.open.last_mut().and_then(Option::as_mut);
        match (closed, around) {
            (Some(closed), Some(around)) => {
                around.imports = around.imports.max(closed.imports);
                around.components.push(Some(closed.items));
            }
            (None, around) => {
                let module = std::mem::take(&mut self.module);
                module.check()?;
                if let Some(around) = around {
                    around.imports = around.imports.max(module.imports);
                }
            }
            (Some(_), None) => {}
        }
        Ok(())
    }

    fn add_to_component(&mut self, payload: Payload<'a>) -> Result<(), GuestError> {
        let mut items = 0_u64;
        // Components that the section adds to the index space.
        let mut added: Vec<Option<u64>> = Vec::new();
        let named = |survey: &Self, added: &[Option<u64>], level: u32, index: u32| {
            let level = survey.open.len().checked_sub(1 + level as usize)?;
            let component = survey.open[level].as_ref()?;
            let own = component.components.len();
            let new = if level + 1 == survey.open.len() {
                added
            } else {
                &[]
            };
            let index = index as usize;
            component
                .components
                .get(index)
                .or_else(|| new.get(index.checked_sub(own)?))
                .copied()?
        };
        match payload {
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    items += 1;
                    match instance.map_err(damaged)? {
                        ComponentInstance::Instantiate {
                            component_index,
                            args,
                        } => {
                            let Some(more) = named(self, &added, 0, component_index) else {
                                return Err(GuestError::TooComplex {
                                    what: "instances of components that it was given",
                                    most: 0,
                                });
                            };
                            items = items.saturating_add(more + args.len() as u64);
                        }
                        ComponentInstance::FromExports(exports) => items += exports.len() as u64,
                    }
                }
            }
            Payload::InstanceSection(section) => {
                // A module may be that of a component around this one.
                let imports = self
                    .open
                    .iter()
                    .flatten()
                    .map(|component| component.imports);
                let imports = imports.max().unwrap_or(0);
                for instance in section {
                    items += 1 + match instance.map_err(damaged)? {
                        Instance::Instantiate { args, .. } => args.len() as u64 + imports,
                        Instance::FromExports(exports) => exports.len() as u64,
                    };
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    items += 1;
                    match alias.map_err(damaged)? {
                        ComponentAlias::Outer {
                            kind: ComponentOuterAliasKind::Component,
                            count,
                            index,
                        } => added.push(named(self, &added, count, index)),
                        ComponentAlias::InstanceExport {
                            kind: ComponentExternalKind::Component,
                            ..
                        } => added.push(None),
                        _ => {}
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    items += 1;
                    if let ComponentTypeRef::Component(_) = import.map_err(damaged)?.ty {
                        added.push(None);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    items += 1;
                    let export = export.map_err(damaged)?;
                    if export.kind == ComponentExternalKind::Component {
                        added.push(named(self, &added, 0, export.index));
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) => items += u64::from(section.count()),
            Payload::CoreTypeSection(section) => items += u64::from(section.count()),
            _ => {}
        }
        if let Some(Some(component)) = self.open.last_mut() {
            component.items = component.items.saturating_add(items);
            component.components.append(&mut added);
            within(component.items, MAX_ITEMS, "items in all its instances")?;
        }
        Ok(())
    }
}

impl Module {
    fn add(&mut self, payload: Payload<'_>) -> Result<(), GuestError> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for kind in group.map_err(damaged)?.types() {
                        let mut params = 0;
                        if let wasmparser::CompositeInnerType::Func(function) =
                            &kind.composite_type.inner
                        {
                            params = function.params().len() as u64;
                            self.arity = self.arity.max(function.results().len() as u64);
                        }
                        self.params.push(params);
                    }
                }
            }
            Payload::ImportSection(section) => {
                self.imports += u64::from(section.count());
                for import in section.into_imports() {
                    let kind = import.map_err(damaged)?.ty;
                    if let wasmparser::TypeRef::Func(index) = kind {
                        self.of_functions.insert(index);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    self.of_functions.insert(index.map_err(damaged)?);
                }
            }
            Payload::CodeSectionStart { .. } => {
                let kinds = self.params.iter().zip(0_u32..);
                let of_blocks = kinds.filter(|(_, index)| !self.of_functions.contains(index));
                let of_blocks = of_blocks.map(|(params, _)| *params).max();
                self.arity = self.arity.max(of_blocks.unwrap_or(0));
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().end - body.range().start;
                self.code += bytes;
                self.largest_body = self.largest_body.max(bytes);
                let mut own = 0;
                for locals in body.get_locals_reader().map_err(damaged)? {
                    let (count, _) = locals.map_err(damaged)?;
                    own += u64::from(count);
                }
                self.locals += own;
                // A block takes two bytes at least, so most functions need not be read.
                if own.saturating_mul(bytes / 2) > MAX_NOTES {
                    let blocks = count_blocks(&body).map_err(damaged)?;
                    let notes = own.saturating_mul(blocks);
                    within(
                        notes,
                        MAX_NOTES,
                        "local variables times blocks in one function",
                    )?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), GuestError> {
        within(self.locals, MAX_LOCALS.max(self.code), "local variables")?;
        if self.arity > FREE_ARITY {
            let values = self.arity.saturating_mul(self.largest_body);
            within(values, MAX_VALUES, "values in one function")?;
        }
        Ok(())
    }
}

/// Counts the instructions of a function that begin or end a block of the compiler.
fn count_blocks(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let mut blocks = 0;
    for operator in body.get_operators_reader()? {
        blocks += u64::from(matches!(
            operator?,
            Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Else
                | Operator::BrIf { .. }
                | Operator::BrTable { .. }
                | Operator::TryTable { .. }
        ));
    }
    Ok(blocks)
}

/// A list of declarations that is being read.
struct Level {
    left: u32,
    is_component: bool,
}

/// Counts the types of a section, and checks how deeply they are nested.
fn count_types(section: &[u8]) -> Result<u64, GuestError> {
    let mut reader = BinaryReader::new(section, 0);
    let mut left = reader.read_var_u32().map_err(damaged)?;
    let mut levels: Vec<Level> = Vec::new();
    let mut types = 0;
    loop {
        let Some(level) = levels.last_mut() else {
            if left == 0 {
                return Ok(types);
            }
            left -= 1;
            types += 1;
            levels.extend(read_type(&mut reader).map_err(damaged)?);
            continue;
        };
        if level.left == 0 {
            levels.pop();
            continue;
        }
        level.left -= 1;
        types += 1;
        let opened = read_declaration(&mut reader, level.is_component).map_err(damaged)?;
        if let Some(opened) = opened {
            levels.push(opened);
            within(
                levels.len() as u64,
                MAX_NESTING as u64,
                "levels of nested types",
            )?;
        }
    }
}

/// Reads a type. Of a type with declarations, only the start is read.
fn read_type(reader: &mut BinaryReader<'_>) -> Result<Option<Level>, BinaryReaderError> {
    let byte = reader.clone().read_u8()?;
    if !matches!(byte, 0x41 | 0x42) {
        ComponentType::from_reader(reader)?;
        return Ok(None);
    }
    reader.read_u8()?;
    Ok(Some(Level {
        left: reader.read_var_u32()?,
        is_component: byte == 0x41,
    }))
}

fn read_declaration(
    reader: &mut BinaryReader<'_>,
    in_component: bool,
) -> Result<Option<Level>, BinaryReaderError> {
    match reader.clone().read_u8()? {
        0x01 => {
            reader.read_u8()?;
            return read_type(reader);
        }
        0x03 if in_component => {
            reader.read_u8()?;
            ComponentImport::from_reader(reader)?;
        }
        _ => {
            InstanceTypeDeclaration::from_reader(reader)?;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    fn number(mut value: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value > 0x7f {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    fn section(id: u8, body: &[u8]) -> Vec<u8> {
        [&[id], &*number(body.len()), body].concat()
    }

    fn component(sections: &[Vec<u8>]) -> Vec<u8> {
        [COMPONENT, &sections.concat()].concat()
    }

    /// Types of this kind, each in the one before.
    fn nested_types(kind: u8, levels: usize) -> Vec<u8> {
        let around = [kind, 1, 1].repeat(levels - 1);
        component(&[section(7, &[&[1], &*around, &[kind, 0]].concat())])
    }

    /// A component for each level, which instantiates the one before so many times.
    fn tower(levels: usize, times: usize) -> Vec<u8> {
        let mut parts = vec![section(4, &component(&[]))];
        for level in 1..levels {
            let alias = [&[1, 4, 2, 1], &*number(level - 1)].concat();
            let instances = [number(times), [0, 0, 0].repeat(times)].concat();
            parts.push(section(
                4,
                &component(&[section(6, &alias), section(5, &instances)]),
            ));
        }
        component(&parts)
    }

    fn module(locals: usize, functions: usize) -> Vec<u8> {
        let body = [&[1], &*number(locals), &[0x7e, 0x0b]].concat();
        let body = [number(body.len()), body].concat();
        let kinds = [number(functions), vec![0; functions]].concat();
        let code = [number(functions), body.repeat(functions)].concat();
        let sections = [
            section(1, b"\x01\x60\0\0"),
            section(3, &kinds),
            section(10, &code),
        ];
        [MODULE, &sections.concat()].concat()
    }

    #[track_caller]
    fn is_refused(bytes: &[u8], what: &str) {
        let error = check(bytes).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }

    #[test]
    fn nesting_is_bounded() {
        for kind in [0x41, 0x42] {
            assert!(check(&nested_types(kind, 60)).is_ok());
            is_refused(&nested_types(kind, 70), "64 levels of nested types");
            is_refused(&nested_types(kind, 1_000_000), "64 levels of nested types");
        }
        let mut nested = component(&[]);
        for _ in 0..3000 {
            nested = component(&[section(4, &nested)]);
        }
        is_refused(&nested, "64 nested components");
        // The type of a core module's component is in a section.
        let name = b"component-type:x";
        let custom = [&[name.len() as u8], &name[..], &nested_types(0x41, 1032)].concat();
        let typed = [MODULE, &section(0, &custom)].concat();
        is_refused(&typed, "64 levels of nested types");
    }

    #[test]
    fn instances_of_instances_are_counted() {
        assert!(check(&tower(4, 10)).is_ok());
        is_refused(&tower(12, 10), "250000 items in all its instances");
        is_refused(&tower(40, 2), "250000 items in all its instances");
        is_refused(&tower(60, 100), "250000 items in all its instances");
        // A component that is given to another one has no known size.
        let kind = section(7, b"\x01\x41\0");
        let import = section(10, b"\x01\0\x01x\x04\0");
        let instance = section(5, b"\x01\0\0\0");
        is_refused(
            &component(&[kind, import, instance]),
            "components that it was given",
        );
    }

    #[test]
    fn work_for_the_compiler_is_bounded() {
        assert!(check(&module(1000, 100)).is_ok());
        is_refused(&module(50_000, 14_000), "local variables");
        let loops = |locals: usize, loops: usize| {
            let one = b"\x03\x40\x20\0\x21\x01\x20\0\x0d\0\x0b".repeat(loops);
            let body = [&[1], &*number(locals), &[0x7f], &one, &[0x0b]].concat();
            let code = [&b"\x01"[..], &number(body.len()), &body].concat();
            let sections = [
                section(1, b"\x01\x60\0\0"),
                section(3, b"\x01\0"),
                section(10, &code),
            ];
            [MODULE, &sections.concat()].concat()
        };
        assert!(check(&loops(1000, 5000)).is_ok());
        is_refused(&loops(5000, 5000), "local variables times blocks");
        let results = [
            &b"\x02\x60\0"[..],
            &number(1000),
            &[0x7f; 1000],
            b"\x60\0\0",
        ]
        .concat();
        let body = [&b"\0\0"[..], &b"\x02\0\0\x0b".repeat(50_000), b"\0\x0b"].concat();
        let code = [&b"\x01"[..], &number(body.len()), &body].concat();
        let sections = [
            section(1, &results),
            section(3, b"\x01\x01"),
            section(10, &code),
        ];
        is_refused(
            &[MODULE, &sections.concat()].concat(),
            "values in one function",
        );
    }
}
