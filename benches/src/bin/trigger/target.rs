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

/// Lets the code that follows begin where a cache line does, so that all rows' loops lie alike. With its
/// number in it, no loop is the same code as another, so that each has a place of its own.
#[inline(always)]
pub(crate) fn align<const PLACE: usize>() {
    // SAFETY: nothing but padding that does nothing.
    unsafe {
        asm!(".balign 64 /* {} */", const PLACE, options(nomem, nostack, preserves_flags));
    };
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
            #[allow(unused_variables, reason = "the counter takes the first one's place")]
            let [$($arg,)* ..] = ::core::hint::black_box($crate::target::ARGS);
            let mut sum = 0u64;
            $crate::target::align::<PLACE>();
            for $counter in 0..calls {
                sum = sum.wrapping_add($function($($arg),*));
            }
            sum
        }
        fn run(calls: u64) -> u64 {
            let places = [run_at::<0>, run_at::<1>, run_at::<2>, run_at::<3>];
            places[::gtramp_bench::measure::place() % places.len()](calls)
        }
        run as ::gtramp_bench::row::Run
    }};
}

pub(crate) use calls;
