//! What profilers, debuggers and backtraces see of a traceable function: the function.

use std::backtrace::Backtrace;

use gtramp::{Entry, Exit, traceable};
use object::{Object as _, ObjectSymbol as _};

/// The frames of this test, by their function's name, the innermost first.
fn frames() -> Vec<String> {
    let text = Backtrace::force_capture().to_string();
    let names = text.lines().filter_map(|line| Some(line.trim().split_once(": ")?.1));
    names.map(str::to_owned).collect()
}

struct Names;

impl Names {
    #[inline(never)]
    fn plain(&self, depth: u64) -> Vec<String> {
        let mut found = frames();
        found.truncate(found.len().min(30));
        assert!(!found.is_empty(), "{depth}");
        found
    }
}

#[traceable]
impl Names {
    #[inline(never)]
    fn plaim(&self, depth: u64) -> Vec<String> {
        let mut found = frames();
        found.truncate(found.len().min(30));
        assert!(!found.is_empty(), "{depth}");
        found
    }
}

#[inline(never)]
fn through(call: fn(&Names, u64) -> Vec<String>) -> Vec<String> {
    let found = call(&Names, 1);
    // Not a tail call.
    std::hint::black_box(found)
}

fn up_to_the_caller(frames: &[String]) -> Vec<String> {
    let end = frames.iter().position(|name| name.ends_with("through")).expect("it is called there");
    frames[..=end].iter().map(|name| name.replace("plaim", "plain")).collect()
}

#[test]
fn a_backtrace_from_a_function_that_is_off_is_that_of_a_plain_function() {
    let plain = up_to_the_caller(&through(Names::plain));
    assert!(plain.len() >= 3, "{plain:?}");
    for _ in 0..2 {
        assert_eq!(up_to_the_caller(&through(Names::plaim)), plain);
        let link = gtramp::link().functions("**::names::Names::plaim").fexit(|_: &Exit| ());
        let link = link.fentry(|_: &Entry| ()).attach().expect("it takes any probe");
        let armed = up_to_the_caller(&through(Names::plaim));
        drop(link);
        assert_eq!(
            armed[..plain.len() - 1],
            plain[..plain.len() - 1],
            "the function itself is innermost"
        );
        let more = &armed[plain.len() - 1..armed.len() - 1];
        let is_known = |name: &String| {
            let words =
                ["gtramp", "body_", "armed_", "caller_", "specialised_", "origin", "call_body"];
            let own = ["closure", "plain"];
            words.iter().chain(&own).any(|word| name.contains(word))
        };
        assert!(more.iter().all(is_known), "{more:#?}");
    }
}

#[test]
fn the_symbol_at_a_switch_is_that_of_the_function() {
    let names = gtramp::functions().iter().find(|function| function.name() == "plaim");
    let copies: Vec<usize> = names.expect("it is traceable").copies().collect();
    // By its path: what an emulator shows as the process's file is the emulator.
    let program = std::env::current_exe().expect("a test has a file");
    let program = std::fs::read(program).expect("it is there");
    let file = object::File::parse(&*program).expect("it is a program");
    // Where it was loaded: what a symbol's address is here, and in the file.
    let symbols: Vec<_> = file.symbols().filter(|symbol| symbol.size() > 0).collect();
    let this = symbols.iter().find(|symbol| symbol.name() == Ok("gtramp_test_here"));
    let base = (gtramp_test_here as *const () as u64) - this.expect("it has a symbol").address();
    for copy in copies {
        let at = copy as u64 - base;
        let covers = |symbol: &&object::Symbol| {
            (symbol.address()..symbol.address() + symbol.size()).contains(&at)
        };
        let symbol = symbols.iter().find(covers).expect("code has a symbol");
        let name = symbol.name().expect("it is text");
        assert!(
            name.contains("Names") && name.contains("plaim") && !name.contains("closure"),
            "{name}"
        );
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn gtramp_test_here() {}
