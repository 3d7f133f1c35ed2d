//! What is printed at the end: what the code is like, and what the probes saw while that was found
//! out.

pub(crate) mod survey;
pub(crate) mod tracing;
