//! The function every row calls, and the loop that calls it.

use core::arch::asm;

/// The values of all arguments but the first, which counts the calls.
pub(crate) const ARGS: [u64; 12] = [0, 11, 22, 33, 44, 55, 66, 77, 88, 99, 110, 121];

/// Its argument, of which the compiler knows nothing: without it, a function that adds two
/// numbers is known to write no memory, and the compiler would move code across a call that a
/// probe makes visible.
#[inline(always)]
pub(crate) fn opaque(mut value: u64) -> u64 {
    // SAFETY: no instruction at all.
    unsafe { asm!("/* {0} */", inout(reg) value, options(nostack, preserves_flags)) };
    value
}

/// Lets the code that follows begin so many lines of code further, and such that in a loop of calls with so
/// many arguments each call ends a line: see [`successor`].
#[inline(always)]
pub(crate) fn align<const PLACE: usize, const ARGS: usize>() {
    /// How much of a line the instructions before a call take, and the call: the next number, the other
    /// arguments.
    const fn length(args: usize) -> usize {
        13 + 3 * args.saturating_sub(1)
    }
    // SAFETY: nothing but padding that does nothing.
    unsafe {
        asm!(
            ".balign 64",
            ".fill {places} * 64 + {before}, 1, 0x90",
            places = const PLACE,
            before = const 64 - length(ARGS) % 64,
            options(nomem, nostack, preserves_flags),
        );
    };
}

/// The number after this.
///
/// On x86-64 it takes eight bytes. Then there are three for each other argument that is in a register, and
/// five for the call.
#[inline(always)]
pub(crate) fn successor(number: u64) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        let next;
        // SAFETY: adds one.
        unsafe {
            asm!(
                ".byte 0x3e",
                "{{disp32}} lea {next}, [{number} + 1]",
                number = in(reg) number,
                next = lateout(reg) next,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        next
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        number + 1
    }
}

/// What the function computes: the sum of its arguments.
#[inline(always)]
pub(crate) fn body<const N: usize>(args: [u64; N]) -> u64 {
    match args.split_first() {
        None => opaque(7),
        Some((&first, rest)) => rest.iter().fold(opaque(first), |sum, &arg| sum.wrapping_add(arg)),
    }
}

/// The loop of a function, at several places: `calls!(function; a b)` for one of two arguments.
macro_rules! calls {
    ($function:expr;) => {
        calls!(@ $function, _counter,)
    };
    ($function:expr; $first:ident $($rest:ident)*) => {
        calls!(@ $function, $first, $first $($rest)*)
    };
    (@ $function:expr, $counter:ident, $($arg:ident)*) => {{
        #[inline(never)]
        fn run_at<const PLACE: usize>(calls: u64) -> u64 {
            const ARGS: usize = <[&str]>::len(&[$(stringify!($arg)),*]);
            #[allow(unused_variables, reason = "the counter takes the first one's place")]
            let [$($arg,)* ..] = ::core::hint::black_box($crate::target::ARGS);
            let mut sum = 0u64;
            $crate::target::align::<PLACE, ARGS>();
            let mut $counter = 0;
            while $counter != calls {
                let next = $crate::target::successor($counter);
                sum = sum.wrapping_add($function($($arg),*));
                $counter = next;
            }
            sum
        }
        fn run(calls: u64) -> u64 {
            use ::gtramp_bench::measure::{PLACES, place};
            const RUNS: [::gtramp_bench::row::Run; PLACES] =
                ::seq_macro::seq!(PLACE in 0..16 { [#(run_at::<PLACE>,)*] });
            RUNS[place()](calls)
        }
        run as ::gtramp_bench::row::Run
    }};
}

pub(crate) use calls;
