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

/// Lets the code that follows begin at so many quarters of a line of code.
#[inline(always)]
pub(crate) fn align<const PLACE: usize>() {
    // SAFETY: nothing but padding that does nothing.
    unsafe {
        asm!(
            ".balign 64",
            ".fill {quarters} * 16, 1, 0x90",
            quarters = const PLACE,
            options(nomem, nostack, preserves_flags),
        );
    };
}

/// The number after this.
///
/// On x86-64 it takes eight bytes, so that in a loop that begins at a quarter of a line, the call of a
/// function of two arguments ends at one: there are three bytes for the other argument, and five for the call.
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
            #[allow(unused_variables, reason = "the counter takes the first one's place")]
            let [$($arg,)* ..] = ::core::hint::black_box($crate::target::ARGS);
            let mut sum = 0u64;
            $crate::target::align::<PLACE>();
            let mut $counter = 0;
            while $counter != calls {
                let next = $crate::target::successor($counter);
                sum = sum.wrapping_add($function($($arg),*));
                $counter = next;
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
