//! A function of another crate that is off, beside the same one without the attribute.

use crate::target::calls;
use gtramp_bench::elsewhere;
use gtramp_bench::row::{Row, Run};

use super::twins::twins;

pub(super) const ROWS: &[Row] =
    &twins!("crate", PLAIN, calls!(elsewhere::traced; a b), "gtramp_bench::elsewhere::traced", 1);

const PLAIN: Run = calls!(elsewhere::plain; a b);
