//! Types that must not compile, and the compiler's messages.

#[test]
fn errors_point_at_the_field_and_say_what_to_do() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
    // The compiler lists other flat types here, and glam adds more of them.
    if !cfg!(feature = "glam") {
        tests.compile_fail("tests/ui/without_glam/*.rs");
    }
}
