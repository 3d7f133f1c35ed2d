//! How much stack calls take while they are within each other, by that of the same functions without the attribute.

use std::cell::Cell;
use std::hint::black_box;

use gtramp::{Entry, Exit, LinkBuilder};

std::thread_local! {
    /// The lowest address of a local in [`note`].
    static LOWEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Notes how far down the stack is in use.
#[inline(never)]
fn note() {
    let local = Cell::new(0_u8);
    LOWEST.set(LOWEST.get().min(black_box(&raw const local).addr()));
    black_box(&local);
}

/// A function for each form that its body may have, see `macros/src/traceable/body.rs`.
macro_rules! functions {
    ($(#[$attribute:meta])?) => {
        use super::note;

        $(#[$attribute])?
        #[inline(never)]
        pub(super) fn copied(left: u32, mut bytes: [u8; 4096]) -> [u8; 4096] {
            note();
            bytes[0] += 1;
            if left > 0 {
                bytes = copied(left - 1, bytes);
            }
            bytes[1] ^= bytes[0];
            bytes
        }

        $(#[$attribute])?
        #[inline(never)]
        pub(super) fn moved(left: u32, mut bytes: [u8; 4096]) -> [u8; 4096] {
            note();
            assert!(left < 1000);
            bytes[0] += 1;
            if left > 0 {
                bytes = moved(left - 1, bytes);
            }
            bytes[1] ^= bytes[0];
            bytes
        }

        pub(super) struct Again;

        $(#[$attribute])?
        impl Again {
            #[inline(never)]
            pub(super) fn again(left: u32, mut bytes: [u8; 4096]) -> [u8; 4096] {
                note();
                assert!(left < 1000);
                bytes[0] += 1;
                if left > 0 {
                    bytes = Self::again(left - 1, bytes);
                }
                bytes[1] ^= bytes[0];
                bytes
            }
        }
    };
}

mod plain {
    functions! {}
}

mod traced {
    functions! { #[gtramp::traceable] }
}

/// The bytes of stack that each of many calls within each other takes.
fn stack_of(call: fn(u32, [u8; 4096]) -> [u8; 4096]) -> f64 {
    const DEPTH: u8 = 16;
    let lowest = |depth: u8| {
        LOWEST.set(usize::MAX);
        let bytes = call(depth.into(), black_box([0; 4096]));
        assert_eq!(bytes[..3], [depth + 1, if depth.is_multiple_of(2) { depth + 1 } else { 0 }, 0]);
        LOWEST.get()
    };
    // What is written once is written before.
    lowest(0);
    let bytes = lowest(0) - lowest(DEPTH);
    f64::from(u32::try_from(bytes).expect("a thread's stack is small")) / f64::from(DEPTH)
}

/// What a function takes at most by what its twin takes: while it is off, and while it is armed.
struct Most {
    off: f64,
    armed: f64,
}

#[test]
fn a_call_takes_at_most_so_many_times_the_stack_of_its_plain_twin() {
    type Twins =
        (&'static str, fn(u32, [u8; 4096]) -> [u8; 4096], fn(u32, [u8; 4096]) -> [u8; 4096], Most);
    type Probes = fn(LinkBuilder) -> LinkBuilder;
    // Without optimisation a closure's call has its arguments copied once more by each function on the way.
    const DEBUG: bool = cfg!(debug_assertions);
    const MOVED: Most =
        Most { off: if DEBUG { 3.1 } else { 2.05 }, armed: if DEBUG { 9.2 } else { 6.1 } };
    // Optimised, what the cold way passes on is there while the function is off as well.
    const STAYS: Most = Most { off: if DEBUG { 1.15 } else { 2.05 }, armed: 9.2 };
    const TWINS: [Twins; 3] = [
        ("copied", plain::copied, traced::copied, STAYS),
        ("moved", plain::moved, traced::moved, MOVED),
        ("Again::again", plain::Again::again, traced::Again::again, STAYS),
    ];
    const PROBES: [(&str, Probes); 3] = [
        ("entry", |link| link.fentry(|_: &Entry| note())),
        ("exit", |link| link.fexit(|_: &Exit| note())),
        ("both", |link| link.fentry(|_: &Entry| note()).fexit(|_: &Exit| note())),
    ];
    let mut wrong = String::new();
    for (name, plain, traced, most) in TWINS {
        let plain = stack_of(plain);
        let mut hold = |what: &str, most: f64| {
            let bytes = stack_of(traced);
            let times = bytes / plain;
            let line = format!("{name}, {what}: {bytes} bytes for {plain}, {times:.2} times\n");
            print!("{line}");
            if times > most {
                wrong += &line;
            }
        };
        hold("off", most.off);
        for (what, probes) in PROBES {
            let link = gtramp::link().functions(format!("**::stack::traced::{name}"));
            let link = probes(link).attach().expect("it takes any probe");
            hold(what, most.armed);
            drop(link);
        }
        hold("off again", most.off);
    }
    assert!(wrong.is_empty(), "{wrong}");
}
