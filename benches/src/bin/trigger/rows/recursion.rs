//! Functions that call themselves, off, beside the same without the attribute: one that is called as often as it
//! is written, and one of whose two calls the compiler makes a loop.

use core::hint::black_box;

use gtramp::traceable;

use crate::target::calls;
use gtramp_bench::row::{Row, Run};

use super::twins::twins;

/// Both rows of a function that visits a tree.
macro_rules! recursion {
    ($module:ident, $name:literal, |$left:ident, $right:ident| $value:expr) => {
        mod $module {
            use super::*;

            pub(super) const ROWS: [Row; 2] =
        twins!($name, PLAIN, calls!(traced_tree; a), PATH, NODES);

    const PLAIN: Run = calls!(plain_tree; a);

            const PATH: &str = concat!(module_path!(), "::traced");

            #[inline(never)]
            fn plain(depth: u32, number: u64) -> u64 {
                if depth == 0 {
                    return number;
                }
                let $left = plain(depth - 1, number * 2);
                let $right = plain(depth - 1, number * 2 + 1);
                $value
            }

            #[traceable]
            #[inline(never)]
            fn traced(depth: u32, number: u64) -> u64 {
                if depth == 0 {
                    return number;
                }
                let $left = traced(depth - 1, number * 2);
                let $right = traced(depth - 1, number * 2 + 1);
                $value
            }

            #[inline(always)]
            fn plain_tree(number: u64) -> u64 {
                plain(black_box(DEPTH), number)
            }

            #[inline(always)]
            fn traced_tree(number: u64) -> u64 {
                traced(black_box(DEPTH), number)
            }
        }
    };
}

/// How deep the tree is.
const DEPTH: u32 = 5;

/// How many calls it takes: one for each node of the tree.
const NODES: u64 = (2 << DEPTH) - 1;

recursion!(calls_itself, "recursion", |left, right| left.wrapping_sub(right.wrapping_mul(3)));

recursion!(loops, "tail-recursion", |left, right| left.wrapping_mul(3) ^ right);

pub(super) const ROWS: &[Row] = {
    const SETS: [[Row; 2]; 2] = [calls_itself::ROWS, loops::ROWS];
    SETS.as_flattened()
};
