//! The module of `out_of_line.rs`.
