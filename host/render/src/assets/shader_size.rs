//! The complexity of a shader's source, measured before a library parses it. It uses no recursion. Knows no
//! grammar beyond brackets, operators and comments.
//!
//! The parser bounds the nesting of brackets itself. It builds a tree as deep as a chain of operators, a
//! chain of `else if` or a chain of declarations is long, and recurses through it, as do the compilers of
//! the drivers.

use std::collections::HashMap;

use super::shader_error::BadShader;

/// Largest size of a source in bytes.
const MAX_BYTES: usize = 256 << 10;
/// Largest depth of brackets.
const MAX_NESTING: usize = 128;
/// Largest number of operators and of `else if` in one statement, over all its brackets.
const MAX_CHAIN: usize = 512;
/// Largest number of declarations: functions, types, constants and variables outside of functions.
const MAX_DECLARATIONS: usize = 1024;

/// Largest number of words in a structure with all structures in it, where one that is named twice counts
/// twice. The parser writes out the fields of a structure's zero value one by one.
const MAX_FIELDS: usize = 8192;

/// An open bracket, or the file itself.
#[derive(Default)]
struct Level {
    /// Operators of the expression so far.
    chain: usize,
    /// Branches of the statement so far.
    branches: usize,
}

/// Checks that a source is simple enough for the parser.
///
/// # Errors
/// When a bound is exceeded.
pub(super) fn check(source: &str) -> Result<(), BadShader> {
    if source.len() > MAX_BYTES {
        return Err(BadShader::of(format!(
            "it is longer than {} KiB",
            MAX_BYTES >> 10
        )));
    }
    let mut levels = vec![Level::default()];
    let mut declarations = 0;
    let mut types: Vec<TypeWords<'_>> = Vec::new();
    let mut is_in_type = false;
    // Operators and branches of all levels.
    let mut depth = 0;
    // True after the end of a block, which ends a statement unless `else` follows.
    let mut ended = false;
    let mut line = 1;
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        rest = match comment(rest) {
            Some(after) => {
                line += rest[..rest.len() - after.len()].matches('\n').count();
                rest = after;
                continue;
            }
            None => &rest[letter.len_utf8()..],
        };
        if letter.is_whitespace() {
            line += usize::from(letter == '\n');
            continue;
        }
        if is_of_word(letter) {
            let end = rest.find(|letter| !is_of_word(letter));
            let end = letter.len_utf8() + end.unwrap_or(rest.len());
            let (word, after) = rest_with(source, rest, letter).split_at(end);
            rest = after;
            let is_else = word == "else";
            let last = levels.len() - 1;
            let level = &mut levels[last];
            if is_else {
                level.branches += 1;
                depth += 1;
            } else if ended {
                depth -= std::mem::take(&mut level.branches);
            }
            ended = false;
            if last == 0 && !is_else {
                // Each declaration has at least a word of its own.
                declarations += usize::from(is_declaration(word));
            }
            if last == 0 && matches!(word, "struct" | "alias") {
                is_in_type = true;
                types.push(TypeWords::default());
            } else if is_in_type && let Some(last) = types.last_mut() {
                last.0.push(word);
            }
        } else {
            let last = levels.len() - 1;
            let level = &mut levels[last];
            if std::mem::take(&mut ended) {
                depth -= std::mem::take(&mut level.branches);
            }
            match letter {
                '(' | '[' => levels.push(Level::default()),
                '{' => {
                    depth -= std::mem::take(&mut level.chain);
                    levels.push(Level::default());
                }
                ')' | ']' | '}' => {
                    if last > 0 {
                        depth -= level.chain + level.branches;
                        levels.pop();
                    }
                    let around = &mut levels[last.saturating_sub(1)];
                    if letter == '}' {
                        ended = true;
                        is_in_type &= last > 1;
                    } else {
                        around.chain += 1;
                        depth += 1;
                    }
                }
                ',' | ';' => {
                    depth -= std::mem::take(&mut level.chain);
                    if letter == ';' {
                        is_in_type &= last > 0;
                        depth -= std::mem::take(&mut level.branches);
                    }
                }
                _ => {
                    level.chain += 1;
                    depth += 1;
                }
            }
        }
        let too_much = if depth > MAX_CHAIN {
            format!("a statement has more than {MAX_CHAIN} operators or branches")
        } else if levels.len() > MAX_NESTING {
            format!("more than {MAX_NESTING} brackets are open")
        } else if declarations > MAX_DECLARATIONS {
            format!("it has more than {MAX_DECLARATIONS} declarations")
        } else {
            continue;
        };
        return Err(BadShader {
            location: Some((line, 1)),
            message: too_much,
        });
    }
    match count_fields(&types) > MAX_FIELDS {
        true => Err(BadShader::of(format!(
            "a structure has more than {MAX_FIELDS} words with all structures in it"
        ))),
        false => Ok(()),
    }
}

/// The words of a declared type: its name, and the names of its fields and of their types.
#[derive(Default)]
struct TypeWords<'a>(Vec<&'a str>);

/// Returns the number of words of the largest type with all types in it, or a number above the limit.
fn count_fields(types: &[TypeWords<'_>]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    // A type may stand before those that it consists of.
    for _ in types {
        let mut has_grown = false;
        for TypeWords(words) in types {
            let Some((name, words)) = words.split_first() else {
                continue;
            };
            let inner = words.iter().filter(|word| *word != name);
            let count = inner
                .map(|word| counts.get(word).copied().unwrap_or(1))
                .sum();
            has_grown |= counts.insert(name, count) != Some(count);
            if count > MAX_FIELDS {
                return count;
            }
        }
        if !has_grown {
            break;
        }
    }
    counts.into_values().max().unwrap_or(0)
}

/// Returns the rest of a source with the letter before it.
fn rest_with<'a>(source: &'a str, rest: &str, letter: char) -> &'a str {
    &source[source.len() - rest.len() - letter.len_utf8()..]
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_declaration(word: &str) -> bool {
    [
        "fn",
        "struct",
        "alias",
        "const",
        "override",
        "var",
        "let",
        "const_assert",
    ]
    .contains(&word)
}

/// Returns the text after the comment that the text begins with.
fn comment(text: &str) -> Option<&str> {
    if text.starts_with("//") {
        let ends = [
            '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
        ];
        return Some(&text[text.find(ends).unwrap_or(text.len())..]);
    }
    let mut rest = text.strip_prefix("/*")?;
    let mut open = 1;
    while open > 0 {
        let Some(at) = rest.find(['/', '*']) else {
            return Some("");
        };
        rest = &rest[at..];
        let is_mark = rest.starts_with("/*") || rest.starts_with("*/");
        match (is_mark, rest.starts_with('/')) {
            (true, true) => open += 1,
            (true, false) => open -= 1,
            (false, _) => {}
        }
        rest = &rest[1 + usize::from(is_mark)..];
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(statements: &str) -> Result<(), String> {
        let source = format!("fn fragment(in: Surface) -> vec4f {{ {statements} }}");
        check(&source).map_err(|bad| bad.to_string())
    }

    #[test]
    fn long_chains_are_refused() {
        for (many, each, start, end) in [
            (600, "+a", "return vec4f(a", ");"),
            (600, ".x", "return a", ";"),
            (600, "[0]", "return a", ";"),
            (600, "-", "return ", "a;"),
            (120, "+a+a+a+a+a+(a", "return a", ";"),
            (600, " else if b { }", "if b { }", ""),
            (600, " else /* ; */ if b { return a; }", "if b { }", ""),
            (600, "/*;*/+//;\na", "return a", ";"),
        ] {
            let chain = format!("{start}{}{end}", each.repeat(many));
            let error = body(&chain).expect_err(&chain);
            assert!(error.contains("more than 512 operators"), "{error}");
        }
        let nested = format!("return {}a{};", "(".repeat(200), ")".repeat(200));
        assert!(body(&nested).unwrap_err().contains("128 brackets"));
        let many = "const a = 1;".repeat(1100);
        assert!(
            check(&many)
                .unwrap_err()
                .to_string()
                .contains("1024 declarations")
        );
        assert!(check(&" ".repeat(MAX_BYTES + 1)).is_err());
    }

    #[test]
    fn large_structures_are_refused() {
        let all = |from: std::ops::Range<usize>| {
            from.map(|i| {
                format!(
                    "struct S{i} {{ a: S{}, @align(16) b: array<S{}, 2> }}\n",
                    i - 1,
                    i - 1
                )
            })
        };
        let first = "struct S0 { a: f32 }\n".to_owned();
        let upwards: String = [first.clone()].into_iter().chain(all(1..20)).collect();
        let downwards: String = all(1..20).rev().chain([first.clone()]).collect();
        for source in [upwards, downwards] {
            let error = check(&source).unwrap_err().to_string();
            assert!(error.contains("8192 words"), "{error}");
        }
        let few: String = [first].into_iter().chain(all(1..5)).collect();
        assert!(check(&few).is_ok());
        // Types that contain themselves are left to the parser.
        assert!(check("struct A { b: B } struct B { a: A } alias C = C;").is_ok());
    }

    #[test]
    fn many_short_statements_are_fine() {
        for fine in [
            "a = a + b * c;".repeat(2000),
            "if a > b { c = a; } else { c = b; }".repeat(2000),
            format!("return sum({}a);", "a + a, ".repeat(1000)),
            "/* a+a /* a+a */ ".repeat(3) + &"+a".repeat(1000) + "*/*/*/",
            format!("// {}\n", "-".repeat(2000)),
        ] {
            assert_eq!(body(&fine), Ok(()), "{fine}");
        }
    }
}
