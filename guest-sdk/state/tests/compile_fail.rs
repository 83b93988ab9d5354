//! What does not compile, and what the compiler says then.

#[test]
fn errors_point_at_the_field_and_say_what_to_do() {
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
}
