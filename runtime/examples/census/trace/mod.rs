//! The tracing: the probes, the phases in which they come and go, and the program's own counts they
//! have to agree with.

pub(crate) mod board;
pub(crate) mod check;
pub(crate) mod log;
pub(crate) mod own;
pub(crate) mod passing;
pub(crate) mod phases;
pub(crate) mod probes;
pub(crate) mod sharded;
pub(crate) mod stopwatch;
pub(crate) mod whole_run;
