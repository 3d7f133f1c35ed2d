//! Benchmarks of gtramp: what a call costs, beside what others ask for the same.
//!
//! The table is made by the program `trigger`. A [`row`] is one way of running a probe at
//! a function; the program has them, one idea per file, because the code that is measured is to be
//! compiled as a program's own. Here is what is done with rows: [`measure`] runs them interleaved,
//! [`report`] works the figures out, and [`table`], [`json`], [`csv`] and [`svg`] show them.

pub mod addresses;
pub mod bounds;
pub mod bulk;
pub mod clock;
pub mod crowd;
pub mod csv;
pub mod elsewhere;
pub mod json;
pub mod machine;
pub mod measure;
pub mod memory;
pub mod report;
pub mod row;
pub mod svg;
pub mod table;
pub mod together;
