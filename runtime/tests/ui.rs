//! What the attribute macros refuse and what they take, file by file. `TRYBUILD=overwrite` writes
//! the expected messages anew; they are those of the pinned stable compiler.

#[test]
fn traceable() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/traceable/*.rs");
    cases.pass("tests/ui/traceable/pass/*.rs");
}

#[test]
fn probe() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/probe/*.rs");
    cases.pass("tests/ui/probe/pass/*.rs");
}
