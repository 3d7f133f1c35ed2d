//! What the attribute macros refuse, file by file; what they take is among the programs. `TRYBUILD=overwrite` writes
//! the expected messages anew; they are those of the pinned stable compiler.

#[test]
fn traceable() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/traceable/*.rs");
}

#[test]
fn probe() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/probe/*.rs");
}

#[test]
fn fields() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fields/*.rs");
}

#[test]
fn tracepoint() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/tracepoint/*.rs");
}

#[test]
fn replacement() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/replacement/*.rs");
}

#[test]
fn library() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/library/*.rs");
}
