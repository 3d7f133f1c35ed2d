//! Functions of ordinary signatures that are off, each beside the same function without the attribute.

use core::hint::black_box;

use crate::target::{calls, opaque};
use gtramp_bench::row::{Row, Run};

use super::twins::twins;

/// Both rows of a function that is called `function`, and how it is called with a number.
macro_rules! signature {
    ($module:ident, $name:literal, [$($function:tt)*], |$number:ident| $call:expr) => {
        mod $module {
            use super::*;

            pub(super) const ROWS: [Row; 2] =
                twins!($name, PLAIN, calls!(off::call; a), off::PATH, 1);

            const PLAIN: Run = calls!(plain::call; a);

            mod plain {
                #[allow(unused_imports, reason = "not every function needs them")]
                use super::*;

                #[inline(never)]
                $($function)*

                #[inline(always)]
                pub(super) fn call($number: u64) -> u64 {
                    $call
                }
            }

            mod off {
                #[allow(unused_imports, reason = "not every function needs them")]
                use super::*;

                pub(super) const PATH: &str = concat!(module_path!(), "::function");

                #[gtramp::traceable]
                #[inline(never)]
                $($function)*

                #[inline(always)]
                pub(super) fn call($number: u64) -> u64 {
                    $call
                }
            }
        }
    };
}

signature!(strs, "strs", [
    fn function(text: &str, mark: &str) -> Option<usize> {
        let mark = *mark.as_bytes().first()?;
        text.bytes().position(|byte| byte == mark)
    }
], |number| {
    let [text, mark] = *black_box(&["key=value", "="]);
    function(text, mark).map_or(0, |at| at as u64 ^ number)
});

signature!(slice, "slice", [
    fn function(values: &[u64], seed: u64) -> u64 {
        values.iter().fold(opaque(seed), |sum, value| sum.wrapping_add(*value))
    }
], |number| function(black_box(&[3, 1, 2, 9, 8, 7, 5, 4][..]), number));

signature!(owned, "owned", [
    fn function(text: String, limit: Option<u64>) -> Result<u64, String> {
        match limit {
            Some(limit) if text.len() as u64 <= limit => Ok(limit - text.len() as u64),
            _ => Err(text),
        }
    }
], |number| match function(String::new(), Some(number)) {
    Ok(left) => left,
    Err(text) => text.len() as u64,
});

signature!(floats, "floats", [
    fn function(a: f64, b: f64) -> f64 {
        a * b + 1.0
    }
], |number| {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let number = number as f64;
    function(number, 0.5).to_bits()
});

/// 64 bytes.
struct Order {
    parts: [u64; 8],
}

signature!(by_value, "struct64", [
    fn function(order: Order) -> u64 {
        let [first, .., last] = order.parts;
        opaque(first).wrapping_add(last)
    }
], |number| function(Order { parts: [number, 1, 2, 3, 4, 5, 6, opaque(number)] }));

pub(super) const ROWS: &[Row] = {
    const SETS: [[Row; 2]; 5] =
        [strs::ROWS, slice::ROWS, owned::ROWS, floats::ROWS, by_value::ROWS];
    SETS.as_flattened()
};
