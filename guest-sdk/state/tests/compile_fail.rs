//! What does not compile, and what the compiler says then.

#[test]
fn errors_point_at_the_field_and_say_what_to_do() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
    // The compiler lists other flat types here, and with glam there are more of them.
    if !cfg!(feature = "glam") {
        tests.compile_fail("tests/ui/without_glam/*.rs");
    }
}
