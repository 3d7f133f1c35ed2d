//! Fifty thousand traceable functions that add two numbers; more if the build says so:
//! `GTRAMP_BENCH_FUNCTIONS=200000 cargo bench ..`.
//!
//! A compiler would take minutes over that many annotated functions, so an assembler's loop repeats
//! what the annotation leaves behind: the switch, the entry stub, the site's data, both records, a description.
//! They are sites like any other, and named like any other: `gtramp_bench::crowd::m007::f00742` is
//! one of the hundred in its module.
//!
//! Their entries are those of the entry mode `patch`, the default.

use core::arch::global_asm;
use core::mem::MaybeUninit;
use std::sync::OnceLock;

use gtramp::__private::{ArgFacts, Promise, RawDescription, Source, TypeFacts, type_id_of};

/// How many there are.
pub const FUNCTIONS: usize = match option_env!("GTRAMP_BENCH_FUNCTIONS") {
    Some(count) => number(count),
    None => 50_000,
};

const fn number(text: &str) -> usize {
    let (mut number, mut at) = (0, 0);
    while at < text.len() {
        assert!(text.as_bytes()[at].is_ascii_digit(), "GTRAMP_BENCH_FUNCTIONS is a number");
        number = number * 10 + (text.as_bytes()[at] - b'0') as usize;
        at += 1;
    }
    number
}

/// How many bytes of code each of them has: the function, the description, the entry.
const CODE: usize = 64;

/// Where in them the function's body is: behind its switch.
const BODY: usize = 5;

/// Where the entry is.
const ENTRY: usize = 32;

/// What each of them is.
pub type Function = extern "C" fn(u64, u64) -> u64;

/// The selection of all of them. A program that asks for it has them: the linker drops what nothing
/// refers to.
#[must_use]
pub fn all() -> &'static str {
    core::hint::black_box(&raw const FIRST);
    "gtramp_bench::crowd::**"
}

/// The selection of a hundred of them.
#[must_use]
pub fn hundred() -> &'static str {
    core::hint::black_box(&raw const FIRST);
    "gtramp_bench::crowd::m007::*"
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
global_asm!(
    ".pushsection .text.gtramp_bench_crowd,\"ax\",@progbits",
    ".globl gtramp_bench_crowd",
    ".hidden gtramp_bench_crowd",
    ".balign {code}",
    "gtramp_bench_crowd:",
    ".set gtramp_bench_index, 0",
    ".rept {functions}",
    ".balign {code}",
    // The switch: off.
    "6: .byte 0xa9",
    ".long 7f - . - 4",
    // The body.
    "3: lea rax, [rdi + rsi]",
    "ret",
    // Where the switch leads.
    "7: jmp 2f",
    // Its description, by number: describe(room, number).
    "5: .byte 0xbe",
    ".long gtramp_bench_index",
    "jmp {describe}",
    // The entry.
    ".balign {entry}",
    "2: .byte 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x0f, 0x1f, 0x40, 0",
    "mov r9, qword ptr [rip + 4f]",
    ".byte 0xe9",
    ".long 0",
    "jmp qword ptr [r9]",
    ".pushsection .data.gtramp_site,\"awo\",@progbits,gtramp_bench_crowd",
    ".balign 8",
    "4: .quad 0, 0",
    ".popsection",
    ".pushsection gtramp_sites,\"ao\",@progbits,gtramp_bench_crowd",
    ".balign 4",
    ".long 2b - .",
    ".long 4b - .",
    ".long 3b - .",
    ".long 5b - .",
    ".popsection",
    ".pushsection gtramp_switches,\"ao\",@progbits,gtramp_bench_crowd",
    ".balign 4",
    ".long 6b - .",
    ".long 7b - .",
    ".long 2b - .",
    ".popsection",
    ".set gtramp_bench_index, gtramp_bench_index + 1",
    ".endr",
    ".popsection",
    functions = const FUNCTIONS,
    code = const CODE,
    entry = const ENTRY,
    describe = sym describe,
);

unsafe extern "C" {
    /// The first of them.
    #[link_name = "gtramp_bench_crowd"]
    static FIRST: u8;
}

/// The function of this number.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn function(number: usize) -> Function {
    code(number, 0)
}

/// Its body, which is what a function without the annotation is.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn body(number: usize) -> Function {
    code(number, BODY)
}

fn code(number: usize, offset: usize) -> Function {
    assert!(number < FUNCTIONS, "there are {FUNCTIONS} functions");
    let code = (&raw const FIRST).wrapping_add(number * CODE + offset);
    // SAFETY: the assembler laid them out like this, and both parts are such functions.
    unsafe { core::mem::transmute::<*const u8, Function>(code) }
}

static SOURCE: Source = Source {
    text: "f(a: u64, b: u64) -> u64\n\na\nu64\nb\nu64\nu64",
    module: "gtramp_bench::crowd",
    file: file!(),
    line: line!(),
    column: column!(),
    ids: &[type_id_of::<fn(u64)>, type_id_of::<fn(u64)>, type_id_of::<fn(u64)>],
    signature: None,
    // SAFETY: each of them takes two such numbers and returns one.
    promise: unsafe { Promise::new() },
};

/// What every one of them jumps to, to be described.
extern "C" fn describe(description: &mut MaybeUninit<RawDescription>, number: u32) {
    description.write(RawDescription {
        source: &SOURCE,
        body_name: name(number as usize),
        // Their names tell them apart.
        id: type_id_of::<Source>,
        types: const {
            &TypeFacts {
                args: &[ArgFacts::of::<u64>(), ArgFacts::of::<u64>()],
                ret: ArgFacts::of::<u64>(),
                drop_args: None,
                drop_ret: None,
            }
        },
    });
}

/// Makes what the compiler would have made for other functions: their names.
pub fn prepare() {
    name(0);
}

/// What the compiler would call the body.
fn name(number: usize) -> &'static str {
    static NAMES: OnceLock<(String, usize)> = OnceLock::new();
    /// From here on each name has a digit more in both of its numbers.
    const LONGER: usize = 100_000;
    let (names, each) = NAMES.get_or_init(|| {
        let name = |number| {
            format!("gtramp_bench::crowd::m{:03}::f{number:05}::{{{{closure}}}}", number / 100)
        };
        ((0..FUNCTIONS).map(name).collect(), name(0).len())
    });
    let start = |number: usize| number * each + 2 * number.saturating_sub(LONGER);
    &names[start(number)..start(number + 1)]
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn every_function_is_listed_armed_and_called() {
        static HITS: AtomicU64 = AtomicU64::new(0);
        let listed = gtramp::functions();
        let ours = listed.iter().filter(|f| f.path().starts_with("gtramp_bench::crowd::m"));
        assert_eq!(ours.count(), FUNCTIONS);
        for round in 1..=2 {
            let link = gtramp::fentry(all(), |_: &gtramp::Entry<'_>, a: &u64, b: &u64| {
                HITS.fetch_add(*a + *b, Ordering::Relaxed);
            });
            let link = link.expect("attaches");
            for number in [0, 1, 99, 25_000, FUNCTIONS - 1] {
                assert_eq!(function(number)(1, 2), 3);
            }
            drop(link);
            assert_eq!(function(0)(1, 2), 3);
            assert_eq!(HITS.load(Ordering::Relaxed), round * 15);
        }
    }
}
