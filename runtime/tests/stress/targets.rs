//! The functions that are called and patched at the same time.

use gtramp::{Function, functions, traceable};
use seq_macro::seq;

/// Calls a function with arguments made of the seed: whether the answer is right.
pub(crate) type Call = fn(u64) -> bool;

/// A traceable function and a call of it that knows the right answer.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) function: &'static Function,
    /// What the function adds to its arguments; links give it as the cookie.
    pub(crate) added: u64,
    pub(crate) call: Call,
    /// How often `call` calls the function.
    pub(crate) calls: u64,
}

/// How many instantiations there are of [`numbered`]: their entries fill several cache lines
/// and reach across a page edge, wherever the linker begins.
const NUMBERED: usize = 384;

#[traceable]
fn numbered<const N: u64>(a: u64) -> u64 {
    a + N
}

fn call_numbered<const N: u64>(seed: u64) -> bool {
    numbered::<N>(seed) == seed + N
}

#[traceable]
fn no_argument() -> u64 {
    1
}

#[traceable]
fn six(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64) -> u64 {
    a + b + c + d + e + f + 6
}

#[traceable]
fn nine(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64, i: u64) -> u64 {
    a + b + c + d + e + f + g + h + i + 9
}

/// Its result does not fit a slot, and it owns an argument.
#[traceable]
fn joined(head: &str, tail: String) -> String {
    format!("{head}{tail}")
}

/// The right answer of [`joined`], by other means.
pub(crate) fn join(head: &str, tail: &str) -> String {
    [head, tail].concat()
}

fn call_no_argument(_: u64) -> bool {
    no_argument() == 1
}

fn call_six(seed: u64) -> bool {
    six(seed, 1, 2, 3, 4, seed) == 2 * seed + 16
}

fn call_nine(seed: u64) -> bool {
    nine(seed, 1, 2, 3, 4, 5, 6, 7, seed) == 2 * seed + 37
}

fn call_joined(seed: u64) -> bool {
    let tail = seed.to_string();
    let expected = join("seed ", &tail);
    joined("seed ", tail) == expected
}

/// Functions of type `fn(u64, ..) -> u64` that add their arguments and their number.
pub(crate) fn adding() -> Vec<Target> {
    let numbered: [Call; NUMBERED] = seq!(N in 0..384 { [#(call_numbered::<N>,)*] });
    let all = functions();
    let find = |instance: &str| {
        let found = all.iter().find(|function| function.instance() == instance);
        found.unwrap_or_else(|| panic!("{instance} has no site"))
    };
    let mut targets: Vec<Target> = numbered
        .into_iter()
        .zip(0_u64..)
        .map(|(call, added)| {
            let function = find(&format!("stress::targets::numbered<{added}>"));
            Target { function, added, call, calls: 1 }
        })
        .filter(|target| is_on_edge(target.function.address()))
        .collect();
    let others: [(&str, u64, Call); 3] =
        [("no_argument", 1, call_no_argument), ("six", 6, call_six), ("nine", 9, call_nine)];
    for (name, added, call) in others {
        let function = find(&format!("stress::targets::{name}"));
        targets.push(Target { function, added, call, calls: 1 });
    }
    targets
}

/// `joined`.
pub(crate) fn owning() -> Vec<Target> {
    let function = gtramp::site!(joined).function().expect("it is traceable");
    vec![Target { function, added: 0, call: call_joined, calls: 1 }]
}

/// Whether an entry ends a page or begins one, or ends one of the cache lines next to those.
fn is_on_edge(entry: usize) -> bool {
    const PAGE: usize = 4096;
    const LINE: usize = 64;
    /// Both ways of it, on any architecture at least.
    const STUB: usize = 40;
    let in_page = entry % PAGE;
    let near_page_edge = !(4 * LINE..=PAGE - 4 * LINE).contains(&in_page);
    let on_line_edge = entry.is_multiple_of(LINE) || entry % LINE + STUB >= LINE;
    near_page_edge && on_line_edge
}
