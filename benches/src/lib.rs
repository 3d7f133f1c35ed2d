//! Benchmarks of gtramp: what a call costs, beside what others ask for the same.
//!
//! The table is made by the program `trigger`. A [`row`] is one way of running a probe at
//! a function; [`rows`] has them all, one idea per file. [`measure`] runs them interleaved, and the
//! result is shown by [`table`], [`json`], [`csv`] and [`svg`]. `README.md` says how to read it.

pub mod bounds;
pub mod cells;
pub mod csv;
pub mod json;
pub mod machine;
pub mod measure;
pub mod report;
pub mod row;
pub mod rows;
pub mod svg;
pub mod table;
pub mod target;
